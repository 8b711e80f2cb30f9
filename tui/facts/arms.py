"""How the arms do: every joint of the rig, leader beside follower."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from teleop.alarms import sustained_limit
from teleop.gripper import GRIPPERS
from teleop.joints import (
    ARM_DOF,
    BUS_NAMES,
    GRIPPER,
    JOINT_NAMES,
    JOINT_SERVO_IDS,
    JOINTS_PER_ARM,
    SIDES,
)
from teleop.rig_config import RigConfig
from teleop.ring import Record
from teleop.safety import limits_of
from teleop.servos import ServoSpec
from teleop.tick import Limited, State
from tui.facts.facts import ArmsFacts, JointFacts
from tui.facts.ticks import Ticks

LOAD_SCALE: Final = 0.1
"""Load is kept in 0.1 %."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a joint stands in a tick, and what it is compared with.

    Attributes:
        index: among the 14 joints.
        leader_bus, follower_bus: rows of the buses.
        servo: column of its servo, the primary of a pair; `servos`: of all of its servos.
        effort_limit: mA or 0.1 %.
    """

    index: int
    leader_bus: int
    follower_bus: int
    servo: int
    servos: tuple[int, ...]
    lower: float
    upper: float
    effort_limit: float

    @property
    def is_gripper(self) -> bool:
        return self.index % JOINTS_PER_ARM == ARM_DOF


class Arms:
    """The joints of one rig, for tick after tick.

    Args:
        by_commands: commands lead, not the leader arms: what is shown of the leaders is those.
    """

    def __init__(self, rig: RigConfig, by_commands: bool = False) -> None:
        self._by_commands = by_commands
        self._gripper = GRIPPERS[rig.gripper]
        self._places = _places(rig)
        self._rows = [BUS_NAMES.index(name) for name in rig.bus_names]
        known = [model for spec in rig.servos("follower") for model in spec.known_models]
        self._measured = any(model.current_unit_ma is not None for model in known)

    def look(self, ticks: Ticks) -> ArmsFacts | None:
        """The facts; None before the first tick."""
        tick = ticks.newest
        if tick is None:
            return None
        limited = np.bitwise_or.reduce(ticks.last_second()["limited"], axis=0).tolist()
        fields = ("leader", "qpos", "action", "effort", "held", "temperature_degc")
        values = {name: tick[name].tolist() for name in fields}
        return ArmsFacts(
            joints=tuple(self._joint(each, values, limited) for each in self._places),
            following=int(tick["state"]) == State.FOLLOWING,
            effort_unit="mA" if self._measured else "%",
            hottest=self._hottest(tick),
            led_by="goal" if self._by_commands else "leader",
        )

    def _joint(self, place: _Place, values: dict[str, Any], limited: list[int]) -> JointFacts:
        index = place.index
        leader = _known(values["leader"][index])
        if leader is not None and place.is_gripper:
            leader = self._gripper.action(leader)
        follower, command = _known(values["qpos"][index]), _known(values["action"][index])
        if self._by_commands:
            leader = command
        followed = command if follower is None else follower
        effort, degc = _known(values["effort"][index]), values["temperature_degc"]
        scale = 1.0 if self._measured else LOAD_SCALE
        return JointFacts(
            name=JOINT_NAMES[index],
            leader=_share(leader, place),
            follower=_share(follower, place),
            apart=None if leader is None or followed is None else leader - followed,
            limited="+".join(str(each.name).lower() for each in Limited(limited[index])),
            temperature_degc=max(degc[place.follower_bus][i] for i in place.servos) or None,
            effort=None if effort is None else effort * scale,
            effort_share=None if effort is None else min(1.0, abs(effort) / place.effort_limit),
            held=values["held"][place.leader_bus][place.servo]
            or values["held"][place.follower_bus][place.servo],
        )

    def _hottest(self, tick: Record) -> tuple[str, int] | None:
        degc = tick["temperature_degc"][self._rows]
        row, servo = divmod(int(degc.argmax()), degc.shape[1])
        hottest = int(degc[row, servo])
        return (f"{BUS_NAMES[self._rows[row]]} {servo + 1}", hottest) if hottest else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _share(value: float | None, place: _Place) -> float | None:
    """Of the follower's range; a leader beyond it stands at its end."""
    if value is None:
        return None
    return min(max((value - place.lower) / (place.upper - place.lower), 0.0), 1.0)


def _places(rig: RigConfig) -> tuple[_Place, ...]:
    limits = limits_of(rig.safety)
    return tuple(
        _Place(
            index=(index := SIDES.index(side) * JOINTS_PER_ARM + joint),
            leader_bus=BUS_NAMES.index(f"leader_{side}"),
            follower_bus=BUS_NAMES.index(f"follower_{side}"),
            servo=servo_id - 1,
            servos=_servos_of(servo_id, rig.servos("follower")),
            lower=float(limits.lower[index]),
            upper=float(limits.upper[index]),
            effort_limit=_effort_limit(rig.servos("follower")[servo_id - 1], rig),
        )
        for side in rig.sides
        for joint, servo_id in enumerate(JOINT_SERVO_IDS)
    )


def _servos_of(servo_id: int, specs: tuple[ServoSpec, ...]) -> tuple[int, ...]:
    """Columns of a servo and of those that follow it."""
    return tuple(
        i for i, spec in enumerate(specs) if servo_id in (spec.servo_id, spec.secondary_id)
    )


def _effort_limit(spec: ServoSpec, rig: RigConfig) -> float:
    """What the servo may take: its current limit where the rig sets one, else what it takes for
    long."""
    if spec.joint == GRIPPER:
        return rig.gripper_current_ma
    return spec.current_limit_ma or sustained_limit(spec.models[0])
