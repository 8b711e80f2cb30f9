"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
RUNTIME_PARENT = Path(tempfile.mkdtemp(prefix="tests-of-tandem-", dir="/dev/shm"))
os.environ["TANDEM_RUNTIME_PARENT"] = str(RUNTIME_PARENT)  # before anything reads it
"""Of the sessions that this process starts: `--attach` and `teleop rest` look at all there are."""
SMALL_DISK_BYTES = 3 << 20


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(RUNTIME_PARENT, ignore_errors=True)


class ArmBus:
    """An emulated arm in its own process: a port to open, and its faults to call up.

    `port` is what a driver opens. All nine servos start at joint angle 0, torque off. `options`
    are those of `sim.bus_process`.
    """

    def __init__(self, role: str, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sim.bus_process", "--role", role, *options],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port: str = self._answer()["port"]

    def silence(self, servo_id: int, on: bool = True) -> None:
        """Takes a servo off the bus, as a broken cable would, or puts it back."""
        self._ask(do="silence", servo=servo_id, on=on)

    def set_register(self, servo_id: int, register: str, value: int) -> None:
        """Sets a register past all access rules, e.g. `hardware_error_status`.

        What the servo senses (`present_position`, ...) stays as set until `move`.
        """
        self._ask(do="set", servo=servo_id, register=register, value=value)

    def register(self, servo_id: int, register: str) -> int:
        """What the servo really holds."""
        return int(self._ask(do="get", servo=servo_id, register=register)["value"])

    def move(self, servo_id: int, rad: float) -> None:
        """Moves a joint by hand (it returns to its goal if torque is on)."""
        self._ask(do="move", servo=servo_id, rad=rad)

    def garble(self, how: str, bursts: int = 1) -> None:
        """Spoils the next replies: "flip" a bit, "cut" the tail, "junk" before, "drop" all."""
        self._ask(do="garble", how=how, bursts=bursts)

    def unplug(self) -> None:
        """Pulls the adapter: the host sees a hang-up."""
        self._ask(do="unplug")

    def plug(self) -> str:
        """Puts the adapter back, on a new port."""
        self.port = self._ask(do="plug")["port"]
        return self.port

    def start_episode(self) -> None:
        """Scripted faults that count from an episode begin to."""
        self._ask(do="episode")

    def counters(self) -> dict[str, int]:
        """packets, crc_errors, junk_bytes, dropped_bytes."""
        return self._ask(do="counters")

    def stop(self) -> None:
        """Ends the process; the port hangs up."""
        self._process.terminate()
        self._process.communicate(timeout=10)

    def _ask(self, **command: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert "error" not in answer, answer
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            pytest.fail("The emulated arm ended; its error is in the captured stderr.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture
def arm_bus() -> Iterator[Callable[..., ArmBus]]:
    """Starts emulated arms: `arm_bus("follower")` or `arm_bus("leader")`; stops them afterwards."""
    started: list[ArmBus] = []

    def start(role: str, *options: str) -> ArmBus:
        started.append(ArmBus(role, *options))
        return started[-1]

    yield start
    for bus in started:
        bus.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MiB; skips where mounting one is not permitted."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount one (root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
