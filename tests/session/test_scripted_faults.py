"""collect.py on a rig that breaks: the arms hold, the file is sound and says what happened."""

from pathlib import Path
from typing import Any

import h5py
import pytest
from session_harness import collecting, run, short_task, small_rig, wait_until

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from teleop.tick import Outcome, State

pytestmark = pytest.mark.sim

ALERT = 0x80
FOLLOWER_LEFT = 2
"""Row of that bus."""


def arguments(folder: Path, *faults: str) -> tuple[str, ...]:
    script = folder / "script.toml"
    script.write_text("\n".join(["seed = 3", *("[[faults]]\n" + fault for fault in faults)]))
    rig, task = small_rig(folder, hold_timeout_s=2.0, cameras=1), short_task(folder, 150)
    return ("--task", str(task), "--rig", str(rig), "--seed", "0", "--faults", str(script))


def fault(kind: str, servo: int | None = None, bus: str = "follower_left", **fields: Any) -> str:
    servos = {} if servo is None else {"servo": servo}
    table = {"kind": kind, "bus": bus, **servos, **fields}
    return "\n".join(f"{name} = {value!r}" for name, value in table.items())


def recorded(folder: Path) -> Path:
    return folder / "data" / "battery" / "episode_0.hdf5"


def sound(path: Path) -> Outcome:
    """The file has nothing wrong with it; its outcome."""
    with EpisodeReader(path) as episode:
        assert check(episode) == []
        return episode.facts.outcome


def events(path: Path) -> str:
    with h5py.File(path) as file:
        return "\n".join(text.decode() for text in file["tandem/events/text"][:])


def test_a_bad_line_costs_repeats_and_nothing_else(tmp_path: Path) -> None:
    kinds = ("lost", "truncated", "corrupted", "duplicated", "late", "noise")
    for_s = 0.3
    script = [
        fault(
            kind,
            at_s=0.1 + 0.4 * n,
            for_s=for_s,
            share=0.02,
            **({"delay_ms": 25.0} if kind == "late" else {}),
        )
        for n, kind in enumerate(kinds)
    ]
    status, text = run(tmp_path / "data", *arguments(tmp_path, *script))
    assert status == 0, text
    assert sound(recorded(tmp_path)) is not Outcome.UNLABELLED
    told = events(recorded(tmp_path))
    for number in range(1, len(kinds) + 1):
        assert f"world: Scripted fault {number} of script.toml: " in told
        assert f"world: Scripted fault {number} of script.toml is over." in told
    assert "Holding" not in text
    with h5py.File(recorded(tmp_path)) as file:
        retries = file["tandem/retries"][:]
        assert retries[-1, FOLLOWER_LEFT] > 0
        assert retries[-1].sum() == retries[-1, FOLLOWER_LEFT]


@pytest.mark.parametrize(
    "script",
    [fault("silence", 5, at_s=1.0), fault("reboot", 7, "follower_right", at_s=1.0)],
    ids=["silence", "reboot"],
)
def test_a_servo_that_does_not_answer_ends_in_hold(script: str, tmp_path: Path) -> None:
    with collecting(tmp_path / "data", *arguments(tmp_path, script)) as collect:
        collect.pids()
        collect.wait_for_state(State.HOLDING)
        wait_until(recorded(tmp_path).exists, 60, "the file")
    assert sound(recorded(tmp_path)) is Outcome.UNLABELLED
    assert "world: Scripted fault 1 of script.toml: servo " in events(recorded(tmp_path))


@pytest.mark.parametrize(
    ("script", "says", "back"),
    [
        (fault("unplug", at_s=1.0, for_s=2.0), "of follower_left is gone", "cannot be reached"),
        (fault("overload", 9, at_s=1.0), "9 (gripper) overloaded", "Restarting servo 9 (gripper)"),
        (fault("overload", 4, at_s=1.0), "4 (elbow) overloaded", "The session does that for"),
        (fault("silence", 5, at_s=1.0, for_s=3.0), "no answer from follower_left: 5", "Mend what"),
    ],
    ids=["unplugged", "gripper", "elbow", "silent"],
)
def test_what_failed_comes_back_and_the_session_goes_on(
    script: str, says: str, back: str, tmp_path: Path
) -> None:
    status, text = run(tmp_path / "data", *arguments(tmp_path, script), "--episodes", "2")
    assert status == 1, text
    assert text.index(says) < text.index(back)
    assert text.index(back) < text.index("follower_left is back and holds where it is.")
    assert "Saved 2 episodes" in text
    assert "A fault ended 1 episode." in text
    assert sound(recorded(tmp_path)) is Outcome.UNLABELLED
    assert sound(recorded(tmp_path).with_name("episode_1.hdf5")) is not Outcome.UNLABELLED


def test_a_simulated_rig_that_does_not_come_back_ends_the_session(tmp_path: Path) -> None:
    status, text = run(tmp_path / "data", *arguments(tmp_path, fault("silence", 5, at_s=1.0)))
    assert status == 1, text
    assert "error: The simulated rig does not come out of its hold: giving up." in text
    assert "follower_left is not at rest and holds" in text


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (fault("silence", 5, at_s=1.0), "Holding: no answer from follower_left: 5 (elbow_shadow)."),
        (fault("unplug", at_s=1.0, for_s=2.0), "of follower_left is gone: plug its adapter in."),
    ],
    ids=["silence", "unplug"],
)
def test_the_file_says_why_the_episode_ended(script: str, says: str, tmp_path: Path) -> None:
    with collecting(tmp_path / "data", *arguments(tmp_path, script)) as collect:
        collect.pids()
        wait_until(recorded(tmp_path).exists, 120, "the file")
    assert says in events(recorded(tmp_path))


def test_a_servo_that_shut_itself_down_can_be_seen_in_the_file(tmp_path: Path) -> None:
    script = fault("overload", 9, at_s=1.0)
    _, text = run(tmp_path / "data", *arguments(tmp_path, script))
    assert "Restarting servo 9 (gripper) of follower_left." in text
    sound(recorded(tmp_path))
    assert "servo 9 of follower_left shuts down by overload" in events(recorded(tmp_path))
    with h5py.File(recorded(tmp_path)) as file:
        alerts = file["tandem/servo_error"][:] & ALERT
        assert alerts[-1, FOLLOWER_LEFT].tolist() == [0] * 8 + [ALERT]
        assert alerts[0].max() == 0


@pytest.mark.parametrize(
    "script",
    [
        fault("overload", 4, at_s=1.0),
        fault("overheating", 2, at_s=1.0, value=85.0),
        fault("voltage", 4, at_s=0.2, for_s=0.2, value=8.0)
        + "\n[[faults]]\n"
        + fault("overload", 4, at_s=0.6),
    ],
    ids=["overload", "overheating", "overload after a warning that stands"],
)
def test_a_servo_that_shut_itself_down_ends_in_hold(script: str, tmp_path: Path) -> None:
    _, text = run(tmp_path / "data", *arguments(tmp_path, script))
    assert "Holding: servos report errors (follower_left: " in text
    assert sound(recorded(tmp_path)) is Outcome.UNLABELLED


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (
            fault("wrong_baud", 9, baud=57600, since="start"),
            "Servo 9 (gripper) of follower_left does not answer",
        ),
        (
            fault("wrong_model", 3, model=1060, since="start"),
            "Servo 3 (shoulder_shadow) of follower_left is a XL430-W250, not a XM540-W270",
        ),
    ],
    ids=["wrong_baud", "wrong_model"],
)
def test_what_is_set_up_wrong_is_found_before_anything_moves(
    script: str, says: str, tmp_path: Path
) -> None:
    status, text = run(tmp_path / "data", *arguments(tmp_path, script), timeout_s=60)
    assert status == 1, text
    assert says in text
    assert not recorded(tmp_path).exists()


def test_a_wrong_script_is_refused_before_anything_starts(tmp_path: Path) -> None:
    status, text = run(tmp_path / "data", *arguments(tmp_path, fault("slience", 5)))
    assert status == 2, text
    assert f"{tmp_path / 'script.toml'}, fault 1 kind: 'slience'. Did you mean 'silence'?" in text
    assert "Traceback" not in text
    assert not (tmp_path / "data").exists()
