"""The 50 Hz loop: what happens in a tick, top to bottom, and when the state changes."""

import socket
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from teleop import safety
from teleop.alarms import ALERT_BIT
from teleop.clock import Clock
from teleop.commands import Command, CommandError, Start, pending
from teleop.errors import ClockLostError, UnpluggedError
from teleop.joints import (
    ARM_DOF,
    BUS_NAMES,
    DOF,
    GRIPPER,
    JOINT_NAMES,
    JOINTS_PER_ARM,
    SERVOS_PER_ARM,
    SIDES,
)
from teleop.mirror import Leader
from teleop.publish import Publisher
from teleop.rig import Observation, Rig
from teleop.rig_config import RigConfig
from teleop.states import Ending, Flow
from teleop.tick import Stage, State
from teleop.units import Floats

REST_PATIENCE_TICKS: Final = 250
"""How long arms that lag behind are waited for before they are held where they are."""
REST_TOLERANCE_RAD: Final = 0.2
REST_DWELL_TICKS: Final = 25
"""How long the rest pose is held before torque goes off, so that the arms have really arrived."""


class Loop:
    """Runs the rig from homing to its end. `run` returns why it ended.

    Args:
        leader: who leads the followers while following.
        commands: the session's socket, or None where nobody commands.
        stop_requested: true once somebody wants the arms at rest and the process gone.
    """

    def __init__(
        self,
        config: RigConfig,
        rig: Rig,
        clock: Clock,
        leader: Leader,
        publisher: Publisher,
        flow: Flow,
        commands: socket.socket | None,
        stop_requested: Callable[[], bool],
    ) -> None:
        self._config = config
        self._rig = rig
        self._clock = clock
        self._leader = leader
        self._publisher = publisher
        self._flow = flow
        self._commands = commands
        self._stop_requested = stop_requested
        self._limits = safety.limits_of(config.safety)
        self._entered = State.CHECKING
        self._observation: Observation = rig.observe()
        self._command: Floats = np.full(DOF, np.nan)  # until the followers first hold
        self._leading: Floats = np.full(DOF, np.nan)
        self._ramp = safety.Ramp(np.zeros(2 * DOF), np.zeros(2 * DOF), 1)
        self._state_ticks = 0
        self._lost_ticks = 0
        self._alerts = np.zeros((len(BUS_NAMES), SERVOS_PER_ARM), np.bool_)
        self._errors = rig.hardware_error
        self._stage_ns = np.zeros(len(Stage), np.int64)

    def run(self) -> Ending:
        """Tick until the flow ends; bus or clock lost ends it with a fault."""
        flow, clock, rig = self._flow, self._clock, self._rig
        flow.checked()
        try:
            while flow.ending is None:
                self._take_commands()
                self._enter_state()
                if flow.ending is not None:
                    break
                t_ns = clock.wait_for_tick(recording=flow.recording, idle=flow.idle)
                began = time.monotonic_ns()
                self._observation = observation = rig.observe()
                observed = time.monotonic_ns()
                wanted = self._wanted(observation)
                command, limited = safety.limit(wanted, self._command, clock.period_s, self._limits)
                decided = time.monotonic_ns()
                sent = self._send(command)
                limited |= safety.clipped(command, sent)
                commanded = time.monotonic_ns()
                self._stage_ns[:3] = observed - began, decided - observed, commanded - decided
                self._publisher.tick(
                    clock, t_ns, flow, rig, observation, sent, limited, self._stage_ns
                )
                self._after_tick(observation)
                self._stage_ns[Stage.PUBLISH] = time.monotonic_ns() - commanded
        except (ClockLostError, UnpluggedError) as error:
            self._say(str(error))
            flow.lose()
        return flow.ending or Ending.FAULT

    # ---- what the followers should do ---------------------------------------------------------

    def _wanted(self, observation: Observation) -> Floats:
        """The wanted follower command in this state, not limited yet."""
        if self._flow.state is State.FOLLOWING:
            return self._leader.action(observation)
        if self._flow.state in (State.HOMING, State.RESTING):
            return self._ramp.at(self._state_ticks + 1)[DOF:]
        return self._command

    def _send(self, command: Floats) -> Floats:
        """Command the followers, and the leaders where they move by themselves.

        Returns what was sent: the action on record.
        """
        self._command = sent = self._rig.command(command)
        if self._flow.state in (State.HOMING, State.RESTING):
            self._leading = self._ramp.at(self._state_ticks + 1)[:DOF]
            self._rig.lead(self._leading)
        return sent

    def _after_tick(self, observation: Observation) -> None:
        """Health, lost replies, and the ends of ramps and episodes."""
        self._rig.refresh_health(self._clock.number)
        self._watch_buses(observation)
        self._watch_servos(observation)
        self._state_ticks += 1
        dwell = REST_DWELL_TICKS if self._flow.state is State.RESTING else 0
        if self._entered is self._flow.state and self._state_ticks >= self._ramp.ticks + dwell:
            self._arrive(observation)
        self._say(self._flow.tick_done())

    def _arrive(self, observation: Observation) -> None:
        """The end of a ramp; at rest, and only where the arms really are there, torque goes off."""
        if self._flow.state is State.RESTING:
            away = self._away_from_rest(observation)
            if away and self._state_ticks < self._ramp.ticks + REST_PATIENCE_TICKS:
                return
            if away:
                self._say(f"The arms are not at rest ({away}): holding. Support them, then rest.")
                self._flow.lose()
                return
            self._say(self._rig.let_go("leader"))
            self._say(self._rig.let_go("follower"))
        self._flow.arrived()

    def _away_from_rest(self, observation: Observation) -> str:
        """The follower joint that is farthest from the rest pose, if it is too far to let go."""
        rest = _with_arms(self._command, self._config.poses.follower_rest_rad)
        distance = np.abs(observation.qpos - rest)
        distance[ARM_DOF::JOINTS_PER_ARM] = 0.0  # grippers may rest as they are
        distance = np.where(np.isfinite(distance), distance, np.inf)
        worst = int(np.argmax(distance))
        if distance[worst] <= REST_TOLERANCE_RAD:
            return ""
        return f"{JOINT_NAMES[worst]} is {distance[worst]:.2f} rad away"

    def _watch_buses(self, observation: Observation) -> None:
        """Hold after too many ticks in a row without a full answer of some bus."""
        self._lost_ticks = 0 if observation.bus_ok.all() else self._lost_ticks + 1
        if self._lost_ticks < self._config.safety.lost_ticks_to_hold:
            return
        if self._flow.state is not State.HOLDING:
            self._say(f"Holding: no answer from {self._rig.silent_servos()}.")
            self._flow.fault()
        self._lost_ticks = 0

    def _watch_servos(self, observation: Observation) -> None:
        """Hold as soon as a servo says that it has shut itself down: its joint is limp.

        The alert tells at once; what comes on top of an error that stands shows in a second.
        """
        alerts, errors = observation.servo_error & ALERT_BIT != 0, self._rig.hardware_error
        new = (alerts & ~self._alerts) | (errors & ~self._errors != 0)
        self._alerts, self._errors = alerts, errors
        if not new.any():
            return
        what, shut_down = self._rig.alarms(new)
        self._errors = self._rig.hardware_error
        if shut_down and self._flow.state is not State.HOLDING:
            self._say(f"Holding: servos report errors ({what}). Support the arm.")
            self._flow.fault()
        else:
            self._say(f"Servos report errors: {what}.")

    # ---- commands -----------------------------------------------------------------------------

    def _take_commands(self) -> None:
        """Carry out whatever has arrived; a closed socket means: hold, then rest."""
        if self._stop_requested():
            self._flow.stop()
        if self._commands is None:
            return
        try:
            for command in pending(self._commands):
                self._say(self._mismatch(command) or self._flow.obey(command))
        except CommandError as error:
            self._say(str(error))
        except ConnectionError as error:
            self._say(f"{error} Holding, then resting.")
            self._commands = None
            self._flow.stop()

    def _mismatch(self, command: Command) -> str:
        """Why a Start is refused: leaders and followers are too far apart."""
        if not isinstance(command, Start) or self._flow.state is not State.WAITING:
            return ""
        wanted = self._leader.action(self._observation)
        arms = np.array([not name.endswith(GRIPPER) for name in JOINT_NAMES])
        names = [name for name in JOINT_NAMES if not name.endswith(GRIPPER)]
        limit_rad = self._config.safety.mismatch_limit_rad
        found = safety.mismatch(wanted[arms], self._command[arms], names, limit_rad)
        if found is None:
            return ""
        return (
            f"Start refused: leader and follower {found[0]} are {found[1]:+.2f} rad apart "
            f"(limit {limit_rad:.2f}); bring the leader back to the start pose."
        )

    # ---- entering a state ---------------------------------------------------------------------

    def _enter_state(self) -> None:
        """Torque and ramps, once on every change of state; what does not work ends in holding."""
        while self._entered is not self._flow.state and self._flow.ending is None:
            self._entered = self._flow.state
            self._state_ticks = 0
            problem = self._enter(self._entered)
            self._say(problem)
            if problem and self._entered is not State.RESTING:
                self._flow.fault()

    def _enter(self, state: State) -> str:
        """What a state begins with; returns what did not work, or ""."""
        poses = self._config.poses
        if state is State.HOMING:
            problem = self._hold_all()
            start = np.tile([*poses.start_rad, poses.start_gripper], len(SIDES))
            self._start_ramp(start, start)
            return problem
        if state is State.RESTING:
            problem = self._hold_all()
            self._start_ramp(
                _with_arms(self._leading, poses.leader_rest_rad),
                _with_arms(self._command, poses.follower_rest_rad),
            )
            return problem
        if state is State.FOLLOWING:
            return self._rig.let_go("leader")
        if state is State.HOLDING and not np.isfinite(self._command).all():
            return self._hold_all()  # told to hold before anything was commanded
        if state is State.HOLDING:
            self._leading, problem = self._rig.hold("leader")
            return problem
        return ""

    def _hold_all(self) -> str:
        """Every arm holds; the commands go on from what is held."""
        self._leading, leaders = self._rig.hold("leader")
        self._command, followers = self._rig.hold("follower")
        return " ".join(filter(None, (leaders, followers)))

    def _start_ramp(self, leaders: Floats, followers: Floats) -> None:
        limits = self._config.safety
        per_arm = [*[limits.ramp_speed_rad_s] * ARM_DOF, limits.gripper_ramp_per_s]
        allowed = np.minimum(self._limits.velocity, self._limits.step / self._clock.period_s)
        speed = np.minimum(np.tile(per_arm, 2 * len(SIDES)), np.tile(allowed, 2))
        start = np.concatenate([self._leading, self._command])
        target = np.concatenate([leaders, followers])
        self._ramp = safety.ramp(start, target, speed, self._clock.period_s)

    def _say(self, text: str) -> None:
        self._publisher.say(text, self._clock.now_ns)


def _with_arms(pose: Floats, arm_rad: tuple[float, ...]) -> Floats:
    """`pose` with both arms' joints replaced and the grippers left as they are."""
    arms = pose.reshape(-1, JOINTS_PER_ARM).copy()
    arms[:, :ARM_DOF] = arm_rad
    return np.asarray(arms.reshape(-1))
