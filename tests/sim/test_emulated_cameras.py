"""Emulated webcams as a process, and the commands that its user types."""

import json
import socket
import subprocess
import sys

import pytest
from camera_reader import MjpegReader
from camera_server import ENDS_WITHIN_S, REPOSITORY, CameraServer

from sim.cameras.pictures import LOOP

SMALL = ("--size", "160x120")


def ended(*arguments: str) -> tuple[int, str]:
    """Exit status and standard error of cameras that do not start."""
    done = subprocess.run(
        [sys.executable, "-m", "sim.emulated_cameras", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_two_cameras_and_every_command() -> None:
    with CameraServer("top", "side", *SMALL) as server:
        with MjpegReader(server.urls["side"]) as side, MjpegReader(server.urls["top"]) as top:
            assert None not in (side.number(), top.number())
            for command in (
                {"do": "rate", "rate_hz": 17},
                {"do": "drift", "percent": 1},
                {"do": "corrupt", "frames": 1},
                {"do": "repeat", "on": True},
                {"do": "look", "look": "blurred"},
                {"do": "freeze", "ms": 1},
            ):
                assert server.say(json.dumps({"camera": "top", **command})) == {}
            before = server.ask("number", "side")["number"]
            shown = side.number()
            assert shown is not None
            assert (shown - before) % LOOP < 50
        assert server.ask("die") == {}
        assert server.ask("number", "side")["number"] >= before
        assert server.ask("revive") == {}
        assert server.stop() == ""


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        "{}",
        '{"do": "freeze", "camera": "top"}',
        '{"do": "freeze", "camera": "top", "ms": "long"}',
        '{"do": "freeze", "camera": "top", "ms": 1e999}',
        '{"do": "drift", "camera": "top", "percent": "much"}',
        '{"do": "rate", "camera": "top", "rate_hz": 1e9}',
        '{"do": "freeze", "camera": "nobody", "ms": 1}',
        '{"do": ["freeze"], "camera": "top"}',
        '{"do": "close", "camera": "top"}',
    ],
)
def test_what_it_cannot_obey_it_says_and_goes_on(line: str) -> None:
    with CameraServer("top", *SMALL) as server:
        assert server.say(line)["error"].startswith("Cannot obey")
        with MjpegReader(server.urls["top"]) as reader:
            assert reader.number() is not None


def test_ports_can_be_chosen_and_are_refused_where_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        status, said = ended("top", *SMALL, "--port", str(port))
        assert status == 2
        assert said == (
            f"Camera top cannot have port {port}: Address already in use; choose another.\n"
        )
    with CameraServer("top", *SMALL, "--port", str(port)) as server:
        assert server.urls == {"top": f"http://127.0.0.1:{port}/top.mjpg"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["top", "--size", "big"], "no size such as 640x480"),
        (["to p"], "letters, digits and _ only"),
        (["top", "--rate", "0"], "rate must be 0.1-1000"),
        ([], "NAME"),
    ],
)
def test_bad_arguments(arguments: list[str], says: str) -> None:
    status, said = ended(*arguments)
    assert status == 2
    assert says in said
    assert "Traceback" not in said


def test_it_ends_with_who_started_it() -> None:
    server = CameraServer("top", *SMALL)
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert server.process.wait(ENDS_WITHIN_S) == 0
    for pipe in (server.process.stdout, server.process.stderr):
        assert pipe is not None
        pipe.close()
