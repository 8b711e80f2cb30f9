"""What control does in a tick, done by somebody else: to be compared with. A process of its own.

    python benchmarks/same_work.py HOW SECONDS PORT PORT PORT PORT

Ports: leader left and right, follower left and right. Every 20 ms, at absolute deadlines, it reads
effort, velocity and position of all 36 servos and sends the followers' joints to where the leaders'
are. HOW:

- `sdk`: stock dynamixel-sdk, GroupSyncRead and GroupSyncWrite, one port after the other
- `sdk-threads`: the same, a thread for each port
- `bytes`: the same bytes and nothing else, all four ports in one poll: what the emulated lines and
  this machine leave nobody below

`bytes` asks for SCHED_FIFO as control does. The SDK waits by looking at the port over and over:
with SCHED_FIFO it would starve the kernel's threads that carry the emulated lines, so it runs as
its users run it. Torque goes on first, and off again on the leaders. Prints one JSON object.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import json
import os
import select
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dynamixel_sdk import COMM_SUCCESS, GroupSyncRead, GroupSyncWrite, PacketHandler, PortHandler

from teleop.clock import RealTimeClock
from teleop.joints import JOINT_SERVO_IDS, SERVOS_PER_ARM
from teleop.packets import sync_read, sync_write
from teleop.port import SerialPort
from teleop.realtime import enter_realtime, quiet_garbage

PERIOD_S = 0.02
BAUD = 1_000_000
SERVO_IDS = range(1, SERVOS_PER_ARM + 1)
TORQUE, GOAL, PRESENT = 64, 116, 126
PRESENT_BYTES = 10
VELOCITY, POSITION = PRESENT + 2, PRESENT + 6
REPLY_BYTES = SERVOS_PER_ARM * (11 + PRESENT_BYTES)
GIVE_UP_MS = 15
LIMP_S = 1.0
"""So long after torque went off the emulated hands take hold of the leaders."""

Tick = Callable[[], int]
"""Does the work of a tick; returns how many replies were missing."""


def main() -> None:
    """Measure, and print what was measured."""
    how, seconds, ports = sys.argv[1], float(sys.argv[2]), sys.argv[3:7]
    tick = {"sdk": sdk, "sdk-threads": sdk_threads, "bytes": bare_bytes}[how](ports)
    time.sleep(LIMP_S)
    quiet_garbage()
    fifo = how == "bytes" and "SCHED_FIFO" in enter_realtime()[0]
    clock = RealTimeClock(PERIOD_S)
    late_ns, done_ns, missing = [], [], 0
    cpu_s, began_s = time.process_time(), time.monotonic()
    while time.monotonic() - began_s < seconds:
        t_ns = clock.wait_for_tick(recording=False, idle=False)
        late_ns.append(t_ns - clock.deadline_ns)
        missing += tick()
        done_ns.append(clock.now_ns - t_ns)
    cpu = (time.process_time() - cpu_s) / (time.monotonic() - began_s)
    json.dump(
        {
            "fifo": fifo,
            "cpu": cpu,
            "late_ns": late_ns,
            "done_ns": done_ns,
            "missed": clock.missed,
            "missing": missing,
        },
        sys.stdout,
    )
    sys.stdout.flush()
    os._exit(0)  # threads of a pool may still wait for a port


# ---- stock dynamixel-sdk -------------------------------------------------------------------------


class SdkArm:
    """One arm by the SDK's own groups."""

    def __init__(self, path: str) -> None:
        self._port = PortHandler(path)
        if not (self._port.openPort() and self._port.setBaudRate(BAUD)):
            sys.exit(f"The SDK cannot open {path}.")
        self._handler = PacketHandler(2.0)
        self._read = GroupSyncRead(self._port, self._handler, PRESENT, PRESENT_BYTES)
        self._write = GroupSyncWrite(self._port, self._handler, GOAL, 4)
        for servo_id in SERVO_IDS:
            self._read.addParam(servo_id)
        self.positions: dict[int, int] = {}

    def torque(self, on: int) -> None:
        """All nine, by one write."""
        group = GroupSyncWrite(self._port, self._handler, TORQUE, 1)
        for servo_id in SERVO_IDS:
            group.addParam(servo_id, [on])
        group.txPacket()

    def read(self) -> int:
        """Effort, velocity and position of all nine; how many are missing."""
        answered = self._read.txRxPacket() == COMM_SUCCESS
        for servo_id in SERVO_IDS:
            if self._read.isAvailable(servo_id, PRESENT, PRESENT_BYTES):
                self._read.getData(servo_id, PRESENT, 2)
                self._read.getData(servo_id, VELOCITY, 4)
                self.positions[servo_id] = self._read.getData(servo_id, POSITION, 4)
        return 0 if answered else 1

    def follow(self, positions: dict[int, int]) -> None:
        """Goals of the seven joints."""
        self._write.clearParam()
        for servo_id in JOINT_SERVO_IDS:
            goal = min(max(positions[servo_id], 0), 4095)
            self._write.addParam(servo_id, list(goal.to_bytes(4, "little")))
        self._write.txPacket()


def _sdk_arms(ports: list[str]) -> list[SdkArm]:
    arms = [SdkArm(path) for path in ports]
    for arm in arms:
        arm.torque(1)
        arm.read()
    time.sleep(0.1)
    for arm in arms[:2]:
        arm.torque(0)
    return arms


def sdk(ports: list[str]) -> Tick:
    """One port after the other, as the SDK's examples do."""
    arms = _sdk_arms(ports)

    def tick() -> int:
        missing = sum([arm.read() for arm in arms])
        for leader, follower in zip(arms[:2], arms[2:], strict=True):
            follower.follow(leader.positions)
        return missing

    return tick


def sdk_threads(ports: list[str]) -> Tick:
    """A thread for each port reads; the goals go out when all have read."""
    arms = _sdk_arms(ports)
    threads = ThreadPoolExecutor(len(arms))

    def tick() -> int:
        missing = sum(threads.map(SdkArm.read, arms))
        for leader, follower in zip(arms[:2], arms[2:], strict=True):
            follower.follow(leader.positions)
        return missing

    return tick


# ---- the bytes alone -----------------------------------------------------------------------------


def bare_bytes(paths: list[str]) -> Tick:
    """Requests out, as many bytes in as belong to them, goals out; nothing is looked at."""
    ports = [SerialPort(path, BAUD) for path in paths]
    request = sync_read(SERVO_IDS, PRESENT, PRESENT_BYTES)
    goals = sync_write(GOAL, 4, {i: (2048).to_bytes(4, "little") for i in JOINT_SERVO_IDS})
    poller = select.poll()

    def tick() -> int:
        waiting = {}
        for port in ports:
            port.write(request)
            poller.register(port.fd, select.POLLIN)
            waiting[port.fd] = [port, REPLY_BYTES]
        while waiting and (ready := poller.poll(GIVE_UP_MS)):
            for fd, _ in ready:
                waiting[fd][1] -= len(waiting[fd][0].read())
                if waiting[fd][1] <= 0:
                    poller.unregister(fd)
                    del waiting[fd]
        for port in ports[2:]:
            port.write(goals)
        return len(waiting)

    return tick


if __name__ == "__main__":
    main()
