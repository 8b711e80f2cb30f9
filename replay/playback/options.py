"""What the command line asks of a playback."""

import argparse
from dataclasses import dataclass
from typing import Final

from replay.errors import PlaybackError

SLOWEST: Final = 0.1
FASTEST: Final = 2.0


@dataclass(frozen=True, slots=True)
class PlaybackOptions:
    """How episodes are to be played.

    Attributes:
        rig: as `session.config.find_rig` has it.
        speed: of the recording's.
        max_error_rad: the arms hold where a joint is farther than this from the recording.
        realtime: a simulated rig runs against the wall clock.
    """

    rig: str
    speed: float = 1.0
    max_error_rad: float = 0.35
    realtime: bool = False
    headless: bool = False
    json: bool = False

    def __post_init__(self) -> None:
        if not self.rig:
            raise PlaybackError("--on needs a rig: sim, one of configs/rigs, or a .toml file.")
        if not SLOWEST <= self.speed <= FASTEST:
            raise PlaybackError(f"--speed must be {SLOWEST}-{FASTEST:g}, not {self.speed:g}.")
        if not 0.01 <= self.max_error_rad <= 3.14:
            raise PlaybackError(f"--max-error must be 0.01-3.14, not {self.max_error_rad:g}.")


def wanted(options: argparse.Namespace) -> PlaybackOptions:
    """Of the command line of `replay`.

    Raises:
        PlaybackError: a number makes no sense.
    """
    return PlaybackOptions(
        rig=options.on,
        speed=options.speed,
        max_error_rad=options.max_error,
        realtime=options.realtime,
        headless=options.headless,
        json=options.json,
    )
