"""A camera in words, and many of them as a list."""

from collections.abc import Sequence
from typing import Final

from recorder.cameras.camera import CameraState
from recorder.durations import in_words
from tui.dashboard.drawing.rows import Row, cut, fit, spread, width_of
from tui.facts.facts import CameraFacts

SLOW: Final = 0.9
"""Of the wanted rate."""
GAP: Final = 1
LEAST_WIDTH, TROUBLE_WIDTH = 16, 30
"""Columns of a camera in the list."""
PREFIX: Final = "cam_"
"""Of a name that is too long it says least."""


def in_trouble(camera: CameraFacts) -> bool:
    """Whether the operator should look after it."""
    return camera.state is not CameraState.LIVE or camera.stale or _is_slow(camera)


def figures_of(camera: CameraFacts) -> tuple[list[str], str]:
    """What stands beside a camera's name, from the longest words to the shortest, and its style."""
    silence = "" if camera.silent_s is None else f" {in_words(camera.silent_s)}"
    match camera.state:
        case CameraState.LOST:
            return [f"LOST{silence}", "LOST"], "severe"
        case CameraState.STALLED:
            return [f"STALLED{silence}", "STALLED"], "alarm"
        case CameraState.OPENING:
            return ["opening"], "warn"
    age = "" if camera.age_ms is None else f" {camera.age_ms:.0f} ms"
    if camera.stale:
        return [f"STALE{age}", "STALE"], "alarm"
    rate = "?" if camera.rate_hz is None else f"{camera.rate_hz:.0f}"
    if _is_slow(camera):
        return [f"! {rate} Hz of {camera.wanted_hz:g}", f"! {rate} Hz", f"! {rate}"], "warn"
    return [f"{rate} Hz{age}", f"{rate} Hz", rate], "ink"


def named(camera: CameraFacts, width: int, margin: str = "") -> Row:
    """Its name at the left and its figures at the right. What does not fit is said shorter, the
    figures first: by their names cameras are told apart."""
    figures, style = figures_of(camera)
    short = camera.name.removeprefix(PREFIX) or camera.name
    for name in (camera.name, short):
        for text in figures:
            row = [(f"{margin}{name}", "strong")], [(f" {text} ", style)]
            if width_of(row[0]) + width_of(row[1]) <= width:
                return spread(*row, width)
    return spread(
        [(f"{margin}{short}", "strong")], [(f" {cut(figures[-1], width - 2)} ", style)], width
    )


def list_rows(cameras: Sequence[CameraFacts], width: int, height: int) -> list[Row]:
    """A line each, in two columns where there are many; those in trouble first, if not all fit."""
    columns = _list_columns(cameras, width, height)
    wide = (width - GAP * (columns - 1)) // columns
    shown = list(cameras)
    if len(shown) > columns * height:
        troubled_first = sorted(shown, key=lambda each: not in_trouble(each))
        shown = troubled_first[: columns * max(height - 1, 0)]
    lines = [_list_line(each, wide) for each in shown]
    rows = [
        joined(lines[start : start + columns], width) for start in range(0, len(lines), columns)
    ]
    left = len(cameras) - len(shown)
    if left:
        rows.append(_rest_line([each for each in cameras if each not in shown], width))
    return rows


def _list_columns(cameras: Sequence[CameraFacts], width: int, height: int) -> int:
    """As few as possible. Where not all fit anyway, those in trouble have room for words."""
    needed = -(-len(cameras) // max(height, 1))
    if needed <= width // LEAST_WIDTH:
        return needed
    troubled = any(in_trouble(each) for each in cameras)
    return max(width // (TROUBLE_WIDTH if troubled else LEAST_WIDTH), 1)


def _list_line(camera: CameraFacts, width: int) -> Row:
    stale = f" {camera.stale_steps} stale " if camera.stale_steps else ""
    longest = figures_of(camera)[0][0]
    if not stale or len(stale) + len(longest) + len(camera.name) + 4 > width:
        return named(camera, width, " ")
    row = named(camera, width - len(stale), " ")
    return [*row[:-1], (stale, "warn"), row[-1]]


def _rest_line(cameras: Sequence[CameraFacts], width: int) -> Row:
    """The cameras that there was no room for: their rates."""
    troubled = sum(1 for each in cameras if in_trouble(each))
    if troubled:
        return fit([(f" {len(cameras)} more, {troubled} of them in trouble", "warn")], width)
    rates = " ".join("?" if each.rate_hz is None else f"{each.rate_hz:.0f}" for each in cameras)
    return fit([(f" {len(cameras)} more: ", "dim"), (f"{rates} Hz", "ink")], width)


def joined(parts: Sequence[Row], width: int) -> Row:
    """Parts of one row beside each other."""
    row: Row = []
    for index, part in enumerate(parts):
        row += [(" " * GAP, "ink"), *part] if index else part
    return fit(row, width)


def _is_slow(camera: CameraFacts) -> bool:
    return camera.rate_hz is not None and camera.rate_hz < SLOW * camera.wanted_hz
