"""Names and numbers of the episodes in a dataset folder. A number is never used twice."""

import contextlib
import fcntl
import itertools
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recorder.episode.publish import write_atomically
from recorder.episode.schema import JOURNAL_SUFFIX, SUFFIX
from recorder.errors import FolderError

NEXT_FILE: Final = ".next_episode"
TRASH: Final = ".trash"
"""Folder in a dataset folder, of episodes that keep their numbers (see `recorder.folder.trash`)."""
MAX_NUMBER: Final = 10**9
"""The counter goes no further; the last episode is one below."""
DAMAGED_SUFFIX: Final = ".damaged"
COUNTER_BYTES: Final = 64
"""More than any counter has; what else may lie there is not read on."""
CLAIM_PATIENCE_S: Final = 5.0
CLAIM_POLL_S: Final = 0.01
_NAME: Final = re.compile(r"episode_([0-9]{1,9})\.(?:hdf5|journal)(?:\.damaged(?:\.[0-9]+)?)?")


def episode_path(folder: Path, number: int) -> Path:
    """The episode file of a number."""
    return folder / f"episode_{number}{SUFFIX}"


def journal_path(folder: Path, number: int) -> Path:
    """The journal that the episode file is made from."""
    return folder / f"episode_{number}{JOURNAL_SUFFIX}"


def trash_path(folder: Path, number: int) -> Path:
    """Where the episode file of a number lies while it is in the trash."""
    return episode_path(folder / TRASH, number)


def is_taken(folder: Path, number: int) -> bool:
    """Whether there is an episode of this number: a file, in the trash or not, or a journal."""
    paths = (journal_path, episode_path, trash_path)
    return any(os.path.lexists(path(folder, number)) for path in paths)


def damaged_path(journal: Path) -> Path:
    """Where a damaged journal is set aside: ``.damaged``, or ``.damaged.2`` if there is one."""
    names = (f".{count}" if count > 1 else "" for count in itertools.count(1))
    paths = (journal.with_name(journal.name + DAMAGED_SUFFIX + name) for name in names)
    return next(path for path in paths if not os.path.lexists(path))


def number_of(path: Path) -> int | None:
    """The number in an episode's or a journal's name; None if it is no such name."""
    return _number(path.name)


def episodes_in(folder: Path, suffix: str = SUFFIX) -> list[Path]:
    """The episode files (or the journals) of a folder, by number. Pipes and the like are none.

    Raises:
        FolderError: the folder cannot be read; one that is not there holds none.
    """
    named = sorted(_numbered(folder, suffix))
    return [path for _, name in named if (path := folder / name).is_file()]


def newest_in(folder: Path, count: int) -> list[Path]:
    """The `count` files and journals of the highest numbers, newest first.

    Raises:
        FolderError: the folder cannot be read.
    """
    newest_first = sorted(_numbered(folder, (SUFFIX, JOURNAL_SUFFIX)), reverse=True)
    files = (path for _, name in newest_first if (path := folder / name).is_file())
    return list(itertools.islice(files, count))


def next_number(folder: Path) -> int:
    """The number the next episode will get: above all that are, or ever were, in the folder or its
    trash.

    Raises:
        FolderError: the folder or its counter cannot be read.
    """
    names = itertools.chain(_numbered(folder), _numbered(folder / TRASH))
    above_files = max((number + 1 for number, _ in names), default=0)
    return max(above_files, _counter(folder, above_files))


def claim_number(folder: Path) -> int:
    """Take the next number; nobody gets it again, even if the episode is deleted.

    Two processes that claim at the same moment get two numbers: a session does it, and so does a
    recorder that has to save an episode under another number.

    Raises:
        FolderError: the folder cannot be written to, or its counter cannot be read.
    """
    with _claiming(folder):
        number = next_number(folder)
        if number >= MAX_NUMBER:
            raise FolderError(
                f"{folder} holds an episode of the last number there is ({MAX_NUMBER - 1}): give "
                f"it another name, and write the next free number into {NEXT_FILE}."
            )
        _count_on(folder, number + 1)
        return number


def never_again(folder: Path, number: int) -> None:
    """See that nobody gets this number, whatever becomes of its episode.

    One that was copied into the folder may be above what the counter says.

    Raises:
        FolderError: as `claim_number`.
    """
    if _counter(folder, number + 1) > number:
        return
    with _claiming(folder):
        if _counter(folder, number + 1) <= number:
            _count_on(folder, number + 1)


def _count_on(folder: Path, following: int) -> None:
    try:
        write_atomically(folder / NEXT_FILE, f"{following}\n")
    except OSError as error:
        raise FolderError(f"Cannot write to {folder}: {error.strerror}.") from error


def _number(name: str) -> int | None:
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:  # to take it for empty would be to use numbers again
        raise FolderError(f"Cannot read {folder}: {error.strerror}.") from error


def _numbered(folder: Path, suffixes: str | tuple[str, ...] = "") -> Iterator[tuple[int, str]]:
    """Number and name of what is named like an episode. What it is, is not looked at: that takes
    a while where there are many thousands."""
    for name in _names(folder):
        if name.endswith(suffixes) and (number := _number(name)) is not None:
            yield number, name


def _counter(folder: Path, above_files: int) -> int:
    """What the folder's counter says; 0 if there is none."""
    counter = folder / NEXT_FILE
    try:
        words = _beginning(counter).strip()
        if not re.fullmatch(rb"[0-9]{1,12}", words) or int(words) > MAX_NUMBER:
            raise ValueError(f"it says {words.decode(errors='replace')!r}")
        return int(words)
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        fault = error.strerror if isinstance(error, OSError) else error
        raise FolderError(
            f"{counter} holds no number ({fault}): write the next free one into it (at least "
            f"{above_files}), or remove it if no episode was ever deleted here."
        ) from error


def _beginning(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would hold us up for ever
    try:
        return os.read(descriptor, COUNTER_BYTES)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _claiming(folder: Path) -> Iterator[None]:
    """Nobody else claims a number of this folder meanwhile."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise FolderError(f"Cannot read {folder}: {error.strerror}.") from error
    try:
        _wait_to_claim(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _wait_to_claim(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + CLAIM_PATIENCE_S
    while time.monotonic() < deadline:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(CLAIM_POLL_S)
        except OSError:  # NFS cannot lock a folder: there the recorder's lock has to do
            return
    raise FolderError(
        f"Another process has locked {folder} for {CLAIM_PATIENCE_S:.0f} s: see what it is (lsof)."
    )
