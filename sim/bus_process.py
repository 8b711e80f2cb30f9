"""One emulated arm served alone, in real time: `python -m sim.bus_process --role follower`.

For trying a driver without the simulated rig, and for tests. Prints `{"port": ...}` as one JSON
line, then serves until SIGTERM or until its standard input closes. Joints with torque on follow
their set-points as a first-order lag; the others stay where they are. Shoulder and elbow have two
servos on one joint. No physics, no gravity, no load.

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
import dataclasses
import json
import math
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sim.config import WireConfig
from sim.errors import SimError
from sim.faults.faults import Faults
from sim.faults.line import Sent
from sim.faults.script import FaultScript, load_faults
from sim.lines import Lines
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.servo import Servo
from teleop.config import ConfigError
from teleop.joints import ROLES, SIDES
from teleop.registers import RegisterError

JOINT_LAG_S: Final = 0.07
"""Time constant of a joint that follows its goal, as of a real arm's position loop."""

_STEP_NS: Final = 5_000_000

_SENSED: Final = ("present_position", "present_velocity", "present_current", "present_load")
"""Registers that every step writes anew from the joint."""

FARTHEST_RAD: Final = 1000.0
"""How far a hand may move a joint: within what position registers hold."""

_BAD_COMMAND: Final = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    RegisterError,
    SimError,
    TypeError,
    ValueError,
)
"""What comes of a command that is no JSON, unknown, or has wrong arguments."""

_GARBLES: Final[Mapping[str, Callable[[bytes], Sent]]] = {
    "flip": lambda packet: [(0, packet[:-3] + bytes((packet[-3] ^ 0x10,)) + packet[-2:])],
    "cut": lambda packet: [(0, packet[:-4])],
    "junk": lambda packet: [(0, b"\x00\xff\xff\xfd\x00\xff\x17" + packet)],
    "drop": lambda packet: [],
}
"""Faults on the wire: a flipped bit, a lost tail, noise before, nothing. Delay (ns) and bytes."""


class Joint:
    """A joint and its servo or pair: a first-order lag to the first one's goal under torque."""

    def __init__(self, servo: Servo) -> None:
        self.servos = [servo]
        self.position_rad = 0.0
        self._kept: dict[tuple[Servo, str], int] = {}

    def keep(self, servo: Servo, register: str, value: int) -> None:
        """Lets a servo sense `value`, whatever the joint does, until `move`."""
        servo.set(register, value)
        self._kept[servo, register] = value

    def move(self, rad: float) -> None:
        """Moves the joint by hand: its servos sense where it is."""
        self.position_rad = rad
        self._kept.clear()
        self.step(0.0)

    def step(self, elapsed_s: float) -> None:
        """Moves on by `elapsed_s` and lets the servo sense where the joint is now."""
        before_rad, primary = self.position_rad, self.servos[0]
        if primary.torque_on:
            share = elapsed_s / (JOINT_LAG_S + elapsed_s)
            self.position_rad += share * (primary.setpoint_rad - before_rad)
        velocity_rad_s = (self.position_rad - before_rad) / elapsed_s if elapsed_s > 0 else 0.0
        for servo in self.servos:
            servo.sense(self.position_rad, velocity_rad_s, 0.0)
        for (servo, register), value in self._kept.items():
            servo.set(register, value)


class Garble:
    """Spoils the replies of the next few instructions: to be the `disturb` of a bus."""

    def __init__(self, bus: ServoBus, spoil: Callable[[bytes], Sent], bursts: int) -> None:
        self._bus = bus
        self._spoil = spoil
        self._bursts_left = bursts
        self._burst_ns = -1

    def __call__(self, servo_id: int, packet: bytes, now_ns: int) -> Sent:
        """Replies of one time answer one instruction."""
        if now_ns != self._burst_ns:
            self._burst_ns = now_ns
            self._bursts_left -= 1
        if self._bursts_left < 0:
            self._bus.disturb = None
            return [(0, packet)]
        return self._spoil(packet)


class ArmProcess:
    """The bus, its joints, and the commands and scripted faults that disturb them."""

    def __init__(self, bus: ServoBus, faults: Faults | None = None) -> None:
        self.bus = bus
        self.servos = {servo.servo_id: servo for servo in bus.servos}
        self.joints: dict[int, Joint] = {}
        for servo_id, servo in self.servos.items():
            primary = self.joints.get(servo.secondary_id)
            self.joints[servo_id] = primary or Joint(servo)
            if primary is not None:
                primary.servos.append(servo)
        self._faults = faults
        self._stepped_ns = time.monotonic_ns()
        if faults is not None:
            faults.rig_started(self._stepped_ns)

    def step(self, now_ns: int) -> None:
        """Moves joints, servos and faults on to `now_ns`, where a step is due."""
        if now_ns - self._stepped_ns < _STEP_NS:
            return
        for servo in self.bus.servos:
            servo.advance(now_ns, self.bus.heard_ns)
        for joint in set(self.joints.values()):
            joint.step((now_ns - self._stepped_ns) / 1e9)
        if self._faults is not None:
            self._faults.advance(now_ns)
        self._stepped_ns = now_ns

    def due_s(self, now_ns: int) -> float:
        """How long there is nothing to do unless something arrives."""
        due_ns = self._stepped_ns + _STEP_NS
        if self.bus.due_ns is not None:
            due_ns = min(due_ns, self.bus.due_ns)
        return max(0, due_ns - now_ns) / 1e9

    def command(self, line: bytes) -> dict[str, Any]:
        """Carries out one command line, or nothing of it; the answer to print."""
        try:
            command = json.loads(line)
            action: Callable[..., dict[str, Any]] = getattr(self, f"do_{command.pop('do')}")
            return action(**command)
        except _BAD_COMMAND as error:
            return {"error": f"Cannot obey {line.decode(errors='replace')!r}: {error!r}"}

    def do_silence(self, servo: int, on: bool) -> dict[str, Any]:
        self.servos[servo].silent = on
        return {}

    def do_set(self, servo: int, register: str, value: int) -> dict[str, Any]:
        known = self.servos[servo].model.register(register)
        if not math.isfinite(value) or (known.eeprom and not known.accepts(value)):
            raise ValueError(f"{register} cannot be {value}")
        if register in _SENSED:
            self.joints[servo].keep(self.servos[servo], register, value)
        else:
            self.servos[servo].set(register, value)
        return {}

    def do_get(self, servo: int, register: str) -> dict[str, Any]:
        return {"value": self.servos[servo].get(register)}

    def do_move(self, servo: int, rad: float) -> dict[str, Any]:
        if not abs(rad) <= FARTHEST_RAD:
            raise ValueError(f"rad must be at most {FARTHEST_RAD:g} either way")
        self.joints[servo].move(rad)
        return {}

    def do_garble(self, how: str, bursts: int) -> dict[str, Any]:
        if self._faults is not None:
            raise ValueError("the replies are spoilt by the script of --faults")
        self.bus.disturb = Garble(self.bus, _GARBLES[how], int(bursts))
        return {}

    def do_unplug(self) -> dict[str, Any]:
        self.bus.unplug()
        return {}

    def do_plug(self) -> dict[str, Any]:
        self.bus.plug()
        return {"port": self.bus.port}

    def do_episode(self) -> dict[str, Any]:
        if self._faults is None:
            raise ValueError("there is no script of --faults")
        self._faults.episode_started(time.monotonic_ns())
        return {}

    def do_counters(self) -> dict[str, Any]:
        return dataclasses.asdict(self.bus.counters)


def serve(arm: ArmProcess, stopped: Callable[[], bool]) -> None:
    """Answers the bus, moves the joints and takes commands until stopped or abandoned."""
    commands = Lines(sys.stdin.fileno())
    while not stopped():
        plugged = arm.bus.fileno() >= 0
        waiting: list[Lines | ServoBus] = [commands, arm.bus] if plugged else [commands]
        ready, _, _ = select.select(waiting, [], [], arm.due_s(time.monotonic_ns()))
        now_ns = time.monotonic_ns()
        arm.bus.service(now_ns)
        arm.step(now_ns)
        if commands in ready:
            lines = commands.read()
            if lines is None:
                return
            for line in lines:
                _print_json(arm.command(line))


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
        _say(str(error))
        return 2
    except OSError as error:
        _say(f"Cannot link {options.link} to a port: {error.strerror}; choose another --link.")
        return 2
    try:
        faults = None if script is None else Faults(script, {_name(options): bus}, _say)
        arm = ArmProcess(bus, faults)
        _print_json({"port": bus.port})
        serve(arm, lambda: bool(stop_requests))
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


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _print_json(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
