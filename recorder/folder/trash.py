"""The trash of a dataset folder: what an operator has discarded, until it is restored or deleted.

An episode file moves to ``.trash/`` and back, and keeps its number, which nobody else gets. Nothing
is ever replaced. Only files are moved: a journal is not an episode yet. Former versions of episodes
lie there, too (`recorder.folder.versions`), under names that are no episode's. Call these with the
folder locked.
"""

from pathlib import Path

from recorder.episode.publish import move
from recorder.errors import TrashError
from recorder.folder.identity import identity_of
from recorder.folder.numbering import (
    TRASH,
    episode_path,
    episodes_in,
    never_again,
    newest_in,
    trash_path,
)


def discard(folder: Path, number: int) -> Path:
    """Move an episode to the trash; returns where it lies then.

    Raises:
        TrashError: there is no such episode, or the trash has one of that number.
        FolderError: the folder's counter cannot be read, or be written where it has to be.
    """
    source, target = episode_path(folder, number), trash_path(folder, number)
    make_trash(folder)
    _check_there(source)
    never_again(folder, number)  # not even when somebody empties the trash
    _move(source, target)
    return target


def restore(folder: Path, number: int) -> Path:
    """Move an episode back from the trash; returns where it lies then.

    Raises:
        TrashError: it is not in the trash, the folder has another of that number, or meanwhile
            it holds episodes of another kind.
    """
    source, target = trash_path(folder, number), episode_path(folder, number)
    _check_there(source)
    check_kind(source, folder)
    _move(source, target)
    return target


def make_trash(folder: Path) -> Path:
    """The folder's trash, made if need be.

    Raises:
        TrashError: it cannot be made, or leads elsewhere.
    """
    trash = folder / TRASH
    try:
        trash.mkdir(exist_ok=True)
        if trash.is_symlink():
            raise TrashError(f"{trash} leads to another folder: remove it.")
    except OSError as error:
        raise TrashError(f"Cannot make {trash}: {error.strerror}.") from error
    return trash


def trashed(folder: Path) -> list[Path]:
    """The episode files in a folder's trash, by number.

    Raises:
        FolderError: the trash cannot be read; if there is none, it is empty.
    """
    return episodes_in(folder / TRASH)


def _check_there(source: Path) -> None:
    if not source.is_file():
        raise TrashError(f"There is no {source}.")


def _move(source: Path, target: Path) -> None:
    try:
        move(source, target)
    except FileExistsError:
        raise TrashError(
            f"Cannot move {source}: {target} is in its place. Move one of them away."
        ) from None
    except OSError as error:
        raise TrashError(f"Cannot move {source} to {target}: {error.strerror}.") from error


def check_kind(path: Path, folder: Path) -> None:
    """A folder whose episodes were all discarded may have got others since.

    Raises:
        TrashError: it has.
    """
    mine = identity_of(path) if path.is_file() else None
    for newest in newest_in(folder, 1):
        theirs = identity_of(newest)
        if mine and theirs and (differs := mine.difference(theirs)):
            raise TrashError(
                f"{path} was recorded {differs[0]}, and {newest.name} {differs[1]}: they must not "
                "be mixed in one folder. Move it to a folder of its own."
            )
