"""``episodes delete`` and ``episodes restore``: to the trash of a folder, and back."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.errors import TrashError
from recorder.folder.numbering import TRASH, episode_path, number_of, trash_path
from recorder.folder.trash import check_kind, discard, restore
from replay.printer import Printer
from replay.verbs.discarded import meant_in_trash
from replay.verbs.editing import STATUSES, Edit, Edited, edit_each
from replay.verbs.meant import confirm, each_once, meant_by_name, take_many
from replay.verbs.verb import NOT_ALL, Verb

Move = Callable[[Path, int], Path]
"""Of a folder and the number of an episode in it; returns where it lies then."""


def _delete(options: argparse.Namespace, printer: Printer) -> int:
    groups = meant_by_name(options.episodes, options.task)
    question = f"Move {len(each_once(groups))} episodes to the trash?"
    if not confirm(groups, yes=options.yes or options.dry_run, question=question):
        printer.line("Nothing is deleted.")
        return NOT_ALL
    edit = _mover(discard, trash_path, "deleted", dry_run=options.dry_run)
    return edit_each(each_once(groups), printer, edit, dry_run=options.dry_run)


def _restore(options: argparse.Namespace, printer: Printer) -> int:
    groups = meant_in_trash(options.episodes, options.task)
    question = f"Move {len(each_once(groups))} episodes back from the trash?"
    if not confirm(groups, yes=options.yes or options.dry_run, question=question):
        printer.line("Nothing is restored.")
        return NOT_ALL
    paths = [episode_path(path.parent.parent, number_of(path) or 0) for path in each_once(groups)]
    edit = _mover(restore, episode_path, "restored", dry_run=options.dry_run)
    return edit_each(paths, printer, edit, dry_run=options.dry_run)


def _mover(move: Move, where: Move, word: str, *, dry_run: bool) -> Edit:
    """Moves an episode, or tells where it would go."""

    def edit(path: Path) -> Edited:
        number = number_of(path) or 0
        target = where(path.parent, number)
        if not dry_run:
            target = move(path.parent, number)
        elif target.exists():
            raise TrashError(f"{target} is in the place of episode {number}: move one away.")
        elif move is restore:
            check_kind(trash_path(path.parent, number), path.parent)
        verb = "would be" if dry_run else "is"
        return Edited(f"Episode {number} {verb} {word}: {target}", word, path=target)

    return edit


DELETE: Final = Verb(
    _delete,
    f"move episodes to the trash of their folder ({TRASH}); restore brings them back",
    STATUSES,
    take_many,
    aliases=("discard",),
)
RESTORE: Final = Verb(
    _restore,
    "move episodes back from the trash",
    STATUSES,
    take_many,
)
