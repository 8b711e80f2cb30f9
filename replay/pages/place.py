"""Where a report goes: whole under its name, or not at all.

An earlier report changes places with the new one in one step, where the file system can; so there
is a whole report under the name at each moment.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recorder.episode.publish import exchange, move, sync
from recorder.folder.whole_folder import whole_folder
from replay.errors import PagesError

MARKER: Final = ".tandem-report"
INDEX: Final = "index.html"
EPISODES: Final = "episodes"
PICTURES: Final = "pictures"
OURS: Final = frozenset((MARKER, INDEX, EPISODES, PICTURES))


@contextlib.contextmanager
def building(out: Path) -> Iterator[Path]:
    """A new folder to build a report in; it is `out` when the block ends, and gone if it fails.

    Raises:
        PagesError: something else is called so, or the disk refuses.
        FolderError: another build is at it.
    """
    _check_leads_somewhere(out)
    out = out.absolute().resolve()
    check_place(out)
    try:
        with whole_folder(out, _take_name) as folder:
            _put_back(_aside(out), out)
            (folder / MARKER).write_text("A report made by Tandem; it is replaced by the next.\n")
            for name in (EPISODES, PICTURES):
                (folder / name).mkdir()
            yield folder
    except BrokenPipeError:  # of standard output
        raise
    except OSError as error:
        raise PagesError(f"Cannot write pages to {out}: {error.strerror or error}.") from error


def _check_leads_somewhere(out: Path) -> None:
    """A link may lead to an earlier report, which is replaced where it lies."""
    if out.is_symlink() and not out.exists():
        raise PagesError(f"{out} is a link that leads nowhere: remove it, or name another folder.")


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


def _aside(out: Path) -> Path:
    return out.with_name(f".{out.name}.old")


def _take_name(folder: Path, out: Path) -> None:
    """The folder becomes `out`; what was `out` before, if anything, is `folder` or gone."""
    if not os.path.lexists(out):
        move(folder, out)
        return
    if not _is_report(out):  # it came while the pages were made
        raise PagesError(f"{out} has come into being and is no report of Tandem: name another.")
    if not exchange(folder, out):
        out.rename(_aside(out))
        move(folder, out)
        shutil.rmtree(_aside(out))
    sync(out.parent)


def _put_back(aside: Path, out: Path) -> None:
    """An earlier report that a build moved aside, and was killed."""
    if not _is_report(aside):
        return
    if os.path.lexists(out):
        shutil.rmtree(aside)
    else:
        move(aside, out)
