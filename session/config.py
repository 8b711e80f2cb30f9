"""Rig and task files to what a session is started with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from recorder.config import CameraConfig, RecordingConfig
from session.paths import config_dir
from sim.config import TICK_S
from teleop.config import ConfigError, build, nearest, read_toml
from teleop.rig_config import GripperVariant, PoseConfig, RigConfig

MAX_SEED: Final = 2**31 - 1
MAX_STEPS: Final = 1_000_000
MAX_EPISODES: Final = 100_000
SIMULATED_RATE_HZ: Final = round(1 / TICK_S)
"""The tick of the simulated scene; at another rate its files would lie about time."""
SIMULATED_GRIPPER: Final[GripperVariant] = "tonyzhaozh"
"""The fingers that its arms are modelled with."""


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One task: what is to be demonstrated, and how long that may take."""

    name: str
    prompt: str
    max_steps: int
    episodes: int = 50
    scene: str | None = None
    """What the simulated rig puts on the table; None: the task exists on real rigs only."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", self.name):
            raise ValueError(f"a task's name has letters, digits, _ and - only, not {self.name!r}.")
        if not (1 <= self.max_steps <= MAX_STEPS and 1 <= self.episodes <= MAX_EPISODES):
            raise ValueError(f"max_steps must be 1-{MAX_STEPS} and episodes 1-{MAX_EPISODES}.")


@dataclass(frozen=True, slots=True)
class RigFile:
    """A whole rig: arms, cameras, and how they are recorded."""

    rig: RigConfig
    cameras: tuple[CameraConfig, ...]
    recording: RecordingConfig = field(default_factory=RecordingConfig)

    def __post_init__(self) -> None:
        names = [camera.name for camera in self.cameras]
        if len(set(names)) != len(names):
            raise ValueError(f"two cameras share a name: {', '.join(names)}.")
        if self.rig.simulated:
            self._check_simulated()
        if not self.cameras:
            raise ValueError("there must be at least one [[cameras]].")

    def _check_simulated(self) -> None:
        """The simulated rig is one rig: what its scene and operator know cannot be chosen."""
        rig, sizes = self.rig, [f"{c.name} {c.width}x{c.height}" for c in self.cameras]
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

    @property
    def dataset_dir(self) -> Path:
        """The folder of this task's episodes."""
        return Path(self.out) / self.task.name


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


def load_rig(name: str) -> RigFile:
    """The rig `name` of ``configs/rigs/``, or the file itself if `name` ends in ``.toml``.

    Raises:
        ConfigError: unknown (names the nearest), the file is wrong, or the rig is a real one:
            this version must not drive those.
    """
    path = _find("rig", name)
    rig_file = build(RigFile, read_toml(path), str(path))
    if not rig_file.rig.simulated:
        raise ConfigError(
            f"Rig {rig_file.rig.name!r} is a real one; this version drives the simulated rig only "
            "(--rig sim)."
        )
    return rig_file


def _find(kind: str, name: str) -> Path:
    if name.endswith(".toml"):
        return Path(name)
    folder = config_dir() / f"{kind}s"
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name not in known:
        raise ConfigError(f"Unknown {kind} {name!r}. {nearest(name, known)}.")
    return known[name]
