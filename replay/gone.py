"""Files that are gone meanwhile: there when a folder was listed, and not when they were looked at.

Somebody deletes or restores episodes at the same time: that says nothing of the files.
"""

import os
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError

TRIES: Final = 10
"""Each of a damaged file takes less than a millisecond."""


class GoneError(EpisodeError):
    """The file is not there any more, or was not just then; the text says so."""


def opened(path: Path) -> EpisodeReader:
    """Open an episode; whatever becomes of its name then is no matter.

    A file that is moved away or back in this very moment may look like a pipe, or a damaged file: a
    fault is one that is there each time.

    Raises:
        GoneError: it is not there.
        EpisodeError: it is none.
    """
    tries = 0
    while True:
        try:
            return EpisodeReader(path)
        except EpisodeError as error:
            if _is_gone(path, error):
                raise GoneError(gone(path)) from error
            tries += 1
            if tries == TRIES:
                raise


def gone(path: Path) -> str:
    """What is said of it."""
    return f"{path} is gone meanwhile."


def missing(path: Path) -> str:
    """What is said of a file that somebody has named, and that has to be there."""
    return f"{path} does not exist."


def _is_gone(path: Path, error: EpisodeError) -> bool:
    """It may be back by now, and was gone all the same."""
    if isinstance(error.__context__, FileNotFoundError):
        return True
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False
