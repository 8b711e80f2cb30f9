"""A control process on a tiny world, as the session sees it: commands in, ticks and events out."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teleop import commands
from teleop.config import write_json
from teleop.joints import ROLES, SIDES
from teleop.rig_config import ArmConfig, ControlConfig, RigConfig, SafetyConfig
from teleop.ring import RingError, RingReader
from teleop.tick import EVENT_RING, TICK_RING

REPOSITORY = Path(__file__).parents[2]
START = np.array([0.0, -0.96, 1.16, 0.0, -0.3, 0.0])
LIMIT_S = 60.0


class TinyWorld:
    def __init__(self, runtime: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "tests/teleop/tiny_world.py", str(runtime)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports = self._answer()

    def order(self, **order: Any) -> Any:
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def torque(self, bus: Any) -> Any:
        return [self.order(register=[bus, i, "torque_enable"]) for i in range(1, 10)]

    def _answer(self) -> Any:
        return json.loads(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class Control:
    """A control process; the sides of `rig` that it is given have arms."""

    def __init__(
        self,
        runtime: Any,
        ports: Any,
        lockstep: Any = True,
        safety: SafetyConfig | None = None,
        sides: Any = SIDES,
        mend: bool = True,
        policy: bool = False,
        **rig: Any,
    ) -> None:
        arms = tuple(
            ArmConfig(side, role, ports[f"{role}_{side}"]) for role in ROLES for side in sides
        )
        world = str(runtime / "world.sock") if lockstep else None
        of = RigConfig("test", False, arms, safety=safety or SafetyConfig(), **rig)
        config = ControlConfig(of, str(runtime), world, mend=mend, policy=policy)
        write_json(runtime / "control.json", config)
        self.runtime = runtime
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "teleop.control",
                str(runtime / "control.json"),
                "--commands",
                str(theirs.fileno()),
                "--wake",
                str(self.wake),
                "--parent",
                str(os.getpid()),
            ],
            cwd=REPOSITORY,
            pass_fds=[theirs.fileno(), self.wake],
            stderr=subprocess.PIPE,
            text=True,
        )
        theirs.close()

    def send(self, command: Any) -> None:
        self.socket.send(commands.encode(command))

    def wait_for(self, condition: Any) -> Any:
        """The first newest tick that meets the condition."""
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end and self.process.poll() is None:
            tick = self.newest()
            if tick is not None and condition(tick):
                return tick
            time.sleep(0.01)
        pytest.fail(f"It did not happen; events: {self.events()}; {self.newest()}")

    def drag(self, world: TinyWorld, joints: Any, steps: int = 8) -> None:
        """Pull the leaders, which hold, to these joints (7): in steps that a hand could make."""
        start = self.newest()["leader"][:7]
        for step in range(1, steps + 1):
            there = start + (np.array(joints) - start) * step / steps
            for _ in range(3):  # they pull back meanwhile
                world.order(drag=there.tolist())
                self.pass_ticks(1)

    def pass_ticks(self, count: int) -> None:
        after = int(self.newest()["number"]) + count
        self.wait_for(lambda tick: tick["number"] >= after)

    def wait_for_state(self, state: Any) -> Any:
        return self.wait_for(lambda tick: tick["state"] == state)

    def newest(self) -> Any:
        try:
            with RingReader(self.runtime / TICK_RING) as ring:
                return ring.newest()
        except (FileNotFoundError, RingError):
            return None

    def ticks(self) -> Any:
        with RingReader(self.runtime / TICK_RING) as ring:
            return np.array([ring.read(i) for i in range(len(ring))])

    def events(self) -> Any:
        with RingReader(self.runtime / EVENT_RING) as ring:
            return [ring.read(i)["text"].item().decode() for i in range(len(ring))]

    def exit_code(self) -> Any:
        return self.process.wait(timeout=LIMIT_S)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.socket.close()
        os.close(self.wake)
