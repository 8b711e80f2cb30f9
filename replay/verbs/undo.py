"""``episodes undo``: take the newest edit of an episode back."""

import argparse
from functools import partial
from pathlib import Path
from typing import Final

from recorder.episode.amend import unlabel
from recorder.episode.history import History, LabelEdit, TrimEdit
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.folder.versions import kept_version, untrim
from replay.errors import EditError
from replay.printer import Printer
from replay.verbs.editing import STATUSES, Edited, edit_each, would
from replay.verbs.label import label_words
from replay.verbs.meant import meant, take_episodes
from replay.verbs.verb import Verb


def _undo(options: argparse.Namespace, path: Path) -> Edited:
    with EpisodeReader(path) as episode:
        facts, steps = episode.facts, episode.steps
    edit = History(path, facts.edits).newest
    if edit is None:
        raise EditError(f"There is nothing to undo of {path}.")
    begin = f"{path.stem}: {would(options.dry_run)}"
    told = {"undone": "label" if isinstance(edit, LabelEdit) else "trim", "utc": edit.utc}
    if isinstance(edit, LabelEdit):
        if not options.dry_run:
            unlabel(path, edit)
        return Edited(f"{begin}{_label_words(edit, facts)}", "undone", told)
    words = f"{edit.of} steps again, was {steps}"
    return Edited(f"{begin}{words}{_untrim(options, path, edit)}", "undone", told)


def _label_words(edit: LabelEdit, facts: EpisodeFacts) -> str:
    was = label_words(facts.success, facts.label_reason)
    label = {"success": facts.success, "label_reason": facts.label_reason, **edit.before}
    words = [f"{label_words(label['success'] or '', label['label_reason'])} again, was {was}"]
    words = words if edit.before else []
    return "; ".join(words + (["without its newest note"] if edit.note_line is not None else []))


def _untrim(options: argparse.Namespace, path: Path, edit: TrimEdit) -> str:
    if options.dry_run:
        kept_version(path, edit)
        return ""
    return f"; what was trimmed lies in {untrim(path, edit)}"


def _run(options: argparse.Namespace, printer: Printer) -> int:
    paths = meant(options.episodes, options.task)
    return edit_each(paths, printer, partial(_undo, options), dry_run=options.dry_run)


VERB: Final = Verb(
    _run,
    "take the newest edit (trim, label) of episodes back",
    STATUSES,
    take_episodes,
)
