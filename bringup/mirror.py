"""`teleop mirror`: the followers follow, and nothing is recorded: does the rig work?

A session like any other, without recorder and episodes. The simulated rig is led by its scripted
operator, at the battery task.
"""

import argparse

from session import runtime_dir
from session.config import find_rig
from session.configure import configure
from tui.session import run_session

TASK = "battery"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `teleop mirror`."""
    parser.add_argument(
        "--rig", metavar="NAME", help="a rig of configs/rigs, or a .toml file (default: rig.toml)"
    )
    parser.add_argument(
        "--seconds", type=_duration, metavar="N", help="end after so long of mirroring"
    )
    parser.add_argument("--headless", action="store_true", help="plain lines, no live display")


def run(options: argparse.Namespace) -> int:
    """Mirror until the operator leaves, or the time is over; returns the exit status.

    Raises:
        ConfigError, LaunchError: it cannot start.
    """
    runtime_dir.sweep()
    config = configure(TASK, str(find_rig(options.rig, fallback=None)), purpose="mirror")
    return run_session(config, headless=options.headless, mirror_s=options.seconds)


def _duration(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError("must be a time in seconds")
    return value
