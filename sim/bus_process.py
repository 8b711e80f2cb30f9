"""One emulated arm served alone, in real time: `python -m sim.bus_process --role follower`.

For trying a driver without the simulated rig, and for tests. Prints `{"port": ...}` as one JSON
line, then serves until SIGTERM or until its standard input closes. Joints with torque on follow
their goals as a first-order lag; the others stay where they are. Shoulder and elbow have two
servos on one joint. No physics, no gravity, no load.

Each JSON line on standard input is one command, answered by one JSON line, `{"error": ...}` where
it cannot be obeyed:
- `{"do": "silence", "servo": 3, "on": true}`: takes a servo off the bus, or back on
- `{"do": "set", "servo": 3, "register": "hardware_error_status", "value": 32}`: past access rules;
  what the servo senses (`present_position`, ...) stays as set until the joint is moved by hand
- `{"do": "get", "servo": 3, "register": "led"}`: answers `{"value": ...}`
- `{"do": "move", "servo": 3, "rad": 0.5}`: moves the joint by hand
- `{"do": "garble", "how": "flip" | "cut" | "junk" | "drop", "bursts": 1}`: spoils the next replies
- `{"do": "unplug"}` and `{"do": "plug"}` (answers the new port)
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
from typing import Any, Final

from sim.lines import Lines
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.servo import Servo
from teleop.joints import ROLES
from teleop.registers import RegisterError

JOINT_LAG_S: Final = 0.07
"""Time constant of a joint that follows its goal, as of a real arm's position loop."""

_STEP_MS: Final = 5

_SENSED: Final = ("present_position", "present_velocity", "present_current", "present_load")
"""Registers that every step writes anew from the joint."""

_BAD_COMMAND: Final = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    RegisterError,
    TypeError,
    ValueError,
)
"""What comes of a command that is no JSON, unknown, or has wrong arguments."""

_GARBLES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "flip": lambda replies: replies[:-3] + bytes((replies[-3] ^ 0x10,)) + replies[-2:],
    "cut": lambda replies: replies[:-4],
    "junk": lambda replies: b"\x00\xff\xff\xfd\x00\xff\x17" + replies,
    "drop": lambda replies: b"",
}
"""Faults on the wire: a flipped bit in the last packet, a lost tail, noise before, nothing."""


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
            self.position_rad += share * (primary.goal_rad - before_rad)
        velocity_rad_s = (self.position_rad - before_rad) / elapsed_s if elapsed_s > 0 else 0.0
        for servo in self.servos:
            servo.sense(self.position_rad, velocity_rad_s, 0.0)
        for (servo, register), value in self._kept.items():
            servo.set(register, value)


class ArmProcess:
    """The bus, its joints and the commands that disturb them."""

    def __init__(self, bus: ServoBus) -> None:
        self.bus = bus
        self.servos = {servo.servo_id: servo for servo in bus.servos}
        self.joints: dict[int, Joint] = {}
        for servo_id, servo in self.servos.items():
            primary = self.joints.get(servo.secondary_id)
            self.joints[servo_id] = primary or Joint(servo)
            if primary is not None:
                primary.servos.append(servo)
        self._garble: Callable[[bytes], bytes] | None = None
        self._bursts_to_garble = 0
        bus.garble = self._garble_next

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
        if register in _SENSED:
            self.joints[servo].keep(self.servos[servo], register, value)
        else:
            self.servos[servo].set(register, value)
        return {}

    def do_get(self, servo: int, register: str) -> dict[str, Any]:
        return {"value": self.servos[servo].get(register)}

    def do_move(self, servo: int, rad: float) -> dict[str, Any]:
        if not math.isfinite(rad):
            raise ValueError("rad must be finite")
        self.joints[servo].move(rad)
        return {}

    def do_garble(self, how: str, bursts: int) -> dict[str, Any]:
        self._garble, self._bursts_to_garble = _GARBLES[how], int(bursts)
        return {}

    def do_unplug(self) -> dict[str, Any]:
        self.bus.unplug()
        return {}

    def do_plug(self) -> dict[str, Any]:
        self.bus.plug()
        return {"port": self.bus.port}

    def do_counters(self) -> dict[str, Any]:
        return dataclasses.asdict(self.bus.counters)

    def _garble_next(self, replies: bytes) -> bytes:
        if self._garble is None or self._bursts_to_garble == 0:
            return replies
        self._bursts_to_garble -= 1
        return self._garble(replies)


def serve(arm: ArmProcess, stopped: Callable[[], bool]) -> None:
    """Answers the bus, moves the joints and takes commands until stopped or abandoned."""
    commands = Lines(sys.stdin.fileno())
    last_ns = time.monotonic_ns()
    while not stopped():
        plugged = arm.bus.fileno() >= 0
        waiting: list[Lines | ServoBus] = [commands, arm.bus] if plugged else [commands]
        ready, _, _ = select.select(waiting, [], [], _STEP_MS / 1000)
        now_ns = time.monotonic_ns()
        arm.bus.service(now_ns)
        if now_ns - last_ns >= _STEP_MS * 1_000_000:
            for joint in set(arm.joints.values()):
                joint.step((now_ns - last_ns) / 1e9)
            last_ns = now_ns
        if commands in ready:
            lines = commands.read()
            if lines is None:
                return
            for line in lines:
                _print_json(arm.command(line))


def main() -> None:
    """Serves one arm; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Serve one emulated arm on a pseudo-terminal.")
    parser.add_argument("--role", choices=ROLES, default="follower")
    arguments = parser.parse_args()
    stop_requests: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stop_requests.append(number))
    bus = ServoBus(aloha_servos(arguments.role))
    _print_json({"port": bus.port})
    try:
        serve(ArmProcess(bus), lambda: bool(stop_requests))
    finally:
        bus.close()


def _print_json(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
