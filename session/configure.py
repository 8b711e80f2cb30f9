"""What the operator asked for, as what a session is started with."""

import secrets
from pathlib import Path
from typing import Final

from session import runtime_dir
from session.calibration import load_calibration
from session.collection import Collection, Resumed, resume
from session.config import (
    MAX_EPISODES,
    MAX_SEED,
    Purpose,
    SessionConfig,
    SimulationMode,
    find_rig,
    load_rig,
    load_task,
    only_simulated,
)
from session.paths import datasets_dir
from teleop.config import ConfigError
from teleop.rig_config import RigConfig

LOCKSTEP: Final = SimulationMode()


def configure(
    task: str,
    rig: str | None,
    *,
    episodes: int | None = None,
    seed: int | None = None,
    out: Path | None = None,
    mode: SimulationMode = LOCKSTEP,
    purpose: Purpose = "record",
    new: bool = False,
) -> SessionConfig:
    """A session of this task on this rig, with a runtime directory of its own.

    Args:
        rig: as `find_rig` has it; None: the operator's own, or else a simulated one.
        episodes: None: what an unfinished collection wants, or else one on the simulated rig, what
            the task says on a real one.
        seed: of the first simulated episode; None: any, or the next of an unfinished collection.
        out: None: where episodes usually go.
        new: begin a new collection, even if there is an unfinished one.

    Raises:
        ConfigError: task, rig or numbers make no sense, or do not go together.
    """
    task_config = load_task(task)
    path = find_rig(rig, "sim-realtime" if mode.realtime else "sim")
    rig_file = load_rig(path)
    simulated = rig_file.rig.simulated
    mode.check(rig_file)
    _check_numbers(rig_file.rig, episodes, seed)
    if simulated and task_config.scene is None:
        raise ConfigError(f"Task {task_config.name!r} has no scene for the simulated rig.")
    folder = (out or datasets_dir()).resolve()
    found = Resumed() if new or purpose != "record" else resume(folder / task_config.name, episodes)
    earlier = found.collection
    usual = 1 if simulated else task_config.episodes
    return SessionConfig(
        rig_file=rig_file,
        task=task_config,
        episodes=earlier.wanted if earlier else episodes or usual,
        seed=_seed(seed, earlier),
        out=str(folder),
        calibration=() if simulated or purpose == "rest" else load_calibration(path),
        rig_path=str(path.resolve()),
        purpose=purpose,
        mode=mode,
        runtime_dir=str(runtime_dir.create()),
        earlier=earlier.numbers if earlier else (),
        resumes=found.text,
    )


def _seed(asked: int | None, earlier: Collection | None) -> int:
    if asked is not None:
        return asked
    return earlier.next_seed if earlier else secrets.randbelow(1_000_000)


def _check_numbers(rig: RigConfig, episodes: int | None, seed: int | None) -> None:
    """That what the operator asked for can be."""
    if episodes is not None and not 1 <= episodes <= MAX_EPISODES:
        raise ConfigError(f"--episodes must be 1-{MAX_EPISODES}, not {episodes}.")
    if seed is None:
        return
    if not rig.simulated:
        raise ConfigError(only_simulated("--seed", rig.name))
    if not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"--seed must be 0-{MAX_SEED}, not {seed}.")
