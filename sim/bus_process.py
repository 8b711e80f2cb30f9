"""One emulated arm served alone, in real time: `python -m sim.bus_process --role follower`.

For trying a driver without the simulated rig, and for tests. Prints `{"port": ...}` as one JSON
line, then serves until SIGTERM or until its standard input closes. The arm is `sim.served_arm`'s;
all four of them are `sim.emulated_rig`.

`--faults FILE` breaks what the file says of this arm (sim.faults.script; it tells of each on
standard error), `--link PATH` keeps a symbolic link to the port, also after it was unplugged and
plugged in again, `--wire-time` and `--usb-latency-ms` let replies take the time they take on a
real line.

Each JSON line on standard input is one command, answered by one JSON line, `{"error": ...}` where
it cannot be obeyed:
- `{"do": "silence", "servo": 3, "on": true}`: takes a servo off the bus, or back on
- `{"do": "set", "servo": 3, "register": "hardware_error_status", "value": 32}`: past access rules;
  what the servo senses (`present_position`, ...) stays as set until the joint is moved by hand
- `{"do": "get", "servo": 3, "register": "led"}`: answers `{"value": ...}`
- `{"do": "move", "servo": 3, "rad": 0.5}`: moves the joint by hand
- `{"do": "garble", "how": "flip" | "cut" | "junk" | "drop", "bursts": 1}`: spoils the replies to
  the next instructions (not together with `--faults`)
- `{"do": "unplug"}` and `{"do": "plug"}` (answers the new port)
- `{"do": "episode"}`: an episode starts, as far as `--faults` is concerned
- `{"do": "counters"}`: answers what the bus has counted
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Final

from sim.config import WireConfig
from sim.errors import SimError
from sim.faults.faults import Faults
from sim.faults.script import FaultScript, load_faults
from sim.served_arm import ServedArm
from sim.served_rig import ServedRig, print_json, say, serve
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from teleop.config import ConfigError
from teleop.joints import ROLES, SIDES

_STEP_NS: Final = 5_000_000


def main() -> int:
    """Serves one arm; see the module's docstring."""
    options = _options()
    stop_requests: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stop_requests.append(number))
    try:
        wire = WireConfig(options.wire_time, options.usb_latency_ms)
        script = None if options.faults is None else _script(options)
        bus = ServoBus(aloha_servos(options.role), wire=wire, link=options.link)
    except (ConfigError, SimError, ValueError) as error:
        say(str(error))
        return 2
    except OSError as error:
        say(f"Cannot link {options.link} to a port: {error.strerror}; choose another --link.")
        return 2
    try:
        faults = None if script is None else Faults(script, {_name(options): bus}, say)
        rig = ServedRig({_name(options): ServedArm(bus)}, _STEP_NS, faults)
        print_json({"port": bus.port})
        serve(rig, lambda: bool(stop_requests))
    finally:
        bus.close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve one emulated arm on a pseudo-terminal.")
    parser.add_argument("--role", choices=ROLES, default="follower")
    parser.add_argument("--side", choices=SIDES, default="left", help="which arm of FILE it is")
    parser.add_argument("--link", type=Path, metavar="PATH", help="keep this link to the port")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="break what FILE says (TOML)")
    parser.add_argument("--wire-time", action="store_true", help="bytes take their time")
    parser.add_argument("--usb-latency-ms", type=float, default=0.0, metavar="MS")
    return parser.parse_args()


def _name(options: argparse.Namespace) -> str:
    return f"{options.role}_{options.side}"


def _script(options: argparse.Namespace) -> FaultScript:
    script = load_faults(options.faults)
    if all(fault.bus != _name(options) for fault in script.faults):
        raise ConfigError(
            f"{options.faults} has no fault of {_name(options)}: choose another arm by --role and "
            "--side, or correct its bus."
        )
    return script


if __name__ == "__main__":
    sys.exit(main())
