"""Finding the episode that somebody means by a name."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recorder.schema import SUFFIX

SUGGESTIONS: Final = 5
DATASETS: Final = (Path("datasets"), Path(__file__).resolve().parents[1] / "datasets")
"""Where a bare name is looked for: in the working directory, and beside the program."""


class NotFoundError(Exception):
    """No episode of that name, or several; the text lists what there is."""


def find_episode(name: str, roots: Sequence[Path] = DATASETS) -> Path:
    """The file that `name` means: a path as it is, a bare name searched under the datasets.

    Raises:
        NotFoundError: there is none (nearest names listed), or there are several (all listed).
    """
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
    unique = {path.resolve(): path for root in reversed(roots) for path in root.rglob(pattern)}
    return sorted(unique.values())


def _nearest(roots: Sequence[Path], name: str) -> str:
    there = _search(roots, f"*{SUFFIX}")
    close = difflib.get_close_matches(name, {path.name for path in there}, SUGGESTIONS, 0.3)
    listed = [str(path) for path in there if path.name in close][:SUGGESTIONS]
    return f"Nearest: {', '.join(listed)}." if listed else "No episode has been recorded there yet."
