"""The plain display as a process: what it says, and what keys ask of the session."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from display_process import DisplayProcess
from live_rings import LiveRings, config

from recorder.status import Verdict
from session.keys import KeysConfig
from session.status import TAKE_DTYPE, Phase, TakeState
from teleop.tick import Outcome

RECORDING = {"phase": Phase.RECORDING, "episode": 12, "attempt": 3, "episodes": 5}
TAKE = (11, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.OK, 150, b"", b"", b"")


def table(*takes: tuple[object, ...]) -> dict[str, object]:
    rows = [*takes, *[TAKE] * (12 - len(takes))]
    return {"takes": len(takes), "take": np.array(rows, TAKE_DTYPE)}


@pytest.fixture
def rings(tmp_path: Path) -> Iterator[LiveRings]:
    keys = KeysConfig(go_on=("enter", "f5"), redo=("r",))
    made = LiveRings(tmp_path, rig_file=replace(config(tmp_path).rig_file, keys=keys))
    made.say(**RECORDING, **table(TAKE))
    yield made
    made.close()


def test_keys_ask_by_the_rigs_table(rings: LiveRings, tmp_path: Path) -> None:
    with DisplayProcess("lines", tmp_path, terminal=True) as display:
        display.wait_for("episode 12 (3/5) | recording")
        for keys, request in (
            (b"\x1b[15~", {"op": "go_on"}),
            (b" ", {"op": "hold"}),
            (b"\x1b[20~", {"op": "hold"}),
            (b"s", {"op": "end", "outcome": "success"}),
            (b"u", {"op": "undo"}),
            (b"xp", {"op": "pause"}),
        ):
            display.type(keys)
            assert display.asked() == request
        rings.say(phase=Phase.READY, **table(TAKE))
        display.wait_for("ready")
        display.type(b"f")
        assert display.asked() == {"op": "label", "outcome": "failure", "episode": 11}
        assert display.end(0, "Saved 3 episodes.") == 0
        assert display.said.decode().endswith("Saved 3 episodes.\n")


def test_discarding_takes_two_presses_and_help_and_notes_ask_nothing(
    rings: LiveRings, tmp_path: Path
) -> None:
    with DisplayProcess("lines", tmp_path, terminal=True) as display:
        display.wait_for("recording")
        display.type(b"?n")
        assert "Space, F9" in display.wait_for("Notes are written in the dashboard")
        display.type(b"dddd")
        display.wait_for("Press d again to discard episode 12.")
        display.type(b" d")  # within what counts as a key that is held
        assert display.asked() == {"op": "hold"}
        display.type(b"a")
        assert display.asked() == {"op": "accept"}


def test_leaving_says_the_way_back(rings: LiveRings, tmp_path: Path) -> None:
    with DisplayProcess("lines", tmp_path, terminal=True) as display:
        display.wait_for("recording")
        display.type(b"q")
        display.wait_for("Press q again to leave the session to itself.")
        time.sleep(0.5)  # so that it is no key that is held
        display.type(b"q")
        assert display.finish() == 0
        assert "collect.py --attach" in display.said.decode()


def test_verdicts_and_questions_are_lines_of_their_own(rings: LiveRings, tmp_path: Path) -> None:
    with DisplayProcess("lines", tmp_path) as display:
        assert "Episode 11" not in display.wait_for("recording")  # known before we came
        stale = (12, TakeState.REJECTED, *TAKE[2:3], Verdict.REJECT, 90, b"stale", b"look", b"")
        rings.say(phase=Phase.READY, prompt=b"Press Enter to start.", **table(stale, TAKE))
        said = display.wait_for("collect.py --attach from a terminal.)\n")
        assert "Episode 12 rejected, quality reject: stale. Look.\n" in said
        assert "\nPress Enter to start. (There is no keyboard here:" in said
        display.say("The left arm is hot.", "warning")
        display.wait_for("warning: The left arm is hot.\n")


def test_where_nothing_is_recorded_episodes_have_no_keys(tmp_path: Path) -> None:
    rings = LiveRings(tmp_path, purpose="mirror")
    rings.say(phase=Phase.MIRRORING)
    rings.run(10)
    with DisplayProcess("live", tmp_path, terminal=True) as display:
        display.wait_for("mirroring | 50.0 Hz | late 0.00 ms")
        display.type(b"s")
        display.wait_for("This session records nothing.")
        display.type(b"\n")
        assert display.asked() == {"op": "go_on"}
    rings.close()


def test_ctrl_c_twice(rings: LiveRings, tmp_path: Path) -> None:
    with DisplayProcess("lines", tmp_path) as display:
        display.wait_for("recording")
        display.interrupt()
        display.wait_for("bringing the arms to rest")
        assert display.asked() == {"op": "stop"}
        display.interrupt()
        display.wait_for("left holding")
        assert display.asked() == {"op": "quit"}
        assert display.end(0, "Ended.") == 130


def test_a_session_that_dies(rings: LiveRings, tmp_path: Path) -> None:
    with DisplayProcess("lines", tmp_path) as display:
        display.wait_for("recording")
        assert display.hang_up() == 1
        assert "The session is gone." in display.said.decode()
