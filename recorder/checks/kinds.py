"""What can be found in an episode: every kind of finding, said once.

`docs/quality.md` repeats this table with the limits' defaults (`recorder.checks.table`, a test
compares the two); findings take their advice from here.
"""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "too_short",
    "incomplete",
    "late_ticks",
    "missed_ticks",
    "lost_steps",
    "dropped_pictures",
    "standstill",
    "stale",
    "missing",
    "frozen",
    "slow_camera",
    "clock_drift",
    "skew",
    "black",
    "over_exposed",
    "blurred",
    "undecodable",
    "not_finite",
    "position_jump",
    "action_jump",
    "limited",
    "effort",
    "tracking_lag",
    "tracking_error",
    "gripper_still",
    "idle_head",
    "idle_tail",
    "held_readings",
    "retries",
    "rejected_readings",
    "servo_error",
    "hardware_error",
    "unplugged",
]

Severity = Literal["warn", "reject"]
SHARES: Final = ("warn_share", "reject_share")


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind of finding.

    Attributes:
        meaning: what it says about the steps that it names.
        limits: fields of `QualityLimits` that decide about it.
        severities: what it can come to.
        advice: what the operator is to do.
    """

    kind: Kind
    meaning: str
    limits: tuple[str, ...]
    severities: tuple[Severity, ...]
    advice: str


def _may_reject(kind: Kind, meaning: str, limits: tuple[str, ...], advice: str) -> KindInfo:
    return KindInfo(kind, meaning, limits, ("warn", "reject"), advice)


def _only_warns(kind: Kind, meaning: str, limits: tuple[str, ...], advice: str) -> KindInfo:
    return KindInfo(kind, meaning, limits, ("warn",), advice)


def _only_rejects(kind: Kind, meaning: str, limits: tuple[str, ...], advice: str) -> KindInfo:
    return KindInfo(kind, meaning, limits, ("reject",), advice)


_TICKS: Final = (
    _may_reject(
        "too_short",
        "the episode is shorter than any demonstration",
        ("short_warn_s", "short_reject_s"),
        "Record it again; start only when everything is in place.",
    ),
    _only_warns(
        "incomplete",
        "the file was recovered from a journal that breaks off: what may have come after is lost",
        (),
        "Look at its last seconds, and keep it only if it shows what it should.",
    ),
    _may_reject(
        "late_ticks",
        "control began these ticks later than `late_ms` after their time",
        ("late_ms", "late_warn_s", "late_reject_s", *SHARES),
        "Close other programs and give control real-time scheduling (see docs/hardware.md).",
    ),
    _may_reject(
        "missed_ticks",
        "control skipped ticks just before these steps",
        ("missed_warn_s", "missed_reject_s", *SHARES),
        "Close other programs and give control real-time scheduling (see docs/hardware.md).",
    ),
    _may_reject(
        "lost_steps",
        "control took steps just before these that are not in the file",
        ("lost_warn_s", "lost_reject_s", *SHARES),
        "The recorder was too slow, or was killed: look at the events, free the computer.",
    ),
    _may_reject(
        "dropped_pictures",
        "the recorder was behind and took no new pictures for these steps",
        ("dropped_warn_s", "dropped_reject_s", *SHARES),
        "Use fewer or smaller pictures, or a lower jpeg_quality, or free the computer.",
    ),
)

_CAMERAS: Final = (
    _may_reject(
        "standstill",
        "no camera gave a new picture, and all have ceased together: `stale` and `missing` leave "
        "these steps out",
        ("stale_warn_s", "stale_reject_s", *SHARES),
        "Free the computer, which was busy, asleep or had stopped the recorder, and look at a USB "
        "hub that all cameras share; no single camera is at fault.",
    ),
    _may_reject(
        "stale",
        "the camera gives no new picture: this one is older than two periods of its camera and "
        "its usual way here",
        ("stale_warn_s", "stale_reject_s", *SHARES),
        "Check the camera's cable and hub; give it a USB controller of its own.",
    ),
    _may_reject(
        "missing",
        "the camera has given no picture yet, or what it gave was gone when the recorder came for "
        "it: the last one stands in, or black",
        ("missing_warn_s", "missing_reject_s", *SHARES),
        "Check that the camera is plugged in and that no other program uses it.",
    ),
    _may_reject(
        "frozen",
        "the picture stays the same though it claims to be new, while the arms move",
        ("frozen_warn_s", "frozen_reject_s", *SHARES),
        "Unplug the camera and plug it in again; update its firmware if it comes back.",
    ),
    _may_reject(
        "slow_camera",
        "the camera takes pictures at less than its configured rate for `slow_s` or longer",
        ("slow_s", "slow_warn_ratio", "slow_reject_ratio"),
        "Use a shorter fixed exposure or more light, a faster USB port, or the rate that it keeps.",
    ),
    _may_reject(
        "clock_drift",
        "the camera's rate is not the configured one, or its pictures' stamps run away from the "
        "computer's clock",
        ("drift_percent", "drift_reject_ms"),
        "Write the rate that it has into rig.toml; if the stamps drift, switch its global time on.",
    ),
    _only_warns(
        "skew",
        "pictures of one step were taken farther apart than `skew_ms`, and than `skew_periods` of "
        "the slowest camera",
        ("skew_ms", "skew_periods", "skew_s", "warn_share"),
        "Use the same rate and exposure for all cameras, or synchronise them by cable.",
    ),
)

_IMAGES: Final = (
    _may_reject(
        "black",
        "the picture is darker than `black_level`",
        ("black_level", "black_warn_s", "black_reject_s", *SHARES),
        "Take the cap off, switch the light on, or use a longer exposure.",
    ),
    _may_reject(
        "over_exposed",
        "more than `overexposed_share` of the picture is white and holds no detail",
        ("overexposed_share", "overexposed_warn_s", "overexposed_reject_s", *SHARES),
        "Use a shorter exposure or less gain, or shade the light.",
    ),
    _only_warns(
        "blurred",
        "the picture is far less sharp than this camera's pictures usually are, or all are blurred",
        ("blurred_ratio", "blurred_sharpness", "blurred_s"),
        "Clean and focus the lens, fix the focus in rig.toml, and check that nothing covers it.",
    ),
    _only_rejects(
        "undecodable",
        "the stored picture is damaged",
        (),
        "Check disk and memory of the computer: what was written is not what was read.",
    ),
)

_JOINTS: Final = (
    _may_reject(
        "not_finite",
        "a number is missing (NaN) or infinite; in positions or actions that is a reject",
        (),
        "Record it again; if it comes back, run teleop doctor.",
    ),
    _may_reject(
        "position_jump",
        "a follower's joint moved faster than it can",
        ("jump_rad_s", "jump_gripper_per_s", "jump_reject_s", "reject_share"),
        "Check the servo's cable and horn screws; run teleop doctor.",
    ),
    _may_reject(
        "action_jump",
        "a command moved faster than a joint can",
        ("jump_rad_s", "jump_gripper_per_s", "jump_reject_s", "reject_share"),
        "Check the leader's servo, its cable and horn screws, and the limits in the rig file.",
    ),
    _only_warns(
        "limited",
        "the command was held back by the position, velocity or step limit for long",
        ("limited_s",),
        "Move more slowly, and keep the leader within the follower's range.",
    ),
    _only_warns(
        "effort",
        "a servo pushed for long as hard as makes it shut down",
        ("effort_share", "effort_s"),
        "Do not press against the table or the other arm; let the servo cool down.",
    ),
    _may_reject(
        "tracking_lag",
        "the followers' motion is behind the commands",
        ("lag_warn_ms", "lag_reject_ms"),
        "Check the servos' gains and profiles, and the latency timer of the USB adapters.",
    ),
    _may_reject(
        "tracking_error",
        "a joint is farther from its command than `error_rad`",
        ("error_rad", "error_warn_s", "error_reject_s"),
        "Look whether the arm was blocked or overloaded; otherwise run teleop doctor.",
    ),
    _may_reject(
        "gripper_still",
        "a gripper never moved though its arm did, or though it was told to (a reject)",
        ("gripper_move", "idle_rad"),
        "Check gripper and leader gripper; if the task needs none, ignore this kind.",
    ),
    _may_reject(
        "idle_head",
        "nothing moves at the beginning; in the whole episode: a reject",
        ("idle_rad", "idle_head_s"),
        "Start moving when the episode starts, or trim it.",
    ),
    _only_warns(
        "idle_tail",
        "nothing moves at the end",
        ("idle_rad", "idle_tail_s"),
        "End the episode when the task is done, or trim it.",
    ),
)

_BUS: Final = (
    _may_reject(
        "held_readings",
        "a servo did not answer: its last known value stands in",
        ("held_warn_s", "held_reject_s", *SHARES),
        "Check the bus's cables and plugs, above all where they bend.",
    ),
    _only_warns(
        "retries",
        "many replies had to be asked for again",
        ("retries_share",),
        "Check the bus's cables, plugs and USB hub before replies are lost.",
    ),
    _may_reject(
        "rejected_readings",
        "readings could not be true and were not used",
        ("rejected_warn_s", "rejected_reject_s", *SHARES),
        "Check the servo's cable and horn screws; run teleop doctor.",
    ),
    _only_warns(
        "servo_error",
        "a servo raised its alert bit, or refused instructions",
        ("servo_error_s", "warn_share"),
        "Run teleop doctor: it says which error, and what to do.",
    ),
    _may_reject(
        "hardware_error",
        "a servo reported an error of its own: supply voltage is a warning, all else goes limp",
        (),
        "Let it cool down, check the supply and what blocks the joint; run teleop doctor.",
    ),
    _may_reject(
        "unplugged",
        "the bus's adapter was gone",
        ("unplugged_warn_s", "unplugged_reject_s"),
        "Fasten the USB plug; use a hub with its own supply.",
    ),
)

KINDS: Final = {info.kind: info for info in (*_TICKS, *_CAMERAS, *_IMAGES, *_JOINTS, *_BUS)}
