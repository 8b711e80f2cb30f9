"""What the recorder is started with, and what it is told about each episode."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from recorder.arms import Arms
from teleop.joints import SIDES, Side

CameraKind = Literal["simulated", "pattern", "realsense", "webcam"]
CAPTURED_KINDS: Final[tuple[CameraKind, ...]] = ("simulated", "pattern")
"""Kinds that this version captures; the others stand in rig files for the next one."""
Subsampling = Literal["420", "422", "444"]
TimeBase = Literal["simulated", "monotonic"]


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """One camera: its name in the files, what kind it is, and what it is asked to deliver.

    `serial`: which of several cameras of a kind it is.
    """

    name: str
    kind: CameraKind
    width: int = 640
    height: int = 480
    rate_hz: float = 50.0
    serial: str = ""

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"camera name {self.name!r} may have letters, digits and _ only.")
        if not (1 <= self.width <= 8192 and 1 <= self.height <= 8192):
            raise ValueError(f"{self.name}: {self.width}x{self.height} is no picture size.")
        if not 0.1 <= self.rate_hz <= 1000:
            raise ValueError(f"{self.name}: rate_hz must be 0.1-1000, not {self.rate_hz}.")

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
    servos: str = ""
    """Provenance for the files: models and firmware as the checks at start found them."""
    min_free_bytes: int = 1 << 30
    lock_patience_s: float = 20.0
    """How long to wait for the folder: a recorder whose session was killed has to finalise yet."""

    def __post_init__(self) -> None:
        names = [camera.name for camera in self.cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"two cameras have the same name: {', '.join(names)}.")
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


def plan_path(runtime_dir: Path, number: int) -> Path:
    """Where the session leaves the plan of an episode."""
    return runtime_dir / f"plan_{number}.json"
