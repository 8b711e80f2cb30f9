"""One arm in radians: nine servos on one bus. Ticks end here."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from teleop.bus import (
    GOAL_POSITION,
    PRESENT,
    SERVO_IDS,
    TORQUE_ENABLE,
    WATCHDOG,
    Block,
    NowNs,
    ServoBus,
    read_together,
)
from teleop.errors import ServoError
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM, Role
from teleop.readings import Readings
from teleop.sensing import JOINT_INDEX, WATCHDOG_COUNTS, SensedArm
from teleop.setup import Servo
from teleop.units import angles_rad, goal_ticks

GRIPPER_ID: Final = JOINT_SERVO_IDS[-1]
WRITE_ATTEMPTS: Final = 3
BEYOND_RAD: Final = 0.1
"""So far outside a servo's limits a joint may stand and still be held: at the limit."""
WATCHDOG_OFF: Final = 0
WATCHDOG_TRIPPED: Final = 0xFF

_PROFILE: Final = Block(108, 8)
_GOAL_CURRENT: Final = Block(102, 2)


class Arm(SensedArm):
    """Nine servos, read and driven in joint units.

    Attributes:
        goal_rad: (7,) goals last written, as the servos understood them.
        driven: goals are sent to it; not while it is being brought back.
        at_rest: it has been let go in its rest pose, and is not to be held again by itself.
    """

    def __init__(
        self,
        bus: ServoBus,
        role: Role,
        servos: tuple[Servo, ...],
        timeout_s: float,
        now_ns: NowNs,
        readings: Readings,
        row: int = 0,
    ) -> None:
        self.goal_rad = [math.nan] * len(JOINT_SERVO_IDS)
        self.driven = True
        self.at_rest = False
        super().__init__(bus, role, servos, timeout_s, now_ns, readings, row)

    def adopt_servos(self, servos: tuple[Servo, ...]) -> None:
        """These are its servos now, and their next readings are believed whatever they say."""
        super().adopt_servos(servos)
        limits = [servos[index].goal_limits_ticks for index in JOINT_INDEX]
        self._lowest_ticks, self._highest_ticks = zip(*limits, strict=True)
        self._own_limits_ticks = [servos[index].own_limits_ticks for index in JOINT_INDEX]
        self._tripped: set[int] = set()  # IDs stopped by their watchdogs, until they are held again
        self._mute: set[int] = set()  # joints whose servo was never heard: no goals for them

    # ---- driving ------------------------------------------------------------------------------

    def command(self, goal_rad: Sequence[float]) -> None:
        """Send goals (7,), clipped to what the servos accept: they would refuse others.

        `goal_rad` becomes what was sent, to the servo tick.

        Raises:
            ValueError: a goal is not finite. No register value stands for that.
        """
        if self._mute:
            self._command_others(goal_rad)
            return
        if not all(map(math.isfinite, goal_rad)):
            raise ValueError(f"Goals of {self.name} must be finite, not {goal_rad}.")
        ticks = list(map(goal_ticks, goal_rad, self._lowest_ticks, self._highest_ticks))
        self.bus.write_goals(ticks)
        self.goal_rad = angles_rad(ticks)

    def _command_others(self, goal_rad: Sequence[float]) -> None:
        """Goals for all joints but those of which nobody knows where they are."""
        limits = zip(goal_rad, self._lowest_ticks, self._highest_ticks, strict=True)
        ticks = {
            joint: goal_ticks(*limited)
            for joint, limited in enumerate(limits)
            if joint not in self._mute
        }
        goals = {JOINT_SERVO_IDS[joint]: goal for joint, goal in ticks.items()}
        self.bus.write(GOAL_POSITION.address, GOAL_POSITION.size, goals)
        for joint, goal in ticks.items():
            self.goal_rad[joint] = angles_rad([goal])[0]

    def prepare(self) -> None:
        """RAM registers that the arm relies on: no motion profile, no watchdog, gripper current.

        Raises:
            ServoError: a servo does not keep them.
        """
        self._watched = False
        self._note_trips()
        self._write_or_fail("profile", _PROFILE, self._for_all(0))
        self._write_or_fail("bus watchdog", WATCHDOG, self._for_all(WATCHDOG_OFF))
        currents = {
            servo.spec.servo_id: servo.gripper_current
            for servo in self._servos
            if servo.gripper_current is not None and servo.present
        }
        if currents:
            self._write_or_fail("goal current", _GOAL_CURRENT, currents)

    def hold(self, *, where_it_is: bool = False) -> str:
        """Hold every servo; `goal_rad` becomes what is held.

        A servo whose torque is off gets its present position as goal, confirmed, before its torque
        goes on, and so does one that its watchdog has stopped: it may stand anywhere. One that
        holds already keeps its goal, unless `where_it_is`. A servo that does not
        answer is left alone, and so is the shadow of one. Followers' watchdogs are armed.

        Returns:
            What did not work, as a sentence; empty if all nine hold.
        """
        if not self.bus.connected:
            return ""  # whoever lost it has said so
        self.at_rest = False
        self.unwatch()  # a tripped watchdog refuses goals
        self.take(read_together([self.bus], PRESENT, self._timeout_s, self._now_ns)[0])
        torque = {i for i, data in self._read(TORQUE_ENABLE).items() if data[0]}
        outside = self._beyond()
        keeping = torque & outside if where_it_is else torque - self._tripped
        self._tripped.clear()
        goals = self._goals_to_hold(keeping)
        beyond = outside - torque
        goals = {i: goal for i, goal in goals.items() if i not in beyond}
        failed = self._write_verified(GOAL_POSITION, goals) | beyond
        answering = {i for i in SERVO_IDS if not self.held[i - 1]}
        follows = {s.spec.servo_id: s.spec.secondary_id for s in self._servos if s.spec.shadow}
        able = {i for i in answering if follows.get(i, i) in answering - failed} - failed
        failed |= self._write_verified(TORQUE_ENABLE, dict.fromkeys(sorted(able), 1))
        self._want_torque(able - failed)
        if self.role == "follower":
            failed |= self._write_verified(
                WATCHDOG, dict.fromkeys(sorted(able - failed), WATCHDOG_COUNTS)
            )
            self._watched = True
        not_held = (failed | set(SERVO_IDS) - able) - beyond
        problems = self._complaint("cannot be held", not_held), self._outside(beyond)
        return " ".join(filter(None, problems))

    def restore(self) -> str:
        """After a restart: what the arm relies on, then hold it where it is.

        Returns:
            What did not work; empty if all nine hold.
        """
        self.believe()
        try:
            self.prepare()
        except ServoError as error:
            return str(error)
        return self.hold(where_it_is=True)

    def let_go(self) -> str:
        """Torque off on every servo. Returns what did not work; empty if all are limp."""
        if not self.bus.connected:
            return ""
        self.unwatch()
        self._want_torque(set())
        failed = self._write_verified(TORQUE_ENABLE, self._for_all(0))
        return self._complaint("cannot be released", failed)

    def rest(self) -> str:
        """Let go in the rest pose. Returns what did not work."""
        problem = self.let_go()
        self.at_rest = not problem
        return problem

    def let_go_gripper(self) -> str:
        """Torque off on the gripper alone. Returns what did not work."""
        self.torque_wanted[GRIPPER_ID - 1] = False
        failed = self._write_verified(TORQUE_ENABLE, {GRIPPER_ID: 0}) if self.bus.connected else ()
        return self._complaint("cannot be released", failed)

    def unwatch(self) -> None:
        """Watchdogs off: nobody will talk to the servos for a while, and they are to hold."""
        self._watched = False
        self._note_trips()
        self._write_verified(WATCHDOG, self._for_all(WATCHDOG_OFF))

    def _note_trips(self) -> None:
        """Before watchdogs are cleared: whom they have stopped."""
        for servo_id, data in self._read(WATCHDOG).items():
            if data[0] == WATCHDOG_TRIPPED:
                self._tripped.add(servo_id)

    # ---- inside -------------------------------------------------------------------------------

    def _for_all(self, value: int) -> dict[int, int]:
        """The same value for every servo that was there at start, by ID."""
        return {s.spec.servo_id: value for s in self._servos if s.present}

    def _want_torque(self, servo_ids: set[int]) -> None:
        self.torque_wanted = np.array([i in servo_ids for i in SERVO_IDS])
        self.lapsed = np.zeros(SERVOS_PER_ARM, np.bool_)

    def _goals_to_hold(self, holding: set[int]) -> dict[int, int]:
        """Goals of the answering primaries by ID; sets `goal_rad` for all seven."""
        registers = {
            i: int.from_bytes(data, "little", signed=True)
            for i, data in self._read(GOAL_POSITION).items()
            if i in holding
        }
        goals: dict[int, int] = {}
        self._mute.clear()
        for joint, (servo_id, here_rad) in enumerate(
            zip(JOINT_SERVO_IDS, self.position_rad, strict=True)
        ):
            if math.isnan(here_rad):
                self._mute.add(joint)
            elif not (self.held[servo_id - 1] and math.isfinite(self.goal_rad[joint])):
                here = goal_ticks(here_rad, *self._own_limits_ticks[joint])
                goal = registers.get(servo_id, here)
                self.goal_rad[joint] = angles_rad([goal])[0]
                if not self.held[servo_id - 1]:
                    goals[servo_id] = goal
        return goals

    def _beyond(self) -> set[int]:
        """IDs of joints that stand so far outside what their servo accepts that holding them would
        move them."""
        distances = {
            servo_id: abs(here_rad - angles_rad([goal_ticks(here_rad, *limits)])[0])
            for servo_id, here_rad, limits in zip(
                JOINT_SERVO_IDS, self.position_rad, self._own_limits_ticks, strict=True
            )
            if math.isfinite(here_rad)
        }
        return {i for i, distance_rad in distances.items() if distance_rad > BEYOND_RAD}

    def _write_verified(self, block: Block, values: Mapping[int, int]) -> set[int]:
        """Write and read back; returns the IDs that do not hold their value after some attempts."""
        failed = set(values)
        for _ in range(WRITE_ATTEMPTS):
            if not failed:
                break
            self.bus.write(block.address, block.size, {i: values[i] for i in sorted(failed)})
            held = self._read(block)
            failed = {
                i
                for i in failed
                if i not in held or int.from_bytes(held[i], "little", signed=True) != values[i]
            }
        return failed

    def _write_or_fail(self, what: str, block: Block, values: Mapping[int, int]) -> None:
        failed = self._write_verified(block, values)
        if failed:
            raise ServoError(self._complaint(f"did not accept its {what}", failed))

    def _outside(self, servo_ids: set[int]) -> str:
        """That these cannot be held where they are, or ""."""
        if not servo_ids:
            return ""
        return (
            f"{self.name} stands outside the position limits of servo "
            f"{', '.join(map(str, sorted(servo_ids)))}: move it inside by hand, or run teleop "
            "calibrate."
        )

    def _complaint(self, what: str, servo_ids: Iterable[int]) -> str:
        named = ", ".join(
            f"{servo_id} ({self._servos[servo_id - 1].spec.joint})"
            for servo_id in sorted(servo_ids)
        )
        return f"Servo {named} of {self.name} {what}: check its cable and power." if named else ""
