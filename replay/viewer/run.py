"""The viewer in a terminal."""

import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from recorder.printable import printable
from replay.inspect.checked import Checked
from replay.viewer.app import Viewer

FAILED: Final = 1
BROKEN: Final = "replay: the viewer has failed, at {where}: {what!r}. --no-view does without it."


def view(paths: Sequence[Path], checked: Mapping[Path, Checked]) -> None:
    """Show episodes until somebody leaves. The terminal is then as it was.

    Args:
        paths: in the order in which they are gone through; at least one.
        checked: what has been found in them, as far as they were looked at.

    Raises:
        SystemExit: a signal has ended it (128 and its number), or a fault of its own (1), which is
            said in a sentence.
    """
    app = Viewer(paths, checked)
    status = app.run_to_status()
    app.close()
    if app.failure is not None:
        told = BROKEN.format(where=_where(app.failure), what=app.failure)
        sys.stderr.write(f"{printable(told)}\n")
        raise SystemExit(FAILED)
    if status:
        raise SystemExit(status)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
