"""Where the followers were, over all episodes: how alike they start, and how far they go."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

import numpy as np

from replay.pages import svg
from replay.pages.entry import About, Poses
from replay.pages.markup import text
from teleop.joints import JOINT_NAMES, SIDES
from teleop.rig_config import SafetyConfig
from teleop.safety import limits_of

WIDTH: Final = 560.0
ROW: Final = 30.0
LEFT: Final = 184.0
RIGHT: Final = 500.0
FOOT: Final = 26.0
HIGH: Final = 14.0
"""Of a row of dots, over which they are strewn so that those at the same place are seen."""
LEAST_SPREAD: Final = 0.05
ALIKE: Final = 0.001
"""Less than a servo's tick, of 0.0015 rad."""
MAX_DOTS: Final = 400
"""Of a joint: more would not be told apart."""


def starts_html(known: Sequence[About]) -> str:
    """How far each start is from the middle one, a dot an episode, a card an arm."""
    names, starts = _stack([each.poses for each in known if each.poses], "start")
    if not len(starts):
        return ""
    away = starts - np.median(starts, axis=0)
    if np.abs(away).max() < ALIKE:
        return (
            '<p class="lead">Every episode starts in the same pose.</p>' if len(starts) > 1 else ""
        )
    farthest = max(float(np.abs(away).max()), LEAST_SPREAD) * 1.05
    lead = (
        "Each episode's first pose, as its distance from the middle one; right: how far they "
        "lie apart (rad; gripper 0 to 1)"
    )
    return _grid_of(
        _starts_card(f"{side} arm at the start", lead, names, joints, away, farthest)
        for side, joints in _arms(names)
    )


def _starts_card(
    title: str,
    lead: str,
    names: Sequence[str],
    joints: Sequence[int],
    away: svg.Floats,
    farthest: float,
) -> str:
    across = svg.Scale(-farthest, farthest, LEFT, RIGHT)
    height = ROW * len(joints) + FOOT
    drawn = [_grid(across, height - FOOT)]
    for row, joint in enumerate(joints):
        middle = ROW * (row + 0.5)
        dots = svg.dots(_thinned(across(away[:, joint])), middle, HIGH)
        spread = float(np.ptp(away[:, joint]))
        drawn += (
            svg.words(0, middle + 4, _short(names[joint]), "strong"),
            f'<path class="dots" d="{dots}"/>',
            svg.words(WIDTH, middle + 4, _spread(spread), "end"),
        )
    picture = svg.drawing(f"{title}: {lead}", WIDTH, height, "".join(drawn))
    caption = f"<figcaption>{lead}.</figcaption>"
    return f'<figure class="card"><h3>{text(title.capitalize())}</h3>{picture}{caption}</figure>'


def _thinned(places: svg.Floats) -> list[float]:
    """In order, MAX_DOTS at most, the first and the last among them."""
    ordered = np.sort(places)
    kept = np.linspace(0, len(ordered) - 1, min(len(ordered), MAX_DOTS)).round().astype(int)
    return [float(place) for place in ordered[kept]]


def _grid_of(cards: Iterable[str]) -> str:
    return f'<div class="grid">{"".join(cards)}</div>'


def _spread(spread: float) -> str:
    """From the lowest to the highest."""
    return f"{spread:.3f}" if spread >= ALIKE else "alike"


def _grid(across: svg.Scale, bottom: float) -> str:
    parts, path = [], ""
    for value in svg.ticks(across.low, across.high, 5):
        path += f"M{across(value):.1f} 0V{bottom}"
        parts.append(svg.words(across(value), bottom + 18, svg.number(value), "middle"))
    return f'<path class="axis" d="{path}"/>{"".join(parts)}'


def ranges_html(known: Sequence[About]) -> str:
    """What of each joint's range was used, a card an arm."""
    poses = [each.poses for each in known if each.poses]
    names, lowest = _stack(poses, "lowest")
    _, highest = _stack(poses, "highest")
    if not len(lowest):
        return ""
    used = np.stack([lowest.min(axis=0), highest.max(axis=0)])
    return _grid_of(_ranges_card(side, names, joints, used) for side, joints in _arms(names))


def _ranges_card(side: str, names: Sequence[str], joints: Sequence[int], used: svg.Floats) -> str:
    drawn = [
        _range(ROW * (row + 0.5), names[joint], *used[:, joint].tolist())
        for row, joint in enumerate(joints)
    ]
    title = f"{side} arm, ranges used"
    lead = (
        "Of what a ViperX-300 can do (ends: its limits in rad; gripper 0 to 1), the part that was "
        "used in any episode"
    )
    picture = svg.drawing(f"{title}: {lead}", WIDTH, ROW * len(joints), "".join(drawn))
    return (
        f'<figure class="card"><h3>{text(title.capitalize())}</h3>{picture}'
        f"<figcaption>{lead}.</figcaption></figure>"
    )


def _range(middle: float, name: str, low: float, high: float) -> str:
    lower, upper = _limits(name, low, high)
    across = svg.Scale(lower, upper, LEFT, RIGHT)
    # A gripper reads a little beyond its ends; anything may stand in a damaged file.
    left, right = (min(max(across(value), LEFT - 8), RIGHT + 8) for value in (low, high))
    title = f"{name}: {low:.3f} to {high:.3f}"
    return (
        svg.words(0, middle + 4, _short(name), "strong")
        + svg.words(LEFT - 10, middle + 4, svg.number(round(lower, 2)), "end")
        + svg.rect("track", LEFT, middle - 4, RIGHT - LEFT, 8)
        + svg.rect("bar used", left, middle - 4, max(right - left, 2.0), 8, title)
        + svg.words(RIGHT + 10, middle + 4, svg.number(round(upper, 2)))
    )


def _limits(name: str, low: float, high: float) -> tuple[float, float]:
    """Those that every rig begins with; a file does not say which its rig had."""
    if name not in JOINT_NAMES:
        return low, max(high, low + LEAST_SPREAD)
    limits = limits_of(SafetyConfig())
    joint = JOINT_NAMES.index(name)
    return float(limits.lower[joint]), float(limits.upper[joint])


def _stack(poses: Sequence[Poses], field: str) -> tuple[tuple[str, ...], svg.Floats]:
    """(episodes, joints), of the episodes that have the joints which most have."""
    if not poses:
        return (), np.empty((0, 0))
    kinds = [each.joint_names for each in poses]
    names = max(kinds, key=kinds.count)
    rows = [getattr(each, field) for each in poses if each.joint_names == names]
    return names, np.clip(np.array(rows, np.float64), -svg.FARTHEST, svg.FARTHEST)


def _arms(names: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Which columns belong to which arm."""
    sides = [name.partition("_")[0] for name in names]
    sides = [side if side in SIDES else "only" for side in sides]
    return [
        (side, [joint for joint, _ in group])
        for side, group in groupby(enumerate(sides), key=lambda each: each[1])
    ]


def _short(name: str) -> str:
    side, _, joint = name.partition("_")
    return joint.replace("_", " ") if side in SIDES else name
