#!/usr/bin/env python3
"""Record demonstrations: arguments -> configuration -> session -> dashboard, lines or records.

python collect.py --task battery
"""

import argparse
import signal
import sys
from pathlib import Path

from session.requirements import missing_packages

signal.signal(signal.SIGINT, signal.SIG_DFL)  # before there is a session, Ctrl-C just ends this
if missing := missing_packages():
    sys.exit(
        f"collect.py: {', '.join(missing)} not installed for {sys.executable}. Run scripts/install "
        "and then .venv/bin/python collect.py, or install the dependencies here."
    )

from session import runtime_dir
from session.config import SessionConfig, SimulationMode
from session.configure import configure as session_config
from session.errors import LaunchError
from session.launch import attach
from session.paths import own_rig
from teleop.config import ConfigError
from tui.session import Display, follow, greet, run_session, say


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="collect.py", description="Record demonstrations of a task into HDF5 episodes."
    )
    parser.add_argument(
        "--task", metavar="NAME", help="a task of configs/tasks, e.g. battery, or a .toml file"
    )
    parser.add_argument(
        "--rig",
        metavar="NAME",
        help="a rig of configs/rigs, or a .toml file (default: rig.toml if there is one, else sim; "
        "in real time sim-realtime)",
    )
    parser.add_argument(
        "--episodes",
        metavar="N",
        type=int,
        help="how many (default: 1 on the simulated rig, else what the task says)",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=int,
        help="of the first simulated episode, counting up from there (default: random)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="folder of the datasets (default: datasets/)"
    )
    parser.add_argument(
        "--realtime", action="store_true", help="simulate against the wall clock, not in lock-step"
    )
    parser.add_argument("--quality", choices=["fast", "high"], default="fast", help="high: shadows")
    parser.add_argument("--faults", metavar="FILE", help="faults for the simulated rig (.toml)")
    parser.add_argument("--by-hand", action="store_true", help="the simulated rig awaits your keys")
    parser.add_argument("--new", action="store_true", help="begin a new collection")
    parser.add_argument("--headless", action="store_true", help="plain lines, no dashboard")
    parser.add_argument("--json", action="store_true", help="a JSON record a line")
    parser.add_argument("--attach", action="store_true", help="watch the session that is running")
    options = parser.parse_args(arguments)
    if not options.attach and options.task is None:
        parser.error("the task is missing, e.g. --task battery")
    return options


def configure(options: argparse.Namespace) -> SessionConfig:
    """What the session is to do.

    Raises:
        ConfigError: the options, the task or the rig make no sense.
    """
    faults = options.faults and str(Path(options.faults).resolve())
    return session_config(
        options.task,
        options.rig,
        episodes=options.episodes,
        seed=options.seed,
        out=options.out,
        mode=SimulationMode(options.realtime, options.quality, faults, options.by_hand),
        new=options.new,
    )


def main(arguments: list[str] | None = None) -> int:
    """Entry of ``python collect.py``; returns the exit status."""
    options = parse(arguments)
    display: Display = "json" if options.json else "dashboard"
    try:
        if options.attach:
            running = attach(options.out and options.out.resolve())
            say(f"Attached: {running.about}.", display)
            return follow(running, display=display, headless=options.headless)
        runtime_dir.sweep()
        config = configure(options)
        no_rig = options.rig is None and own_rig() is None and not options.by_hand
        if no_rig and not greet(options.task, display, options.headless):
            runtime_dir.remove(Path(config.runtime_dir))
            return 0
        return run_session(config, display=display, headless=options.headless)
    except (ConfigError, LaunchError) as error:
        print(f"collect.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        sys.exit(f"collect.py: no session can start in {runtime_dir.PARENT}: {error.strerror}.")


if __name__ == "__main__":
    sys.exit(main())
