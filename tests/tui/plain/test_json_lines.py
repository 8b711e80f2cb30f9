"""Records for other programs: from a display alone, and from a whole simulated session."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from display_process import DisplayProcess
from hypothesis import given
from hypothesis import strategies as st
from live_rings import LiveRings
from session_harness import ROOT, short_task, small_rig

from recorder.cameras.camera import CameraState
from recorder.status import Verdict
from session.processes import environment
from session.status import TAKE_DTYPE, Phase, TakeState
from teleop.joints import JOINT_NAMES
from teleop.tick import Outcome
from tui.facts.loop import LATE_EDGES_MS
from tui.plain.json_lines import plain, request_in

TAKE = (3, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.WARN, 100, b"stale", b"", b"")


def records(text: str) -> list[dict[str, Any]]:
    """All lines; each must be strict JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def test_requests_go_to_the_session_and_other_lines_are_told(tmp_path: Path) -> None:
    rings = LiveRings(tmp_path)
    rings.say(phase=Phase.RECORDING)
    with DisplayProcess("json", tmp_path) as display:
        display.wait_for('"record": "status"')
        display.type(b'{"op": "label", "outcome": "failure"}\n\n{"op": "undo", "self": 1}\n')
        assert display.asked() == {"op": "label", "outcome": "failure"}
        assert display.asked() == {"op": "undo", "self": 1}
        display.type(b'hold\n{"op": 5}\n')
        display.wait_for("Not a request: 'hold'.")
        display.wait_for("Not a request: '{")
        display.type(b"x" * 4097)  # and no end of it
        display.wait_for("of more than 4096 bytes is none")
        display.interrupt()
        assert display.asked() == {"op": "stop"}
        assert display.end(0, "Saved.") == 130
    rings.close()


def test_the_records_of_a_display(tmp_path: Path) -> None:
    rings = LiveRings(tmp_path)
    rings.say(phase=Phase.RECORDING, episode=4, episodes=5, attempt=2)
    rings.run(20, qpos=0.0)
    cameras = {"cameras": 1, "camera_name": [b"cam_high"], "camera_state": [CameraState.LIVE]}
    rings.record(disk_left_s=np.nan, **cameras)
    with DisplayProcess("json", tmp_path) as display:
        (status,) = records(display.wait_for("\n"))
        rings.say(phase=Phase.SAVING, takes=1, take=np.array([TAKE] * 12, TAKE_DTYPE))
        changed = records(display.wait_for('"phase": "saving"').rsplit("\n", 1)[0])
        display.type(b"hold\n")
        display.say("The disk is slow.", "warning")
        display.wait_for("The disk is slow.")
        assert display.end(1, "Saved.") == 1
        (last,) = records(display.said.decode().splitlines()[-1])
    rings.close()
    assert status["record"] == "status"
    assert set(status) == {
        *("record", "now_s", "session", "loop", "arms", "recording", "takes"),
    }
    assert status["session"]["phase"] == "recording"
    assert status["session"]["state"] == "disconnected"
    assert tuple(status["loop"]["late_edges_ms"]) == LATE_EDGES_MS
    assert [joint["name"] for joint in status["arms"]["joints"]] == list(JOINT_NAMES)
    assert status["recording"]["cameras"][0]["state"] == "live"
    assert status["recording"]["disk_left_s"] is None
    assert [record["record"] for record in changed][:1] == ["take"]
    assert (changed[0]["state"], changed[0]["verdict"]) == ("accepted", "warn")
    assert last == {"record": "ended", "status": 1, "text": "Saved."}


def test_plain_values() -> None:
    values = (float("nan"), float("inf"), 1.5, None, True, Phase.READY, ("a", (2,)))
    assert plain(values) == [None, None, 1.5, None, True, "ready", ["a", [2]]]


@given(st.binary())
def test_what_is_no_request_is_none(line: bytes) -> None:
    request = request_in(line)
    assert request is None or isinstance(request["op"], str)


@pytest.mark.sim
def test_a_simulated_session_worked_by_another_program(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "collect.py"), "--json", "--by-hand", "--seed", "1"]
    words += ["--task", str(short_task(tmp_path, max_steps=120)), "--out", str(tmp_path / "data")]
    program = subprocess.Popen(
        [*words, "--rig", str(small_rig(tmp_path, cameras=1)), "--episodes", "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    heard: list[dict[str, Any]] = []
    sent: list[str] = []

    def send(op: str) -> None:
        sent.append(op)
        program.stdin.write(json.dumps({"op": op}) + "\n")
        program.stdin.flush()

    try:
        for line in program.stdout:
            heard += records(line)
            if heard[-1]["record"] != "status":
                continue
            phase = heard[-1]["session"]["phase"]
            if phase == "ready" and "go_on" not in sent:
                send("go_on")
            if phase == "reviewing" and "stop" not in sent:
                send("stop")
        status = program.wait(60)
    finally:
        program.kill()
        program.communicate()
    assert status == 0, heard[-5:]
    kinds = {record["record"] for record in heard}
    assert kinds == {"status", "take", "message", "ended"}
    assert heard[0]["record"] == "message"
    assert heard[0]["text"].startswith("SIMULATED RIG")
    assert heard[-1]["record"] == "ended"
    phases = [each["session"]["phase"] for each in heard if each["record"] == "status"]
    assert "recording" in phases
    assert (tmp_path / "data" / "battery" / "episode_0.hdf5").exists()
