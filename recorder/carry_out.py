"""Carrying out an edit of an episode that is a file, and saying what came of it.

To do an edit twice is to do it once: it may come again where nobody knows whether a recorder that
died has done it.
"""

import traceback
from pathlib import Path

from recorder.changes import EpisodeChange
from recorder.edits import Discard, Edit, Label, Note, Restore
from recorder.episode.amend import amend
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError, RecorderError
from recorder.folder.numbering import episode_path, trash_path
from recorder.folder.trash import discard, restore
from recorder.status import Change, Verdict
from teleop.tick import Outcome


def carry_out(edit: Edit, folder: Path) -> EpisodeChange:
    """Do it. Blocks as long as the disk takes; call it with the folder locked.

    Returns:
        What came of it; of what could not be done, REFUSED and a sentence. Raises nothing.
    """
    try:
        change, path = _done(edit, folder)
    except RecorderError as error:
        return _refused(edit, str(error))
    except Exception as error:  # the disk's fault or ours: no reason to record no more
        traceback.print_exc()
        return _refused(edit, f"Episode {edit.episode} could not be changed: {error}.")
    return _described(edit, change, path)


def _done(edit: Edit, folder: Path) -> tuple[Change, Path]:
    """What has become of which file."""
    path = _where(edit.episode, folder)
    match edit:
        case Label():
            amend(path, outcome=Outcome[edit.outcome.upper()], reason=edit.reason)
            return Change.LABELLED, path
        case Note():
            amend(path, note=edit.text)
            return Change.NOTED, path
        case Discard():
            lies_there = path == trash_path(folder, edit.episode)
            return Change.DISCARDED, path if lies_there else discard(folder, edit.episode)
        case Restore():
            is_back = not trash_path(folder, edit.episode).exists()
            return Change.RESTORED, path if is_back else restore(folder, edit.episode)


def _where(number: int, folder: Path) -> Path:
    """Its file, in the folder or else in the trash."""
    for path in (episode_path(folder, number), trash_path(folder, number)):
        if path.is_file():
            return path
    raise EpisodeError(f"There is no file of episode {number} in {folder}.")


def _refused(edit: Edit, why: str) -> EpisodeChange:
    return EpisodeChange(edit.episode, Change.REFUSED, edit.serial, reason=why)


def _described(edit: Edit, change: Change, path: Path) -> EpisodeChange:
    """With what the file says of itself; one that says nothing any more can be discarded, too."""
    try:
        with EpisodeReader(path) as episode:
            facts = episode.facts
    except EpisodeError:
        return EpisodeChange(edit.episode, change, edit.serial)
    return EpisodeChange(
        edit.episode,
        change,
        edit.serial,
        steps=episode.steps,
        size_bytes=episode.size_bytes,
        outcome=facts.outcome,
        verdict=Verdict.__members__.get((facts.verdict or "").upper(), Verdict.UNKNOWN),
    )
