"""Where a report goes: whole under its name, or not at all.

It is built in a hidden folder beside the place, one at a time (a lock file), and then takes the
name. An earlier report changes places with it in one step, where the file system
can; so there is a whole report under the name at each moment. What a killed build left behind is
removed by the next.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recorder.episode.publish import AT_FDCWD, move, sync
from replay.errors import PagesError

MARKER: Final = ".tandem-report"
INDEX: Final = "index.html"
EPISODES: Final = "episodes"
PICTURES: Final = "pictures"
OURS: Final = frozenset((MARKER, INDEX, EPISODES, PICTURES))
RENAME_EXCHANGE: Final = 2


@contextlib.contextmanager
def building(out: Path) -> Iterator[Path]:
    """A new folder to build a report in; it is `out` when the block ends, and gone if it fails.

    Raises:
        PagesError: something else is called so, another build is at it, or the disk refuses.
    """
    out = out.absolute().resolve()
    check_place(out)
    folder, aside = out.with_name(f".{out.name}.building"), out.with_name(f".{out.name}.old")
    try:
        with _locked(out):
            _put_back(aside, out)
            try:
                _make_empty(folder)
                yield folder
                _sync_all(folder)
                _take_name(folder, aside, out)
            finally:
                _discard(folder)
    except BrokenPipeError:  # of standard output
        raise
    except OSError as error:
        raise PagesError(f"Cannot write pages to {out}: {error.strerror or error}.") from error


def check_place(out: Path) -> None:
    """See that a report could go there, before the work is done.

    Raises:
        PagesError: it could not.
    """
    if not out.parent.is_dir():
        raise PagesError(f"Cannot write pages to {out}: there is no folder {out.parent}.")
    if os.path.lexists(out) and not _is_report(out):
        raise PagesError(
            f"{out} is there already and is no report of Tandem, or holds other files too: "
            "name a folder that is not there yet."
        )


def _is_report(folder: Path) -> bool:
    """Ours, and nothing of anybody else in it."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    names = set(os.listdir(folder))
    return MARKER in names and names <= OURS


@contextlib.contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Nobody else builds there. The lock goes with its holder, however that ends."""
    path = out.with_name(f".{out.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(descriptor), path.stat())
        except (BlockingIOError, FileNotFoundError):  # or its holder has just been done
            held = False
        if not held:
            raise PagesError(f"Pages are being written to {out} already: wait until they are done.")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _make_empty(folder: Path) -> None:
    """The folder with its marker; what a killed build left in it is removed.

    Raises:
        PagesError: it is none of ours.
    """
    if os.path.lexists(folder) and not _discard(folder):
        raise PagesError(f"{folder} is in the way and holds something else: move it elsewhere.")
    folder.mkdir()
    (folder / MARKER).write_text("A report made by Tandem; it is replaced by the next one.\n")
    for name in (EPISODES, PICTURES):
        (folder / name).mkdir()


def _take_name(folder: Path, aside: Path, out: Path) -> None:
    """The folder becomes `out`; what was `out` before, if anything, is `folder` or gone."""
    if not os.path.lexists(out):
        move(folder, out)
        return
    if not _is_report(out):  # it came while the pages were made
        raise PagesError(f"{out} has come into being and is no report of Tandem: name another.")
    if not _exchange(folder, out):
        out.rename(aside)
        move(folder, out)
        _discard(aside)
    sync(out.parent)


def _put_back(aside: Path, out: Path) -> None:
    """An earlier report that a build moved aside, and was killed."""
    if not _is_report(aside):
        return
    if os.path.lexists(out):
        _discard(aside)
    else:
        move(aside, out)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step; False: the file system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return True
    error = ctypes.get_errno()
    if error in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(error, os.strerror(error), os.fspath(other))


def _sync_all(folder: Path) -> None:
    """Everything in it is on the disk: in one call, there may be thousands of files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), os.fspath(folder))
    finally:
        os.close(descriptor)


def _discard(folder: Path) -> bool:
    """Remove a report, a half one too; False: it is none, and is left alone. The marker goes last,
    so that whoever is killed at it leaves what the next can go on with."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    names = set(os.listdir(folder))
    if names and not _is_report(folder):
        return False
    for name in names - {MARKER}:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / MARKER).unlink(missing_ok=True)
    folder.rmdir()
    return True
