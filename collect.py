#!/usr/bin/env python3
"""Record demonstrations: arguments -> configuration -> session -> progress lines.

python collect.py --task battery
"""

import argparse
import secrets
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
from session.config import SessionConfig, SimulationMode, check_numbers, load_rig, load_task
from session.errors import LaunchError
from session.launch import attach, launch
from session.paths import datasets_dir
from teleop.config import ConfigError
from tui.progress import Progress


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
        help="a rig of configs/rigs, or a .toml file (default: sim; in real time sim-realtime)",
    )
    parser.add_argument("--episodes", metavar="N", type=int, help="how many (default on sim: 1)")
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
    parser.add_argument("--headless", action="store_true", help="plain lines, no live display")
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
    task = load_task(options.task)
    rig_file = load_rig(options.rig or ("sim-realtime" if options.realtime else "sim"))
    faults = options.faults and str(Path(options.faults).resolve())
    mode = SimulationMode(options.realtime, options.quality, faults)
    mode.check(rig_file)
    if task.scene is None:
        raise ConfigError(f"Task {task.name!r} has no scene for the simulated rig.")
    check_numbers(options.episodes, options.seed)
    return SessionConfig(
        rig_file=rig_file,
        task=task,
        episodes=options.episodes or 1,
        seed=secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        out=str((options.out or datasets_dir()).resolve()),
        runtime_dir=str(runtime_dir.create()),
        mode=mode,
    )


def main(arguments: list[str] | None = None) -> int:
    """Entry of ``python collect.py``; returns the exit status."""
    options = parse(arguments)
    try:
        if options.attach:
            directory, about, connection = attach(options.out and options.out.resolve())
            print(f"Attached: {about}.")
        else:
            runtime_dir.sweep()
            config = configure(options)
            directory = Path(config.runtime_dir)
            how = " in real time" if config.mode.realtime else ""
            print(
                f"SIMULATED RIG{how}: task {config.task.name}, {config.episodes} episode(s) from "
                f"seed {config.seed} into {config.out}. No real arm moves. An episode takes about "
                f"{'five minutes' if config.mode.quality == 'high' else 'half a minute'}."
            )
            connection = launch(config)
    except (ConfigError, LaunchError) as error:
        print(f"collect.py: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        sys.exit(f"collect.py: no session can start in {runtime_dir.PARENT}: {error.strerror}.")
    live = sys.stdout.isatty() and not options.headless
    return Progress(connection, directory, live).run()


if __name__ == "__main__":
    sys.exit(main())
