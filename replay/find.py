"""Finding the episode that somebody means by a name."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recorder.episode.schema import SUFFIX
from recorder.folder.numbering import TRASH
from replay.errors import NotFoundError
from session.paths import datasets_dir

SUGGESTIONS: Final = 5


def find_episode(name: str, roots: Sequence[Path] | None = None) -> Path:
    """The file that `name` means: a path as it is, a bare name searched under the datasets.

    Args:
        roots: the folders to search; `datasets/` here, and where episodes go by default.

    Raises:
        NotFoundError: there is none (nearest names listed), or there are several (all listed).
    """
    roots = (Path("datasets"), datasets_dir()) if roots is None else roots
    given = Path(name)
    if given.exists():
        return given
    if given.name != name:
        raise NotFoundError(f"{name} does not exist.")
    file_name = name if given.suffix else name + SUFFIX
    found = _search(roots, file_name)
    if len(found) > 1:
        listed = "\n".join(f"  {path}" for path in found)
        raise NotFoundError(f"Several episodes are called {file_name}; say which one:\n{listed}")
    if found:
        return found[0]
    raise NotFoundError(f"There is no {file_name} under datasets/. {_nearest(roots, file_name)}")


def _search(roots: Sequence[Path], pattern: str) -> list[Path]:
    unique = {
        path.resolve(): path
        for root in reversed(roots)
        for path in root.rglob(pattern)
        if path.parent.name != TRASH
    }
    return sorted(unique.values())


def _nearest(roots: Sequence[Path], name: str) -> str:
    there = _search(roots, f"*{SUFFIX}")
    close = difflib.get_close_matches(name, {path.name for path in there}, SUGGESTIONS, 0.3)
    listed = [str(path) for best in close for path in there if path.name == best][:SUGGESTIONS]
    return f"Nearest: {', '.join(listed)}." if listed else "No episode has been recorded there yet."


def find_episodes(names: Sequence[str], roots: Sequence[Path] | None = None) -> list[Path]:
    """The files that names, folders and patterns mean, each once, by folder and number.

    Raises:
        NotFoundError: as `find_episode`, or there is none in a folder or of a pattern.
    """
    return [find_episode(name, roots) for name in names]
