"""An episode's former versions: a trim keeps them in the folder's trash, undo brings them back.

A file gets a second name in the trash before another takes its place, by a rename. So whoever is
killed at any moment leaves the episode whole, as it was or as it was to be, and nothing is lost; at
most a second name of the same file is left, which the next trim uses. Call these with the folder
locked.
"""

import errno
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from recorder.episode.amend import amended_copy, copy_file, part_of
from recorder.episode.excerpt import write_excerpt
from recorder.episode.history import History, TrimEdit
from recorder.episode.publish import publish, sync
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.episode.room import check_room, return_room, take_room
from recorder.episode.schema import SUFFIX
from recorder.episode.soundness import check
from recorder.errors import AmendError, EpisodeError, TrashError
from recorder.folder.numbering import TRASH
from recorder.folder.trash import make_trash
from recorder.judge import put_verdict
from recorder.reason import reason

BEFORE_TRIM: Final = "before_trim"
TRIMMED: Final = "trimmed"
KEEPS_WITH_UNDO: Final = ("success", "label_reason", "notes")
"""What was written about an episode after the trim is about the whole of it, too."""
NO_HARD_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_KEPT: Final = re.compile(rf"episode_[0-9]{{1,9}}\.{BEFORE_TRIM}_[0-9]{{1,9}}{re.escape(SUFFIX)}")


def trim(
    path: Path, first: int, last: int, utc: str, *, idle_keep_s: float | None = None
) -> tuple[Path, str]:
    """Keep only rows `first` to `last`, both included; the file as it was goes on in the trash.

    Blocking: as long as the disk takes to write the rows, about 0.5 s for 60 MB.

    Args:
        utc: ISO 8601, when.
        idle_keep_s: as in `TrimEdit`.

    Returns:
        Where the file as it was lies now, and the verdict of the trimmed one.

    Raises:
        EpisodeError: it is damaged.
        AmendError, TrashError: it could not be done; everything is as it was.
    """
    with _all_or_nothing(path) as part:
        trash = _trash_of(path)
        kept = _free_name(path, trash, BEFORE_TRIM)
        with EpisodeReader(path) as episode:
            edit = TrimEdit(utc, first, last, episode.steps, kept.name, idle_keep_s)
            edits = History(path, episode.facts.edits).with_edit(edit)
            check_room(path.parent, episode.size_bytes)
            write_excerpt(episode, part, first, last, {"edits": edits})
        take_room(part, part.stat().st_size)
        verdict = put_verdict(part).verdict
        return_room(part)
        _check_sound(path, part)
        shutil.copymode(path, part)
        sync(part)
        _replace(path, part, kept)
    return kept, verdict


def untrim(path: Path, edit: TrimEdit) -> Path:
    """Put the file as it was before its newest edit, this one, back in its place.

    Label and notes stay as they are now. Returns where the trimmed file lies: in the trash.

    Raises:
        AmendError: the file as it was is not there any more, or is another episode's.
        EpisodeError, TrashError: as `trim`.
    """
    with _all_or_nothing(path) as part:
        trash = _trash_of(path)
        kept, changes = _kept_version(path, trash, edit)
        if changes:
            amended_copy(kept, part, changes)
        trimmed = _free_name(path, trash, TRIMMED)
        _replace(path, part if changes else kept, trimmed)
        kept.unlink(missing_ok=True)  # everything in it is in the file now
        sync(trash)
    return trimmed


def kept_version(path: Path, edit: TrimEdit) -> Path:
    """The file as it was before that trim.

    Raises:
        AmendError: as `untrim`.
    """
    return _kept_version(path, path.parent / TRASH, edit)[0]


def _kept_version(path: Path, trash: Path, edit: TrimEdit) -> tuple[Path, dict[str, str]]:
    """Where it lies, and what is to be written about it that it does not say yet."""
    if not _KEPT.fullmatch(edit.kept):
        raise AmendError(f"{path}: what it says of earlier edits is damaged.")
    kept = trash / edit.kept
    if kept.is_symlink() or not kept.is_file():
        raise AmendError(
            f"Cannot undo the trim of {path}: {kept}, the file as it was, is not there. Was it "
            "deleted, or the episode merged from another folder?"
        )
    with EpisodeReader(kept) as before, EpisodeReader(path) as now:
        if (before.facts.episode_id, before.steps) != (now.facts.episode_id, edit.of):
            raise AmendError(f"Cannot undo the trim of {path}: {kept} is another episode.")
        if faults := check(before, decode=False):
            raise AmendError(
                f"Cannot undo the trim of {path}: {kept}, the file as it was, is damaged: "
                f"{faults[0]}"
            )
        return kept, _written_since(before.facts, now.facts)


def _written_since(before: EpisodeFacts, now: EpisodeFacts) -> dict[str, str]:
    pairs = {name: (getattr(before, name), getattr(now, name)) for name in KEEPS_WITH_UNDO}
    return {name: new or "" for name, (old, new) in pairs.items() if (old or "") != (new or "")}


def _trash_of(path: Path) -> Path:
    trash = make_trash(path.parent)
    sync(path.parent)
    return trash


def _free_name(path: Path, trash: Path, word: str) -> Path:
    """In the trash: the first that nobody has, or that is this very file (an edit was killed)."""
    names = (f"{path.stem}.{word}_{count}{SUFFIX}" for count in itertools.count(1))
    paths = (trash / name for name in names)
    return next(each for each in paths if not os.path.lexists(each) or _is_same(each, path))


def _is_same(one: Path, other: Path) -> bool:
    return os.path.samestat(one.lstat(), other.lstat())


def _check_sound(path: Path, part: Path) -> None:
    with EpisodeReader(part) as excerpt:
        faults = check(excerpt, decode=False)
    if faults:
        raise EpisodeError(
            f"{path} is damaged, and these rows of it would be no sound episode: {faults[0]}"
        )


def _replace(path: Path, successor: Path, second_name: Path) -> None:
    """The successor takes the file's place, once that has a second name."""
    is_there = os.path.lexists(second_name)  # a killed edit had come so far
    if not is_there:
        _keep(path, second_name)
    try:
        successor.replace(path)
    except OSError:
        if not is_there:
            second_name.unlink()
        raise
    sync(path.parent)


def _keep(path: Path, second_name: Path) -> None:
    try:
        os.link(path, second_name)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        _keep_copy(path, second_name)
    sync(second_name.parent)


def _keep_copy(path: Path, second_name: Path) -> None:
    part = part_of(second_name)
    try:
        check_room(path.parent, path.stat().st_size)
        copy_file(path, part)
        publish(part, second_name)
    finally:
        with suppress(OSError):  # it may not even have been begun
            part.unlink()


@contextmanager
def _all_or_nothing(path: Path) -> Iterator[Path]:
    """Where to write the successor; a fault leaves nothing there, and is told in a sentence."""
    part = part_of(path)
    try:
        yield part
    except (AmendError, TrashError):
        raise
    except EpisodeError as error:
        raise EpisodeError(str(error).replace(str(part), str(path))) from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError) as error:
        # h5py tells of a full disk, and of damage, by any of them.
        raise AmendError(f"Cannot change {path}: {reason(error)}. It is as it was.") from error
    finally:
        with suppress(OSError):  # it may not even have been begun
            part.unlink()
