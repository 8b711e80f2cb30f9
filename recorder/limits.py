"""What an episode is judged by: the `[quality]` table of a task file.

Seconds compare with the longest stretch of affected steps, shares with all of them together; a
limit of 0 s means: a single step is enough. What each key is for: `docs/quality.md`.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Final

from recorder.checks.kinds import Kind

LONGEST_S: Final = 3600.0
_RANGE: Final = "range"


def _limit(default: float, lowest: float, highest: float) -> Any:
    return field(default=default, metadata={_RANGE: (lowest, highest)})


def _seconds(default: float) -> Any:
    return _limit(default, 0.0, LONGEST_S)


def _share(default: float) -> Any:
    return _limit(default, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Limits of the quality checks; units are in the names, `share` and `ratio` are 0-1.

    Defaults are such that clean simulated episodes pass (calibrated on three tasks), and that what
    an ALOHA rig does when it is well passes too.
    """

    ignore: tuple[Kind, ...] = ()
    """Kinds that are not looked for."""
    warn_share: float = _share(0.02)
    reject_share: float = _share(0.2)
    """Of an episode's steps, for all kinds that `docs/quality.md` lists them with."""

    short_warn_s: float = _seconds(3.0)
    short_reject_s: float = _seconds(1.0)
    late_ms: float = _limit(10.0, 0.1, 1000.0)
    late_warn_s: float = _seconds(0.1)
    late_reject_s: float = _seconds(1.0)
    missed_warn_s: float = _seconds(0.1)
    missed_reject_s: float = _seconds(0.5)
    lost_warn_s: float = _seconds(0.0)
    lost_reject_s: float = _seconds(0.5)
    dropped_warn_s: float = _seconds(0.0)
    dropped_reject_s: float = _seconds(0.5)

    stale_warn_s: float = _seconds(0.1)
    stale_reject_s: float = _seconds(1.0)  # so long a session lets a camera be silent
    missing_warn_s: float = _seconds(0.0)
    missing_reject_s: float = _seconds(1.0)
    frozen_warn_s: float = _seconds(0.2)
    frozen_reject_s: float = _seconds(0.5)
    slow_s: float = _seconds(1.0)
    slow_warn_ratio: float = _share(0.8)
    slow_reject_ratio: float = _share(0.5)
    drift_percent: float = _limit(0.5, 0.01, 100.0)  # crystals are within 0.01 %
    drift_reject_ms: float = _limit(100.0, 0.0, 60_000.0)
    skew_periods: float = _limit(1.5, 0.1, 100.0)  # unsynchronised cameras are up to one apart
    skew_ms: float = _limit(40.0, 0.0, 10_000.0)  # two ticks: what fast cameras may be apart too
    skew_s: float = _seconds(0.5)

    black_level: float = _limit(10.0, 0.0, 255.0)
    black_warn_s: float = _seconds(0.1)
    black_reject_s: float = _seconds(0.5)
    overexposed_share: float = _share(0.5)
    overexposed_warn_s: float = _seconds(0.2)
    overexposed_reject_s: float = _seconds(1.0)
    blurred_ratio: float = _share(0.15)
    blurred_sharpness: float = _limit(20.0, 0.0, 1e6)
    blurred_s: float = _seconds(1.0)

    jump_rad_s: float = _limit(8.0, 0.1, 1000.0)  # an XM430 without load turns 4.8 rad/s at 12 V
    jump_gripper_per_s: float = _limit(20.0, 0.1, 1000.0)  # one may snap when it loses its grip
    jump_reject_s: float = _seconds(0.1)
    limited_s: float = _seconds(1.0)
    effort_share: float = _limit(1.0, 0.0, 10.0)  # of `teleop.alarms.sustained_limit`
    effort_s: float = _seconds(1.0)
    lag_warn_ms: float = _limit(160.0, 0.0, 10_000.0)  # 60-80 ms is usual (clean episodes)
    lag_reject_ms: float = _limit(300.0, 0.0, 10_000.0)
    error_rad: float = _limit(0.35, 0.001, 10.0)  # up to 0.21 in clean episodes
    error_warn_s: float = _seconds(0.3)
    error_reject_s: float = _seconds(2.0)
    gripper_move: float = _share(0.05)
    idle_rad: float = _limit(0.03, 0.001, 10.0)  # grippers: of their way
    idle_head_s: float = _seconds(3.0)
    idle_tail_s: float = _seconds(3.0)

    held_warn_s: float = _seconds(0.06)
    held_reject_s: float = _seconds(0.2)
    retries_share: float = _share(0.05)
    rejected_warn_s: float = _seconds(0.0)
    rejected_reject_s: float = _seconds(0.2)
    servo_error_s: float = _seconds(0.1)
    unplugged_warn_s: float = _seconds(0.0)
    unplugged_reject_s: float = _seconds(0.2)

    def __post_init__(self) -> None:
        for each in fields(self):
            if _RANGE in each.metadata:
                lowest, highest = each.metadata[_RANGE]
                if not lowest <= getattr(self, each.name) <= highest:
                    raise ValueError(
                        f"{each.name} must be {lowest:g}-{highest:g}, "
                        f"not {getattr(self, each.name):g}."
                    )
        for warn in (each.name for each in fields(self) if "_warn_" in each.name):
            self._check_order(warn, warn.replace("_warn_", "_reject_"))
        self._check_order("warn_share", "reject_share")

    def _check_order(self, warn: str, reject: str) -> None:
        """That a warning comes no later than a reject."""
        sooner, later = sorted((getattr(self, warn), getattr(self, reject)))
        falling = warn in _FALLING
        if getattr(self, warn) != (later if falling else sooner):
            word = "lower" if falling else "higher"
            raise ValueError(f"{warn} must not be {word} than {reject}.")


_FALLING: Final = ("short_warn_s", "slow_warn_ratio")
"""Where less is worse."""
