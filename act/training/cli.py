"""``act-train EPISODES``: policies from what was collected, one a task."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from act.checkpoints import runs
from act.checkpoints.checkpoint import Checkpoint, load
from act.checkpoints.swap import standing
from act.config import changed
from act.data.dataset import Batch, Samples
from act.data.episode import read_episode
from act.data.find import common
from act.errors import ActError, CheckpointError, ConfigError, TrainingError
from act.model import ACT, Prediction
from act.training import metrics
from act.training.options import parser
from act.training.plan import Plan, config_checked, plans
from act.training.progress import say
from act.training.ranks import Ranks, joined, local_device
from act.training.train import Job, step_s, train, validation_batches
from recorder.episode.publish import write_atomically
from recorder.errors import RecorderError
from recorder.printable import printable
from recorder.reason import reason
from recorder.typed import program, typed
from teleop.config import ConfigError as RigError

OK, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130
USAGE: Final = (
    "act-train: what to learn from? For example `act-train datasets/`, or `act-train --resume "
    "runs/battery/...`; --help says more.\n"
)
GOES_WITH_RESUME: Final = {"resume", "device", "threads", "graph", "compile", "steps"}
TRIED_STEPS, TIMED_STEPS = 3, 15
FOR_STEPS: Final = 0.92
"""Share of --minutes that is for steps, beside validations and checkpoints."""
METRICS: Final = "metrics.json"
ABLATION: Final = "ablation"
"""What a run is called that is many."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all trainings of a command.

    Attributes:
        threads, minutes: None: nobody has said.
    """

    device: torch.device
    ranks: Ranks
    tell: Callable[[str], None]
    threads: int | None = None
    minutes: float | None = None
    graph: bool = True
    compiled: bool = False


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = parser().parse_args(arguments)
    if not options.episodes and options.resume is None:
        sys.stderr.write(USAGE)
        return REFUSED
    try:
        return _do(options)
    except TrainingError as error:
        return _told(str(error), FAILED)
    except (ActError, RecorderError, RigError) as error:
        return _told(str(error), REFUSED)
    except OSError as error:
        return _told(_about(error), FAILED)
    except KeyboardInterrupt:
        return _told("Interrupted.", INTERRUPTED)


def _about(error: OSError) -> str:
    return f"{error.filename or 'The disk'}: {reason(error)}."


def _told(sentence: str, code: int) -> int:
    sys.stderr.write(f"act-train: {printable(sentence)}\n")
    return code


def _do(options: argparse.Namespace) -> int:
    """What is asked for; returns the exit status."""
    device = local_device(options.device)
    torch.set_num_threads(options.threads or cores())
    with joined(device) as ranks:
        setting = Setting(
            device,
            ranks,
            say if ranks.is_first else _silent,
            options.threads,
            options.minutes,
            options.graph,
            options.compile,
        )
        if options.resume is not None:
            return _resume(options, setting)
        for plan in plans(options, device, setting.tell):
            setting.tell(plan.about(device))
            if options.dry_run:
                setting.tell(plan.in_full())
            elif code := _carried_out(plan, options, setting):
                return code
    return OK


def _carried_out(plan: Plan, options: argparse.Namespace, setting: Setting) -> int:
    """The training, or its ablations; returns the exit status."""
    if options.ablate:
        from act.rollout import ablate

        return ablate.run(
            runs.place(options.out, plan.task, options.name or ABLATION), plan, setting
        )
    with runs.new_run(options.out, plan.task, options.name, setting.ranks) as folder:
        return learn(plan, folder, setting)


def cores() -> int:
    """Those of the CPU that this process may use."""
    return len(os.sched_getaffinity(0))


def _silent(_text: str) -> None:
    """The other processes of a training say nothing."""


def _resume(options: argparse.Namespace, setting: Setting) -> int:
    """Go on with a run.

    Raises:
        ActError: it cannot be done.
    """
    default = vars(parser().parse_args([]))
    given = {name for name, it in vars(options).items() if it != default[name]}
    if extra := sorted(given - GOES_WITH_RESUME):
        word = "EPISODES" if extra[0] == "episodes" else "--" + extra[0].replace("_", "-")
        raise ConfigError(f"{word} does not go with --resume: a run goes on as it began.")
    folder = options.resume.parent if options.resume.name == runs.LAST else options.resume
    if not standing(folder / runs.LAST).exists():
        raise ConfigError(
            f"There is no {folder / runs.LAST}: nothing to go on from was saved yet. Train anew; "
            f"where there is no {runs.BEST} either, --name may be the same."
        )
    with runs.held(folder, setting.ranks):
        earlier = load(folder / runs.LAST, to_go_on=True)
        train = config_checked(changed(earlier.train, steps=options.steps))
        done = earlier.meta["step"]
        if done >= train.steps:
            raise ConfigError(f"{folder} is finished, with {done} steps: --steps adds to them.")
        setting.tell(f"{folder} goes on at step {done} of {train.steps}.")
        episodes = [read_episode(Path(each)) for each in earlier.meta["episodes"]]
        model, shared = earlier.model, common(episodes, earlier.model.cameras, "mask")
        if (shared.state_dim, shared.action_dim) != (model.state_dim, model.action_dim):
            raise ConfigError(f"The episodes of {folder} have other joints by now.")
        plan = Plan(earlier.meta["task"], episodes, model, train, earlier.meta)
        return learn(plan, folder, setting, earlier)


def learn(plan: Plan, folder: Path, setting: Setting, earlier: Checkpoint | None = None) -> int:
    """Train, and say how good it is; returns the exit status.

    Args:
        folder: of the run; it is there.
        earlier: what to go on from.

    Raises:
        ActError: it cannot be done.
    """
    device, ranks, tell = setting.device, setting.ranks, setting.tell
    options = plan.backbone, setting.graph, setting.compiled
    job = Job(plan.model, plan.train, folder, plan.meta, device, *options)
    stats = earlier.stats if earlier else None
    samples = Samples(plan.episodes, plan.model, plan.train, device, stats=stats)
    try:
        for remark in samples.remarks:
            tell(remark)
        if earlier is None:
            job = _timed(_with_threads(job, samples, setting), samples, setting)
        else:
            torch.set_num_threads(setting.threads or min(max(1, plan.meta["threads"]), cores()))
        to_go_on = f"To go on: {typed(program('act-train'), '--resume', folder)}"
        try:
            code = train(job, samples, ranks, earlier)
        except (CheckpointError, OSError) as error:  # the disk is full, or gone
            told = _about(error) if isinstance(error, OSError) else str(error)
            more = f" {to_go_on}" if standing(folder / runs.LAST).exists() else ""
            raise TrainingError(told + more) from error
        if code and ranks.is_first:
            _told(f"Stopped. {to_go_on}", code)
        elif ranks.is_first:
            _measure(job, samples, tell)
    finally:
        samples.close()
    return code


def _with_threads(job: Job, samples: Samples, setting: Setting) -> Job:
    """With as many threads as are fastest now: on a busy machine, all cores can be ten times slower
    than one."""
    counts = dict.fromkeys((1, max(1, cores() // 2), cores()))
    if setting.threads or job.device.type != "cpu" or len(counts) == 1:
        return replace(job, meta=job.meta | {"threads": torch.get_num_threads()})
    taken_s = {}
    for count in counts:
        torch.set_num_threads(count)
        taken_s[count] = step_s(job, samples, setting.ranks, TRIED_STEPS)
    fastest = min(taken_s, key=lambda count: taken_s[count])
    torch.set_num_threads(fastest)
    told = ", ".join(f"{count}: {1e3 * each:.0f} ms" for count, each in taken_s.items())
    setting.tell(f"Threads, and how long a step takes: {told}. So {fastest} (--threads chooses).")
    return replace(job, meta=job.meta | {"threads": fastest})


def _timed(job: Job, samples: Samples, setting: Setting) -> Job:
    """With as many steps as there is time for, if somebody has said how much."""
    if setting.minutes is None:
        return job
    a_step_s = step_s(job, samples, setting.ranks, TIMED_STEPS)
    steps = max(1, int(setting.minutes * 60 * FOR_STEPS / a_step_s))
    setting.tell(f"{setting.minutes:g} minutes are {steps} steps here.")
    return replace(job, train=config_checked(replace(job.train, steps=steps)))


def _measure(job: Job, samples: Samples, tell: Callable[[str], None]) -> None:
    """Say how good the best checkpoint is, and write it down."""
    best = load(runs.find(job.folder))
    model = ACT(best.model).to(job.device).eval()
    model.load_state_dict(best.weights)

    @torch.no_grad()
    def predict(batch: Batch) -> Tensor:
        prediction: Prediction = model(batch.qpos, batch.images, camera_mask=batch.camera_mask)
        return prediction.actions

    errors = metrics.open_loop(predict, validation_batches(samples, job.train), samples.stats)
    whose = "kept apart" if len(samples.validation_index) else "learned from"
    tell(f"The best, after step {best.meta['step']}, on episodes that were {whose}:")
    for line in metrics.table(errors):
        tell(line)
    about = {"step": best.meta["step"], "losses": best.meta["losses"]} | metrics.as_json(errors)
    write_atomically(job.folder / METRICS, json.dumps(about, indent=1) + "\n")
    evaluate = typed(program("act-eval"), job.folder)
    tell(f"Trained: {runs.find(job.folder)}. How often does it do it? {evaluate}")


if __name__ == "__main__":
    sys.exit(main())
