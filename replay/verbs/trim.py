"""``episodes trim``: keep only some steps, or cut the idle ends; the file as it was is kept."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from recorder.episode.history import History
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.numbering import TRASH
from recorder.folder.versions import trim
from recorder.judge import limits_of
from replay.errors import EditError
from replay.printer import Printer
from replay.verbs.editing import STATUSES, UNCHANGED, Edited, edit_each, now_utc, would
from replay.verbs.meant import meant, take_episodes
from replay.verbs.rows import Place, Rows, between, without_idle_ends
from replay.verbs.verb import Verb
from teleop.tick import Outcome

KEEP_S: Final = 0.2
WORTH_S: Final = 0.1
"""An idle end that would lose less is left: the whole file is kept for it."""
MOST_S: Final = 10**9
MEGABYTE: Final = 1e6
UNLABELLED: Final = Outcome.UNLABELLED.name.lower()


@dataclass(frozen=True, slots=True)
class Trimmed:
    """An episode that was trimmed, or would be: its label, and how large it was."""

    success: str
    size_bytes: int


def closing(done: Sequence[Trimmed], *, idle: bool, dry_run: bool) -> list[str]:
    """What is to be said at the end: the room that originals take, and labels that may be wrong."""
    lines = []
    if len(done) > 1:
        size = _megabytes(sum(each.size_bytes for each in done))
        lines += [
            f"The {len(done)} originals {'would take' if dry_run else 'take'} {size} in {TRASH}, "
            "until you delete them there; undo needs them."
        ]
    labels = Counter(each.success for each in done if each.success != UNLABELLED)
    if labels and not idle:
        counted = ", ".join(f"{count} {label}" for label, count in sorted(labels.items()))
        said = (
            f"label is still {done[0].success}" if len(done) == 1 else f"labels are still {counted}"
        )
        lines += [f"The {said}: is that still true? (episodes label)"]
    return lines


def _trim(options: argparse.Namespace, done: list[Trimmed], path: Path) -> Edited:
    with EpisodeReader(path) as episode:
        success, size_bytes = episode.facts.success, episode.size_bytes
        fps, keep_s = max(episode.facts.fps, 1), _keep_s(options)
        rows = _idle_rows(episode, keep_s) if options.idle else _chosen(options, episode, fps)
    if isinstance(rows, str):
        return Edited(f"{path.stem}: {rows}, left alone", UNCHANGED)
    line = f"{path.stem}: {would(options.dry_run)}{rows.words(fps)}"
    facts = {"steps": rows.count, "of": rows.of, "first": rows.first, "last": rows.last}
    told: dict[str, object] = {**facts, "success": success, "kept_bytes": size_bytes}
    size = _megabytes(size_bytes)
    if options.dry_run:
        done.append(Trimmed(success, size_bytes))
        return Edited(f"{line}; the original, {size}, would go to {TRASH}", "trimmed", told)
    idle_keep_s = keep_s if options.idle else None
    kept, verdict = trim(path, rows.first, rows.last, now_utc(), idle_keep_s=idle_keep_s)
    done.append(Trimmed(success, size_bytes))
    line = f"{line}, quality {verdict}; original: {TRASH}/{kept.name}, {size}"
    return Edited(line, "trimmed", {**told, "kept": str(kept), "verdict": verdict})


def _megabytes(size_bytes: int) -> str:
    megabytes = size_bytes / MEGABYTE
    return f"{megabytes:.0f} MB" if megabytes >= 10 else f"{megabytes:.1f} MB"


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
    if options.idle and ranged:
        raise EditError("Not both: cut the idle ends (--idle), or keep what is --from and --to.")
    if not options.idle and not ranged:
        raise EditError("Say what to keep: --idle, or --from and --to (either may be left out).")
    if options.keep_s is not None and not options.idle:
        raise EditError("--keep-s is how much of the idle ends --idle leaves.")
    paths, done = meant(options.episodes, options.task), list[Trimmed]()
    trimmer = partial(_trim, options, done)
    status = edit_each(paths, printer, trimmer, dry_run=options.dry_run)
    for line in closing(done, idle=options.idle, dry_run=options.dry_run):
        printer.line(line)
    return status


def _place(text: str) -> Place:
    try:
        return Place.read(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < MOST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds: give 0.5, for one")
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
            type=_place,
            metavar="PLACE",
            help=f"{end} step that is kept: a step (60), seconds (9.5s) or minutes (1:05)",
        )


VERB: Final = Verb(
    _run,
    "keep only some steps of episodes, or cut their idle ends; undo brings them back",
    STATUSES,
    _add_arguments,
)
