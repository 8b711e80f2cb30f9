"""Whether a dataset folder may be recorded into, and the lock that keeps it to one recorder.

The session asks before it starts anything, so that a refusal is one sentence, at once.
"""

import errno
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from recorder.episode.schema import JOURNAL_SUFFIX
from recorder.errors import FolderError
from recorder.folder.disk import DiskUse, RecordingRate, Room, outlook
from recorder.folder.identity import FolderIdentity, identity_of
from recorder.folder.numbering import episodes_in, newest_in

LOCK_FILE: Final = ".recorder.lock"
EDITING: Final = "editing"
"""Stands in the lock for the session, where a command holds it."""
LOCK_POLL_S: Final = 0.1
IDENTITIES_CHECKED: Final = 50
MIB: Final = 1 << 20


def check_folder(
    folder: Path,
    *,
    identity: FolderIdentity,
    min_free_bytes: int,
    lock_patience_s: float = 20.0,
) -> None:
    """Make the folder if need be, and see that it may be recorded into.

    Args:
        identity: of the episodes that are to be recorded.

    Raises:
        FolderError: not writable, nearly full, in use, or holding episodes of another kind.
    """
    check_writable(folder)
    check_space(folder, min_free_bytes)
    check_identity(folder, identity)
    with folder_lock(folder, lock_patience_s):
        pass


def check_writable(folder: Path) -> None:
    """Make the folder if need be, and try to write in it.

    Raises:
        FolderError: it cannot be done.
    """
    probe = folder / f".probe.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise FolderError(
            f"Cannot write to {folder}: {_fault(folder, error)}. Choose another folder with --out."
        ) from error


def _fault(folder: Path, error: OSError) -> str:
    """Why it cannot be written to; the system says of what is in its way only that it exists."""
    if not isinstance(error, FileExistsError):
        return error.strerror or str(error)
    in_the_way = Path(error.filename)
    it = "it" if in_the_way == folder else str(in_the_way)
    return f"{it} is {'no folder' if in_the_way.exists() else 'a link that leads nowhere'}"


def free_bytes(folder: Path) -> int:
    """Space left for an ordinary user on the folder's disk."""
    return shutil.disk_usage(folder).free


def check_space(folder: Path, min_free_bytes: int) -> None:
    """See that there is room for more than an episode.

    Raises:
        FolderError: there is not.
    """
    free = free_bytes(folder)
    if free < min_free_bytes:
        raise FolderError(
            f"The disk of {folder} is nearly full: {free // MIB} MiB free, "
            f"{min_free_bytes // MIB} MiB needed. Make room, or choose another folder with --out."
        )


def journal_bytes(folder: Path) -> int:
    """Length of all journals in the folder: of what is no file yet."""
    total = 0
    for journal in episodes_in(folder, JOURNAL_SUFFIX):
        with suppress(FileNotFoundError):  # it has just become a file
            total += journal.stat().st_size
    return total


def check_room(folder: Path, *, rate: RecordingRate, episode_s: float, reserve_bytes: int) -> None:
    """See that a whole episode fits, beside what journals in the folder are still to become.

    Raises:
        FolderError: it does not.
    """
    use = DiskUse(free_bytes(folder), reserve_bytes, journal_bytes(folder))
    there = outlook(use, rate, episode_s)
    if there.room >= Room.NO_EPISODE:
        raise FolderError(
            f"The disk of {folder} has room for {there.open_left_s:.0f} s of recording, and an "
            f"episode takes up to {episode_s:.0f} s ({rate.file_bytes_s / MIB:.0f} MiB a second, "
            "and as much again until it is saved). Make room, or choose another folder with --out."
        )


def check_identity(folder: Path, identity: FolderIdentity) -> None:
    """See that the folder's episodes are of this identity: the newest, which stand for the rest.

    Files that are too damaged to tell, and those of other programs, prove nothing.

    Raises:
        FolderError: one is not.
    """
    for path in newest_in(folder, IDENTITIES_CHECKED):
        found = identity_of(path)
        if found and (differs := found.difference(identity)):
            raise FolderError(
                f"{path} was recorded {differs[0]}, and now it would be {differs[1]}: they must "
                "not be mixed in one folder. Choose another folder with --out."
            )


@contextmanager
def folder_lock(folder: Path, patience_s: float, *, editing: bool = False) -> Iterator[None]:
    """Hold the folder for one recorder, or one command that edits it. The lock goes with the
    process, however it ends.

    Args:
        patience_s: how long to wait for a recorder that is still finalising, and for a command.
        editing: we are such a command: it takes a moment.

    Raises:
        FolderError: somebody else holds it.
    """
    descriptor = _open_lock(folder)
    try:
        _acquire(descriptor, folder, patience_s, editing)
        with suppress(OSError):  # it is a courtesy, and on a full disk there may be no room for it
            os.ftruncate(descriptor, 0)
            session = EDITING if editing else os.getppid()
            os.pwrite(descriptor, f"{os.getpid()} {session}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open_lock(folder: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(folder / LOCK_FILE, flags, 0o644)
    except OSError as error:
        in_the_way = error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO)
        fault = f"{LOCK_FILE} in it is in the way; remove it" if in_the_way else error.strerror
        raise FolderError(f"Cannot lock {folder}: {fault}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FolderError(f"Cannot lock {folder}: {LOCK_FILE} in it is in the way; remove it.")
    return descriptor


def _acquire(descriptor: int, folder: Path, patience_s: float, editing: bool) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder, session = _holder(descriptor)
            # A command is soon done; a recorder whose session was killed finalises what it holds.
            if not _is_alive(session) and time.monotonic() < deadline:
                time.sleep(LOCK_POLL_S)
                continue
            raise FolderError(_held_by(holder, session, folder, editing)) from None


def _held_by(holder: str, session: str, folder: Path, editing: bool) -> str:
    if session == EDITING:
        return f"Another command (process {holder}) is changing {folder}: wait for it."
    who = f"recorder (process {holder}) records into {folder}"
    if editing:
        return (
            f"A {who}: wait for the end of its session (collect.py --attach goes back to it), and "
            "try again."
        )
    return (
        f"Another {who}. Go back to its session by collect.py --attach, wait for its end, or "
        "choose another folder with --out."
    )


def _holder(descriptor: int) -> tuple[str, str]:
    """Who holds the lock, as it says itself: its process, and the recorder's session, or
    EDITING."""
    words = os.pread(descriptor, 64, 0).decode(errors="replace").split()
    return (words[0], words[1]) if len(words) == 2 else ("unknown", "")


def _is_alive(session: str) -> bool:
    return session.isdecimal() and Path(f"/proc/{session}").exists()
