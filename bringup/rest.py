"""`teleop rest`: brings a rig to rest, whatever state it was left in.

A running session is asked to. Otherwise control is started, holds every arm where it is, ramps to
the rest pose and lets go there of those that have arrived. It mends nothing on the way but limp
joints that the operator supports; arms and servos that are missing stay as they are.
"""

import argparse
import time
from typing import Final

from session import runtime_dir
from session.config import find_rig, load_rig
from session.configure import configure
from session.launch import is_left_on, running_on
from teleop.rig_config import RigConfig
from tui.session import follow, run_session

TASK: Final = "battery"
LEFT_PATIENCE_S: Final = 150.0
LEFT_POLL_S: Final = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `teleop rest`."""
    parser.add_argument(
        "--rig", metavar="NAME", help="a rig of configs/rigs, or a .toml file (default: rig.toml)"
    )
    parser.add_argument(
        "--yes", action="store_true", help="somebody supports the arms: do not ask for Enter"
    )
    parser.add_argument("--headless", action="store_true", help="plain lines, no live display")


def run(options: argparse.Namespace) -> int:
    """Bring the rig to rest; returns 0 only if all arms lie there with their torque off.

    Raises:
        ConfigError, LaunchError: it cannot start.
    """
    runtime_dir.sweep()
    path = find_rig(options.rig, fallback=None)
    rig = load_rig(path).rig
    _await_leftover(rig)
    running = running_on(rig)
    if running is not None:
        print(f"A session is running ({running.about}): it is asked to bring the arms to rest.")
        return follow(running, headless=options.headless, rest=True)
    if rig.simulated:
        print("The simulated rig is there only while a session runs: nothing is to be done.")
        return 0
    config = configure(TASK, str(path), purpose="rest")
    return run_session(config, headless=options.headless, yes=options.yes)


def _await_leftover(rig: RigConfig) -> None:
    """Let the control process of a killed session finish what it does: it brings arms to rest."""
    deadline = time.monotonic() + LEFT_PATIENCE_S
    told = False
    while is_left_on(rig) and time.monotonic() < deadline:
        if not told:
            print("The control process of a killed session brings the arms to rest: waiting.")
        told = True
        time.sleep(LEFT_POLL_S)
