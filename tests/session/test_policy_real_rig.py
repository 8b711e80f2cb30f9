"""``act-run`` on emulated servos, which are a real rig as far as the session knows: its cameras are
the recorder's, time is the wall clock's, and a person is asked before anything moves."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from emulated_rig import EmulatedRig
from session_harness import Collect, emulated_rig, running, wait_until
from tiny_policy import START, tiny_policy

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from teleop.joints import SERVOS_PER_ARM
from teleop.tick import Led, State


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports") as rig:
        yield rig


def torque(arms: EmulatedRig, bus: str) -> list[int]:
    return [arms.register(bus, i + 1, "torque_enable") for i in range(SERVOS_PER_ARM)]


@contextmanager
def policy_leading(folder: Path, arms: EmulatedRig) -> Iterator[Collect]:
    """A session that a policy leads, once its first episode has been started."""
    policy = tiny_policy(folder / "policy", chunk=40)
    rig, out = emulated_rig(folder, arms.ports), folder / "rollouts"
    words = [sys.executable, "-c", "import sys; from act.entry import run; sys.exit(run())"]
    words += [str(policy), "--task", "battery", "--rig", str(rig), "--out", str(out), "--headless"]
    with running(out, words) as session:
        session.wait_for_prompt("press Enter, to start episode 1 of 1")
        assert session.field("ticks", "state") == State.WAITING
        session.ask("go_on")
        yield session


def recorded(folder: Path) -> EpisodeReader:
    return EpisodeReader(folder / "rollouts" / "battery" / "episode_0.hdf5")


def test_a_policy_that_gets_no_pictures_holds(tmp_path: Path, arms: EmulatedRig) -> None:
    """The cameras are the recorder's: it hangs, and goes on before the session misses it."""
    with policy_leading(tmp_path, arms) as session:
        session.wait_for_step(25)
        recorder = session.pid("recorder")
        os.kill(recorder, signal.SIGSTOP)
        session.wait_for_state(State.HOLDING)
        os.kill(recorder, signal.SIGCONT)
        held = session.record("ticks")["action"]
        session.wait_for_prompt("Press Enter to bring the arms to their start pose.")
        asked = session.field("ticks", "number")
        wait_until(lambda: session.field("ticks", "number") > asked + 50, 60, "a second of ticks")
        assert np.array_equal(session.record("ticks")["action"], held)
        assert torque(arms, "follower_left") == [1] * SERVOS_PER_ARM
        session.ask("stop")
        _, text = session.finish()
    assert "Holding: cam_high has given no picture for 0.3 s." in text, text
    with recorded(tmp_path) as episode:
        assert check(episode) == []
        assert episode.facts.success == "unlabelled"


def test_it_leads_is_taken_over_from_and_goes_on_within_one_episode(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    with policy_leading(tmp_path, arms) as session:

        def led_by(led: Led) -> None:
            wait_until(lambda: session.field("ticks", "led") == led, 60, f"{led.name} to lead")
            step = session.field("ticks", "step")
            wait_until(lambda: session.field("ticks", "step") > step + 15, 60, "some steps")

        led_by(Led.POLICY)
        assert torque(arms, "leader_left") == [1] * SERVOS_PER_ARM
        session.ask("lead")
        led_by(Led.NOBODY)
        assert torque(arms, "leader_left") == [1] * SERVOS_PER_ARM  # nobody may have it in hand
        session.wait_for_prompt("Take both leaders in hand, then L: you lead.")
        session.ask("lead")
        led_by(Led.LEADERS)
        assert torque(arms, "leader_right") == [0] * SERVOS_PER_ARM
        session.ask("lead")
        led_by(Led.POLICY)
        assert torque(arms, "leader_right") == [1] * SERVOS_PER_ARM
        session.wait_for_prompt("The policy leads")
        session.ask("end", outcome="success")
        session.wait_for_prompt("All 1 recorded. Press Enter to end")
        session.ask("go_on")
        status, text = session.finish()
    assert status == 0, text
    assert "EMULATED ARMS: task battery, led by the policy transfer_cube after 0 steps" in text
    with recorded(tmp_path) as episode:
        assert check(episode) == []
        assert episode.facts.success == "success"
        assert '"identity"' in (episode.facts.policy or "")
        led, action = episode.column("/tandem/led"), episode.column("/action")
    order = led[np.flatnonzero(np.diff(led.astype(int), prepend=-1))].tolist()
    assert order == [Led.POLICY, Led.NOBODY, Led.LEADERS, Led.POLICY]
    assert np.abs(action - START).max() < 0.6
    assert np.abs(np.diff(action, axis=0)).max() <= 0.11
