"""What a journal says of its episode, first thing: all it takes to finalise it."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Final

from recorder.arms import Arms
from recorder.cameras.camera import CameraAbout
from recorder.config import CameraConfig, RecordingConfig, TimeBase
from recorder.episode.schema import SCHEMA_VERSION, STEP_LAYOUT, ArmsKind, Layout
from recorder.limits import QualityLimits
from teleop.config import ConfigError, build
from teleop.joints import SIDES, Side

MAX_STATE: Final = 1 << 16
MAX_CAMERAS: Final = 64
MAX_HEADER_BYTES: Final = 1 << 22
"""Parsed, JSON may take fifty times its length; recorders write some kB."""


class HeaderError(ValueError):
    """Not the header of a journal."""


class VersionError(HeaderError):
    """The header of a journal that another version of Tandem wrote."""


@dataclass(frozen=True, slots=True)
class EpisodeHeader:
    """Facts of an episode known at its first tick."""

    episode_id: str
    number: int
    task: str
    prompt: str
    seed: int | None
    started_utc: str
    rig_name: str
    simulated: bool
    time_base: TimeBase
    rate_hz: int
    effort_unit: str
    recording: RecordingConfig
    cameras: tuple[CameraConfig, ...]
    state_size: int
    software: str
    servos: str
    schema_version: int = SCHEMA_VERSION
    step_layout: str = STEP_LAYOUT
    scene: str | None = None
    quality: str | None = None
    faults: str | None = None
    policy: str | None = None
    sides: tuple[Side, ...] = SIDES
    about: tuple[CameraAbout, ...] = ()
    """What each camera turned out to be, in the order of `cameras`."""
    limits: QualityLimits = field(default_factory=QualityLimits)

    def __post_init__(self) -> None:
        if not 0 <= self.state_size <= MAX_STATE or len(self.cameras) > MAX_CAMERAS:
            raise ValueError("state_size or the number of cameras is out of range.")
        if self.rate_hz < 1 or self.number < 0:
            raise ValueError("rate_hz or the episode number is out of range.")
        Arms(self.sides)

    @property
    def layout(self) -> Layout:
        """What the shapes of the episode's file depend on."""
        return Layout(len(self.cameras), self.state_size, Arms(self.sides))

    @property
    def arms_kind(self) -> ArmsKind:
        """What was at the other end of the buses."""
        if not self.simulated:
            return "real"
        return "simulated" if self.state_size else "emulated"

    def to_json(self) -> bytes:
        """The payload of a journal's header record."""
        return json.dumps(dataclasses.asdict(self)).encode()

    @classmethod
    def from_json(cls, payload: bytes) -> "EpisodeHeader":
        """The header in a payload.

        Raises:
            HeaderError: it is none, or one of another version.
        """
        try:
            table = json.loads(payload)
            written = (table["schema_version"], table["step_layout"])
        except (KeyError, ValueError, TypeError, RecursionError) as error:
            raise HeaderError(f"its header is not understood ({error})") from error
        # Asked before anything else: another version's header may have other keys, too.
        if written != (SCHEMA_VERSION, STEP_LAYOUT):
            raise VersionError("it was recorded by another version of Tandem")
        try:
            return build(cls, table, "journal header")
        except (ConfigError, ValueError, TypeError) as error:
            raise HeaderError(f"its header is not understood ({error})") from error
