"""The findings on a time line of their own: seconds, and below them what was found where.

(H, W, 3), RGB. A rule above it tells it from what stands there, whose time runs otherwise.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from recorder.cameras.camera import Image
from replay import colours
from replay.material import Mark, Severity
from replay.pictures.canvas import FAINT, GRID, INK, Colour, blank, box, polyline, text

GUTTER: Final = 72
"""Left of everything that has time as its axis: what it is."""
HEIGHT: Final = 100
AXIS: Final = 36
"""Where the lanes begin."""
NUMBERS: Final = 28
"""The baseline of the seconds."""
TITLE: Final = "findings"
LANE: Final = 14
LANE_GAP: Final = 8
LANES: Final[dict[Severity, str]] = {
    "reject": colours.REJECT,
    "warn": colours.WARN,
    "event": colours.EVENT,
}
SMALL: Final = 16
RULE: Final = 2
LABEL_ROOM: Final = 90
"""A number every so many pixels, at least."""
MIN_SPAN: Final = 5
STEPS_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


def timeline(marks: Sequence[Mark], steps: int, fps: int, width: int) -> Image:
    """The time line of an episode, HEIGHT high: a lane each for rejects, warnings and events."""
    image = blank(width, HEIGHT)
    box(image, 0, 0, width, RULE, FAINT)
    text(image, TITLE, (0, NUMBERS), SMALL, INK, bold=True)
    for second in ticks(steps, fps, width - GUTTER):
        x = step_x(second * fps, steps, width)
        box(image, x, AXIS, 1, HEIGHT - AXIS, GRID)
        words = f"{second:g} s"
        text(image, words, (x, NUMBERS), SMALL, FAINT, align="middle" if second else "left")
    for lane, (severity, colour) in enumerate(LANES.items()):
        top = AXIS + lane * (LANE + LANE_GAP)
        text(image, severity, (0, top + LANE - 1), SMALL, FAINT)
        box(image, GUTTER, top + LANE // 2, width - GUTTER, 1, GRID)
        for mark in marks:
            if mark.severity == severity:
                _draw(image, mark, top, steps, colours.rgb(colour))
    return image


def ticks(steps: int, fps: int, width: int) -> list[float]:
    """Seconds to be written on an axis of that width: round ones, from 0."""
    seconds = steps / fps
    at_most = max(width // LABEL_ROOM, 1)
    apart = next((each for each in STEPS_S if seconds / each <= at_most), seconds / at_most)
    last = seconds * (1 - LABEL_ROOM / 3 / max(width, LABEL_ROOM))  # its number goes in as well
    return [number * apart for number in range(int(last / apart) + 1)]


def step_x(step: float, steps: int, width: int) -> int:
    """Where a step is on an image of that width."""
    return GUTTER + round((width - GUTTER - 1) * min(step / max(steps - 1, 1), 1))


def _draw(image: Image, mark: Mark, top: int, steps: int, colour: Colour) -> None:
    width = image.shape[1]
    left, right = (step_x(step, steps, width) for step in (mark.first, mark.last))
    if mark.severity == "event":
        _diamond(image, min(left, width - 1 - LANE // 2), top + LANE // 2, colour)
        return
    longer = max(MIN_SPAN - (right - left), 1)
    box(image, min(left, width - longer), top, right - left + longer, LANE, colour)


def _diamond(image: Image, x: int, y: int, colour: Colour) -> None:
    for reach in np.arange(LANE / 2, 0, -1):
        corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y), (x, y - reach)]
        polyline(image, np.array(corners), colour, 2)
