"""The world process by its socket, with parts of the test's own in the other roles."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.config import WorldCamera, WorldConfig
from teleop.config import write_json
from teleop.lockstep import WORLD_SOCKET, Message, connect, receive, send

pytestmark = pytest.mark.sim

ROOT = Path(__file__).parents[2]
PATIENCE_S = 0.5
IMPATIENT_WORLD = f"""
import sys
import sim.world
sim.world.ACKNOWLEDGE_TIMEOUT_S = {PATIENCE_S}
sys.exit(sim.world.main(sys.argv[1:]))
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Path]:
    """A running world that is not patient; its socket."""
    config = WorldConfig(str(tmp_path), "battery", (WorldCamera("cam_high", 64, 48),))
    write_json(tmp_path / "world.json", config)
    process = subprocess.Popen(
        [sys.executable, "-c", IMPATIENT_WORLD, tmp_path / "world.json", f"--parent={os.getpid()}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert b"follower_left=" in process.stdout.readline()
    yield tmp_path / WORLD_SOCKET
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def ask(connection: socket.socket, message: Message) -> Message:
    send(connection, message)
    return receive(connection)


def waited(control: socket.socket, ticks: int) -> list[bool]:
    """For each of so many ticks with pictures: did the world wait before it took it?"""
    took_s = []
    for _ in range(ticks):
        before = time.monotonic()
        ask(control, {"op": "advance", "frames": True})
        took_s.append(time.monotonic() - before)
    return [each >= PATIENCE_S for each in took_s]


def test_a_recorder_that_hangs_is_waited_for_once_until_it_acknowledges(world: Path) -> None:
    with connect(world, "control") as control, connect(world, "recorder") as recorder:
        ask(recorder, {"op": "score"})  # answered: the world knows the recorder
        assert waited(control, 10) == [False] * 4 + [True] + [False] * 5
        send(recorder, {"op": "ack", "frame": 9})
        ask(recorder, {"op": "score"})
        assert waited(control, 8) == [False] * 4 + [True] + [False] * 3


def test_only_the_session_resets(world: Path) -> None:
    reset = {"op": "reset", "seed": 1, "max_steps": 10}
    with connect(world, "control") as control, connect(world, "session") as session:
        assert "error" in ask(control, reset)
        send(session, reset)
        ask(control, {"op": "score"})  # answered: the world has both messages
        send(control, {"op": "advance", "frames": False})
        assert receive(session) == {"ok": True}
