"""`teleop mirror` and `teleop rest`, as processes, on emulated servos and on the simulated rig."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulated_rig import EmulatedRig
from session_harness import (
    ROOT,
    collecting,
    emulated_rig,
    running,
    short_task,
    small_rig,
    teleop,
    wait_until,
)

from teleop.joints import BUS_NAMES, SERVOS_PER_ARM
from teleop.tick import NO_EPISODE, State

SHOULDER, ELBOW, GRIPPER = 2, 4, 9
OVERLOAD = 0x20


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    """Four arms with hands on their leaders."""
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "wave") as rig:
        yield rig


def run(*arguments: str) -> tuple[int, str]:
    """A `teleop` command to its end: exit status and everything printed."""
    done = subprocess.run(
        teleop(*arguments),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=180,
        cwd=ROOT,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def torque(arms: EmulatedRig, bus: str) -> list[int]:
    return [arms.register(bus, i + 1, "torque_enable") for i in range(SERVOS_PER_ARM)]


def limp(arms: EmulatedRig) -> list[str]:
    """The buses whose nine servos have their torque off."""
    return [bus for bus in BUS_NAMES if not any(torque(arms, bus))]


def pose(arms: EmulatedRig, rad: float) -> None:
    """Put all joints of all arms somewhere, torque off."""
    for bus in BUS_NAMES:
        for servo in range(1, SERVOS_PER_ARM + 1):
            arms.ask("move", bus, servo=servo, rad=rad)


def test_mirror_follows_and_records_nothing(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports)
    with running(rig, teleop("mirror", "--rig", str(rig), "--seconds", "2")) as mirror:
        mirror.wait_for_prompt("let the followers follow")
        arms.ask("gesture")
        mirror.wait_for_state(State.FOLLOWING)
        assert mirror.field("ticks", "episode") == NO_EPISODE
        assert mirror.names == ["control", "session"]
        status, text = mirror.finish()
    assert status == 0, text
    assert "EMULATED ARMS: mirroring, nothing is recorded." in text
    assert " Hz | late " in text
    assert limp(arms) == list(BUS_NAMES)
    assert not list(tmp_path.rglob("*.hdf5"))


@pytest.mark.sim
def test_mirror_on_the_simulated_rig_is_led_by_its_operator(tmp_path: Path) -> None:
    rig = small_rig(tmp_path, cameras=1)
    status, text = run("mirror", "--rig", str(rig), "--seconds", "3")
    assert status == 0, text
    assert "SIMULATED RIG: mirroring, nothing is recorded. No real arm moves." in text
    assert "SIMULATED RIG | mirroring | " in text


def test_rest_from_any_pose(tmp_path: Path, arms: EmulatedRig) -> None:
    pose(arms, 0.4)
    status, text = run("rest", "--rig", str(emulated_rig(tmp_path, arms.ports)))
    assert status == 0, text
    assert "The arms are at rest, torque off." in text
    assert limp(arms) == list(BUS_NAMES)


def test_rest_asks_a_running_session(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports)
    settings = ["--task", str(short_task(tmp_path)), "--rig", str(rig)]
    with collecting(tmp_path / "data", *settings) as collect:
        collect.wait_for_prompt("start episode")
        status, text = run("rest", "--rig", str(rig))
        assert status == 0, text
        assert "A session is running (EMULATED ARMS, task battery," in text
        status, text = collect.finish()
        assert status == 0, text
    assert limp(arms) == list(BUS_NAMES)


def test_rest_after_the_arms_were_left_holding(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports)
    with running(rig, teleop("mirror", "--rig", str(rig))) as mirror:
        mirror.wait_for_prompt("let the followers follow")
        arms.ask("gesture")
        mirror.wait_for_state(State.FOLLOWING)
        mirror.process.send_signal(signal.SIGINT)
        mirror.wait_for_state(State.RESTING)
        mirror.process.send_signal(signal.SIGINT)
        status, text = mirror.finish()
    assert status == 130, text
    assert "The arms hold." in text
    assert limp(arms) == []
    status, text = run("rest", "--rig", str(rig))
    assert status == 0, text
    assert limp(arms) == list(BUS_NAMES)


def test_rest_waits_for_the_control_of_a_killed_session(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports, ramp_speed_rad_s=0.3)
    with running(rig, teleop("mirror", "--rig", str(rig))) as mirror:
        mirror.wait_for_prompt("let the followers follow")
        mirror.pids()
        pid = mirror.pid("session")
        subprocess.run(["kill", "-9", str(pid)], check=True)
        mirror.finish()
        status, text = run("rest", "--rig", str(rig))
    assert status == 0, text
    assert "The control process of a killed session brings the arms to rest: waiting." in text
    assert limp(arms) == list(BUS_NAMES)


def test_rest_brings_a_limp_joint_back_once_the_arm_is_supported(
    tmp_path: Path, arms: EmulatedRig
) -> None:
    arms.ask("set", "follower_left", servo=ELBOW, register="hardware_error_status", value=OVERLOAD)
    rig = emulated_rig(tmp_path, arms.ports)
    status, text = run("rest", "--rig", str(rig), "--yes")
    assert status == 0, text
    assert "Support the arm" in text
    assert limp(arms) == list(BUS_NAMES)


def test_rest_without_an_arm_rests_the_others(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports)
    arms.ask("unplug", "follower_right")
    wait_until(lambda: not (tmp_path / "ports" / "follower_right").exists(), 5, "no port")
    status, text = run("rest", "--rig", str(rig))
    assert status == 1, text
    assert "follower_right is not at rest" in text
    arms.ask("plug", "follower_right")
    assert set(limp(arms)) >= {"leader_left", "leader_right", "follower_left"}


def test_rest_never_drops_an_arm_that_cannot_get_there(tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports)
    pose(arms, 0.4)
    arms.ask("silence", "follower_left", servo=SHOULDER, on=True)
    status, text = run("rest", "--rig", str(rig))
    assert status == 1, text
    assert "follower_left is not at rest" in text
    holding = torque(arms, "follower_left")
    assert [holding[i] for i in range(SERVOS_PER_ARM) if i + 1 not in (SHOULDER, SHOULDER + 1)] == [
        1
    ] * 7
    assert set(limp(arms)) == set(BUS_NAMES) - {"follower_left"}


@pytest.mark.sim
def test_rest_on_the_simulated_rig_without_a_session(tmp_path: Path) -> None:
    status, text = run("rest", "--rig", str(small_rig(tmp_path)))
    assert status == 0, text
    assert "nothing is to be done" in text
