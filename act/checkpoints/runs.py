"""Where trainings leave what they learn: runs/TASK/NAME/, with `best` and `last` in it."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from act.checkpoints.checkpoint import WEIGHTS, is_reference
from act.checkpoints.swap import standing
from act.errors import CheckpointError, ConfigError
from act.training.ranks import Ranks
from recorder.folder.unwound import unwound_when_terminated
from recorder.reason import reason

BEST: Final = "best"
LAST: Final = "last"
LOCK: Final = ".lock"
LOG: Final = "log.jsonl"
SHOWN: Final = 5


def find(path: Path) -> Path:
    """The checkpoint that is meant: itself; the best of a run, or else its last; the newest below a
    folder of runs. A checkpoint of the reference is a `.ckpt` file, or a folder with one.

    Raises:
        CheckpointError: there is none; says what is nearby.
    """
    if path.is_file():
        if is_reference(path):
            return path
        if path.name == WEIGHTS:
            return path.parent
        raise CheckpointError(f"{path} is no checkpoint: name a folder that holds {WEIGHTS}.")
    named = path.name if path.name in (BEST, LAST) else None
    above = path.parent if named and not standing(path).is_dir() else path
    found = _newest(above, (named,) if named else (BEST, LAST))
    if found is None:
        raise CheckpointError(f"There is no checkpoint in {path}. {_nearby(path)}")
    return found


def _newest(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The newest checkpoint in a folder, or in the first folders below that have any."""
    level = [folder]
    for _ in range(3):
        found = [each for each in (_in(one, names) for one in level) if each]
        if found:
            return max(found, key=_time)
        level = [each for one in level for each in _folders(one)]
    return None


def _in(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The checkpoint that a folder is, or has."""
    for each in (folder, *(folder / name for name in names)):
        if (standing(each) / WEIGHTS).is_file():
            return each
    return folder if is_reference(folder) else None


def _time(checkpoint: Path) -> int:
    return standing(checkpoint).stat().st_mtime_ns


def _folders(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if each.is_dir() and each.name[0] != "."]
    except OSError:
        return []


def _nearby(path: Path) -> str:
    """What might have been meant."""
    there = next((each for each in (path, *path.parents) if each.is_dir()), Path())
    near = [_newest(each, (BEST, LAST)) for each in (there, *_folders(there))]
    listed = ", ".join(str(each) for each in dict.fromkeys(filter(None, near[:SHOWN])))
    return f"Nearby: {listed}." if listed else "act-train makes one."


def place(out: Path, task: str, name: str) -> Path:
    """Where a run of that name is.

    Raises:
        ConfigError: it is no name.
    """
    if not name.strip(".") or "/" in name:
        raise ConfigError(f"{name!r} cannot be a run's name.")
    return out / as_name(task) / name


@contextmanager
def new_run(out: Path, task: str, name: str | None, ranks: Ranks) -> Iterator[Path]:
    """A folder for a training of that task, held against others; if nothing was kept in it at the
    end, it is gone. One in which a training was killed before it kept anything is taken over.

    Args:
        name: None: the time.
        ranks: only the first process of a training makes it.

    Raises:
        ConfigError: the name is taken, or no name.
        CheckpointError: the disk refuses.
    """
    folder = place(out, task, name or datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))
    if not ranks.is_first:
        yield folder
        return
    try:
        folder.mkdir(parents=True, exist_ok=_is_of_a_killed_one(folder))
    except FileExistsError:
        raise ConfigError(
            f"{folder} is there already: go on with act-train --resume, or choose another --name."
        ) from None
    except OSError as error:
        raise CheckpointError(f"Cannot make {folder}: {reason(error)}.") from error
    with unwound_when_terminated(), held(folder, ranks):
        try:
            yield folder
        finally:
            if not _has_kept(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_of_a_killed_one(folder: Path) -> bool:
    """Whether there is nothing else in a folder than what a training leaves that kept nothing."""
    if not folder.is_dir() or _has_kept(folder):
        return False
    names = {each.name for each in folder.iterdir()}
    return LOCK in names and all(each == LOG or each.startswith(".") for each in names)


def _has_kept(folder: Path) -> bool:
    return any(standing(folder / each).exists() for each in (BEST, LAST))


@contextmanager
def held(folder: Path, ranks: Ranks) -> Iterator[None]:
    """A run that no other training goes on with. The lock goes with the process.

    Raises:
        ConfigError: another one does.
        OSError: it cannot be written to.
    """
    if not ranks.is_first:
        yield
        return
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(folder / LOCK, flags, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in folder.glob(".*.new"):  # by one that was killed
            left.unlink(missing_ok=True)
        yield
    except BlockingIOError:
        raise ConfigError(f"Another process is training {folder}: wait for it.") from None
    finally:
        os.close(descriptor)


def as_name(task: str) -> str:
    """A task as a folder may be called: a file may say anything."""
    return re.sub(r"[^\w+.-]+", "_", task).strip("._") or "task"
