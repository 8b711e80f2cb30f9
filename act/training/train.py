"""Training a policy from top to bottom: model, loop, validation, checkpoints.

Whatever is random in a step is a function of the seed and the step's number: which samples, their
augmentation, dropout, z. So a training that goes on from a checkpoint is the one that was never
interrupted, on a CPU to the bit.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from act.checkpoints.checkpoint import Checkpoint, save
from act.checkpoints.runs import BEST, LAST
from act.config import ModelConfig, TrainConfig
from act.data.dataset import Batch, Samples
from act.errors import TrainingError
from act.model import Losses
from act.training.curves import Log, Row, draw
from act.training.guard import Guard
from act.training.learner import Learner
from act.training.optimiser import rate
from act.training.progress import Progress, one_line, say
from act.training.ranks import Ranks
from act.training.stop import Stop

CHECKS: Final = 20
"""Validations in a training; a checkpoint follows each."""
STEPS_A_CHECK: Final = (50, 2000)
"""At least, and at most."""
MOST_ROWS: Final = 10_000
"""Of the log."""
VALIDATION_FRAMES: Final = 128
"""The same ones each time, spread over the episodes that are kept apart."""
LOSSES: Final = ("total", "reconstruction", "kl", "validation", "posterior")
"""Of the last check, in a checkpoint."""
KL_COLLAPSED: Final = 1e-3
KL_MEANS: Final = (
    "With scripted demonstrations, which have no style, that is as it should be; else try a "
    "smaller --kl-weight."
)
WARM_UP_STEPS: Final = 4
"""Before steps are timed: the last of them captures a CUDA graph."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to train, where to, and how.

    Attributes:
        folder: of the run; it is there.
        meta: what its checkpoints say of it (`act.checkpoints.checkpoint.META`).
        backbone: weights that its backbone begins with, if any.
        graph, compiled: see `Learner`.
    """

    model: ModelConfig
    train: TrainConfig
    folder: Path
    meta: dict[str, Any]
    device: torch.device
    backbone: dict[str, Tensor] | None = None
    graph: bool = True
    compiled: bool = False


def train(job: Job, samples: Samples, ranks: Ranks, earlier: Checkpoint | None = None) -> int:
    """Train to the end, or until somebody stops it; returns the exit code, 0 at the end.

    Args:
        earlier: what to go on from.

    Raises:
        TrainingError: its losses are no numbers, or there is not enough memory.
        CheckpointError: the disk refuses. In any case the last checkpoint is good.
        OSError: the disk refuses the log.
    """
    config = job.train
    steps_a_row = -(-config.steps // MOST_ROWS)
    steps_a_check = max(STEPS_A_CHECK[0], min(STEPS_A_CHECK[1], config.steps // CHECKS))
    with faults_told(config, job.device), Stop() as stop, one_line(ranks.is_first) as show:
        learner = _learner(job, samples, ranks)
        if earlier is not None:
            learner.restore(earlier)
        run = Run(job, samples, learner, earlier)
        guard = Guard([each.path for each in samples.episodes])
        progress = Progress(config.steps, config.batch * ranks.count, learner.step, show)
        order = samples.order(learner.step, ranks.rank, ranks.count)
        for batch in samples.prefetch(order):
            losses, norm = learner(batch)
            fault = guard.fault(float(losses.total), norm, batch.episode.tolist())
            if fault and ranks.is_first:
                say(fault)
            run.row = _row(learner.step, config, losses, norm, skipped=bool(fault))
            is_last = learner.step == config.steps
            if ranks.is_first:
                if is_last or learner.step % steps_a_check == 0:
                    run.check()
                elif learner.step % steps_a_row == 0:
                    run.log.append(run.row)
                progress.step(learner.step, _facts(run.row, run.losses))
            if is_last:
                return 0
            if ranks.any(bool(stop.number), job.device):
                if ranks.is_first:
                    run.save(LAST, to_go_on=True)
                return stop.exit_code
    raise AssertionError("the order of the samples has no end")


class Run:
    """What is kept of a training: the log and its picture, the best and the last checkpoint.

    Attributes:
        row: of the log, about the last step.
        losses: the last ones, and the `best` of the validation so far.
    """

    def __init__(
        self, job: Job, samples: Samples, learner: Learner, earlier: Checkpoint | None
    ) -> None:
        self._job, self._samples, self._learner = job, samples, learner
        self._told = False
        self.row: Row = {}
        self.losses: dict[str, float] = dict(earlier.meta["losses"]) if earlier else {}
        self.log = Log(job.folder)
        if learner.ranks.is_first:
            self.log.cut(learner.step)

    def check(self) -> None:
        """Validate, and keep what there is."""
        self.row |= self._learner.validate(validation_batches(self._samples, self._job.train))
        self.log.append(self.row)
        self.losses |= {name: it for name, it in self.row.items() if name in LOSSES and it}
        if self._job.model.vae and self.row.get("kl", 1.0) < KL_COLLAPSED and not self._told:
            self._told = True
            say(f"KL is {self.row['kl']:.1e}: z says nothing about the actions. {KL_MEANS}")
        found = self.row["validation"]
        if found is not None and found < self.losses.get("best", math.inf):
            self.losses["best"] = found
            self.save(BEST)
        self.save(LAST, to_go_on=True)
        draw(self.log.rows(), self._job.folder)

    def save(self, name: str, *, to_go_on: bool = False) -> None:
        """Write a checkpoint; `to_go_on`: with what the training needs."""
        about = {
            "step": self._learner.step,
            "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "losses": self.losses,
        }
        save(
            self._job.folder / name,
            Checkpoint(
                self._job.model,
                self._job.train,
                self._samples.stats,
                self._learner.weights(),
                self._job.meta | about,
                training=self._learner.to_go_on() if to_go_on else {},
            ),
        )


def _row(step: int, config: TrainConfig, losses: Losses, norm: float, *, skipped: bool) -> Row:
    """Of the log; what is no number is not in it."""
    row: Row = {"step": step, "lr": config.lr * rate(config, step - 1)}
    if skipped:
        return row | {"skipped": True}
    return row | {name: float(it) for name, it in losses._asdict().items()} | {"norm": norm}


def _facts(row: Row, losses: dict[str, float]) -> str:
    """For people, of a step."""
    names = {"total": "loss", "kl": "KL", "best": "best validation"}
    numbers = losses | row
    return "  ".join(f"{text} {numbers[it]:.4f}" for it, text in names.items() if numbers.get(it))


def _learner(job: Job, samples: Samples, ranks: Ranks) -> Learner:
    lacking = (set(job.model.cameras) - set(each.sizes) for each in samples.episodes)
    return Learner(
        job.model,
        job.train,
        job.device,
        ranks,
        backbone=job.backbone,
        masked=any(lacking),
        graph=job.graph,
        compiled=job.compiled,
    )


def validation_batches(samples: Samples, config: TrainConfig) -> Iterator[Batch]:
    """Of the fixed pictures; of those that are learned from, where none are kept apart."""
    indices = samples.validation_index
    indices = indices if len(indices) else samples.train_index
    places = torch.linspace(0, len(indices) - 1, min(len(indices), VALIDATION_FRAMES)).long()
    return map(samples.batch, torch.split(indices[places], config.batch))


def step_s(job: Job, samples: Samples, ranks: Ranks, steps: int) -> float:
    """How long a step takes: measured, with a model that is thrown away."""
    with faults_told(job.train, job.device):
        learner = _learner(job, samples, ranks)
        batches = samples.prefetch(samples.order(0, ranks.rank, ranks.count))
        for _ in range(WARM_UP_STEPS):
            learner(next(batches))
        begin_s = time.monotonic()
        for _ in range(steps):
            learner(next(batches))
        taken_s = torch.tensor((time.monotonic() - begin_s) / steps, device=job.device)
        ranks.average([taken_s])
    return float(taken_s)


@contextmanager
def faults_told(config: TrainConfig, device: torch.device) -> Iterator[None]:
    """A lack of memory is a sentence, and so is a compiler that is missing."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise TrainingError("torch.compile fails here: leave --compile out.") from error
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        raise TrainingError(
            f"There is not enough memory on {device} for batches of {config.batch}: try --batch "
            f"{max(1, config.batch // 2)}, or a smaller --image-size."
        ) from error
