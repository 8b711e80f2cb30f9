"""What the recorder is started with, and what it is told about each episode."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from recorder.arms import Arms
from recorder.limits import QualityLimits
from recorder.status import MAX_STATUS_CAMERAS
from teleop.joints import SIDES, Side

CameraKind = Literal["simulated", "pattern", "realsense", "webcam"]
DEVICE_KINDS: Final[tuple[CameraKind, ...]] = ("realsense", "webcam")
"""Kinds with a device of their own, that is captured by a thread."""
MAX_SIDE_PX: Final = 8192
"""Of a picture."""
Subsampling = Literal["420", "422", "444"]
TimeBase = Literal["simulated", "monotonic"]


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera: its name in the files, what kind it is, and what it is asked to deliver.

    Attributes:
        serial: which RealSense it is.
        device: which webcam it is: /dev/v4l/by-id/... or by-path/..., or a URL.
        exposure_us, gain, white_balance_k, focus: fixed at this, in the device's units but for
            those named; None: as the device does it by itself, but for focus, whose automatic is
            switched off wherever it can be.
    """

    name: str
    kind: CameraKind
    width: int = 640
    height: int = 480
    rate_hz: float = 50.0
    serial: str = ""
    device: str = ""
    exposure_us: int | None = None
    gain: int | None = None
    white_balance_k: int | None = None
    focus: int | None = None

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"camera name {self.name!r} may have letters, digits and _ only.")
        if not (1 <= self.width <= MAX_SIDE_PX and 1 <= self.height <= MAX_SIDE_PX):
            raise ValueError(f"{self.name}: {self.width}x{self.height} is no picture size.")
        if not 0.1 <= self.rate_hz <= 1000:
            raise ValueError(f"{self.name}: rate_hz must be 0.1-1000, not {self.rate_hz}.")
        self._check_device()

    def _check_device(self) -> None:
        """That what only some kinds have is asked of those only."""
        if self.serial and self.kind != "realsense":
            raise ValueError(f"{self.name}: serial is for kind realsense, not {self.kind}.")
        if self.device and self.kind != "webcam":
            raise ValueError(f"{self.name}: device is for kind webcam, not {self.kind}.")
        for option in ("exposure_us", "gain", "white_balance_k", "focus"):
            value = getattr(self, option)
            if value is not None and self.kind not in DEVICE_KINDS:
                raise ValueError(f"{self.name}: {option} is for {' and '.join(DEVICE_KINDS)} only.")
            if value is not None and not 0 <= value <= 1_000_000:
                raise ValueError(f"{self.name}: {option} must be 0-1000000, not {value}.")

    @property
    def period_ns(self) -> int:
        """Time between two frames at the configured rate."""
        return round(1e9 / self.rate_hz)


@dataclass(frozen=True, slots=True)
class RecordingConfig:
    """How images are compressed; 444 keeps more colour than a higher quality would."""

    jpeg_quality: int = 90
    jpeg_subsampling: Subsampling = "420"

    def __post_init__(self) -> None:
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality must be 1-100, not {self.jpeg_quality}.")


@dataclass(frozen=True, slots=True)
class RecorderConfig:
    """Everything the recorder process is started with, handed over as JSON."""

    runtime_dir: Path
    dataset_dir: Path
    cameras: tuple[CameraConfig, ...]
    rig_name: str
    simulated: bool
    time_base: TimeBase
    quality: str | None = None
    """How the simulated cameras are rendered; None: there are none."""
    faults: str | None = None
    """The file of scripted faults that the simulated rig runs; None: it has none of its own."""
    rate_hz: int = 50
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    world_socket: Path | None = None
    """The simulated world to acknowledge frames to; None: nobody waits for the recorder."""
    scene_ring: bool = False
    """There is a simulated world: it publishes its physics state, and has something to say."""
    sides: tuple[Side, ...] = SIDES
    """The arm pairs that the rig has: the files hold no others."""
    effort_unit: str = "mA"
    software: str = ""
    """Provenance for the files; empty: the recorder looks up versions and git revision itself."""
    share_frames: bool = False
    """Somebody in another process wants the frames of devices, too: they go into rings."""
    servos: str = ""
    """Provenance for the files: models and firmware as the checks at start found them."""
    limits: QualityLimits = field(default_factory=QualityLimits)
    """What the episodes are judged by."""
    max_steps: int = 1500
    """Of an episode: so much must fit on the disk before one begins."""
    min_free_bytes: int = 1 << 30
    """Of the disk, that recording leaves alone."""
    lock_patience_s: float = 20.0
    """How long to wait for the folder: a recorder whose session was killed has to finalise yet."""

    def __post_init__(self) -> None:
        names = [camera.name for camera in self.cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"two cameras have the same name: {', '.join(names)}.")
        if len(names) > MAX_STATUS_CAMERAS:
            raise ValueError(f"{len(names)} cameras are more than {MAX_STATUS_CAMERAS}.")
        if self.world_socket and not self.scene_ring:
            raise ValueError("world_socket needs scene_ring: its states are what is acknowledged.")
        Arms(self.sides)
        if not 1 <= self.rate_hz <= 200:
            raise ValueError(f"rate_hz must be 1-200, not {self.rate_hz}.")


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """What the session knows of an episode beforehand: ``plan_<number>.json``."""

    number: int
    task: str
    prompt: str
    scene: str | None = None
    seed: int | None = None
    policy: str | None = None
    """What is to lead in the leaders' place, JSON."""


def plan_path(runtime_dir: Path, number: int) -> Path:
    """Where the session leaves the plan of an episode."""
    return runtime_dir / f"plan_{number}.json"
