"""Whole simulated sessions, worked by keys alone, in tmux; and the terminal goes while they run."""

import contextlib
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from session_harness import ROOT, alive, short_task, small_rig, wait_until
from tmux import Tmux, needs_tmux

from session import runtime_dir
from session.status import Phase, TakeState
from teleop.ring import RingError, RingReader
from teleop.tick import State
from tui.presses import REPEAT_S, SEEN_S, TAP_S

pytestmark = [pytest.mark.sim, needs_tmux]
COLLECT = shlex.join([sys.executable, str(ROOT / "collect.py")])
MAX_STEPS, RESET_S = 1500, 60.0
"""More than anybody here waits for: what ends, a key has ended."""
ENOUGH_STEPS = 60
"""For an episode that is not rejected as too short."""


class Session:
    """A session that was begun in a terminal, seen from beside it."""

    def __init__(self, folder: Path, terminal: Tmux, options: str) -> None:
        self.data = folder / "data"
        rig, task = small_rig(folder, cameras=1), short_task(folder, MAX_STEPS, RESET_S)
        words = (
            f"--task {task} --rig {rig} --out {self.data} --by-hand --episodes 2 --seed 0 {options}"
        )
        terminal.type(f"{COLLECT} {words}; echo status $?")
        wait_until(lambda: bool(self._runtimes()), 30, "the session")
        self.runtime = self._runtimes()[0]

    def _runtimes(self) -> list[Path]:
        found = []
        for path in runtime_dir.live():
            with contextlib.suppress(OSError, ValueError):
                if json.loads((path / "session.json").read_text())["out"] == str(self.data):
                    found.append(path)
        return found

    def newest(self, ring: str) -> Any:
        """The newest record of a ring; None while there is none."""
        try:
            with RingReader(self.runtime / ring) as reader:
                return reader.newest()
        except (OSError, RingError):
            return None

    def wait_for_phase(self, phase: Phase) -> None:
        """Until the session is there."""
        wait_until(lambda: self._field("session", "phase") == phase, 30, phase.name)

    def wait_for_take(self, episode: int, state: TakeState) -> None:
        """Until this has become of the newest take."""

        def has() -> bool:
            status = self.newest("session")
            take = status["take"][0]
            return bool(status["takes"] and (take["episode"], take["state"]) == (episode, state))

        wait_until(has, 30, f"episode {episode} {state.name}")

    def wait_for_steps(self, steps: int) -> int:
        """Until so many steps of an episode are safe; how many are then."""
        self.wait_for_phase(Phase.RECORDING)
        wait_until(lambda: self.steps() >= steps, 30, f"{steps} steps")
        return self.steps()

    def steps(self) -> int:
        """Of the episode being recorded, journaled; -1 while that has none."""
        recorder = self.newest("recorder")
        if recorder is None or recorder["episode"] != self._field("session", "episode"):
            return -1
        return int(recorder["steps_journaled"])

    def wait_until_the_arms_hold(self) -> None:
        """Until control holds."""
        wait_until(lambda: self._field("ticks", "state") == State.HOLDING, 30, "the arms to hold")

    def length(self, episode: int) -> int:
        """Steps in its file."""
        with h5py.File(self.data / "battery" / f"episode_{episode}.hdf5") as file:
            return len(file["action"])

    def _field(self, ring: str, name: str) -> int:
        record = self.newest(ring)
        return -1 if record is None else int(record[name])

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        for path in self.runtime.glob("*.pid"):
            pid = int(path.read_text())
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        runtime_dir.remove(self.runtime)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Tmux]:
    with Tmux(tmp_path) as made:
        yield made


@contextlib.contextmanager
def collecting(folder: Path, terminal: Tmux, options: str = "") -> Iterator[Session]:
    session = Session(folder, terminal, options)
    try:
        yield session
    finally:
        session.end()


def start(session: Session, terminal: Tmux, number: int) -> None:
    """Begin the next episode by Enter, when the session asks for that."""
    terminal.wait_for(f"Press Enter to start episode {number} of 2.")
    time.sleep(REPEAT_S)
    terminal.press("Enter")
    session.wait_for_phase(Phase.RECORDING)


def press_twice(terminal: Tmux, key: str) -> None:
    """As the notice wants it."""
    terminal.press(key)
    terminal.wait_for(f"Press {key} again to")
    time.sleep(2 * TAP_S)  # sooner than any finger it would be a key that is held
    terminal.press(key)


def test_two_episodes_by_keys_alone(tmp_path: Path, terminal: Tmux) -> None:
    # In lock-step the simulated operator may be through before a key is pressed.
    with collecting(tmp_path, terminal, options="--realtime") as session:
        start(session, terminal, 1)
        session.wait_for_steps(ENOUGH_STEPS)
        terminal.press("s")
        session.wait_for_take(0, TakeState.ACCEPTED)

        terminal.wait_for("Press Enter to start episode 2 of 2.")
        terminal.press("n")
        terminal.wait_for("Note for episode 0.")
        terminal.type("lamp on")
        terminal.wait_for("Note on episode 0: lamp on")

        press_twice(terminal, "d")
        session.wait_for_take(0, TakeState.DISCARDED)
        terminal.press("u")
        session.wait_for_take(0, TakeState.ACCEPTED)

        terminal.resize(80, 24)
        terminal.press("p")
        terminal.wait_for("Paused. Press Enter to go on.")
        terminal.press("Enter")
        start(session, terminal, 2)
        session.wait_for_steps(ENOUGH_STEPS)
        press_twice(terminal, "r")
        session.wait_for_take(1, TakeState.DISCARDED)
        terminal.resize(120, 40)

        start(session, terminal, 2)
        session.wait_for_steps(ENOUGH_STEPS)
        terminal.press("f")
        session.wait_for_take(2, TakeState.ACCEPTED)
        press_twice(terminal, "e")
        terminal.wait_for("status 0")

        kept = {path.name for path in (session.data / "battery").glob("*.hdf5")}
        assert kept == {"episode_0.hdf5", "episode_2.hdf5"}
        with h5py.File(session.data / "battery" / "episode_0.hdf5") as file:
            assert file.attrs["success"] == b"success"
            assert b"lamp on" in file.attrs["notes"]


def test_a_terminal_that_closes_costs_no_step_and_moves_no_arm(
    tmp_path: Path, terminal: Tmux
) -> None:
    # In lock-step the simulated operator may be through before the terminal is missed.
    with collecting(tmp_path, terminal, options="--realtime") as session:
        start(session, terminal, 1)
        safe = session.wait_for_steps(ENOUGH_STEPS)
        terminal.close()
        session.wait_until_the_arms_hold()
        command = session.newest("ticks")["action"].copy()

        with Tmux(tmp_path) as other:
            other.type(f"{COLLECT} --attach --out {session.data}; echo status $?")
            session.wait_for_phase(Phase.HOLDING)
            other.wait_for("Press Enter")
            tick = session.newest("ticks")
            assert tick["state"] == State.HOLDING  # to attach moves nothing
            np.testing.assert_array_equal(tick["action"], command)
            time.sleep(SEEN_S)
            other.press("Enter")
            session.wait_for_phase(Phase.READY)
            assert session.length(0) >= safe
            press_twice(other, "e")
            other.wait_for("status 0")


@pytest.mark.slow
def test_ctrl_z_holds_the_arms_until_fg_and_enter(tmp_path: Path, terminal: Tmux) -> None:
    with collecting(tmp_path, terminal, options="--realtime") as session:
        start(session, terminal, 1)
        safe = session.wait_for_steps(ENOUGH_STEPS)
        terminal.press("C-z")
        terminal.wait_for("Stopped")
        session.wait_until_the_arms_hold()
        terminal.type("fg")
        session.wait_for_phase(Phase.HOLDING)
        terminal.wait_for("Press Enter")
        assert session.newest("ticks")["state"] == State.HOLDING
        time.sleep(SEEN_S)
        terminal.press("Enter")
        session.wait_for_phase(Phase.READY)
        assert session.length(0) >= safe
        terminal.press("C-c")
        terminal.wait_for("Saved 1 episode")
        terminal.type("echo status $?")
        terminal.wait_for("status 130")
