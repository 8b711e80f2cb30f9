"""`teleop scan | cameras | doctor | calibrate | mirror | rest`: each imported when asked for.

Every command's module has `add_arguments(parser)` and `run(options) -> int`, the exit status.
"""

import argparse
import importlib
import os
import signal
import sys
from types import ModuleType
from typing import Final

from bringup.errors import BringupError
from session.errors import SessionError
from teleop.config import ConfigError
from teleop.errors import TeleopError

COMMANDS: Final = {
    "scan": "find adapters, servos and which arm is which; write a first rig.toml",
    "cameras": "show every camera, measure it, and write which is which into rig.toml",
    "doctor": "check all that ruins a session, say how to mend it; --fix mends what it safely can",
    "calibrate": "store joint offsets, checked against the limits",
    "mirror": "follow the leaders without recording",
    "rest": "bring the arms to rest from any state",
}
FAILED: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """Entry of `teleop`; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    chosen = arguments[0] if arguments else ""
    options = _parser(chosen).parse_args(arguments)
    try:
        status: int = _module(chosen).run(options)
        sys.stdout.flush()
    except (BringupError, ConfigError, SessionError, TeleopError) as error:
        print(f"teleop {chosen}: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # whoever read has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 128 + signal.SIGINT
    return status


def _parser(chosen: str) -> argparse.ArgumentParser:
    """With the options of the chosen command only: the others are not imported."""
    parser = argparse.ArgumentParser(
        prog="teleop", description="Bring up and look after a rig of real arms."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=f"{purpose}.".capitalize())
        if name == chosen:
            _module(name).add_arguments(command)
    return parser


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"bringup.{name}")


if __name__ == "__main__":
    sys.exit(main())
