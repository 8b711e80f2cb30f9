"""When a RealSense image was taken, in this computer's monotonic time. Pure.

What the SDK's stamps mean (librealsense: rs_frame.h, global_timestamp_reader.cpp, ds-timestamp.cpp,
issues 2188 and 4525):

- A frame's timestamp with metadata is the device's clock when the exposure is over and the image
  starts on its way through USB. Domain HARDWARE_CLOCK is that as it is, and cannot be compared;
  GLOBAL_TIME is that on the host's wall clock, by a line fitted through comparisons of both clocks.
- Without metadata (the host's video driver does not pass it on) the domain is SYSTEM_TIME: the wall
  clock when the SDK received the image, the same as metadata TIME_OF_ARRIVAL.
- Metadata FRAME_TIMESTAMP is the device's clock of the frame's timestamp, and SENSOR_TIMESTAMP the
  same clock at the middle of the exposure. Their difference is how much earlier the scene was seen.
  Where the device does not tell both, images are stamped with the start of their transfer.

The fit of GLOBAL_TIME is known to err: by some milliseconds into the future, and for a second when
the device's 32-bit clock begins anew, every 71 minutes (issues 13122 and 11320). So a capture that
cannot be true is not used; the time of arrival, which is known, is taken instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Final

from recorder.cameras.camera import UNKNOWN, CaptureClock

OLDEST_NS: Final = 1_000_000_000
"""An image that is said to be older when it arrives has a wrong stamp."""
LONGEST_LAG_NS: Final = 200_000_000
"""From the middle of an exposure to the start of the transfer; more is no such difference. A D400's
stereo module can be set to expose for 165 ms (issue 6384)."""


class Domain(Enum):
    """Which clock a timestamp is of."""

    HARDWARE = auto()
    SYSTEM = auto()
    GLOBAL = auto()


@dataclass(frozen=True, slots=True)
class Stamps:
    """What the SDK says of one frame's time.

    Attributes:
        timestamp_ms: in the clock of `domain`; the wall clock counts from 1970.
        frame_us, sensor_us: the device's clock at the start of the transfer and at the middle of
            the exposure; UNKNOWN where it does not tell.
        received_ms: the wall clock when the SDK received it; UNKNOWN where it does not tell.
    """

    timestamp_ms: float
    domain: Domain
    frame_us: int = UNKNOWN
    sensor_us: int = UNKNOWN
    received_ms: int = UNKNOWN


def capture_ns(stamps: Stamps, arrival_ns: int, wall_ns: int) -> int:
    """When the scene was seen; `arrival_ns` where nothing credible is known.

    Args:
        arrival_ns, wall_ns: CLOCK_MONOTONIC and the wall clock at one moment, when the image was
            there.
    """
    captures = (told_ns + (arrival_ns - wall_ns) for told_ns in _on_wall_clock(stamps))
    return next(filter(partial(_is_credible, arrival_ns), captures), arrival_ns)


def sensor_ns(stamps: Stamps) -> int:
    """The device's own stamp, of the middle of the exposure if it tells that; else UNKNOWN."""
    for own_us in (stamps.sensor_us, stamps.frame_us):
        if own_us != UNKNOWN:
            return own_us * 1000
    if stamps.domain is Domain.HARDWARE:
        return round(stamps.timestamp_ms * 1e6)
    return UNKNOWN


def clock_of(domain: Domain) -> CaptureClock:
    """Where `capture_ns` comes from: of all domains only GLOBAL tells of the device's clock."""
    return "device" if domain is Domain.GLOBAL else "arrival"


def _on_wall_clock(stamps: Stamps) -> Iterator[int]:
    """What can be the time of the capture, the best first; ns."""
    if stamps.domain is not Domain.HARDWARE:
        yield round(stamps.timestamp_ms * 1e6) - _lag_ns(stamps)
    if stamps.received_ms != UNKNOWN:
        yield stamps.received_ms * 1_000_000


def _is_credible(arrival_ns: int, capture: int) -> bool:
    return arrival_ns - OLDEST_NS <= capture <= arrival_ns


def _lag_ns(stamps: Stamps) -> int:
    """From the middle of the exposure to the frame's timestamp; 0 where it is not told."""
    if stamps.domain is not Domain.GLOBAL or UNKNOWN in (stamps.frame_us, stamps.sensor_us):
        return 0
    lag_ns = (stamps.frame_us - stamps.sensor_us) * 1000
    return lag_ns if 0 <= lag_ns <= LONGEST_LAG_NS else 0
