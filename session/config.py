"""Rig and task files to what a session is started with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from recorder.config import CameraConfig, RecordingConfig
from recorder.limits import QualityLimits
from recorder.status import MAX_STATUS_CAMERAS
from session.keys import KeysConfig
from session.paths import config_dir, own_rig
from session.playback import EpisodePlayback
from session.policy import PolicyConfig
from sim.config import TICK_S, OperatorConfig, Quality, StartRange, WireConfig
from sim.faults.script import load_faults
from teleop.calibration import ServoCalibration
from teleop.config import ConfigError, build, nearest, read_toml
from teleop.port import is_pseudo_terminal
from teleop.rig_config import GripperVariant, PoseConfig, RigConfig

GIVE_UP_TICKS: Final = 5
REALTIME_GIVE_UP_TICKS: Final = 50
"""The simulated operator gives up this many ticks before control would end the episode itself; in
real time these go by while the session asks for the verdict."""
Purpose = Literal["record", "mirror", "rest", "replay"]
"""What a session is for: episodes; following without recording; bringing the arms to rest; playing
an episode back."""
MAX_SEED: Final = 2**31 - 1
MAX_STEPS: Final = 1_000_000
MAX_EPISODES: Final = 100_000
MAX_PROMPT: Final = 2000
SIMULATED_RATE_HZ: Final = round(1 / TICK_S)
"""The tick of the simulated scene; at another rate its files would lie about time."""
SIMULATED_GRIPPER: Final[GripperVariant] = "tonyzhaozh"
"""The fingers that its arms are modelled with."""


@dataclass(frozen=True, slots=True)
class CameraPolicy:
    """What comes of a camera that gives no picture any more while an episode is recorded.

    Attributes:
        on_loss: "pause": the steps are marked, and after `pause_after_s` the arms hold, the
            episode ends and the operator is asked; "mark": the steps are marked, nothing else.
    """

    on_loss: Literal["pause", "mark"] = "pause"
    pause_after_s: float = 1.0

    def __post_init__(self) -> None:
        if not 0.1 <= self.pause_after_s <= 60:
            raise ValueError(f"pause_after_s must be 0.1-60, not {self.pause_after_s}.")


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One task: what is to be demonstrated, and how long that may take."""

    name: str
    prompt: str
    max_steps: int
    episodes: int = 50
    scene: str | None = None
    """What the simulated rig puts on the table; None: the task exists on real rigs only."""
    start: Mapping[str, StartRange] = field(default_factory=dict)
    """Where the scene's objects start while demonstrations are collected, by object."""
    evaluation: Mapping[str, StartRange] = field(default_factory=dict)
    """Where they start while a policy is evaluated: within `start`."""
    operator: OperatorConfig = field(default_factory=OperatorConfig)
    cameras: CameraPolicy = field(default_factory=CameraPolicy)
    """What comes of a camera that is lost."""
    reset_s: float = 10.0
    """What putting the scene back may take: counted down after every episode, binding nobody."""
    quality: QualityLimits = field(default_factory=QualityLimits)
    """What the episodes are judged by."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", self.name):
            raise ValueError(f"a task's name has letters, digits, _ and - only, not {self.name!r}.")
        if len(self.prompt) > MAX_PROMPT:
            raise ValueError(f"prompt must be at most {MAX_PROMPT} characters long.")
        if not (1 <= self.max_steps <= MAX_STEPS and 1 <= self.episodes <= MAX_EPISODES):
            raise ValueError(f"max_steps must be 1-{MAX_STEPS} and episodes 1-{MAX_EPISODES}.")
        if not 0 <= self.reset_s <= 3600:
            raise ValueError(f"reset_s must be 0-3600, not {self.reset_s}.")
        for name, range_ in self.evaluation.items():
            if name not in self.start:
                raise ValueError(f"[evaluation.{name}] has no [start.{name}] around it.")
            if not self.start[name].contains(range_):
                raise ValueError(
                    f"[evaluation.{name}] reaches beyond [start.{name}]: a policy would be judged "
                    "where nothing was demonstrated."
                )


@dataclass(frozen=True, slots=True)
class RigFile:
    """A whole rig: arms, cameras, and how they are recorded.

    `simulation`: what the serial lines of a simulated rig cost in real time. `keys`: of the
    operator's keyboard and pedals.
    """

    rig: RigConfig
    cameras: tuple[CameraConfig, ...]
    recording: RecordingConfig = field(default_factory=RecordingConfig)
    simulation: WireConfig = field(default_factory=WireConfig)
    keys: KeysConfig = field(default_factory=KeysConfig)

    def __post_init__(self) -> None:
        names = [camera.name for camera in self.cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"two cameras share a name: {', '.join(names)}.")
        if len(names) > MAX_STATUS_CAMERAS:
            raise ValueError(f"{len(names)} cameras are more than {MAX_STATUS_CAMERAS}.")
        if self.rig.simulated:
            self._check_simulated()
        elif self.simulation != WireConfig():
            raise ValueError("[simulation] is for a simulated rig only.")
        elif self.rendered_cameras:
            raise ValueError(
                f"{self.rendered_cameras[0].name} is a simulated camera, and there is no simulated "
                "scene: use kind 'pattern' to record without cameras."
            )
        if not self.cameras:
            raise ValueError("there must be at least one [[cameras]].")

    @property
    def rendered_cameras(self) -> tuple[CameraConfig, ...]:
        """Those that look at the simulated scene."""
        return tuple(camera for camera in self.cameras if camera.kind == "simulated")

    @property
    def emulated(self) -> bool:
        """Whether a real rig's arms are programs at the ends of pseudo-terminals.

        To be asked while they are plugged in.
        """
        return not self.rig.simulated and any(is_pseudo_terminal(arm.port) for arm in self.rig.arms)

    def _check_simulated(self) -> None:
        """The simulated rig is one rig: what its scene and operator know cannot be chosen."""
        rig, rendered = self.rig, self.rendered_cameras
        sizes = [f"{camera.name} {camera.width}x{camera.height}" for camera in rendered]
        if len({size.split()[1] for size in sizes}) > 1:
            raise ValueError(
                f"simulated cameras must all have one size, not {', '.join(sorted(sizes))}."
            )
        if rig.rate_hz != SIMULATED_RATE_HZ:
            raise ValueError(f"the simulated rig runs at {SIMULATED_RATE_HZ} Hz only.")
        if rig.gripper != SIMULATED_GRIPPER:
            raise ValueError(f"the simulated rig has {SIMULATED_GRIPPER} grippers only.")
        poses, start = rig.poses, PoseConfig()
        if (poses.start_rad, poses.start_gripper) != (start.start_rad, start.start_gripper):
            raise ValueError(
                f"the simulated rig starts at start_rad = {list(start.start_rad)} and "
                f"start_gripper = {start.start_gripper} only."
            )


@dataclass(frozen=True, slots=True)
class SimulationMode:
    """How the simulated rig runs: against the wall clock or in lock-step, how it is rendered, which
    file of faults it plays, and whether somebody works it."""

    realtime: bool = False
    quality: Quality = "fast"
    faults: str | None = None
    by_hand: bool = False
    """Wait for the operator's keys as a real rig does; else the session answers for them."""

    def check(self, rig_file: RigFile) -> None:
        """That all of it goes together.

        Raises:
            ConfigError: it does not, or the file of faults is wrong.
        """
        if not rig_file.rig.simulated:
            return self._check_real(rig_file.rig.name)
        if self.realtime and self.quality == "high":
            raise ConfigError(
                "--quality high takes far longer than real time: leave out --quality or --realtime."
            )
        if not self.realtime and rig_file.simulation != WireConfig():
            raise ConfigError(
                f"Rig {rig_file.rig.name!r} has [simulation] options, which cost real time: give "
                "--realtime, or leave them out."
            )
        if self.faults is not None:
            load_faults(Path(self.faults))

    def _check_real(self, rig: str) -> None:
        asked = (
            ("--realtime", self.realtime),
            ("--quality", self.quality != "fast"),
            ("--faults", self.faults is not None),
            ("--by-hand", self.by_hand),
        )
        for option, given in asked:
            if given:
                raise ConfigError(only_simulated(option, rig))


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Everything the session process is started with, handed over as JSON."""

    rig_file: RigFile
    task: TaskConfig
    episodes: int
    seed: int
    out: str
    """The folder that holds one folder a task."""
    runtime_dir: str
    min_free_bytes: int = 1 << 30
    """Less free disk than this is refused: about ten simulated episodes."""
    mode: SimulationMode = field(default_factory=SimulationMode)
    purpose: Purpose = "record"
    rig_path: str = ""
    """The rig's file; what is kept of a real rig between sessions lies beside it."""
    calibration: tuple[ServoCalibration, ...] = ()
    """What the servos of a real rig must still be."""
    earlier: tuple[int, ...] = ()
    """Numbers of this collection's episodes that earlier sessions have recorded."""
    resumes: str = ""
    """What the operator is told about that."""
    playback: EpisodePlayback | None = None
    """What is played back, where that is the purpose."""
    policy: PolicyConfig | None = None
    """What leads while episodes are recorded; None: somebody at the leader arms."""

    def __post_init__(self) -> None:
        if self.policy is not None and self.purpose != "record":
            raise ValueError("a policy leads only where episodes are recorded.")
        if (self.purpose == "replay") != (self.playback is not None):
            raise ValueError("playback goes with the purpose replay, and with no other.")

    @property
    def dataset_dir(self) -> Path:
        """The folder of this task's episodes."""
        return Path(self.out) / self.task.name

    @property
    def done(self) -> int:
        """How many of `episodes` earlier sessions have recorded."""
        return len(self.earlier)

    @property
    def operator_ticks(self) -> int:
        """Ticks after which a simulated operator gives up."""
        spare = REALTIME_GIVE_UP_TICKS if self.mode.realtime else GIVE_UP_TICKS
        return max(1, self.task.max_steps - spare)


def only_simulated(option: str, rig: str) -> str:
    """Why an option cannot be had on a real rig."""
    return f"{option} is for the simulated rig, and rig {rig!r} is a real one: add --rig sim."


def with_ports(rig: RigConfig, ports: Mapping[str, str]) -> RigConfig:
    """The rig with the serial ports of the buses named in `ports` filled in."""
    arms = tuple(replace(arm, port=ports.get(arm.name, arm.port)) for arm in rig.arms)
    return replace(rig, arms=arms)


def load_task(name: str) -> TaskConfig:
    """The task `name` of ``configs/tasks/``, or the file itself if `name` ends in ``.toml``.

    Raises:
        ConfigError: unknown (names the nearest), or the file is wrong.
    """
    path = _find("task", name)
    return build(TaskConfig, read_toml(path), str(path))


def find_rig(name: str | None, fallback: str | None = "sim") -> Path:
    """The file of rig `name`: of ``configs/rigs/``, or the file itself if it ends in ``.toml``.

    None: the operator's own ``rig.toml``, and where there is none the rig `fallback`.

    Raises:
        ConfigError: unknown (names the nearest); or there is no own rig, and no `fallback` either.
    """
    own = own_rig() if name is None else None
    if own is None and name is None and fallback is None:
        raise ConfigError("There is no rig.toml yet: run teleop scan, or name a rig with --rig.")
    return own or _find("rig", name or fallback or "")


def load_rig(name: str | Path) -> RigFile:
    """The rig `name`, as `find_rig` has it; simulated or real.

    Raises:
        ConfigError: unknown (names the nearest), or the file is wrong.
    """
    path = find_rig(str(name))
    return build(RigFile, read_toml(path), str(path))


def _find(kind: str, name: str) -> Path:
    if name.endswith(".toml"):
        path = Path(name)
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path} is no file: name a {kind} file that can be read.")
        return path
    folder = config_dir() / f"{kind}s"
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in known:
        raise ConfigError(f"Unknown {kind} {name!r}. {nearest(name, known)}.")
    return known[name]
