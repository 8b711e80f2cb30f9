"""Where a session leaves the report on a playback, for the process that started it."""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PREFIX: Final = "tandem-replay-"
_NAME: Final = re.compile(rf"{PREFIX}(?P<pid>[0-9]+)-.*")


@contextlib.contextmanager
def report_folder() -> Iterator[Path]:
    """A folder of our own, gone at the end; what killed ones have left behind goes, too.

    Raises:
        OSError: the folder of temporary files refuses.
    """
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        yield Path(folder)


def _sweep(parent: Path) -> None:
    for path in parent.glob(f"{PREFIX}*"):
        match = _NAME.fullmatch(path.name)
        with contextlib.suppress(OSError):
            ours = path.lstat().st_uid == os.getuid() and not path.is_symlink()
            if match and ours and not Path(f"/proc/{match['pid']}").exists():
                shutil.rmtree(path)
