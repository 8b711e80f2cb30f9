"""kill -9 of each process in each state, and what becomes of the arms.

On emulated servos, which outlive the session: no follower is ever limp but where it may lie,
nothing is left running, and the next start works. (In the middle of an episode: `test_faults` too.)
"""

import math
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from emulated_rig import EmulatedRig
from session_harness import Collect, alive, collecting, emulated_rig, short_task, wait_until

from teleop.joints import ARM_DOF, JOINT_SERVO_IDS, SERVOS_PER_ARM
from teleop.rig_config import PoseConfig
from teleop.tick import State

FOLLOWERS = ("follower_left", "follower_right")
NEAR_RAD = 0.2
"""As near to the rest pose an arm may be let go of."""
STATES = (State.HOMING, State.WAITING, State.FOLLOWING, State.HOLDING, State.RESTING)
VICTIMS = ("control", "session", "recorder", "terminal")
QUICK = {(State.FOLLOWING, "control")}
"""Run always; all others with -m slow."""
MATRIX = [
    pytest.param(
        state,
        victim,
        id=f"{state.name.lower()}-{victim}",
        marks=() if (state, victim) in QUICK else pytest.mark.slow,
    )
    for state in STATES
    for victim in VICTIMS
]


@pytest.fixture
def arms(tmp_path: Path) -> Iterator[EmulatedRig]:
    """Four arms with hands on their leaders."""
    (tmp_path / "ports").mkdir()
    with EmulatedRig(tmp_path / "ports", "--hands", "wave") as rig:
        yield rig


def is_at_rest(arms: EmulatedRig, bus: str) -> bool:
    for servo, wanted_rad in zip(
        JOINT_SERVO_IDS[:ARM_DOF], PoseConfig().follower_rest_rad, strict=True
    ):
        ticks = arms.register(bus, servo, "present_position")
        if abs((ticks - 2048) * math.tau / 4096 - wanted_rad) > NEAR_RAD:
            return False
    return True


def holds(arms: EmulatedRig, bus: str) -> bool:
    return all(arms.register(bus, i + 1, "torque_enable") for i in range(SERVOS_PER_ARM))


def watched(arms: EmulatedRig, condition: Callable[[], bool]) -> Callable[[], bool]:
    """The condition; meanwhile every follower holds, or lies where it may be let go of."""

    def check() -> bool:
        for bus in FOLLOWERS:
            assert holds(arms, bus) or is_at_rest(arms, bus), f"{bus} is limp"
        return condition()

    return check


def reach(collect: Collect, state: State) -> None:
    """Bring the session into a state, as its operator would."""
    if state is not State.HOMING:
        collect.wait_for_prompt("start episode")
    if state in (State.FOLLOWING, State.HOLDING):
        collect.press(b"\n")
        collect.wait_for_step(20)
    if state is State.HOLDING:
        collect.press(b" ")
    if state is State.RESTING:
        collect.process.send_signal(signal.SIGINT)
    collect.wait_for_state(state)


@pytest.mark.parametrize(("state", "victim"), MATRIX)
def test_kill(state: State, victim: str, tmp_path: Path, arms: EmulatedRig) -> None:
    rig = emulated_rig(tmp_path, arms.ports, ramp_speed_rad_s=0.3, hold_timeout_s=2.0)
    settings = ["--task", str(short_task(tmp_path, 5000)), "--rig", str(rig)]
    with collecting(tmp_path / "data", *settings, keyboard=True) as collect:
        reach(collect, State.HOMING)
        pids = collect.pids()
        reach(collect, state)
        os.kill(
            collect.process.pid if victim == "terminal" else collect.pid(victim), signal.SIGKILL
        )
        if victim == "recorder" and state is not State.RESTING:
            wait_until(lambda: collect.prompt().startswith("Press Enter to"), 60, "a new recorder")
            pids.append(int((collect.runtime / "recorder.pid").read_text()))
            collect.process.send_signal(signal.SIGINT)
        gone = watched(arms, lambda: not any(map(alive, pids)))
        wait_until(gone, 60, f"the end of {pids}")
        status, text = collect.finish()
        assert status != 0, text
        assert "Traceback" not in text
    if victim == "control":
        assert all(holds(arms, bus) or state is State.RESTING for bus in FOLLOWERS)
    else:
        assert all(is_at_rest(arms, bus) for bus in FOLLOWERS)
    again = [*settings, "--out", str(tmp_path / "data")]
    with collecting(tmp_path / "data", *again, keyboard=True) as collect:
        collect.wait_for_prompt("start episode")
        collect.process.send_signal(signal.SIGINT)
        status, text = collect.finish()
        assert status == 130, text
    assert not list((tmp_path / "data").rglob("*.journal"))
