"""A label, its reason and notes of an episode that is a file already.

The file is never changed where it lies: a torn header would cost the whole of it. A copy is
changed, synced, and takes the file's place by a rename. Whoever opens the file at any moment, or
after a crash at any moment, finds it whole, as it was or as it was to be. What a crash leaves half
made, the next recovery removes (`finalise.remove_parts`).
"""

import errno
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import h5py

from recorder.episode.finalise import PART_SUFFIX
from recorder.episode.history import LABEL, History, LabelEdit
from recorder.episode.publish import sync
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.episode.room import check_room, return_room, take_room
from recorder.episode.writer import LIBVER, strings
from recorder.errors import AmendError
from recorder.reason import reason as reason_of
from teleop.tick import Outcome

MAX_NOTES_BYTES: Final = 60_000
"""Of all notes on an episode; HDF5 takes 64 KB an attribute."""
MAX_REASON_BYTES: Final = 2000
COPY_BYTES: Final = 1 << 30
"""At most in one system call."""
CANNOT_SHARE: Final = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


def amend(
    path: Path,
    *,
    outcome: Outcome | None = None,
    reason: str | None = None,
    note: str | None = None,
    edited_utc: str | None = None,
) -> None:
    """Label an episode file, or note something in it. Its verdict stays as it is.

    Blocking: as long as the disk takes to copy the file; file systems that can share blocks (btrfs,
    xfs) copy nothing. Where there is nothing to change, nothing is done. Call it with the folder
    locked.

    Args:
        outcome: None: as it is.
        reason: why it is called so; "": no reason is given any more; None: as it is.
        note: a line to be added, unless it is there already; None: none.
        edited_utc: ISO 8601: the file remembers that, and what it was called before (`edits`), so
            that `unlabel` can take it back; None: it does not.

    Raises:
        EpisodeError: it is no episode, or a damaged one.
        AmendError: it could not be done; the file is as it was.
    """
    with EpisodeReader(path) as episode:
        facts = episode.facts
    notes = None if note is None else _with_line(facts.notes or "", _one_line(note))
    if notes and len(notes.encode(errors="replace")) > MAX_NOTES_BYTES:
        raise AmendError(f"{path} is full of notes: it takes no more.")
    if reason is not None and len(_one_line(reason).encode(errors="replace")) > MAX_REASON_BYTES:
        raise AmendError(f"{path}: a reason of more than {MAX_REASON_BYTES} bytes is a note.")
    wanted = {
        "success": outcome.name.lower() if outcome is not None else None,
        "label_reason": None if reason is None else _one_line(reason),
        "notes": notes,
    }
    changes = _changes(facts, wanted)
    if changes and edited_utc is not None:
        changes["edits"] = History(path, facts.edits).with_edit(_edit(facts, changes, edited_utc))
    if changes:
        _replace(path, changes)


def unlabel(path: Path, edit: LabelEdit) -> None:
    """Take the newest edit of a file back, which must be this one; else as `amend`."""
    with EpisodeReader(path) as episode:
        facts = episode.facts
    lines = (facts.notes or "").split("\n")
    if edit.note_line is not None and 0 <= edit.note_line < len(lines):
        del lines[edit.note_line]
    _replace(
        path,
        {
            **edit.before,
            **({"notes": "\n".join(lines)} if edit.note_line is not None else {}),
            "edits": History(path, facts.edits).without_newest(),
        },
    )


def amended_copy(path: Path, part: Path, changes: Mapping[str, str]) -> None:
    """Write a copy of an episode file with other attributes of text ("": without), and sync it.

    Raises:
        OSError, RuntimeError: the disk refuses.
    """
    size_bytes = path.stat().st_size
    check_room(part.parent, size_bytes)
    copy_file(path, part)
    take_room(part, size_bytes)
    _set(part, changes)
    return_room(part)
    shutil.copymode(path, part)
    sync(part)


def part_of(path: Path) -> Path:
    """Where a file that is to take the place of an episode's is written first."""
    return path.with_name(f".{path.stem}.{os.getpid()}{PART_SUFFIX}")


def copy_file(source: Path, target: Path) -> None:
    """Copy the content; file systems that can share blocks (btrfs, xfs) copy nothing."""
    with source.open("rb") as reading, target.open("wb") as writing:
        try:
            while os.copy_file_range(reading.fileno(), writing.fileno(), COPY_BYTES):
                pass
        except OSError as error:
            if error.errno not in CANNOT_SHARE:
                raise
            reading.seek(0)
            writing.seek(0)
            shutil.copyfileobj(reading, writing)


def _edit(facts: EpisodeFacts, changes: Mapping[str, str], utc: str) -> LabelEdit:
    """What can be taken back of these changes."""
    before = {name: getattr(facts, name) or "" for name in LABEL if name in changes}
    lines = (facts.notes or "").count("\n") + 1 if facts.notes else 0
    return LabelEdit(utc, before, lines if "notes" in changes else None)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _with_line(text: str, line: str) -> str:
    lines = text.split("\n") if text else []
    return text if not line or line in lines else "\n".join([*lines, line])


def _changes(facts: EpisodeFacts, wanted: Mapping[str, str | None]) -> dict[str, str]:
    """What is to be set; "" takes the attribute away."""
    return {
        name: value
        for name, value in wanted.items()
        if value is not None and value != (getattr(facts, name) or "")
    }


def _replace(path: Path, changes: Mapping[str, str]) -> None:
    part = part_of(path)
    try:
        amended_copy(path, part, changes)
        part.replace(path)
        sync(path.parent)
    except (OSError, RuntimeError) as error:  # h5py tells of a full disk by either
        raise AmendError(f"Cannot change {path}: {reason_of(error)}. It is as it was.") from error
    finally:
        with suppress(OSError):  # it may not even have been begun
            part.unlink()


def _set(path: Path, changes: Mapping[str, str]) -> None:
    with h5py.File(path, "r+", libver=LIBVER) as file:
        for name, value in changes.items():
            if value:
                file.attrs[name] = strings(value)
            elif name in file.attrs:
                del file.attrs[name]
