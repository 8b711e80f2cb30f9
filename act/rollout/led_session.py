"""A session that a policy leads: what is checked before anything moves, and what it is told."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

from act.checkpoints import runs
from act.checkpoints.checkpoint import Checkpoint, load
from act.data.frames import misfit
from act.errors import ActError, EvaluationError
from act.rollout.execution import ExecutionConfig, Favor
from act.training.options import count
from act.training.ranks import local_device
from recorder.arms import Arms
from recorder.errors import RecorderError
from recorder.printable import printable_lines
from recorder.reason import reason
from session.config import RigFile, SessionConfig
from session.configure import configure
from session.errors import LaunchError
from session.policy import PolicyConfig
from teleop.config import ConfigError as FileError

FAILED: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Pilot:
    """A policy that is to lead, and how.

    Attributes:
        folder: of its checkpoint.
        checkpoint: without the weights.
        device, threads: as `act.rollout.policy.Policy.load` has them.
    """

    folder: Path
    checkpoint: Checkpoint
    execution: ExecutionConfig
    device: str
    threads: int | None

    @classmethod
    def find(
        cls, path: Path, execution: ExecutionConfig, device: str, threads: int | None
    ) -> "Pilot":
        """From a checkpoint, or a run that has some.

        Raises:
            CheckpointError: there is none that can be used.
            ConfigError: it cannot be executed so, or not on that device.
        """
        folder = runs.find(path).resolve()
        checkpoint = replace(load(folder), weights={})
        execution.every(checkpoint.model.chunk)
        local_device(device)
        return cls(folder, checkpoint, execution, device, threads)

    @property
    def name(self) -> str:
        """For people."""
        meta, identity = self.checkpoint.meta, self.checkpoint.identity
        return f"{meta['task']} after {meta['step']} steps ({identity[:12]})"

    def about(self, evaluating: bool) -> str:
        """What its episodes say of it, JSON: the same policy in the same hands says the same."""
        meta = self.checkpoint.meta
        whose = {"checkpoint": str(self.folder), "identity": self.checkpoint.identity}
        learned = {name: meta[name] for name in ("task", "step", "preset")}
        how = asdict(self.execution) | {"evaluating": evaluating}
        return json.dumps(whose | learned | how)

    def why_not(self, rig_file: RigFile) -> str:
        """Why it cannot lead on a rig: its cameras, joints or rate differ; "" if it can."""
        model, meta, rig = self.checkpoint.model, self.checkpoint.meta, rig_file.rig
        there = {camera.name: camera for camera in rig_file.cameras}
        if missing := [name for name in model.cameras if name not in there]:
            return f"it needs {', '.join(missing)}, and the rig has {', '.join(there)} only"
        for camera in (there[name] for name in model.cameras):
            if why := misfit(model, camera.name, camera.width, camera.height):
                return f"{camera.name} gives {why}: that or a multiple is needed"
        names, joints = tuple(meta["joint_names"]), Arms(rig.sides).joint_names
        if names != joints or model.state_dim != len(joints):
            return f"it moves {', '.join(names)}, and the rig has {', '.join(joints)}"
        if meta["fps"] != rig.rate_hz:
            return f"it learned {meta['fps']} steps a second, and the rig makes {rig.rate_hz}"
        return ""

    def check(self, rig_file: RigFile) -> None:
        """
        Raises:
            EvaluationError: it cannot lead on that rig.
        """
        if why := self.why_not(rig_file):
            raise EvaluationError(f"The policy cannot lead on rig {rig_file.rig.name!r}: {why}.")

    def session(
        self, task: str, rig: str | None, *, evaluating: bool = False, **wanted: Any
    ) -> SessionConfig:
        """A session that it leads, with a runtime directory of its own.

        Args:
            wanted: for `session.configure.configure`, which also says what it raises.
        """
        options = asdict(self.execution) | {
            "device": self.device,
            "threads": self.threads,
            "identity": self.checkpoint.identity,
        }
        policy = PolicyConfig(
            checkpoint=str(self.folder),
            name=self.name,
            about=self.about(evaluating),
            options={name: str(it) for name, it in options.items() if it is not None},
            evaluating=evaluating,
        )
        return replace(configure(task, rig, new=True, **wanted), policy=policy)


def guarded(program: str, do: Callable[[], int]) -> int:
    """What a command does, with its errors told in a sentence; returns the exit code."""
    try:
        return do()
    except (ActError, FileError, LaunchError, RecorderError) as error:
        return told(program, str(error), REFUSED)
    except OSError as error:
        return told(program, f"{error.filename or 'The disk'}: {reason(error)}.", FAILED)
    except KeyboardInterrupt:
        return told(program, "Interrupted.", INTERRUPTED)


def told(program: str, sentence: str, code: int) -> int:
    """Say why a command ends so."""
    sys.stderr.write(f"{program}: {printable_lines(sentence)}\n")
    return code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What act-eval and act-run have in common."""
    add = parser.add_argument
    add("checkpoint", type=Path, metavar="RUN", help="a run of act-train, or a checkpoint")
    add("--task", metavar="NAME", help="of configs/tasks, or a file (default: what it learned)")
    add("--execute", type=int, metavar="K", help="ticks that each chunk is run (default: half)")
    add("--ensemble-every", type=int, metavar="N", help="predict every N ticks, and average")
    add("--ensemble-decay", type=float, metavar="M", help="weights exp(-M i) (default: 0.01)")
    add("--ensemble-favor", choices=get_args(Favor), help="which weigh most (default: older)")
    add("--device", default="auto", help="cpu, cuda, cuda:1 (default: a GPU where there is one)")
    add("--threads", type=count, metavar="N", help="of a CPU, for each policy")


def execution_of(options: argparse.Namespace) -> ExecutionConfig:
    """What was asked for; weights without a number of ticks are the paper's: at every tick.

    Raises:
        ConfigError: it makes no sense.
    """
    names = ("execute", "ensemble_every", "ensemble_decay", "ensemble_favor")
    given = {name: it for name in names if (it := getattr(options, name)) is not None}
    if given.keys() & {"ensemble_decay", "ensemble_favor"}:
        given = {"ensemble_every": 1} | given
    return ExecutionConfig(**given)
