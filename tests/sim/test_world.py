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
from teleop import packets
from teleop.config import write_json
from teleop.lockstep import SCENE_RING, WORLD_SOCKET, Message, connect, receive, send
from teleop.port import SerialPort
from teleop.ring import RingReader

pytestmark = pytest.mark.sim

ROOT = Path(__file__).parents[2]
PATIENCE_S = 0.5
IMPATIENT_WORLD = f"""
import os, sys
from sim.cameras.gl import choose_gl
os.environ["MUJOCO_GL"] = choose_gl()
import sim.lockstep_world
import sim.world
sim.lockstep_world.ACKNOWLEDGE_TIMEOUT_S = {PATIENCE_S}
sys.exit(sim.world.main(sys.argv[1:]))
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Path]:
    """A running world that is not patient; its socket."""
    config = WorldConfig(str(tmp_path), "battery", {}, (WorldCamera("cam_high", 64, 48),))
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


@pytest.fixture
def realtime_world(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, str]]:
    """A world in real time without cameras: its process, its socket and a follower's port."""
    config = WorldConfig(str(tmp_path), "battery", {}, (), realtime=True)
    write_json(tmp_path / "world.json", config)
    command = [sys.executable, "-m", "sim.world", tmp_path / "world.json"]
    process = subprocess.Popen(
        [*command, f"--parent={os.getpid()}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    ports = dict(port.split("=") for port in process.stdout.readline().decode().split())
    yield process, tmp_path / WORLD_SOCKET, ports["follower_left"]
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


def read_position(port: SerialPort) -> int:
    """The present position of the waist's servo, asked for and answered."""
    port.write(packets.read(1, 132, 4))
    parser = packets.StatusParser()
    while not (replies := parser.feed(port.read())):
        assert port.wait(5000)
    return int.from_bytes(replies[0].data, "little", signed=True)


def test_in_real_time_nobody_need_ask_for_time_to_go_on(
    realtime_world: tuple[subprocess.Popen[bytes], Path, str],
) -> None:
    _, path, port_name = realtime_world
    with connect(path, "session") as session, RingReader(path.with_name(SCENE_RING)) as ring:
        assert ask(session, {"op": "reset", "seed": 1, "max_steps": 5}) == {"ok": True}
        before_ns = time.monotonic_ns()
        assert receive(session) == {"event": "finished"}  # the leaders are limp: it has begun
        assert ask(session, {"op": "score"})["stages"][0] == "none"
        assert "error" in ask(session, {"op": "advance", "frames": False})
        port = SerialPort(port_name, 1_000_000)
        read_position(port)
        port.close()
        state = ring.newest()
        assert before_ns < int(state["t_ns"]) <= time.monotonic_ns()


def test_in_real_time_the_world_stays_until_the_buses_are_quiet(
    realtime_world: tuple[subprocess.Popen[bytes], Path, str],
) -> None:
    process, _, port_name = realtime_world
    port = SerialPort(port_name, 1_000_000)
    read_position(port)
    process.send_signal(signal.SIGTERM)
    for _ in range(30):
        time.sleep(0.05)
        read_position(port)
    assert process.poll() is None
    assert process.wait(10) == 0
    port.close()
    assert not Path(port_name).is_symlink()
