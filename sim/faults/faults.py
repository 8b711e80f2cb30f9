"""Scripted faults at work: what breaks when, and that it is healthy again afterwards.

A fault that lasts takes back what it changed when it ends; of several at once on one servo the
newest counts. What it has led to stays: a servo that shut itself down stays down until it is
rebooted. A wrong model is only the number that it names: its registers stay its own.

Times are met to the tick. In lock-step time stands still while a driver waits for a reply, so one
that is late by less than a tick comes as late as one that is a tick late.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from sim.faults.line import LINE_KINDS, LineFaults
from sim.faults.script import KINDS, Fault, FaultScript, Kind
from sim.servos.bus import ServoBus
from sim.servos.protection import HardwareError
from sim.servos.servo import Servo
from teleop.registers import BAUD_RATES


@dataclass(frozen=True, slots=True)
class _Property:
    """Something of a servo that a fault changes while it lasts."""

    get: Callable[[Servo], float]
    put: Callable[[Servo, float], None]
    wanted: Callable[[Fault], float]


def _put_silence(servo: Servo, on: float) -> None:
    servo.silent = bool(on)


def _put_voltage(servo: Servo, volts: float) -> None:
    servo.supply_v = volts


def _put_offset(servo: Servo, ticks: float) -> None:
    servo.position_offset_ticks = round(ticks)


_PROPERTIES: Final[Mapping[Kind, _Property]] = {
    "silence": _Property(lambda servo: servo.silent, _put_silence, lambda fault: True),
    "voltage": _Property(lambda servo: servo.supply_v, _put_voltage, lambda fault: fault.value),
    "overheating": _Property(
        lambda servo: servo.get("present_temperature"), Servo.heat, lambda fault: fault.value
    ),
    "jump": _Property(
        lambda servo: servo.position_offset_ticks, _put_offset, lambda fault: fault.offset_ticks
    ),
    "wrong_baud": _Property(
        lambda servo: servo.get("baud_rate"),
        lambda servo, value: servo.set("baud_rate", round(value)),
        lambda fault: BAUD_RATES.index(fault.baud),
    ),
    "wrong_model": _Property(
        lambda servo: servo.get("model_number"),
        lambda servo, number: servo.pretend_model(round(number)),
        lambda fault: fault.model,
    ),
}


class Faults:
    """Applies the faults of a script to the rig's buses; call `advance` once a tick.

    All calls take the rig's own time, the same that the buses get. Chances depend on the script's
    seed and on the replies, not on the wall clock.

    Args:
        buses: by name; faults of others are left out.
        say: gets a sentence whenever a fault begins or ends.
    """

    def __init__(
        self, script: FaultScript, buses: Mapping[str, ServoBus], say: Callable[[str], None]
    ) -> None:
        self._name = script.name
        self._faults = {n: f for n, f in enumerate(script.faults, start=1) if f.bus in buses}
        self._random = {number: Random(f"{script.seed} {number}") for number in self._faults}
        self._buses = buses
        self._servos = {name: {s.servo_id: s for s in bus.servos} for name, bus in buses.items()}
        self._say = say
        self._due: list[tuple[int, int, bool]] = []  # a heap of when, which, and whether it begins
        self._active: dict[int, Fault] = {}  # by number in the file, the newest last
        self._attempts = 0
        self._healthy: dict[tuple[Kind, str, int], float] = {}

    def rig_started(self, now_ns: int) -> None:
        """The world's first tick: what counts from the start begins to."""
        self._count_from(now_ns, [n for n, f in self._faults.items() if f.since == "start"])

    def episode_started(self, now_ns: int) -> None:
        """The leaders went limp for another attempt: what counts from there begins to."""
        self._attempts += 1
        these = [
            number
            for number, fault in self._faults.items()
            if fault.since == "episode" and fault.episode == self._attempts
        ]
        self._count_from(now_ns, these)

    def advance(self, now_ns: int) -> None:
        """Begin and end what is due, and do what is done anew in every tick."""
        while self._due and self._due[0][0] <= now_ns:
            due_ns, number, begins = heapq.heappop(self._due)
            if begins:
                self._begin(number, due_ns, now_ns)
            else:
                self._end(number)
        for number, fault in self._active.items():
            if fault.kind == "noise":
                self._make_noise(fault, self._random[number])
            elif fault.kind == "overheating":
                self._set_servos(fault)

    # ---- beginnings and ends ------------------------------------------------------------------

    def _count_from(self, now_ns: int, numbers: list[int]) -> None:
        for number in numbers:
            due_ns = now_ns + round(self._faults[number].at_s * 1e9)
            heapq.heappush(self._due, (due_ns, number, True))
        self.advance(now_ns)

    def _begin(self, number: int, due_ns: int, now_ns: int) -> None:
        fault = self._faults[number]
        if not KINDS[fault.kind].lasts:
            self._say(f"Scripted fault {number} of {self._name}: {fault}.")
            self._happen(fault, now_ns)
            return
        lasts = "for good" if fault.for_s is None else f"for {fault.for_s:g} s"
        self._say(f"Scripted fault {number} of {self._name}: {fault}, {lasts}.")
        if fault.for_s is not None:
            heapq.heappush(self._due, (due_ns + round(fault.for_s * 1e9), number, False))
        self._active[number] = fault
        self._set(fault)

    def _end(self, number: int) -> None:
        self._say(f"Scripted fault {number} of {self._name} is over.")
        self._set(self._active.pop(number))

    def _happen(self, fault: Fault, now_ns: int) -> None:
        for servo in self._concerned(fault).values():
            if fault.kind == "overload":
                servo.fail(HardwareError.OVERLOAD)
            else:
                servo.reboot(now_ns)

    def _set(self, fault: Fault) -> None:
        """Bring about what the active faults of this one's kind and bus come to, perhaps none."""
        if fault.kind in LINE_KINDS:
            self._set_line(fault.bus)
        elif fault.kind == "unplug":
            self._set_plug(fault.bus)
        else:
            self._set_servos(fault)

    def _set_line(self, name: str) -> None:
        spoiling = [
            (fault, self._random[number])
            for number, fault in self._active.items()
            if fault.bus == name and fault.kind in LINE_KINDS
        ]
        self._buses[name].disturb = LineFaults(spoiling) if spoiling else None

    def _set_plug(self, name: str) -> None:
        bus = self._buses[name]
        pulled = any(f.bus == name and f.kind == "unplug" for f in self._active.values())
        if pulled:
            bus.unplug()
        elif bus.fileno() < 0:
            bus.plug()

    def _set_servos(self, fault: Fault) -> None:
        """To the newest fault that is left of this kind, or to what it was before the first."""
        changed = _PROPERTIES[fault.kind]
        for servo_id, servo in self._concerned(fault).items():
            key = (fault.kind, fault.bus, servo_id)
            self._healthy.setdefault(key, changed.get(servo))
            left = [
                changed.wanted(other)
                for other in self._active.values()
                if (other.kind, other.bus) == key[:2] and other.concerns(servo_id)
            ]
            changed.put(servo, left[-1] if left else self._healthy.pop(key))

    def _concerned(self, fault: Fault) -> dict[int, Servo]:
        """By the ID that they had when the rig was made."""
        servos = self._servos[fault.bus]
        return {servo_id: servos[servo_id] for servo_id in servos if fault.concerns(servo_id)}

    def _make_noise(self, fault: Fault, random: Random) -> None:
        bus = self._buses[fault.bus]
        if bus.fileno() >= 0 and random.random() < fault.share:
            bus.say(random.randbytes(fault.bytes))
