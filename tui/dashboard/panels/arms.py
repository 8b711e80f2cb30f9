"""The arms: every joint in one row, the follower as a bar and the leader as a mark on it."""

from typing import Final

from teleop.joints import GRIPPER
from tui.dashboard.drawing.bars import marked_bar
from tui.dashboard.drawing.rows import Row, Span, beside, cell, fit, title
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import ArmsFacts, JointFacts

WARM_DEGC: Final = 60
HOT_DEGC: Final = 70
FAR: Final = 0.08
"""Of the follower's range: leader and follower should not be farther apart while it follows."""
STRAINED: Final = 0.9
MOST_EFFORT: Final = 9999
"""There is room for no more; no servo of these takes that much."""
SIDE_BY_SIDE: Final = 88
"""From so many columns on left and right stand beside each other."""
SHORT: Final = {"forearm_roll": "forearm", "wrist_angle": "wrist a", "wrist_rotate": "wrist r"}
LIMITS: Final = {"position": "pos", "velocity": "vel", "step": "step", "not_finite": "NaN"}
FIGURES: Final = 20
"""Columns of the figures behind a bar."""


def arms_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """A title, then a row per joint; two columns of them where it is wide."""
    arms = scene.facts.arms
    if arms is None:
        return [title("ARMS", "nothing known yet", width)]
    joints = arms.joints
    if width < SIDE_BY_SIDE or len(joints) < 8:
        head = _heading(f"ARMS █follower ┃{arms.led_by}", arms, width, warn=_in_trouble(arms))
        return [head, *(joint_row(each, arms, width) for each in joints)]
    half = (width - 2) // 2
    left, right = joints[: len(joints) // 2], joints[len(joints) // 2 :]
    blocks = [
        [_heading(name, arms, wide), *(joint_row(each, arms, wide, True) for each in some)]
        for name, some, wide in (
            (f"LEFT █follower ┃{arms.led_by}", left, half),
            ("RIGHT", right, width - half - 2),
        )
    ]
    return beside(blocks[0], blocks[1], half, 2)


def side_by_side(width: int, joints: int) -> bool:
    """Whether the joints of two arms stand in two columns."""
    return width >= SIDE_BY_SIDE and joints > 7


def joint_row(joint: JointFacts, arms: ArmsFacts, width: int, sided: bool = False) -> Row:
    """One joint. `sided`: the title says whose it is already."""
    label = _label(joint.name, sided)
    far = is_far(joint, arms)
    room = width - len(label) - FIGURES
    return fit(
        [
            (label, "strong"),
            *marked_bar(joint.follower, joint.leader, max(room, 1), far),
            _apart(joint, arms, far),
            _temperature(joint),
            _effort(joint),
            (f" {cell(_limits(joint), 4)}", "warn"),
        ],
        width,
    )


def is_far(joint: JointFacts, arms: ArmsFacts) -> bool:
    """Whether leader and follower are farther apart than they should be. A gripper that holds
    something is, and squeezes with all that it may."""
    return arms.following and not _is_gripper(joint) and abs(_error(joint) or 0.0) >= FAR


def _error(joint: JointFacts) -> float | None:
    if joint.leader is None or joint.follower is None:
        return None
    return joint.leader - joint.follower


def _is_gripper(joint: JointFacts) -> bool:
    return joint.name.endswith(GRIPPER)


def _in_trouble(arms: ArmsFacts) -> bool:
    return any(
        is_far(joint, arms) or (joint.temperature_degc or 0) >= HOT_DEGC for joint in arms.joints
    )


def _heading(name: str, arms: ArmsFacts, width: int, warn: bool = False) -> Row:
    """The title; the figures' units stand above them."""
    apart = "err %" if arms.following else "rad"
    units = f"{apart:>6}{'°C':>3} {arms.effort_unit:>4}  lim "
    style = "title.warn" if warn else "title"
    left = cell(f" {name}", max(width - len(units), 0))
    return fit([(left, style), (units, style)], width, style)


def _label(name: str, sided: bool) -> str:
    side, _, joint = name.partition("_")
    if sided:
        return f" {joint.replace('_', ' '):<13}"
    return f" {side[:1].upper()} {SHORT.get(joint, joint):<9}"


def _apart(joint: JointFacts, arms: ArmsFacts, far: bool) -> Span:
    """How far apart: in % of the range while following, before that in rad, as the session asks."""
    if joint.held:
        return "  old ", "warn"
    if arms.following:
        error = _error(joint)
        text = "?" if error is None else f"{100 * error:+.0f}"
        return f"{text:>5}{'!' if far else ' '}", "alarm" if far else "dim"
    return f"{'?' if joint.apart is None else f'{joint.apart:+.2f}':>6}"[:6], "dim"


def _temperature(joint: JointFacts) -> Span:
    degc = joint.temperature_degc
    if degc is None:
        return "  ? ", "dim"
    if degc >= WARM_DEGC:
        return f"{degc:>3}!", "severe" if degc >= HOT_DEGC else "warn"
    return f"{degc:>3} ", "ink"


def _effort(joint: JointFacts) -> Span:
    if joint.effort is None:
        return "   ? ", "dim"
    strained = (joint.effort_share or 0.0) >= STRAINED and not _is_gripper(joint)
    effort = min(abs(joint.effort), MOST_EFFORT)
    return f"{effort:>4.0f}{'!' if strained else ' '}", "warn" if strained else "dim"


def _limits(joint: JointFacts) -> str:
    """The limits that changed the command; of several the first one, and a +."""
    words = [LIMITS.get(word, word) for word in joint.limited.split("+") if word]
    return words[0][:3] + "+" if len(words) > 1 else "".join(words)
