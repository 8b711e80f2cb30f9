"""A session from a terminal: started and followed to its end, or one that runs already."""

import os
import sys
from pathlib import Path
from typing import Final, Literal

from recorder.printable import printable_lines
from session import runtime_dir
from session.config import SessionConfig
from session.errors import LaunchError
from session.launch import Running, launch
from tui.announcement import announcement
from tui.facts.viewer import Viewer
from tui.link import Link
from tui.plain.json_lines import JsonLines, message_line, stdin_of_requests
from tui.plain.keyboard import Keyboard
from tui.plain.progress import Progress

Display = Literal["dashboard", "lines", "json"]
"""The dashboard, which needs a terminal; plain lines; records for other programs."""
NO_RIG: Final = (
    "No rig is configured (rig.toml): the simulated one is used. teleop scan sets up yours."
)


def run_session(
    config: SessionConfig,
    *,
    display: Display = "lines",
    headless: bool = False,
    mirror_s: float | None = None,
    yes: bool = False,
) -> int:
    """Say what is about to happen, start it and follow it to its end; returns the exit status.

    Args:
        headless: plain lines, no live display.
        mirror_s, yes: as `Progress` has them; it shows the session then.

    Raises:
        LaunchError: the session did not start.
    """
    say(announcement(config), display)
    try:
        connection = launch(config)
    except OSError as error:
        raise LaunchError(
            f"No session can start in {runtime_dir.PARENT}: {error.strerror}."
        ) from error
    link, viewer = Link(connection), Viewer(Path(config.runtime_dir))
    if mirror_s is None and not yes:
        return _show(link, viewer, display, headless)
    return Progress(link, viewer, _is_live(headless), mirror_s=mirror_s, yes=yes).run()


def follow(
    running: Running, *, display: Display = "lines", headless: bool = False, rest: bool = False
) -> int:
    """Follow a running session to its end; returns the exit status.

    Args:
        rest: have it bring the arms to rest, which ends it.
    """
    link = Link(running.connection)
    if rest:
        link.ask("stop")
    return _show(link, Viewer(running.runtime_dir), display, headless)


def greet(task: str, display: Display, headless: bool) -> bool:
    """Tell an operator without a rig that the simulated one is used; false: they leave."""
    if _has_dashboard(display, headless):
        from tui.dashboard.run import welcome

        return welcome(task)
    say(NO_RIG, display)
    return True


def say(text: str, display: Display) -> None:
    """A line before there is a session, in the form that the display has."""
    line = message_line(text) if display == "json" else printable_lines(text)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _show(link: Link, viewer: Viewer, display: Display, headless: bool) -> int:
    if display == "json":
        return JsonLines(link, viewer, requests=stdin_of_requests()).run()
    if _has_dashboard(display, headless):
        from tui.dashboard.run import run_dashboard  # Textual takes half a second to import

        return run_dashboard(link, viewer)
    return Progress(link, viewer, _is_live(headless)).run()


def _has_dashboard(display: Display, headless: bool) -> bool:
    able = os.environ.get("TERM", "dumb") != "dumb"
    return display == "dashboard" and able and _is_live(headless) and Keyboard().present


def _is_live(headless: bool) -> bool:
    return sys.stdout.isatty() and not headless
