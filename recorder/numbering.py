"""Names and numbers of the episodes in a dataset folder. A number is never used twice."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recorder.errors import FolderError
from recorder.publish import write_atomically
from recorder.schema import JOURNAL_SUFFIX, SUFFIX

NEXT_FILE: Final = ".next_episode"
MAX_NUMBER: Final = 10**9
DAMAGED_SUFFIX: Final = ".damaged"
_NAME: Final = re.compile(r"episode_(\d{1,12})\.(?:hdf5|journal)(?:\.damaged)?")


def episode_path(folder: Path, number: int) -> Path:
    """The episode file of a number."""
    return folder / f"episode_{number}{SUFFIX}"


def journal_path(folder: Path, number: int) -> Path:
    """The journal that the episode file is made from."""
    return folder / f"episode_{number}{JOURNAL_SUFFIX}"


def number_of(path: Path) -> int | None:
    """The number in an episode's or a journal's name; None if it is no such name."""
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else None


def episodes_in(folder: Path, suffix: str = SUFFIX) -> list[Path]:
    """The episode files (or the journals) of a folder, by number. Pipes and the like are none."""
    return sorted(
        (
            path
            for path in folder.glob(f"episode_*{suffix}")
            if number_of(path) is not None and path.is_file()
        ),
        key=lambda path: number_of(path) or 0,
    )


def next_number(folder: Path) -> int:
    """The number the next episode will get: above all that are, or ever were, in the folder.

    Raises:
        FolderError: the folder's counter cannot be read.
    """
    return max((number + 1 for number in _used(folder)), default=0)


def claim_number(folder: Path) -> int:
    """Take the next number; nobody gets it again, even if the episode is deleted.

    Call it with the folder locked (`recorder.folder`).

    Raises:
        FolderError: the folder cannot be written to, or its counter cannot be read.
    """
    number = next_number(folder)
    try:
        write_atomically(folder / NEXT_FILE, f"{number + 1}\n")
    except OSError as error:
        raise FolderError(f"Cannot write to {folder}: {error.strerror}.") from error
    return number


def _used(folder: Path) -> Iterator[int]:
    for path in folder.glob("episode_*"):
        number = number_of(path)
        if number is not None:
            yield number
    counter = folder / NEXT_FILE
    try:
        number = int(counter.read_text())
        if not 0 <= number <= MAX_NUMBER:
            raise ValueError(f"{number} is not 0-{MAX_NUMBER}")
        yield number - 1
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise FolderError(
            f"{counter} holds no number ({error}): delete it if no episode was ever deleted here, "
            "else write the next free number into it."
        ) from error
