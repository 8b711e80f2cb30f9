"""`episodes export` as somebody types it, here and as a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from replay.episodes_cli import VERBS, main
from replay.verbs.export import VERB
from tests.recorder.fake_rig import calm, make_episode

REPOSITORY = Path(__file__).parents[3]
ENTRY = (
    "import sys; from replay.episodes_cli import VERBS, main; from replay.verbs.export import VERB;"
    "VERBS['export'] = VERB; sys.exit(main())"
)


def export(*words: object) -> int:
    """Returns the exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VERBS, "export", VERB)
        return main(["export", *map(str, words)])


def start_export(*words: object, **options: Any) -> subprocess.Popen[bytes]:
    """The same as a process that can be killed."""
    command = [sys.executable, "-c", ENTRY, "export", *map(str, words)]
    return subprocess.Popen(command, cwd=REPOSITORY, **options)


def make_episodes(folder: Path, *lengths: int, **facts: Any) -> list[Path]:
    """Episodes of so many steps, whose joints move as joints do."""
    folder.mkdir(exist_ok=True)
    return [
        make_episode(folder, steps, number, change=calm, **facts)
        for number, steps in enumerate(lengths)
    ]


def notes(out: Path) -> dict[str, Any]:
    """What the export says of itself."""
    return json.loads((out / "export.json").read_text())
