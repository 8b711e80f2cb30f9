"""``episodes label``: call episodes a success, a failure or neither, or note something in them."""

import argparse
from functools import partial
from pathlib import Path
from typing import Final

from recorder.episode.amend import amend
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from replay.errors import EditError
from replay.printer import Printer
from replay.verbs.editing import STATUSES, UNCHANGED, Edited, edit_each, now_utc, would
from replay.verbs.meant import meant, take_episodes
from replay.verbs.verb import Verb
from teleop.tick import Outcome

LABELLED: Final = "labelled"


def label_words(success: str, reason: str | None) -> str:
    """``failure (It fell.)``."""
    return f"{success} ({reason})" if reason else success


def _label(options: argparse.Namespace, path: Path) -> Edited:
    with EpisodeReader(path) as episode:
        before = episode.facts
    outcome = None if options.outcome is None else Outcome[options.outcome.upper()]
    reason = None if outcome is None else " ".join((options.reason or "").split())
    label = outcome is not None and (outcome, reason) != (before.outcome, before.label_reason or "")
    note = " ".join((options.note or "").split())
    note = "" if note in (before.notes or "").split("\n") else note
    if not label and not note:
        return Edited(f"{path.stem}: it says so already, left alone", UNCHANGED)
    if not options.dry_run:
        amend(path, outcome=outcome, reason=reason, note=note, edited_utc=now_utc())
    words = [_change(options.outcome, reason, before)] if label else []
    words += [f"noted: {note}"] if note else []
    facts = {
        "success": options.outcome or before.success,
        "reason": reason if label else before.label_reason,
        "note": note or None,
        "before": {"success": before.success, "reason": before.label_reason},
    }
    line = f"{path.stem}: {would(options.dry_run)}{'; '.join(words)}"
    return Edited(line, LABELLED, facts)


def _change(success: str, reason: str | None, before: EpisodeFacts) -> str:
    was = label_words(before.success, before.label_reason)
    return f"{label_words(success, reason)}, was {was}"


def _run(options: argparse.Namespace, printer: Printer) -> int:
    if options.reason is not None and options.outcome is None:
        raise EditError("--reason is why it is a --success, a --failure or --unlabelled.")
    if options.outcome is None and not (options.note or "").strip():
        raise EditError("Say what: --success, --failure or --unlabelled, or --note TEXT.")
    paths = meant(options.episodes, options.task)
    return edit_each(paths, printer, partial(_label, options), dry_run=options.dry_run)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    take_episodes(parser)
    labels = parser.add_mutually_exclusive_group()
    for outcome in (Outcome.SUCCESS, Outcome.FAILURE, Outcome.UNLABELLED):
        name = outcome.name.lower()
        labels.add_argument(f"--{name}", dest="outcome", action="store_const", const=name)
    parser.add_argument("--reason", metavar="TEXT", help="why it is called so")
    parser.add_argument("--note", metavar="TEXT", help="a line to be added to its notes")


VERB: Final = Verb(
    _run,
    "call episodes a success or a failure, and note things in them; undo takes it back",
    STATUSES,
    _add_arguments,
)
