"""`docs/quality.md` says what the code does."""

import re
import tomllib
from pathlib import Path

from recorder.checks.kinds import KINDS
from recorder.checks.table import kind_rows
from recorder.limits import QualityLimits
from teleop.config import build

DOCUMENT = Path(__file__).parents[2] / "docs" / "quality.md"


def test_the_table_is_that_of_the_code() -> None:
    (table,) = re.findall(r"(?:^\|.*\n)+", DOCUMENT.read_text(), re.MULTILINE)
    assert table.splitlines() == list(kind_rows())
    assert len(table.splitlines()) == 2 + len(KINDS)
    assert "`stale_reject_s`: 1 s" in table


def test_the_example_works() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    limits = build(QualityLimits, tomllib.loads(example)["quality"], "example")
    assert limits == QualityLimits(ignore=("gripper_still",), stale_reject_s=0.5)
