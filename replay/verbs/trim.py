"""``episodes trim``: keep only some steps, or cut the idle ends; the file as it was is kept."""

import argparse
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from recorder.checks.idle import first_move, last_move
from recorder.checks.streams import Array
from recorder.episode.history import History
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.versions import trim
from recorder.judge import limits_of
from replay.errors import EditError
from replay.printer import Printer
from replay.verbs.editing import STATUSES, UNCHANGED, Edited, edit_each, now_utc, would
from replay.verbs.meant import meant, take_episodes
from replay.verbs.verb import Verb

KEEP_S: Final = 0.2
WORTH_S: Final = 0.1
"""An idle end that would lose less is left: the whole file is kept for it."""
MOST_STEPS: Final = 10**9
_PLACE: Final = re.compile(r"([0-9]{1,9})|([0-9]{1,9}(?:\.[0-9]{1,9})?)s")


@dataclass(frozen=True, slots=True)
class Place:
    """A step of an episode: its number, or the time at which it is."""

    step: int | None = None
    time_s: float = 0.0

    @classmethod
    def read(cls, text: str) -> "Place":
        """Of ``60`` (the step) or ``1.2s``.

        Raises:
            ValueError: it is neither.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise ValueError(text)
        return cls(int(match[1])) if match[1] else cls(time_s=float(match[2]))

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


def _trim(options: argparse.Namespace, path: Path) -> Edited:
    with EpisodeReader(path) as episode:
        fps, keep_s = max(episode.facts.fps, 1), _keep_s(options)
        rows = _idle_rows(episode, keep_s) if options.idle else _chosen(options, episode, fps)
    if isinstance(rows, str):
        return Edited(f"{path.stem}: {rows}, left alone", UNCHANGED)
    line = f"{path.stem}: {would(options.dry_run)}{rows.words(fps)}"
    facts = {"steps": rows.count, "of": rows.of, "first": rows.first, "last": rows.last}
    if options.dry_run:
        return Edited(line, "trimmed", facts)
    idle_keep_s = keep_s if options.idle else None
    kept, verdict = trim(path, rows.first, rows.last, now_utc(), idle_keep_s=idle_keep_s)
    told = {**facts, "kept": str(kept), "verdict": verdict}
    return Edited(f"{line}, quality {verdict}", "trimmed", told)


def _keep_s(options: argparse.Namespace) -> float:
    return KEEP_S if options.keep_s is None else float(options.keep_s)


def _idle_rows(episode: EpisodeReader, keep_s: float) -> Rows | str:
    """What is to be kept, or why there is nothing to do."""
    kept_s = [trim.idle_keep_s for trim in History(episode.path, episode.facts.edits).trims]
    if any(each is not None and each <= keep_s for each in kept_s):
        return "its idle ends are cut already"
    fps = max(episode.facts.fps, 1)
    action = episode.column("/action")
    if action.ndim != 2:
        raise EpisodeError(f"{episode.path}: /action has shape {action.shape}.")
    rows = without_idle_ends(
        action, limits_of(episode).idle_rad, round(keep_s * fps), round(WORTH_S * fps)
    )
    if rows is None:
        return "nothing moves in it at all"
    return rows if rows.count < rows.of else "nothing is idle at its ends"


def _chosen(options: argparse.Namespace, episode: EpisodeReader, fps: int) -> Rows | str:
    rows = between(options.begin, options.end, episode.steps, fps)
    if rows.count < 1:
        raise EditError(
            f"Nothing would be left of {episode.path}: it has steps 0 to {rows.of - 1} "
            f"({rows.of / fps:.3g} s)."
        )
    return rows if rows.count < rows.of else "all of it is kept so"


def _run(options: argparse.Namespace, printer: Printer) -> int:
    ranged = options.begin is not None or options.end is not None
    if options.idle == ranged:
        raise EditError("Say what to keep: --idle, or --from and --to (either may be left out).")
    if options.keep_s is not None and not options.idle:
        raise EditError("--keep-s is how much of the idle ends --idle leaves.")
    paths = meant(options.episodes, options.task)
    return edit_each(paths, printer, partial(_trim, options), dry_run=options.dry_run)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < MOST_STEPS:
        raise ValueError(text)
    return seconds


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    take_episodes(parser)
    parser.add_argument("--idle", action="store_true", help="cut the ends in which nothing moves")
    parser.add_argument(
        "--keep-s",
        type=_seconds,
        metavar="S",
        help=f"seconds of an idle end that are left (default: {KEEP_S})",
    )
    for name, which, end in (("--from", "begin", "first"), ("--to", "end", "last")):
        parser.add_argument(
            name,
            dest=which,
            type=Place.read,
            metavar="STEP_OR_TIME",
            help=f"{end} step that is kept: a number (60) or a time (1.2s)",
        )


VERB: Final = Verb(
    _run,
    "keep only some steps of episodes, or cut their idle ends; undo brings them back",
    STATUSES,
    _add_arguments,
)
