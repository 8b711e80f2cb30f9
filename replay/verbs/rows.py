"""Which steps of an episode are to be kept: between two places, or without its idle ends. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from recorder.checks.idle import first_move, last_move
from recorder.checks.streams import Array

_STEP: Final = re.compile(r"[0-9]{1,9}")
_SECONDS: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?s")
_MINUTES: Final = re.compile(r"([0-9]{1,4}):([0-9]{1,2}(?:\.[0-9]{1,9})?)")


@dataclass(frozen=True, slots=True)
class Place:
    """A step of an episode: its number, or the time at which it is."""

    step: int | None = None
    time_s: float = 0.0

    @classmethod
    def read(cls, text: str) -> "Place":
        """Of ``60`` (the step), ``1.2s`` or ``1:05`` (minutes and seconds).

        Raises:
            ValueError: it is none of them; says so in a sentence.
        """
        if _STEP.fullmatch(text):
            return cls(int(text))
        if found := _SECONDS.fullmatch(text):
            return cls(time_s=float(found[1]))
        if found := _MINUTES.fullmatch(text):
            return cls(time_s=60.0 * int(found[1]) + float(found[2]))
        raise ValueError(
            f"{text!r} is no place in an episode: give a step (60), seconds (9.5s), or minutes "
            "and seconds (1:05)"
        )

    def at(self, fps: int) -> int:
        """The step, in an episode of that rate."""
        return round(self.time_s * fps) if self.step is None else self.step


@dataclass(frozen=True, slots=True)
class Rows:
    """What is to be kept of so many steps (`of`): from `first` to `last`, both included."""

    first: int
    last: int
    of: int

    @property
    def count(self) -> int:
        """How many are kept."""
        return self.last - self.first + 1

    def words(self, fps: int) -> str:
        """``523 -> 471 steps (drops 0.6 s at the start, 0.4 s at the end)``."""
        ends = ((self.first, "start"), (self.of - 1 - self.last, "end"))
        drops = ", ".join(f"{steps / fps:.3g} s at the {end}" for steps, end in ends if steps)
        return f"{self.of} -> {self.count} steps (drops {drops})"


def without_idle_ends(action: Array, idle_rad: float, keep: int, worth: int) -> Rows | None:
    """Rows from `keep` steps before the first move to as many after the last; None: nothing moves.

    Args:
        action: (T, J) rad, grippers 0-1.
        idle_rad: as the quality checks have it.
        worth: an end that would lose fewer steps is left.
    """
    first, last = first_move(action, idle_rad), last_move(action, idle_rad)
    if first is None or last is None:
        return None
    head, tail = first - keep, len(action) - 1 - last - keep
    head, tail = (each if each >= max(worth, 1) else 0 for each in (head, tail))
    return Rows(head, len(action) - 1 - tail, len(action))


def between(begin: Place | None, end: Place | None, steps: int, fps: int) -> Rows:
    """Rows from one place to another, as far as the episode goes."""
    first = begin.at(fps) if begin else 0
    return Rows(first, min(end.at(fps), steps - 1) if end else steps - 1, steps)
