"""Joint traces as an image: a plot a joint, a row an arm; leader, command and follower in each.

The whole episode runs along every plot, rad up (grippers 0 closed to 1 open). Steps of a finding
are shaded: in the plot of its joint if it names one, in all plots if not. Commands that safety has
limited are marked at the plot's foot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Image
from recorder.checks.spans import runs
from replay import colours
from replay.material import Mark, Motion
from replay.pictures.canvas import (
    FAINT,
    GRID,
    INK,
    PANEL,
    blank,
    box,
    fitted,
    polyline,
    text,
    text_width,
    wash,
)
from replay.pictures.timeline import GUTTER, SMALL, ticks
from teleop.joints import JOINTS_PER_ARM, SIDES, is_gripper

LEGEND_HEIGHT: Final = 26
NAME_HEIGHT: Final = 24
TIMES_HEIGHT: Final = 20
"""Below a plot: where its time begins and ends."""
GAP: Final = 14
LINE: Final = 2
DOT: Final = 5
LIMITED_HEIGHT: Final = 6
LEAST_RANGE: Final = 0.2
"""rad; what moves less should not look wild."""
MOST: Final = 1e6
"""rad; from there on a number is a fault, and not worth the whole plot."""
AIR: Final = 0.08
SHADE: Final = 0.22
LINES: Final = (
    ("leader", colours.LEADER, 2 * LINE),
    ("command", colours.COMMAND, LINE),
    ("follower", colours.FOLLOWER, LINE),
)
"""As they lie upon each other; commands are where the leader is, so that is broader."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Where a joint is drawn.

    Attributes:
        joint: its column.
        left, top, width, height: in pixels.
        low, high: values at the bottom and the top.
    """

    joint: int
    left: int
    top: int
    width: int
    height: int
    low: float
    high: float

    def x(self, step: Any, steps: int) -> Any:
        """Where a step, or an array of them, is."""
        return self.left + step * ((self.width - 1) / max(steps - 1, 1))

    def y(self, value: Any) -> Any:
        """Where a value, or an array of them, is; those beyond the plot, at its edge."""
        share = (np.clip(value, self.low, self.high) - self.low) / (self.high - self.low)
        return self.top + (self.height - 1) * (1 - share)


@dataclass(frozen=True, slots=True, eq=False)
class Traces:
    """The drawn traces, and where in the image each joint is."""

    image: Image
    plots: tuple[Plot, ...]


def traces(motion: Motion, marks: Sequence[Mark], width: int, height: int) -> Traces:
    """Draw the traces of an episode that has at least one step, (height, width, 3)."""
    image = blank(width, height)
    _legend(image, limited=bool(motion.limited.any()))
    plots = tuple(_plots(motion, width, height))
    for plot in plots:
        _draw(image, plot, motion, marks)
    return Traces(image, plots)


def draw_cursor(image: Image, top: int, drawn: Traces, motion: Motion, step: int) -> None:
    """Mark a step in traces that have been put into an image, `top` pixels below its edge."""
    for plot in drawn.plots:
        x = round(plot.x(step, motion.steps))
        box(image, x, top + plot.top, 1, plot.height, INK)
        for values, (_, colour, _) in zip((motion.action, motion.qpos), LINES[1:], strict=True):
            if np.isfinite(value := values[step, plot.joint]):
                at = (x, top + round(float(plot.y(value))))
                cv2.circle(image, at, DOT, colours.rgb(colour), cv2.FILLED, cv2.LINE_AA)


def _legend(image: Image, *, limited: bool) -> None:
    x, y = GUTTER, SMALL
    for name, colour, thickness in LINES:
        box(image, x, y - SMALL // 2 + 1, 26, thickness + 1, colours.rgb(colour))
        text(image, name, (x + 34, y), SMALL, INK)
        x += 34 + text_width(name, SMALL) + 28
    if limited:
        box(image, x, y - LIMITED_HEIGHT - 2, 26, LIMITED_HEIGHT, colours.rgb(colours.WARN))
        text(image, "limited by safety", (x + 34, y), SMALL, INK)
    words = "rad; grippers: 0 closed, 1 open"
    text(image, words, (image.shape[1] - 1, y), SMALL, FAINT, align="right")


def _arms(names: Sequence[str]) -> dict[str, list[int]]:
    """Columns by side, at most as many as an arm has; "" for those of no side."""
    arms: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        side = name.partition("_")[0]
        arms.setdefault(side if side in SIDES else "", []).append(column)
    return {side: columns[:JOINTS_PER_ARM] for side, columns in arms.items()}


def _plots(motion: Motion, width: int, height: int) -> Iterator[Plot]:
    arms = _arms(motion.joint_names)
    columns = max(map(len, arms.values()), default=1)
    across = (width - GUTTER + GAP) // columns
    down = (height - LEGEND_HEIGHT) // max(len(arms), 1)
    for row, joints in enumerate(arms.values()):
        for column, joint in enumerate(joints):
            left = GUTTER + column * across
            top = LEGEND_HEIGHT + row * down + NAME_HEIGHT
            size = across - GAP, down - NAME_HEIGHT - TIMES_HEIGHT
            yield Plot(joint, left, top, *size, *_range(motion, joint))


def _range(motion: Motion, joint: int) -> tuple[float, float]:
    columns = motion.leader, motion.action, motion.qpos
    values = np.concatenate([column[:, joint] for column in columns])
    values = np.clip(values[np.isfinite(values)], -MOST, MOST)
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    if is_gripper(motion.joint_names[joint]):
        low, high = min(low, 0.0), max(high, 1.0)
    middle, half = (low + high) / 2, max(high - low, LEAST_RANGE) / 2 * (1 + AIR)
    return middle - half, middle + half


def _draw(image: Image, plot: Plot, motion: Motion, marks: Sequence[Mark]) -> None:
    _frame(image, plot, motion)
    for severity in ("warn", "reject"):
        _shade(image, plot, motion, [mark for mark in marks if mark.severity == severity])
    columns = motion.leader, motion.action, motion.qpos
    x = plot.x(np.arange(motion.steps, dtype=float), motion.steps)
    for values, (_, colour, thickness) in zip(columns, LINES, strict=True):
        points = np.column_stack((x, plot.y(values[:, plot.joint])))
        polyline(image, points, colours.rgb(colour), thickness)
    _limited(image, plot, motion.limited[:, plot.joint] != 0)


def _frame(image: Image, plot: Plot, motion: Motion) -> None:
    name = motion.joint_names[plot.joint]
    side, _, joint = name.partition("_")
    first = plot.left == GUTTER
    if side in SIDES and first:
        text(image, side, (0, plot.top + plot.height // 2), SMALL + 1, INK, bold=True)
    span = f"{plot.low:.2f} to {plot.high:.2f}"
    room = plot.width - text_width(span, SMALL - 2) - GAP
    baseline = plot.top - 7
    shown = fitted(joint if side in SIDES else name, room, SMALL, bold=True)
    text(image, shown, (plot.left, baseline), SMALL, INK, bold=True)
    text(image, span, (plot.left + plot.width, baseline), SMALL - 2, FAINT, align="right")
    _times(image, plot, f"{(motion.steps - 1) / motion.fps:.1f} s")
    box(image, plot.left, plot.top, plot.width, plot.height, PANEL)
    for second in ticks(motion.steps, motion.fps, plot.width):
        box(image, round(plot.x(second * motion.fps, motion.steps)), plot.top, 1, plot.height, GRID)
    if plot.low < 0 < plot.high:
        box(image, plot.left, round(float(plot.y(0))), plot.width, 1, GRID)


def _times(image: Image, plot: Plot, end: str) -> None:
    """From when to when the plot is: that of every joint is the whole episode."""
    baseline = plot.top + plot.height + SMALL - 3
    text(image, "0", (plot.left, baseline), SMALL - 3, FAINT)
    text(image, end, (plot.left + plot.width, baseline), SMALL - 3, FAINT, align="right")


def _shade(image: Image, plot: Plot, motion: Motion, marks: Sequence[Mark]) -> None:
    """Findings of one severity: together, so that those of the same steps are no darker."""
    shaded = np.zeros(motion.steps, bool)
    for mark in marks:
        if _concerns(mark, motion, plot.joint):
            shaded[mark.first : mark.last + 1] = True
    for first, last in zip(*runs(shaded), strict=True):
        left, right = (round(plot.x(int(step), motion.steps)) for step in (first, last))
        wide = min(max(right - left, 2), plot.left + plot.width - left)
        colour = colours.REJECT if marks[0].severity == "reject" else colours.WARN
        wash(image, left, plot.top, wide, plot.height, colours.rgb(colour), SHADE)


def _concerns(mark: Mark, motion: Motion, joint: int) -> bool:
    """A mark without a joint is about all of them; one about the whole episode shows nowhere."""
    if mark.first == 0 and mark.last == motion.steps - 1:
        return False
    where = mark.text.partition(":")[0]
    return where not in motion.joint_names or where == motion.joint_names[joint]


def _limited(image: Image, plot: Plot, limited: npt.NDArray[np.bool_]) -> None:
    top = plot.top + plot.height - LIMITED_HEIGHT
    for first, last in zip(*runs(limited), strict=True):
        left, right = (round(plot.x(int(step), len(limited))) for step in (first, last))
        wide = max(right - left, 2)
        box(image, left, top, wide, LIMITED_HEIGHT, colours.rgb(colours.WARN))
