"""A folder that takes another's name and place in one step."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from recorder.episode.publish import exchange, move, sync


def replace_folder(
    building: Path, target: Path, exchange: Callable[[Path, Path], bool] = exchange
) -> None:
    """`building` becomes `target`; what that was before, if anything, is left as `building`, or is
    gone. Where folders cannot be exchanged (NFS, exFAT), there is a moment at which only
    `standing` finds the earlier one.

    Raises:
        OSError: the disk refuses.
    """
    if not os.path.lexists(target):
        move(building, target)
    elif not exchange(building, target):
        shutil.rmtree(_aside(target), ignore_errors=True)
        target.rename(_aside(target))
        move(building, target)
    shutil.rmtree(_aside(target), ignore_errors=True)
    sync(target.parent)


def standing(target: Path) -> Path:
    """Where the folder is: under its name or, if a process was killed at the wrong moment on such a
    disk, aside."""
    aside = _aside(target)
    return aside if not os.path.lexists(target) and aside.is_dir() else target


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
