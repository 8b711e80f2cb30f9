"""One emulated arm outside the simulated rig: its bus, and joints without physics.

Joints with torque on follow their set-points as a first-order lag; the others stay where they are,
or go where a hand leads them. Shoulder and elbow have two servos on one joint. No gravity, no load.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.faults.line import Sent
from sim.servos.bus import ServoBus
from sim.servos.servo import Servo

JOINT_LAG_S: Final = 0.07
"""Time constant of a joint that follows its goal, as of a real arm's position loop."""

FARTHEST_RAD: Final = 1000.0
"""How far a hand may move a joint: within what position registers hold."""

_SENSED: Final = ("present_position", "present_velocity", "present_current", "present_load")
"""Registers that every step writes anew from the joint."""

GARBLES: Final[Mapping[str, Callable[[bytes], Sent]]] = {
    "flip": lambda packet: [(0, packet[:-3] + bytes((packet[-3] ^ 0x10,)) + packet[-2:])],
    "cut": lambda packet: [(0, packet[:-4])],
    "junk": lambda packet: [(0, b"\x00\xff\xff\xfd\x00\xff\x17" + packet)],
    "drop": lambda packet: [],
}
"""Faults on the wire: a flipped bit, a lost tail, noise before, nothing. Delay (ns) and bytes."""


class Joint:
    """A joint and its servo or pair: a first-order lag to the first one's goal under torque.

    `led_rad` is where a hand holds the joint; it counts while the joint is limp. None: no hand.
    """

    def __init__(self, servo: Servo) -> None:
        self.servos = [servo]
        self.position_rad = self._velocity_rad_s = 0.0
        self.led_rad: float | None = None
        self._kept: dict[tuple[Servo, str], int] = {}

    @property
    def limp(self) -> bool:
        """Nothing drives it."""
        return not any(servo.torque_on for servo in self.servos)

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
        """Moves on by `elapsed_s` and lets the servos sense where the joint is now."""
        before_rad, primary = self.position_rad, self.servos[0]
        if primary.torque_on:
            share = elapsed_s / (JOINT_LAG_S + elapsed_s)
            self.position_rad += share * (primary.setpoint_rad - before_rad)
        elif self.led_rad is not None:
            self.position_rad = self.led_rad
        moved_rad = self.position_rad - before_rad
        self._velocity_rad_s = moved_rad / elapsed_s if elapsed_s > 0 else 0.0
        self.sense()

    def sense(self) -> None:
        """Lets the servos sense where the joint is, as their registers are now."""
        for servo in self.servos:
            servo.sense(self.position_rad, self._velocity_rad_s, 0.0)
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


class ServedArm:
    """The bus and its joints, and what may be done to them: a method a command.

    Attributes:
        joints: by servo ID; the servos of a pair have the same one.
    """

    def __init__(self, bus: ServoBus) -> None:
        self.bus = bus
        self.servos = {servo.servo_id: servo for servo in bus.servos}
        self.joints: dict[int, Joint] = {}
        for servo_id, servo in self.servos.items():
            primary = self.joints.get(servo.secondary_id)
            self.joints[servo_id] = primary or Joint(servo)
            if primary is not None:
                primary.servos.append(servo)
        self._distinct = list(dict.fromkeys(self.joints.values()))

    @property
    def limp(self) -> bool:
        """No servo of it has its torque on."""
        return not any(servo.torque_on for servo in self.bus.servos)

    def step(self, now_ns: int, elapsed_s: float) -> None:
        """Moves servos and joints on to `now_ns`, `elapsed_s` after the step before."""
        heard_ns = self.bus.heard_ns
        for servo in self.bus.servos:
            servo.advance(now_ns, heard_ns)
        for joint in self._distinct:
            joint.step(elapsed_s)

    # ---- commands; what they cannot do they raise ---------------------------------------------

    def do_silence(self, servo: int, on: bool) -> dict[str, Any]:
        """Takes a servo off the bus, or puts it back."""
        self.servos[servo].silent = on
        return {}

    def do_set(self, servo: int, register: str, value: int) -> dict[str, Any]:
        """Sets a register past all access rules."""
        known = self.servos[servo].model.register(register)
        if not math.isfinite(value) or (known.eeprom and not known.accepts(value)):
            raise ValueError(f"{register} cannot be {value}")
        if register in _SENSED:
            self.joints[servo].keep(self.servos[servo], register, value)
        else:
            self.servos[servo].set(register, value)
            self.joints[servo].sense()  # an offset shifts what is read, before anybody can read it
        return {}

    def do_get(self, servo: int, register: str) -> dict[str, Any]:
        """What a register holds."""
        return {"value": self.servos[servo].get(register)}

    def do_move(self, servo: int, rad: float) -> dict[str, Any]:
        """Moves a joint by hand."""
        if not abs(rad) <= FARTHEST_RAD:
            raise ValueError(f"rad must be at most {FARTHEST_RAD:g} either way")
        self.joints[servo].move(rad)
        return {}

    def do_garble(self, how: str, bursts: int) -> dict[str, Any]:
        """Spoils the replies to the next instructions."""
        self.bus.disturb = Garble(self.bus, GARBLES[how], int(bursts))
        return {}

    def do_unplug(self) -> dict[str, Any]:
        """Pulls the adapter."""
        self.bus.unplug()
        return {}

    def do_plug(self) -> dict[str, Any]:
        """Puts the adapter back; answers the port."""
        self.bus.plug()
        return {"port": self.bus.port}

    def do_counters(self) -> dict[str, Any]:
        """What the bus has counted."""
        return dataclasses.asdict(self.bus.counters)
