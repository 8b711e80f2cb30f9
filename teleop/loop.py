"""The 50 Hz loop: what happens in a tick, top to bottom, and when the state changes."""

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from teleop import safety
from teleop.clock import Clock
from teleop.commands import (
    Alive,
    Command,
    CommandError,
    Hold,
    Home,
    Lead,
    Recover,
    Start,
    Stop,
    pending,
)
from teleop.diagnosis import Diagnosis, Finding
from teleop.errors import ClockLostError
from teleop.gesture import EndGesture, GripperGesture
from teleop.gripper import GRIPPERS
from teleop.joints import ARM_DOF, DOF, JOINT_NAMES, JOINTS_PER_ARM, SIDES, is_gripper
from teleop.mirror import Leader
from teleop.publish import Publisher
from teleop.recovery import Recovery
from teleop.resting import not_at_rest
from teleop.rig import Observation, Rig
from teleop.rig_config import RigConfig, SafetyConfig
from teleop.states import Ending, Flow
from teleop.tick import Led, Need, Stage, State
from teleop.units import Floats

REST_PATIENCE_TICKS: Final = 250
"""How long arms that lag behind are waited for before they are held where they are."""
REST_DWELL_TICKS: Final = 25
"""How long the rest pose is held before torque goes off, so that the arms have really arrived."""
NO_LIMIT: Final = (0,) * DOF
SESSION_SILENCE_S: Final = 3.0
"""Of a session that says every second that it is there. It may wait for a disk that long."""
BUSY_NS: Final = 12_000_000
"""A tick whose observation took longer has no time left for more reads."""
IS_GRIPPER: Final = np.array([is_gripper(name) for name in JOINT_NAMES])


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
        poses = config.poses
        self._start_pose = np.tile([*poses.start_rad, poses.start_gripper], len(SIDES))
        self._ramp_speed = _ramp_speed(config.safety, self._limits, clock.period_s)
        rounding = safety.ROUNDING / 2 / clock.period_s  # of the command before, sent in ticks
        self._ramp_limits = replace(self._limits, velocity=self._ramp_speed + rounding)
        self._diagnosis = Diagnosis(rig, config.safety, clock.period_s)
        self._recovery = Recovery(rig, config.safety.pair_limit_rad, self._say)
        self._gesture = GripperGesture()
        self._end_gesture = EndGesture()
        self._gestures = 0
        self._heard_s = time.monotonic()
        self._session_speaks = False
        self._entered = State.CHECKING
        self._observation: Observation = rig.observe()
        self._command: Floats = np.full(DOF, np.nan)  # until the followers first hold
        self._leading: Floats = np.full(DOF, np.nan)
        self._leaders_are = (leader.by_hand, leader.alongside)
        self._ramp = safety.Ramp(np.zeros(2 * DOF), np.zeros(2 * DOF), 1)
        self._state_ticks = 0
        self._stage_ns = [0] * len(Stage)

    def run(self) -> Ending:
        """Tick until the flow ends; a clock that is lost ends it with a fault."""
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
                command, limited = self._decide(observation)
                decided = time.monotonic_ns()
                sent = self._send(command)
                limited = safety.clipped(command, sent, limited)
                commanded = time.monotonic_ns()
                self._stage_ns[:3] = observed - began, decided - observed, commanded - decided
                self._publisher.tick(
                    *(clock, t_ns, flow, rig, observation, sent, limited, self._stage_ns),
                    *(self._recovery.need, self._gestures, self._led),
                )
                self._after_tick(observation)
                self._stage_ns[Stage.PUBLISH] = time.monotonic_ns() - commanded
        except ClockLostError as error:
            self._say(str(error))
            flow.lose()
        return flow.ending or Ending.FAULT

    # ---- what the followers should do ---------------------------------------------------------

    def _decide(self, observation: Observation) -> tuple[Floats, safety.Flags]:
        """The followers' command in this state, within its limits, and what limited it.

        What holds stays where it is, even outside the position limits (it may have sagged there):
        only a ramp leads back inside, at its own speed.
        """
        if self._flow.state is State.FOLLOWING:
            wanted, limits = self._leader.action(observation), self._limits
            if self._leader.led is Led.NOBODY:
                return self._command, NO_LIMIT
        elif self._flow.state in (State.HOMING, State.RESTING):
            wanted, limits = self._ramp.at(self._state_ticks + 1)[DOF:], self._ramp_limits
        else:
            return self._command, NO_LIMIT
        return safety.limit(wanted, self._command, self._clock.period_s, limits)

    def _send(self, command: Floats) -> Floats:
        """Command the followers, and the leaders where they move by themselves.

        Returns what was sent: the action on record.
        """
        self._command = sent = self._rig.command(command)
        if self._flow.state in (State.HOMING, State.RESTING):
            self._leading = self._ramp.at(self._state_ticks + 1)[:DOF]
            self._rig.lead(self._leading)
        elif self._flow.state is State.FOLLOWING and self._leader.alongside:
            self._leading, _ = safety.limit(sent, self._leading, self._clock.period_s, self._limits)
            self._rig.lead(self._leading)
        return sent

    @property
    def _led(self) -> Led:
        return self._leader.led if self._flow.state is State.FOLLOWING else Led.NOBODY

    def _after_tick(self, observation: Observation) -> None:
        """Health, faults, what is being brought back, and the ends of ramps and episodes."""
        if self._stage_ns[Stage.OBSERVE] < BUSY_NS:
            self._rig.refresh_health()
        following = self._flow.state is State.FOLLOWING and self._state_ticks > 0
        state = self._flow.state
        for finding in self._diagnosis.look(
            observation, self._clock, self._stage_ns, following, state is State.RESTING
        ):
            self._react(finding)
        if self._flow.state is State.FOLLOWING and (why := self._leader.followed(observation)):
            self._react(Finding(why, hold=True))
        self._arrange_leaders()
        if self._flow.state is State.HOLDING and self._recovery.tick():
            self._adopt_goals()
        self._gestures += self._is_gesture(observation)
        self._state_ticks += 1
        dwell = REST_DWELL_TICKS if self._flow.state is State.RESTING else 0
        if self._entered is self._flow.state and self._state_ticks >= self._ramp.ticks + dwell:
            self._arrive(observation)
        self._say(self._flow.tick_done())

    def _arrange_leaders(self) -> None:
        """While following: the leader arms go limp, hold or go along as it is now."""
        if self._flow.state is not State.FOLLOWING:
            return
        self._say(self._leader.news)
        changed = self._leaders_are != (self._leader.by_hand, self._leader.alongside)
        if changed and (problem := self._let_leaders()):
            self._react(Finding(problem, hold=True))

    def _let_leaders(self) -> str:
        self._leaders_are = (self._leader.by_hand, self._leader.alongside)
        return self._rig.let_go("leader") if self._leader.by_hand else self._hold_leaders()

    def _react(self, finding: Finding) -> None:
        """Tell; and where it must be: hold, and bring back what has failed."""
        holding = self._flow.state is State.HOLDING
        self._say(f"Holding: {finding.text}" if finding.hold and not holding else finding.text)
        for arm in finding.arms:
            if finding.where_it_is:
                arm.hold(where_it_is=True)
            self._recovery.bring_back(arm)
        if finding.where_it_is:
            self._adopt_goals()
        if finding.hold and not holding:
            self._flow.fault()

    def _adopt_goals(self) -> None:
        """Commands go on from what the arms now hold."""
        self._command, self._leading = self._rig.goals("follower"), self._rig.goals("leader")

    def _arrive(self, observation: Observation) -> None:
        """The end of a ramp; at rest an arm lets go, but only one that is really there."""
        if self._flow.state is not State.RESTING:
            self._flow.arrived()
            return
        away = {arm: not_at_rest(arm, self._config.poses) for arm in self._rig.arms}
        if any(away.values()) and self._state_ticks < self._ramp.ticks + REST_PATIENCE_TICKS:
            return
        for arm, why in away.items():
            self._say(f"{arm.name} is not at rest and holds: {why}." if why else arm.rest())
        if any(away.values()):
            self._flow.lose()
        else:
            self._flow.arrived()

    def _is_gesture(self, observation: Observation) -> bool:
        """The operator has just asked with the leaders for a start, or for the end."""
        if self._flow.state is State.WAITING:
            return self._gesture.update(self._leader_grippers(observation))
        if self._flow.state is not State.FOLLOWING or not self._leader.by_hand:
            return False
        if self._config.start != "grippers":
            return False
        joints = self._rig.present("leader") & ~IS_GRIPPER
        away_rad = (observation.leader - self._start_pose)[joints]
        grippers = self._leader_grippers(observation)
        return self._end_gesture.update(grippers, away_rad, self._clock.period_s)

    def _leader_grippers(self, observation: Observation) -> Floats:
        """Shares 0-1 of the leaders' grippers, of those there are."""
        present = self._rig.present("leader") & IS_GRIPPER
        gripper = GRIPPERS[self._config.gripper]
        return np.array([gripper.action(rad) for rad in observation.leader[present].tolist()])

    # ---- commands -----------------------------------------------------------------------------

    def _take_commands(self) -> None:
        """Carry out whatever has arrived; a closed socket means: hold, then rest."""
        if self._stop_requested():
            self._flow.stop()
        if self._commands is None:
            return
        try:
            for command in pending(self._commands):
                self._heard_s = time.monotonic()
                if isinstance(command, Alive):
                    self._session_speaks = True
                    continue
                if isinstance(command, Hold | Stop) and self._flow.recording:
                    self._say(_why_it_ends(command))
                self._say(self._refusal(command) or self._flow.obey(command))
                if isinstance(command, Lead):
                    self._say(self._change_lead(command.by))
                if isinstance(command, Recover):
                    self._recovery.confirm()
        except CommandError as error:
            self._say(str(error))
        except ConnectionError as error:
            self._say(f"{error} Holding, then resting.")
            self._commands = None
            self._flow.stop()
        self._miss_session()

    def _miss_session(self) -> None:
        """Hold where nobody could tell us to: the session is stopped, or starved.

        Arms on their way to rest go on: there they are safe without anybody.
        """
        if not self._session_speaks or self._flow.state not in (State.FOLLOWING, State.HOMING):
            return
        if time.monotonic() - self._heard_s > SESSION_SILENCE_S:
            self._session_speaks = False
            self._say("Holding: the session has not been heard of, so no key would stop us.")
            self._flow.fault()

    def _refusal(self, command: Command) -> str:
        """Why a command cannot be carried out as the arms are, or ""."""
        if isinstance(command, Home) and self._recovery.need is not Need.NOTHING:
            return "Home refused: what failed has not come back yet."
        if isinstance(command, Start) and self._flow.state is State.WAITING:
            apart = self._apart(self._leader.action(self._observation))
            return apart and f"Start refused: {apart}; bring the leader back to the start pose."
        return ""

    def _change_lead(self, by: Led) -> str:
        """Have the operator take over, or the policy lead again; returns why not, or ""."""
        if self._flow.state is not State.FOLLOWING:
            return "Ignored: nobody leads just now."
        apart = self._apart(self._leader.mirrored(self._observation))
        if apart and by is Led.LEADERS and self._leader.led is not Led.POLICY:
            return f"The leaders cannot take over: {apart}; bring that leader nearer."
        return self._leader.lead(by)

    def _apart(self, wanted: Floats) -> str:
        """Where leaders and followers are too far apart for these to follow; "" if nowhere."""
        arms = ~IS_GRIPPER & self._rig.present("follower")
        names = [name for name, counts in zip(JOINT_NAMES, arms, strict=True) if counts]
        limit_rad = self._config.safety.mismatch_limit_rad
        found = safety.mismatch(wanted[arms], self._command[arms], names, limit_rad)
        if found is None:
            return ""
        return (
            f"leader and follower {found[0]} are {found[1]:+.2f} rad apart (limit {limit_rad:.2f})"
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
            followers = safety.inside(self._leader.rewind(self._start_pose), self._limits)
            self._start_ramp(self._start_pose, followers)
            return problem
        if state is State.RESTING:
            self._recovery.give_up()
            problem = self._hold_all()
            self._start_ramp(
                _with_arms(self._leading, poses.leader_rest_rad),
                _with_arms(self._command, poses.follower_rest_rad),
            )
            return problem
        if state is State.WAITING and self._config.start == "grippers":
            self._gesture = GripperGesture()
            return self._rig.let_go_grippers()
        if state is State.FOLLOWING:
            self._end_gesture = EndGesture()
            return self._let_leaders()
        if state is State.HOLDING:
            for arm in self._rig.arms:
                if not arm.driven:  # left behind by an attempt to rest
                    self._recovery.bring_back(arm)
        if state is State.HOLDING and not np.isfinite(self._command).any():
            return self._hold_all()  # told to hold before anything was commanded
        if state is State.HOLDING:
            return self._hold_leaders()
        return ""

    def _hold_leaders(self) -> str:
        """Leader arms hold where they are, grippers too."""
        problem = self._rig.hold("leader")
        self._leading = self._rig.goals("leader")
        return problem

    def _hold_all(self) -> str:
        """Every arm holds; the commands go on from what is held."""
        problems = [self._rig.hold("leader"), self._rig.hold("follower")]
        self._adopt_goals()
        return " ".join(filter(None, problems))

    def _start_ramp(self, leaders: Floats, followers: Floats) -> None:
        start = np.concatenate([self._leading, self._command])
        target = np.concatenate([leaders, followers])
        speed = np.tile(self._ramp_speed, 2)
        self._ramp = safety.ramp(start, target, speed, self._clock.period_s)

    def _say(self, text: str) -> None:
        self._publisher.say(text, self._clock.now_ns)


def _ramp_speed(config: SafetyConfig, limits: safety.Limits, period_s: float) -> Floats:
    """(14,) what no joint exceeds while it ramps, per second."""
    per_arm = [*[config.ramp_speed_rad_s] * ARM_DOF, config.gripper_ramp_per_s]
    allowed = np.minimum(limits.velocity, limits.step / period_s)
    return np.asarray(np.minimum(np.tile(per_arm, len(SIDES)), allowed))


def _why_it_ends(command: Hold | Stop) -> str:
    """Of an episode, for its file."""
    if isinstance(command, Hold):
        return f"Told to hold: {command.reason}."
    return f"Told to end the episode: {command.outcome.name.lower()}."


def _with_arms(pose: Floats, arm_rad: tuple[float, ...]) -> Floats:
    """`pose` with both arms' joints replaced and the grippers left as they are."""
    arms = pose.reshape(-1, JOINTS_PER_ARM).copy()
    arms[:, :ARM_DOF] = arm_rad
    return np.asarray(arms.reshape(-1))
