"""The kinds of findings as a Markdown table, for `docs/quality.md`.

``python -m recorder.checks.table`` prints it; a test compares the document with it.
"""

import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from recorder.checks.kinds import KINDS, KindInfo
from recorder.limits import QualityLimits

UNITS: Final = {
    "_rad_s": " rad/s",
    "_gripper_per_s": "/s",
    "_gripper_move": " of its way",
    "_ms": " ms",
    "_s": " s",
    "_rad": " rad",
    "_percent": " %",
    "_periods": " periods",
    "_level": " of 255",
    "_share": "",
    "_ratio": "",
    "_sharpness": "",
}
"""By the end of a limit's name; the first that fits."""


def kind_rows() -> Iterator[str]:
    """One table row a kind."""
    yield "| kind | what it means | limits: default | can come to | what to do |"
    yield "| --- | --- | --- | --- | --- |"
    yield from map(_row, KINDS.values())


def _row(info: KindInfo) -> str:
    limits = "<br>".join(map(_limit, info.limits)) or "none: once is enough"
    severities = ", ".join(info.severities)
    return f"| `{info.kind}` | {info.meaning} | {limits} | {severities} | {info.advice} |"


def _limit(name: str) -> str:
    default = next(each.default for each in fields(QualityLimits) if each.name == name)
    unit = next(unit for end, unit in UNITS.items() if f"_{name}".endswith(end))
    return f"`{name}`: {default:g}{unit}"


if __name__ == "__main__":
    sys.stdout.write("\n".join([*kind_rows(), ""]))
