"""The dashboard's colours, and those of lines and marks besides."""

from typing import Final

from replay.colours import COMMAND, EVENT, FOLLOWER, LEADER, REJECT, WARN
from tui.dashboard.drawing import palette as dashboard
from tui.dashboard.drawing.palette import BLACK, Look, Palette

ON_DARK: Final = {COMMAND: "#3f9fe0", REJECT: "#e0602a"}
"""Brighter, for thin lines on a dark ground."""
ON_LIGHT: Final = {WARN: "#9a5200", EVENT: COMMAND}
"""Darker, on a light one."""
LINES: Final = {"leader": LEADER, "command": COMMAND, "follower": FOLLOWER}
MARKS: Final = {"reject": REJECT, "warn": WARN, "event": EVENT}


def _with_lines(palette: Palette) -> Palette:
    """The palette with `line.<name>`, `line.<name>.now` at the position, `mark.<severity>`, and the
    position itself."""
    if not palette.colours:
        return Palette(palette.name, {**palette.looks, **_plain()}, colours=False)
    ground, shade = palette.looks["ink"].ground, palette.looks["title"].ground
    tints = ON_DARK if palette.name == "dark" else ON_LIGHT
    looks = dict(palette.looks)
    for name, colour in LINES.items():
        ink = tints.get(colour, colour)
        looks[f"line.{name}"] = Look(ink, ground)
        looks[f"line.{name}.now"] = Look(ink, shade, bold=True)
        looks[f"letter.{name}"] = Look(BLACK, ink, bold=True)
    for name, colour in MARKS.items():
        looks[f"mark.{name}"] = Look(tints.get(colour, colour), ground, bold=True)
    looks["now"] = Look(palette.looks["ink"].ink, shade, bold=True)
    looks["axis"] = palette.looks["dim"]
    return Palette(palette.name, looks)


def _plain() -> dict[str, Look]:
    """Without colour letters tell the lines apart."""
    looks = {f"line.{name}": Look(bold=name == "follower", dim=name == "leader") for name in LINES}
    looks |= {f"line.{name}.now": Look(reverse=True) for name in LINES}
    looks |= {f"letter.{name}": Look(bold=True, reverse=True) for name in LINES}
    looks |= {f"mark.{name}": Look(bold=name == "reject") for name in MARKS}
    return {**looks, "now": Look(bold=True), "axis": Look(dim=True)}


DARK: Final = _with_lines(dashboard.DARK)
LIGHT: Final = _with_lines(dashboard.LIGHT)
PLAIN: Final = _with_lines(dashboard.PLAIN)
