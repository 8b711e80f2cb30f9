"""Emulated arms, two or four in one process, in real time: `python -m sim.emulated_rig FOLDER`.

What a real rig's serial ports lead to, without the rig: for trying the whole path from a rig file
to an episode, for tests and benchmarks. Links in FOLDER lead to the ports (`leader_left`, ...);
they outlive unplugging and the process's end does not leave them behind. Prints
`{"ports": {"leader_left": ..., ...}}` as one JSON line, then serves until SIGTERM or until its
standard input closes. Each arm is `sim.served_arm`'s: registers to the bit, but joints that only
lag, without physics.

`--sides left` leaves the right pair out. `--wire-time` and `--usb-latency-ms` let replies take the
time they take on a real line. `--hands wave` leads the leaders, once a session has let them go
(`sim.hands`). `--faults FILE` breaks what the file says (`sim.faults.script`; each is told of on
standard error). It asks for SCHED_FIFO, as real adapters wait for nobody, and says on standard
error whether it got that.

Commands are those of `sim.bus_process`, each with `"bus": "leader_left"` beside them, and
- `{"do": "gesture"}`: the hands open and close the limp leaders' grippers, which takes 1.2 s
- `{"do": "episode"}`: without a bus
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from pathlib import Path
from typing import Final

from sim.config import WireConfig
from sim.errors import SimError
from sim.faults.faults import Faults
from sim.faults.script import FaultScript, load_faults
from sim.hands import Hands
from sim.served_arm import ServedArm
from sim.served_rig import ServedRig, print_json, say, serve
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from teleop.config import ConfigError
from teleop.joints import ROLES, SIDES
from teleop.realtime import WORLD_PRIORITY, ask_for_fifo, quiet_garbage

_STEP_NS: Final = 10_000_000
"""Half of a tick: 36 servos are to leave the machine to those who are measured on them."""


def main() -> int:
    """Serves the arms; see the module's docstring."""
    options = _options()
    stop_requests: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stop_requests.append(number))
    with contextlib.ExitStack() as opened:
        try:
            script = None if options.faults is None else load_faults(options.faults)
            arms = _arms(options, opened)
        except (ConfigError, SimError, ValueError) as error:
            say(str(error))
            return 2
        except OSError as error:
            say(f"Cannot link ports into {options.folder}: {error.strerror}; choose another one.")
            return 2
        say(ask_for_fifo("The emulated rig", WORLD_PRIORITY)[1])
        rig = _rig(arms, script, options.hands == "wave")
        quiet_garbage()
        print_json({"ports": {name: arm.bus.port for name, arm in arms.items()}})
        serve(rig, lambda: bool(stop_requests))
    return 0


def _arms(options: argparse.Namespace, opened: contextlib.ExitStack) -> dict[str, ServedArm]:
    """The arms by name, leaders first, their buses to be closed by `opened`."""
    wire = WireConfig(options.wire_time, options.usb_latency_ms)
    options.folder.mkdir(parents=True, exist_ok=True)
    arms = {}
    for role in ROLES:
        for side in [side for side in SIDES if side in options.sides]:
            name = f"{role}_{side}"
            bus = ServoBus(aloha_servos(role), wire=wire, link=options.folder / name)
            opened.callback(bus.close)
            arms[name] = ServedArm(bus)
    return arms


def _rig(arms: dict[str, ServedArm], script: FaultScript | None, wave: bool) -> ServedRig:
    buses = {name: arm.bus for name, arm in arms.items()}
    leaders = {name: arm for name, arm in arms.items() if name.startswith("leader")}
    faults = None if script is None else Faults(script, buses, say)
    return ServedRig(arms, _STEP_NS, faults, Hands(leaders, wave))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve emulated arms on pseudo-terminals.")
    parser.add_argument("folder", type=Path, help="where links to the ports go")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--wire-time", action="store_true", help="bytes take their time")
    parser.add_argument("--usb-latency-ms", type=float, default=0.0, metavar="MS")
    parser.add_argument("--hands", choices=("still", "wave"), default="still")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="break what FILE says (TOML)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
