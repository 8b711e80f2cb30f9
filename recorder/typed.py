"""Commands that people are told to type, so that they can be pasted as they stand."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def typed(*words: str | Path) -> str:
    """The words as a shell takes them: a path with a space or a quote in it is quoted, and none is
    taken for an option."""
    return shlex.join(map(_word, words))


def program(name: str) -> str:
    """One of our commands, as it can be called from here: by its name where the shell finds just
    that one, else by the path of the one beside the Python that runs us."""
    beside = os.path.join(os.path.dirname(sys.executable), name)
    is_found = not os.path.exists(beside) or shutil.which(name) == beside
    return name if is_found else os.path.relpath(beside)


def _word(word: str | Path) -> str:
    text = os.fspath(word)
    return f"./{text}" if isinstance(word, Path) and text.startswith("-") else text
