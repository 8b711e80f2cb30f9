"""From predicted chunks to the command of each tick.

A chunk that was predicted from what was seen at tick s says what to do at ticks s, s+1, ... s+k-1:
its column j is for tick s+j. It may come late: nobody asks for the columns that have passed.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from act.errors import ConfigError

Floats = npt.NDArray[np.float64]
Favor = Literal["older", "newer"]
SHORT_TICKS: Final = 25
"""A policy that does its task with so many, or with ensembling, did it 0 of 20 times with 10."""


class Execution(ABC):
    """Remembers chunks, asked for `every` so many ticks; answers what to do at a tick.

    `stride`: obey only each so many actions of a chunk, and go straight from one to the next.
    """

    def __init__(self, every: int, stride: int = 1) -> None:
        self._every, self._stride = every, stride
        self._chunks: list[tuple[int, Floats]] = []

    def reset(self) -> None:
        """Before another episode, or when somebody else has moved the arms."""
        self._chunks.clear()

    def wants(self, tick: int) -> bool:
        """Whether a prediction from what is seen at this tick is due."""
        return not self._chunks or tick >= self._chunks[-1][0] + self._every

    def add(self, tick: int, chunk: npt.NDArray[np.floating]) -> None:
        """Take in a chunk (k, D), predicted from what was seen at this tick; ticks ascend."""
        over = [start + len(said) <= tick for start, said in self._chunks].count(True)
        del self._chunks[:over]
        self._chunks.append((tick, at_lower_rate(chunk, self._stride)))

    def targets(self, first_tick: int, count: int) -> Floats:
        """(count, D) what to do from a tick on that is not before the latest chunk's; there is one.

        Rows that no chunk covers are NaN.
        """
        targets = np.full((count, self._chunks[-1][1].shape[1]), np.nan)
        for row, tick in enumerate(range(first_tick, first_tick + count)):
            covering = [
                (s, said[tick - s]) for s, said in self._chunks if 0 <= tick - s < len(said)
            ]
            if covering:
                starts, said = zip(*covering, strict=True)
                targets[row] = self._weights(np.array(starts)) @ np.array(said)
        return targets

    @abstractmethod
    def _weights(self, starts: npt.NDArray[np.int64]) -> Floats:
        """Of the chunks that cover a tick, by the ascending ticks at which they start; sum 1."""


class Chunked(Execution):
    """Open loop: the newest chunk, to its end where the next is late."""

    def _weights(self, starts: npt.NDArray[np.int64]) -> Floats:
        return np.asarray(starts == starts[-1], np.float64)


class Ensemble(Execution):
    """Temporal ensembling: the mean of all chunks that cover a tick (arXiv 2304.13705, alg. 2).

    The weight is exp(-decay * i); i counts ticks from the start of the oldest of them, or back from
    the newest. With a chunk at every tick this is their number, as in the paper and its code, which
    favor older.
    """

    def __init__(self, every: int, decay: float, favor: Favor, stride: int = 1) -> None:
        super().__init__(every, stride)
        self._decay, self._favor = decay, favor

    def _weights(self, starts: npt.NDArray[np.int64]) -> Floats:
        i = starts - starts[0] if self._favor == "older" else starts[-1] - starts
        weights = np.exp(-self._decay * i)
        return np.asarray(weights / weights.sum())


@dataclass(frozen=True, slots=True)
class ExecutionConfig:
    """How chunks become commands; raises ConfigError where that makes no sense.

    Attributes:
        execute: ticks that each chunk is run open loop; None: half of it, which measured best.
        ensemble_every: ticks from one prediction to the next of those averaged; None: none are.
        ensemble_decay, ensemble_favor: their weights, as `Ensemble` has them.
        control_stride: obey only each so many actions of a chunk (the ablation's 5 Hz).
    """

    execute: int | None = None
    ensemble_every: int | None = None
    ensemble_decay: float = 0.01
    ensemble_favor: Favor = "older"
    control_stride: int = 1

    def __post_init__(self) -> None:
        if self.execute is not None and self.ensemble_every is not None:
            raise ConfigError("A chunk is run open loop or averaged with others: choose one.")
        ticks = self.execute, self.ensemble_every, self.control_stride
        if any(each is not None and each < 1 for each in ticks):
            raise ConfigError("How often a chunk is asked for, or obeyed, is 1 tick or more.")
        if not 0 <= self.ensemble_decay <= 1:
            raise ConfigError(
                f"The decay of ensembling is {self.ensemble_decay:g}, and must be from 0 to 1; to "
                "weigh newer chunks most, favor newer."
            )

    def every(self, k: int) -> int:
        """Ticks from one prediction to the next, of chunks of k actions.

        Raises:
            ConfigError: a chunk does not reach that far.
        """
        every = self.ensemble_every or self.execute or max(1, k // 2)
        if every > k:
            raise ConfigError(f"This policy predicts {k} ticks: too few to ask it every {every}.")
        return every

    def execution(self, k: int) -> Execution:
        """For chunks of k actions; raises as `every`."""
        every, decay, favor = self.every(k), self.ensemble_decay, self.ensemble_favor
        if self.ensemble_every is None:
            return Chunked(every, self.control_stride)
        return Ensemble(every, decay, favor, self.control_stride)

    def oldest_to_newest(self, k: int) -> float:
        """Weight of the oldest of the chunks that are averaged over that of the newest."""
        span_ticks = (k - 1) // self.every(k) * self.every(k)
        times = math.exp(min(self.ensemble_decay * span_ticks, 700))
        return times if self.ensemble_favor == "older" else 1 / times

    def describe(self, k: int) -> str:
        """One line for whoever starts it."""
        if self.ensemble_every is None:
            return f"chunks of {k} ticks, each run for {self.every(k)} open loop"
        return (
            f"chunks of {k} ticks, one every {self.every(k)}, averaged, oldest to newest "
            f"{self.oldest_to_newest(k):.3g} : 1 (decay {self.ensemble_decay:g} a tick)"
        )

    def warning(self, k: int) -> str:
        """What has been seen to go wrong with this; "" where nothing has."""
        if self.ensemble_every is not None or self.every(k) >= min(SHORT_TICKS, k):
            return ""
        return (
            f"A new chunk every {self.every(k)} ticks without ensembling: a policy may never get "
            "going; run more of each, or ensemble."
        )


def at_lower_rate(actions: npt.NDArray[np.floating], stride: int) -> Floats:
    """Each `stride`-th of actions (T, D), between them on the straight way, the last one held."""
    ticks = np.arange(len(actions))
    kept = ticks[::stride]
    joints = [np.interp(ticks, kept, joint[kept]) for joint in np.asarray(actions, np.float64).T]
    return np.stack(joints, axis=1)
