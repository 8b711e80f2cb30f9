"""Whether a dataset folder may be recorded into, and the lock that keeps it to one recorder.

The session asks before it starts anything, so that a refusal is one sentence, at once.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import h5py

from recorder.errors import FolderError
from recorder.journal_reader import JournalReader
from recorder.numbering import episodes_in
from recorder.schema import JOURNAL_SUFFIX

LOCK_FILE: Final = ".recorder.lock"
LOCK_POLL_S: Final = 0.1
KINDS_CHECKED: Final = 50
MIB: Final = 1 << 20


def check_folder(
    folder: Path, *, simulated: bool, min_free_bytes: int, lock_patience_s: float = 20.0
) -> None:
    """Make the folder if need be, and see that it may be recorded into.

    Raises:
        FolderError: not writable, nearly full, in use, or holding episodes of the other kind.
    """
    check_writable(folder)
    check_space(folder, min_free_bytes)
    check_kind(folder, simulated)
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
            f"Cannot write to {folder}: {error.strerror}. Choose another folder with --out."
        ) from error


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


def check_kind(folder: Path, simulated: bool) -> None:
    """See that simulated and real episodes do not come to lie in one folder.

    Raises:
        FolderError: the folder holds episodes of the other kind (the newest are looked at).
    """
    for path in reversed(
        [*episodes_in(folder, JOURNAL_SUFFIX), *episodes_in(folder)][-KINDS_CHECKED:]
    ):
        found = _is_simulated(path)
        if found is not None and found != simulated:
            words = ("simulated", "real") if found else ("real", "simulated")
            raise FolderError(
                f"{folder} holds {words[0]} episodes (e.g. {path.name}), and {words[1]} ones must "
                "not be mixed with them. Choose another folder with --out."
            )


def _is_simulated(path: Path) -> bool | None:
    if path.suffix == JOURNAL_SUFFIX:
        with JournalReader(path) as journal:
            return journal.header.simulated if journal.header else None
    try:
        with h5py.File(path, "r") as file:
            return bool(file.attrs["sim"])
    except Exception:  # whatever a damaged file makes HDF5 say; it proves neither kind
        return None


@contextmanager
def folder_lock(folder: Path, patience_s: float) -> Iterator[None]:
    """Hold the folder for one recorder. The lock goes with the process, however it ends.

    Args:
        patience_s: how long to wait for a recorder that is still finalising.

    Raises:
        FolderError: another recorder holds it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(folder / LOCK_FILE, flags, 0o644)
    except OSError as error:
        raise FolderError(
            f"Cannot lock {folder}: {LOCK_FILE} in it is in the way ({error.strerror}); remove it."
        ) from error
    try:
        _acquire(descriptor, folder, patience_s)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {os.getppid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder, session = _holder(descriptor)
            if not _is_alive(session) and time.monotonic() < deadline:
                time.sleep(LOCK_POLL_S)  # its session was killed: it is finalising what it holds
                continue
            raise FolderError(
                f"Another recorder (process {holder}) records into {folder}. Wait for it to end, "
                "or choose another folder with --out."
            ) from None


def _holder(descriptor: int) -> tuple[str, int | None]:
    """Who holds the lock, as it says itself: the recorder's and its session's process."""
    words = os.pread(descriptor, 64, 0).decode(errors="replace").split()
    session = int(words[1]) if len(words) == 2 and words[1].isdigit() else None
    return words[0] if words else "unknown", session


def _is_alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()
