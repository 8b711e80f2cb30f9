"""The emulated rig, from the ports that a driver opens and the commands that its user types."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rustypot
from emulated_rig import REPOSITORY, EmulatedRig

IDS = list(range(1, 10))
PRESENT_POSITION, TORQUE_ENABLE = 132, 64
TICKS_PER_RAD = 4096 / 6.283185
WAVE_TICKS = 0.3 * TICKS_PER_RAD
OPEN_TICKS, CLOSED_TICKS = 2048 + 201, 2048 - 446
FASTEST_TICKS_S = 1.5 * TICKS_PER_RAD
PATIENCE_S = 30
LED_WITHIN_S, PATIENT_TRIES = 10, 6
NAMES = ["leader_left", "leader_right", "follower_left", "follower_right"]


def driver(rig: EmulatedRig, bus: str, timeout_s: float = 5.0) -> Any:
    return rustypot.Xl430PyController(rig.ports[bus], 1_000_000, timeout_s)


def positions(client: Any) -> list[int]:
    answers = client.sync_read_raw_data(IDS, PRESENT_POSITION, 4)
    return [int.from_bytes(bytes(answer), "little", signed=True) for answer in answers]


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "It did not happen."


def ended(*options: str) -> tuple[int, str]:
    """Exit status and standard error of a rig that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "sim.emulated_rig", *options],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


# ---- ports --------------------------------------------------------------------------------------


def test_four_arms_answer_and_leave_no_links_behind(tmp_path: Path) -> None:
    folder = tmp_path / "ports"
    with EmulatedRig(folder) as rig:
        assert rig.ports == {name: str(folder / name) for name in NAMES}
        assert "SCHED_FIFO" in rig.scheduling or "rtprio" in rig.scheduling
        for name in NAMES:
            client = driver(rig, name)
            assert positions(client) == [2048] * 9
            (model,) = client.sync_read_raw_data([9], 0, 2)
            assert int.from_bytes(bytes(model), "little") == (1070 if "leader" in name else 1020)
    assert list(folder.iterdir()) == []


def test_one_pair_and_a_timed_line(tmp_path: Path) -> None:
    options = ("--sides", "left", "--wire-time", "--usb-latency-ms", "1")
    with EmulatedRig(tmp_path, *options) as rig:
        assert list(rig.ports) == ["leader_left", "follower_left"]
        assert positions(driver(rig, "follower_left")) == [2048] * 9


def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    with EmulatedRig(tmp_path) as rig:
        rig.process.stdin.close()
        assert rig.process.wait(PATIENCE_S) == 0
        assert list(tmp_path.iterdir()) == []
        rig.process.stdout.close()
        rig.process.stderr.close()


def test_a_port_keeps_its_name_when_it_is_plugged_in_again(tmp_path: Path) -> None:
    with EmulatedRig(tmp_path) as rig:
        rig.ask("unplug", "leader_right")
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            set(NAMES) - {"leader_right"}
        )
        assert rig.ask("plug", "leader_right") == {"port": str(tmp_path / "leader_right")}
        assert positions(driver(rig, "leader_right")) == [2048] * 9


def test_what_it_cannot_be_started_with_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "leader_left").write_text("somebody's notes")
    status, said = ended(str(tmp_path))
    assert (status, said.count("\n")) == (2, 1)
    assert "is in the way" in said
    assert (tmp_path / "leader_left").read_text() == "somebody's notes"
    status, said = ended(str(tmp_path / "leader_left" / "below"))
    assert status == 2
    assert "Cannot link ports" in said
    status, said = ended(str(tmp_path / "new"), "--faults", str(tmp_path / "none.toml"))
    assert status == 2
    assert "No such file" in said


# ---- commands and faults ------------------------------------------------------------------------


def test_commands_reach_the_arm_that_they_name(tmp_path: Path) -> None:
    with EmulatedRig(tmp_path) as rig:
        rig.ask("move", "follower_right", servo=1, rad=0.5)
        rig.ask("silence", "leader_left", servo=1, on=True)
        assert rig.register("follower_right", 1, "present_position") == 2048 + 326
        assert rig.register("follower_left", 1, "present_position") == 2048
        assert [driver(rig, name, 1.0).ping(1) for name in NAMES] == [False, True, True, True]
        assert "leader_left, leader_right" in rig.ask("get", servo=1, register="id")["error"]
        assert "bus must be" in rig.ask("unplug", "leader")["error"]


def test_every_reply_that_a_fault_takes_is_counted(tmp_path: Path) -> None:
    script = tmp_path / "faults.toml"
    fault = '[[faults]]\nkind = "{}"\nbus = "{}"\nsince = "start"\nshare = 0.3\n'
    script.write_text(
        fault.format("lost", "follower_left")
        + fault.format("truncated", "follower_right")
        + fault.format("duplicated", "leader_left")
    )
    with EmulatedRig(tmp_path / "ports", "--faults", str(script)) as rig:
        taken, tries = {}, 20
        for name in NAMES:
            client, taken[name] = driver(rig, name, 1.0), 0
            for _ in range(tries):
                try:
                    taken[name] += not client.ping(1)
                except RuntimeError:
                    taken[name] += 1
        counted = {name: rig.ask("counters", name) for name in NAMES}
        assert all(counters["replies"] == tries for counters in counted.values())
        assert counted["follower_left"]["lost_replies"] == taken["follower_left"] > 0
        assert counted["follower_left"]["spoilt_replies"] == 0
        assert counted["follower_right"]["lost_replies"] == 0
        assert counted["follower_right"]["spoilt_replies"] == taken["follower_right"] > 0
        for name in ("leader_left", "leader_right"):  # a reply that comes twice has come
            assert counted[name]["lost_replies"] + counted[name]["spoilt_replies"] == 0
        said = rig.stop()
    assert "of follower_right loses the last 4 bytes of 30.0% of its replies" in said


# ---- hands --------------------------------------------------------------------------------------


def rows_while_led(leader: Any) -> list[tuple[float, float, list[int]]]:
    """Holds the arm, lets it go and reads (sent at, heard at, ticks) until every joint has moved.

    Hands let go of a bus that was silent for two seconds, as it is where the machine stalls: [] is
    a try that has seen nothing within its time, and calls for another.
    """
    for torque in (1, 0):
        leader.sync_write_raw_data(IDS, TORQUE_ENABLE, [[torque]] * 9)
        until = time.monotonic() + 0.5  # long enough to be noticed on a busy machine
        while time.monotonic() < until:
            positions(leader)
    seen: list[tuple[float, float, list[int]]] = []
    until = time.monotonic() + LED_WITHIN_S
    while time.monotonic() < until:
        since, row = time.monotonic(), positions(leader)
        seen.append((since, time.monotonic(), row))
        columns = zip(*[row for _, _, row in seen], strict=True)
        if all(max(column) - min(column) > WAVE_TICKS for column in columns):
            return seen
    return []


def test_hands_wave_what_a_session_has_let_go(tmp_path: Path) -> None:
    with EmulatedRig(tmp_path, "--hands", "wave", "--sides", "left") as rig:
        leader, follower = driver(rig, "leader_left"), driver(rig, "follower_left")
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            assert positions(leader) == [2048] * 9  # nobody has held it yet

        seen = next(filter(None, (rows_while_led(leader) for _ in range(PATIENT_TRIES))))
        arms = [row[:8] for _, _, row in seen]
        assert all(row[1] == row[2] and row[3] == row[4] for row in arms)  # pairs go together
        assert all(
            abs(ticks - 2048) < 2 * 0.3 * TICKS_PER_RAD + 700 for row in arms for ticks in row
        )
        for (since, _, row), (_, until, next_row) in itertools.pairwise(seen):
            most = FASTEST_TICKS_S * (until - since + 0.05)  # led, not thrown
            assert all(abs(b - a) < most for a, b in zip(row, next_row, strict=True))
        assert positions(follower) == [2048] * 9

        leader.sync_write_raw_data(IDS, TORQUE_ENABLE, [[1]] * 9)
        time.sleep(1.0)  # it returns to its goal
        held = positions(leader)
        time.sleep(0.3)
        assert positions(leader) == held


def test_a_gesture_opens_and_closes_limp_grippers_only(tmp_path: Path) -> None:
    with EmulatedRig(tmp_path) as rig:
        rig.ask("set", "leader_right", servo=9, register="torque_enable", value=1)
        assert rig.ask("gesture") == {}
        left, right = [], []

        def closed() -> bool:
            left.append(rig.register("leader_left", 9, "present_position"))
            right.append(rig.register("leader_right", 9, "present_position"))
            return left[-1] <= CLOSED_TICKS + 1

        wait_until(closed)
        assert max(left) >= OPEN_TICKS - 10
        assert set(right) == {2048}
        assert rig.register("leader_left", 1, "present_position") == 2048
        assert rig.register("follower_left", 9, "present_position") == 2048


@pytest.mark.parametrize("line", ['{"do": "gesture", "bus": "leader_left"}', '{"do": "step"}', "x"])
def test_a_command_that_makes_no_sense_is_answered(tmp_path: Path, line: str) -> None:
    with EmulatedRig(tmp_path) as rig:
        rig.process.stdin.write(line + "\n")
        rig.process.stdin.flush()
        assert "Cannot obey" in rig._answer()["error"]
        assert positions(driver(rig, "leader_left")) == [2048] * 9
