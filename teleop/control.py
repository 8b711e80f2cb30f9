"""The control process: the arms and the 50 Hz loop, nothing else.

    python -m teleop.control CONFIG.json --commands FD [--wake FD ...] --parent PID

CONFIG.json is a `ControlConfig`; FD of --commands is a socket (teleop/commands.py), --wake are
eventfds. It ends with 0 after Rest, Quit or SIGTERM (hold, then rest; a second SIGTERM: at once,
holding), with 2 if it could not start (the arms were not moved), with 3 if the simulated
world was lost, or an arm could not be brought to rest (torque stays on).
"""

import argparse
import math
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

from teleop import lockstep
from teleop.clock import Clock, LockstepClock, RealTimeClock
from teleop.config import ConfigError, build, read_json, write_json
from teleop.errors import TeleopError
from teleop.gripper import GRIPPERS
from teleop.loop import Loop
from teleop.mirror import Leader, Mirror
from teleop.parent import die_with_parent
from teleop.playback import Playback
from teleop.policy import Policy
from teleop.publish import Publisher
from teleop.realtime import enter_realtime, granted, quiet_garbage
from teleop.rig import LOCKSTEP_TIMEOUT_S, REAL_TIMEOUT_S, Rig
from teleop.rig_config import SERVOS_FILE, ControlConfig, RigConfig
from teleop.states import Ending, Flow
from teleop.tick import State

SURE_S: Final = 0.1
"""A dying session is gone by then: its memory is freed in some 10 ms."""
EXIT_OK, EXIT_NOT_STARTED, EXIT_LOST = 0, 2, 3


class _LeaveHolding(BaseException):
    """A second SIGTERM: end at once, torque on."""


class _Stop:
    """SIGTERM as a flag that the loop looks at; the second one ends the process.

    When the session dies the kernel tells so several times, once for each of its threads: that is
    no second request. So a second one counts when the session has outlived it by SURE_S.
    """

    def __init__(self, parent_pid: int) -> None:
        self.requested = False
        self._parent_pid = parent_pid
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGALRM, self._on_sure)

    def __call__(self) -> bool:
        return self.requested

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            signal.setitimer(signal.ITIMER_REAL, SURE_S)
        self.requested = True

    def _on_sure(self, number: int, frame: FrameType | None) -> None:
        if os.getppid() == self._parent_pid:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            raise _LeaveHolding


def main(arguments: list[str] | None = None) -> int:
    """Entry of the control process; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m teleop.control")
    parser.add_argument("config", type=Path)
    parser.add_argument("--commands", type=int, required=True)
    parser.add_argument("--wake", type=int, action="append", default=[])
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args(arguments)
    stop = _Stop(options.parent)
    die_with_parent(options.parent)
    try:
        config = build(ControlConfig, read_json(options.config), str(options.config))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_STARTED
    publisher = Publisher(Path(config.runtime_dir), options.wake)
    commands = socket.socket(fileno=options.commands)
    try:
        return _run(config, commands, publisher, stop)
    except (TeleopError, lockstep.LockstepError) as error:
        publisher.say(str(error))
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_STARTED


def _run(config: ControlConfig, commands: socket.socket, publisher: Publisher, stop: _Stop) -> int:
    flow = Flow(playing=config.playback is not None)
    clock = _clock(config, stop)
    leader = _leader(config, clock)
    publisher.bare(State.CHECKING, flow, clock.now_ns)
    timeout_s = REAL_TIMEOUT_S if config.world_socket is None else LOCKSTEP_TIMEOUT_S
    if not config.mend:  # to rest: two servos of a joint that disagree are no reason to stay up
        config = replace(config, rig=_with_any_pair(config.rig))
    with Rig(config, lambda: clock.now_ns, timeout_s) as rig:
        write_json(Path(config.runtime_dir) / SERVOS_FILE, rig.inventory())
        for sentence in rig.absent:
            publisher.say(sentence, clock.now_ns)
        loop = Loop(config.rig, rig, clock, leader, publisher, flow, commands, stop)
        quiet_garbage()
        if config.world_socket is None:
            for sentence in enter_realtime():
                publisher.say(sentence, clock.now_ns)
        publisher.realtime = granted()
        try:
            ending = loop.run()
        except BaseException as error:
            flow.lose()
            _hold(rig, publisher, clock)
            publisher.bare(State.HOLDING, flow, clock.now_ns)
            if isinstance(error, _LeaveHolding):
                publisher.say("Asked twice to stop: leaving the arms holding.", clock.now_ns)
                return EXIT_OK
            publisher.say(f"Control failed, the arms hold: {error!r}", clock.now_ns)
            raise
        if ending is not Ending.RESTED:
            _hold(rig, publisher, clock)
    held = ending is Ending.LEFT_HOLDING
    publisher.bare(State.HOLDING if held else State.DISCONNECTED, flow, clock.now_ns)
    return EXIT_LOST if ending is Ending.FAULT or rig.absent else EXIT_OK


def _leader(config: ControlConfig, clock: Clock) -> Leader:
    if config.playback is not None:
        return Playback(config.playback)
    mirror = Mirror(GRIPPERS[config.rig.gripper])
    if config.policy:
        return Policy(Path(config.runtime_dir), mirror, lambda: clock.number)
    return mirror


def _with_any_pair(rig: RigConfig) -> RigConfig:
    """The rig, however far apart the two servos of a joint are."""
    return replace(rig, safety=replace(rig.safety, pair_limit_rad=math.inf))


def _hold(rig: Rig, publisher: Publisher, clock: Clock) -> None:
    """Hold every arm that still answers and is not at rest: leaders are limp while followed.

    Nobody will talk to the servos from here on, so their watchdogs go off, or they would trip.
    """
    for arm in rig.arms:
        if not arm.at_rest:
            publisher.say(arm.hold(), clock.now_ns)
            arm.unwatch()


def _clock(config: ControlConfig, stop: _Stop) -> Clock:
    if config.world_socket is None:
        return RealTimeClock(config.rig.period_s)
    world = lockstep.connect(Path(config.world_socket), "control")
    return LockstepClock(world, config.rig.period_s, config.watch_divider, stop)


if __name__ == "__main__":
    sys.exit(main())
