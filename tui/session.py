"""A session from a terminal: started and followed to its end, or one that runs already."""

import sys
from pathlib import Path

from session import runtime_dir
from session.config import SessionConfig
from session.errors import LaunchError
from session.launch import Running, launch
from tui.announcement import announcement
from tui.progress import Progress


def run_session(
    config: SessionConfig,
    *,
    headless: bool = False,
    mirror_s: float | None = None,
    yes: bool = False,
) -> int:
    """Say what is about to happen, start it and follow it to its end; returns the exit status.

    Args:
        headless: plain lines, no live display.
        mirror_s, yes: as `Progress` has them.

    Raises:
        LaunchError: the session did not start.
    """
    sys.stdout.write(announcement(config) + "\n")
    sys.stdout.flush()
    try:
        connection = launch(config)
    except OSError as error:
        raise LaunchError(
            f"No session can start in {runtime_dir.PARENT}: {error.strerror}."
        ) from error
    live = sys.stdout.isatty() and not headless
    directory = Path(config.runtime_dir)
    return Progress(connection, directory, live, mirror_s=mirror_s, yes=yes).run()


def follow(running: Running, *, headless: bool = False, rest: bool = False) -> int:
    """Follow a running session to its end; returns the exit status.

    Args:
        rest: have it bring the arms to rest, which ends it.
    """
    live = sys.stdout.isatty() and not headless
    progress = Progress(running.connection, running.runtime_dir, live)
    if rest:
        progress.ask("stop")
    return progress.run()
