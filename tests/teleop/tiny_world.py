"""A world small enough for tests: four emulated arms, a lock-step socket, no physics and no views.

    python tests/teleop/tiny_world.py RUNTIME_DIR

Followers go half of the way to their goals in every tick; leaders, once limp, are moved by a hand
that waves the waist and closes the gripper. Says its ports as JSON on stdout; takes JSON lines on
stdin, each answered with one line: {"bus": name, "silence": id, "on": bool}, {"unplug": name},
{"plug": name}, {"drag": [7 leader joints]}, {"pull": [the same, held
there until it is null]}, {"lead": [the same, for
a limp one, from then on]}, {"pose": [side, [6 joints, finger m]]} of a follower,
{"fail": [bus, id, bits]}, {"reboot": [bus, id]}, {"offset": [bus, id, ticks]},
{"heat": [bus, id, degC]}, {"plan": [14 joints]} of a policy (null: it is silent from then on),
{"trouble": text} of it, {"set": [bus, id, name, value]}, {"register": [bus, id, name]}.
"""

import json
import math
import os
import select
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sim.arms import FollowerArm, LeaderArm
from sim.lines import Lines
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.protection import HardwareError
from teleop.joints import ROLES, SIDES
from teleop.lockstep import WORLD_SOCKET, LockstepError, receive, send
from teleop.ring import RingWriter
from teleop.targets import TARGET_DTYPE, TARGET_RING

PERIOD_NS = 20_000_000
LEADER_START = np.array([0.0, -1.1, 1.24, 0.0, -0.24, 0.0, 0.0])


class Scene:
    """Joints that go half of the way to their targets in a tick."""

    def __init__(self) -> None:
        resting = [0.0, -1.7, 1.55, 0.12, 0.65, 0.0, 0.03]
        self.position = {side: np.array(resting) for side in SIDES}
        self.velocity = {side: np.zeros(7) for side in SIDES}
        self.torque = {side: [False] * 7 for side in SIDES}

    def joint_positions(self, side: Any) -> Any:
        return self.position[side].copy()

    def joint_velocities(self, side: Any) -> Any:
        return self.velocity[side].copy()

    def joint_forces(self, side: Any) -> Any:
        return np.zeros(7)

    def set_torque(self, side: Any, on: Any) -> None:
        self.torque[side] = list(on)

    def set_force_limits(self, side: Any, share: Any) -> None:
        """Its joints are as strong as they need to be."""

    def set_stiffness(self, side: Any, share: Any) -> None:
        """Its joints know no stiffness."""

    def set_targets(self, side: Any, targets: Any) -> None:
        before = self.position[side]
        after = np.where(self.torque[side], (before + targets) / 2, before)
        self.velocity[side] = (after - before) / (PERIOD_NS * 1e-9)
        self.position[side] = after


class World:
    def __init__(self, runtime: Path) -> None:
        servos = {f"{role}_{side}": aloha_servos(role) for role in ROLES for side in SIDES}
        self.buses = {name: ServoBus(nine, link=runtime / name) for name, nine in servos.items()}
        self.led: np.ndarray | None = None
        self.pulled: list[float] | None = None
        self.scene = scene = Scene()
        self.followers = [FollowerArm(scene, s, servos[f"follower_{s}"]) for s in SIDES]
        self.leaders = [LeaderArm(servos[f"leader_{s}"], LEADER_START) for s in SIDES]
        for bus in self.buses.values():  # power-up goals where the joints stand
            for servo in bus.servos:
                servo.reboot(-1_000_000_000)
        self.t_ns = 0
        self.limp_ticks = 0
        self.ticks = 0
        self.plan: list[float] | None = None
        self.trouble = ""
        self.targets = RingWriter(runtime / TARGET_RING, TARGET_DTYPE, 16)
        self.hand = None
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(os.fspath(runtime / WORLD_SOCKET))
        self.listener.listen(1)
        self.control = None
        self.orders = Lines(sys.stdin.fileno())

    def run(self) -> None:
        while True:
            by_fd = {bus.fileno(): bus for bus in self.buses.values() if bus.fileno() >= 0}
            others = [self.listener, self.orders, *([self.control] if self.control else [])]
            ready, _, _ = select.select([*by_fd, *others], [], [], 1.0)
            for each in ready:
                if each in by_fd:
                    by_fd[each].service(self.t_ns)
                elif each is self.listener:
                    self.control, _ = self.listener.accept()
                elif each is self.orders:
                    lines = self.orders.read()
                    if lines is None:
                        return
                    for line in lines:
                        self.order(json.loads(line))
                else:
                    self.serve()

    def order(self, order: dict[str, Any]) -> None:
        answer = None
        if "silence" in order:
            self.buses[order["bus"]].servos[order["silence"] - 1].silent = order["on"]
        elif "unplug" in order:
            self.buses[order["unplug"]].unplug()
        elif "plug" in order:
            self.buses[order["plug"]].plug()
        elif "fail" in order:
            bus, servo_id, bits = order["fail"]
            self.buses[bus].servos[servo_id - 1].fail(HardwareError(bits))
        elif "heat" in order:
            bus, servo_id, degc = order["heat"]
            self.buses[bus].servos[servo_id - 1].heat(degc)
        elif "reboot" in order:
            bus, servo_id = order["reboot"]
            self.buses[bus].servos[servo_id - 1].reboot(self.t_ns)
        elif "offset" in order:
            bus, servo_id, ticks = order["offset"]
            self.buses[bus].servos[servo_id - 1].position_offset_ticks = ticks
        elif "set" in order:
            bus, servo_id, name, value = order["set"]
            self.buses[bus].servos[servo_id - 1].set(name, value)
        elif "pose" in order:
            side, joints = order["pose"]
            self.scene.position[side] = np.array(joints, float)
            for follower in self.followers:
                follower.sense()
        elif "lead" in order:
            self.led = np.array(order["lead"], float)
        elif "plan" in order:
            self.plan = order["plan"]
        elif "trouble" in order:
            self.trouble = order["trouble"]
        elif "pull" in order:
            self.pulled = order["pull"]
        elif "drag" in order:
            for leader in self.leaders:
                leader._position = np.array(order["drag"], float)
        else:
            bus, servo_id, name = order["register"]
            answer = self.buses[bus].servos[servo_id - 1].get(name)
        say(answer)

    def serve(self) -> None:
        try:
            message = receive(self.control)
            if message["op"] == "advance":
                self.advance()
                self.predict()
                send(self.control, {"t_ns": self.t_ns})
        except (LockstepError, OSError):  # control is gone, perhaps killed before its answer
            self.control = None

    def predict(self) -> None:
        """What a policy's process would have answered to the tick before this one."""
        self.ticks += 1
        if self.plan is not None:
            plan = self.targets.begin()
            plan["seen"] = plan["observed"] = self.ticks - 1
            plan["first"], plan["count"] = self.ticks, 0 if self.trouble else 2
            plan["trouble"], plan["target"][:2] = self.trouble.encode(), self.plan
            self.targets.commit()

    def advance(self) -> None:
        for bus in self.buses.values():
            bus.service(self.t_ns)
        self.t_ns += PERIOD_NS
        for follower in self.followers:
            follower.drive(self.t_ns, self.t_ns)
        for leader in self.leaders:
            hand = None
            if self.pulled is not None:
                leader._position = np.array(self.pulled, float)
            if leader.limp:
                if self.hand is None:
                    self.hand = leader._position.copy()
                self.limp_ticks += 1
                hand = self.hand.copy()
                hand[0] = 0.2 * math.sin(self.t_ns * 1e-9)
                hand[6] = max(-0.6842, self.hand[6] - 0.01 * self.limp_ticks)
                if self.led is not None:
                    hand = leader._position + np.clip(self.led - leader._position, -0.05, 0.05)
            leader.advance(PERIOD_NS * 1e-9, hand, self.t_ns, self.t_ns)
        for follower in self.followers:
            follower.sense()


def say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    world = World(Path(sys.argv[1]))
    say({name: bus.port for name, bus in world.buses.items()})
    world.run()


if __name__ == "__main__":
    main()
