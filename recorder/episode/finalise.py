"""From a journal to an episode file, so that a crash at any point loses and doubles nothing.

The order is what does it: the file is written under a temporary name, synced, renamed without
replacing anything, the folder synced, and only then the journal removed. Whoever finds the journal
again after a crash finds either no file (and starts over) or the file of this very episode (and
removes the journal).
"""

import contextlib
import fcntl
import os
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from recorder.episode.publish import publish, sync
from recorder.episode.reader import EpisodeReader
from recorder.episode.room import check_room, return_room, take_room
from recorder.episode.schema import step_dtype
from recorder.episode.writer import write_episode
from recorder.errors import EpisodeError, FinaliseError, JournalBusyError
from recorder.folder.numbering import TRASH, claim_number, damaged_path, episode_path, number_of
from recorder.journal.reader import JournalReader, Scan, Tail
from recorder.journal.writer import MAX_TEXT_BYTES
from recorder.judge import put_verdict
from recorder.quality import Judgement
from recorder.reason import reason
from teleop.tick import Outcome

PART_SUFFIX: Final = ".part"
CHUNK_BYTES: Final = 64
"""What HDF5 keeps about a picture's place in the file, and to spare."""
LOCK_PATIENCE_S: Final = 0.5
"""Whoever asks whether a journal is left behind (`is_left_behind`) locks it for microseconds."""
LOCK_POLL_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a journal.

    Attributes:
        path: the episode file; None if there was no step in the journal, or none that can be read.
        note: what the operator should know, in a sentence; empty if all is well.
        judgement: of the quality checks; None where there is no file, or it was there before.
        kept: where the journal was set aside, because not all of it could be read; None if all
            could.
    """

    path: Path | None
    number: int
    steps: int
    size_bytes: int
    outcome: Outcome
    note: str
    judgement: Judgement | None = None
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """The published file of a journal, and what the quality checks say of it."""

    path: Path
    judgement: Judgement | None = None
    note: str = ""


def finalise(journal: Path, *, recovered: bool) -> Saved:
    """Turn a closed journal into its episode file, and remove it; the folder is locked.

    Blocking: about 1.5 s per GB; memory stays bounded. A damaged journal is kept beside the
    file as ``.damaged``: nothing is deleted that is not in the file.

    Raises:
        JournalBusyError: a living process records into it or finalises it.
        FinaliseError: it could not be done; the journal is as it was.
    """
    with _locked(journal), JournalReader(journal) as reader:
        scan = reader.scan()
        if scan.tail is Tail.FOREIGN:
            raise FinaliseError(
                f"{journal} was recorded by another version of Tandem: start that version once to "
                "recover it, or move it away."
            )
        try:
            written = _write(journal, reader, scan, recovered) if scan.steps else None
            return _retire(journal, scan, written)
        except (OSError, RuntimeError) as error:  # h5py tells of a full disk by either
            raise FinaliseError(
                f"Cannot turn {journal} into an episode file: {reason(error)}. The journal is "
                "kept: make room or repair the disk, and the next start will do it."
            ) from error


def remove_parts(folder: Path) -> int:
    """Remove what finalisers that died have left half written; how many. The folder is locked."""
    places = (folder, folder / TRASH)  # a note may be made on what was discarded
    parts = [part for place in places for part in place.glob(f".episode_*{PART_SUFFIX}")]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)


@contextlib.contextmanager
def _locked(journal: Path) -> Iterator[None]:
    try:
        descriptor = os.open(journal, os.O_RDONLY)
    except OSError as error:
        raise FinaliseError(f"Cannot open {journal}: {error.strerror}.") from error
    try:
        _lock(descriptor, journal)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, journal: Path) -> None:
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise JournalBusyError(f"{journal} is in use by another process.") from None
            time.sleep(LOCK_POLL_S)


def _write(journal: Path, reader: JournalReader, scan: Scan, recovered: bool) -> Written:
    """The published file of this journal; if a crash left it behind already, just that."""
    number = number_of(journal)
    if number is None:
        raise FinaliseError(f"{journal} is not named like a journal (episode_<number>.journal).")
    target = episode_path(journal.parent, number)
    if target.exists():
        if _holds(target, reader, scan):
            return Written(target)
        target = episode_path(journal.parent, claim_number(journal.parent))
    size_bytes = _largest_bytes(reader, scan)
    check_room(journal.parent, size_bytes)
    part = journal.with_name(f".{target.stem}.{os.getpid()}{PART_SUFFIX}")
    try:
        write_episode(part, reader, scan, recovered=recovered, room_bytes=size_bytes)
        take_room(part, size_bytes)
        judgement, note = _judged(part)
        return_room(part)
        publish(part, target)
    finally:
        part.unlink(missing_ok=True)
    return Written(target, judgement, note)


def _judged(part: Path) -> tuple[Judgement | None, str]:
    """What the quality checks say, and a note if they fail: that must not cost the episode."""
    try:
        return put_verdict(part), ""
    except OSError:
        raise
    except Exception as error:  # a fault of ours
        traceback.print_exc()
        return None, f"Its quality could not be judged ({error!r})."


def _holds(target: Path, reader: JournalReader, scan: Scan) -> bool:
    """Whether the file was made from this journal, with every step of it."""
    assert reader.header is not None
    try:
        with EpisodeReader(target) as episode:
            same = episode.facts.episode_id == reader.header.episode_id
            return same and np.array_equal(episode.column("/tandem/step"), scan.steps)
    except EpisodeError:
        return False


def _largest_bytes(reader: JournalReader, scan: Scan) -> int:
    """What the file of this journal takes at most."""
    assert reader.header is not None
    cameras = len(reader.header.cameras)
    row = step_dtype(cameras, reader.header.state_size).itemsize + sum(scan.longest_jpegs)
    row += CHUNK_BYTES * cameras
    return row * len(scan.steps) + MAX_TEXT_BYTES * len(scan.events)


def _retire(journal: Path, scan: Scan, written: Written | None) -> Saved:
    """The journal goes last: removed, or set aside if it holds more than could be verified."""
    target = written.path if written else None
    note = " ".join(filter(None, [scan.remark, scan.note, written.note if written else ""]))
    if target and target.stem != journal.stem:
        note = f"{note} Saved as {target.name}: {journal.stem} is another episode.".strip()
    aside = damaged_path(journal) if scan.tail is Tail.DAMAGED else None
    if aside:
        journal.rename(aside)
        note = f"{note} What could not be read is kept in {aside.name}."
    else:
        journal.unlink()
    sync(journal.parent)
    return Saved(
        path=target,
        number=(number_of(target) if target else number_of(journal)) or 0,
        steps=len(scan.steps),
        size_bytes=target.stat().st_size if target else 0,
        outcome=scan.outcome,
        note=note,
        judgement=written.judgement if written else None,
        kept=aside,
    )
