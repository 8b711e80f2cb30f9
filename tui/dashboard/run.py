"""The dashboard in a terminal, from its first picture to the last words after it."""

import os
import sys
import traceback
from pathlib import Path
from typing import Final

from recorder.printable import printable_lines
from tui.dashboard.app import Dashboard
from tui.dashboard.screens.welcome import GO_ON, LEAVE, Welcome
from tui.facts.viewer import Viewer
from tui.link import Link

NICE: Final = 10
"""Whoever shows the work makes room for those who do it."""
BACK: Final = "Back: python collect.py --attach"
FAILED: Final = 1
UNWATCHED: Final = (
    "The session goes on. If nobody else watches it, the arms hold, and rest after "
    "{patience_s:.0f} s."
)
BROKEN: Final = "The dashboard has failed, at {where}: {what!r}. The session goes on."


def run_dashboard(link: Link, viewer: Viewer) -> int:
    """Show the session until it ends, or the operator leaves; returns the exit status.

    That is the session's own (130 after Ctrl-C); 0 after leaving it to itself; 128 and a signal's
    number; 1 where the session, or the dashboard itself, broke down. Why is said in the terminal.
    """
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    app = Dashboard(link, viewer)
    status = app.run_to_status()
    _print(last_words(app))
    return FAILED if status is None else status


def last_words(app: Dashboard) -> list[str]:
    """What the operator should still read when the dashboard is gone."""
    if app.ended is not None:
        errors = [each.text for each in app.messages if each.level == "error"]
        return [*errors, app.ended.text]
    if app.failure is not None:
        return [BROKEN.format(where=_where(app.failure), what=app.failure), BACK]
    return [UNWATCHED.format(patience_s=app.patience_s), BACK]


def welcome(task: str) -> bool:
    """On a machine without a rig: whether `task` is to be recorded on the simulated one.

    Raises:
        SystemExit: a signal has ended the question, or no terminal could show it.
    """
    answer = Welcome(task).run_to_status()
    if answer not in (GO_ON, LEAVE):
        raise SystemExit(FAILED if answer is None else answer)
    return answer == GO_ON


def _print(lines: list[str]) -> None:
    try:
        sys.stdout.write("".join(f"{printable_lines(line)}\n" for line in lines))
        sys.stdout.flush()
    except OSError:  # the terminal is gone; and nothing is to be flushed into it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _where(error: Exception) -> str:
    """The line that has failed, for whoever is told of it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
