"""Commands that people are told to type, so that they can be pasted as they stand."""

import os
import shlex
from pathlib import Path


def typed(*words: str | Path) -> str:
    """The words as a shell takes them: a path with a space or a quote in it is quoted, and none is
    taken for an option."""
    return shlex.join(map(_word, words))


def _word(word: str | Path) -> str:
    text = os.fspath(word)
    return f"./{text}" if isinstance(word, Path) and text.startswith("-") else text
