"""`teleop calibrate` on emulated arms, as the operator calls it."""

import contextlib
import math
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from bringup.cli import main
from session.calibration import calibration_path, load_calibration
from session.config import load_rig
from teleop.bus import ServoBus
from teleop.errors import ServoError
from teleop.port import SerialPort
from teleop.servos import FOLLOWER
from teleop.setup import ArmSetup

ARM = "follower_left"
IDS = range(1, 10)
REPOSITORY = Path(__file__).resolve().parents[2]

Rig = tuple[Any, Path, Callable[..., int]]


@pytest.fixture
def rig(arm_bus: Any, tmp_path: Path) -> Rig:
    """A pair of emulated arms, their rig file, and `teleop calibrate` on the follower."""
    follower, leader = arm_bus("follower"), arm_bus("leader")
    path = tmp_path / "rig.toml"
    path.write_text(
        'cameras = [{ name = "cam", kind = "pattern" }]\n'
        '[rig]\nname = "pair"\nsimulated = false\n'
        f'[[rig.arms]]\nrole = "follower"\nside = "left"\nport = "{follower.port}"\n'
        f'[[rig.arms]]\nrole = "leader"\nside = "left"\nport = "{leader.port}"\n'
    )

    def calibrate(*options: str, arm: str = ARM) -> int:
        return main(["calibrate", "--rig", str(path), "--arm", arm, *options])

    return follower, path, calibrate


def offsets(arm: Any) -> list[int]:
    """What is in the EEPROMs."""
    return [arm.register(i, "homing_offset") for i in IDS]


def set_up(path: Path) -> Any:
    """Control's checks at start, with the calibration there is."""
    port = SerialPort(load_rig(path).rig.arm("follower", "left").port, 1_000_000)
    try:
        bus = ServoBus(ARM, port)
        return ArmSetup(bus, "follower", FOLLOWER, 540.0, 0.2, load_calibration(path)).run()
    finally:
        port.close()


def test_every_joint_reads_zero_afterwards(rig: Rig, capsys: Any) -> None:
    arm, path, calibrate = rig
    arm.move(1, 0.1)
    arm.move(4, -0.2)
    arm.set_register(3, "homing_offset", 40)  # so that the shoulder's two servos disagree
    arm.set_register(9, "homing_offset", 7)
    assert calibrate("--yes") == 0
    assert [arm.register(i, "present_position") for i in range(1, 9)] == pytest.approx(
        [2048] * 8, abs=1
    )
    ticks = round(0.1 * 4096 / math.tau), round(0.2 * 4096 / math.tau)
    assert offsets(arm) == pytest.approx([-ticks[0], 0, 0, ticks[1], ticks[1], 0, 0, 0, 7], abs=1)
    stored = load_calibration(path)
    assert [each.homing_offset_ticks for each in stored] == offsets(arm)
    assert {(each.bus, each.firmware) for each in stored} == {
        (ARM, arm.register(1, "firmware_version"))
    }
    assert "upper arm stands upright" in capsys.readouterr().out
    assert len(set_up(path)) == 9
    assert calibrate("--check") == 0


def test_the_other_arms_calibration_stays(rig: Rig) -> None:
    _, path, calibrate = rig
    assert calibrate("--yes") == 0
    assert calibrate("--yes", arm="leader_left") == 0
    assert calibrate("--yes") == 0
    places = [(each.bus, each.servo_id) for each in load_calibration(path)]
    assert places == [(bus, i) for bus in ("leader_left", ARM) for i in IDS]


@pytest.mark.parametrize(
    ("register", "value", "says"),
    [
        ("torque_enable", 1, "holds: run teleop rest first"),
        ("operating_mode", 4, "teleop doctor --fix"),
        ("drive_mode", 0, "has drive_mode 0, not 1"),
        ("model_number", 1060, "another arm"),
    ],
)
def test_what_forbids_it(rig: Rig, register: str, value: int, says: str, capsys: Any) -> None:
    arm, path, calibrate = rig
    arm.set_register(1, "homing_offset", 5)
    arm.set_register(7, register, value)
    assert calibrate("--yes") == 2
    assert f"Servo 7 (wrist_angle) of {ARM}" in (said := capsys.readouterr().err)
    assert says in said
    assert offsets(arm)[0] == 5
    assert not calibration_path(path).exists()


def test_far_from_the_zero_pose_nothing_is_written(rig: Rig, capsys: Any) -> None:
    arm, path, calibrate = rig
    arm.move(1, 0.1)
    arm.move(6, 1.7)  # more than the quarter turn that an offset can make up for
    assert calibrate("--yes") == 2
    assert "Servo 6 (forearm_roll)" in (said := capsys.readouterr().err)
    assert "quarter turn" in said
    assert offsets(arm) == [0] * 9
    assert not calibration_path(path).exists()


def test_an_offset_that_does_not_work_is_taken_back(rig: Rig, capsys: Any) -> None:
    """A servo whose position does not follow its offset is no servo to be trusted with one."""
    arm, path, calibrate = rig
    arm.move(1, 0.1)
    arm.set_register(6, "present_position", 2148)
    assert calibrate("--yes") == 2
    assert "reads 2148 with its new offset, not 2048" in capsys.readouterr().err
    assert offsets(arm) == [0] * 9
    assert not calibration_path(path).exists()


def test_a_file_that_cannot_be_written_leaves_the_servos_as_they_were(
    rig: Rig, capsys: Any
) -> None:
    arm, path, calibrate = rig
    arm.move(1, 0.1)
    calibration_path(path).mkdir()
    assert calibrate("--yes") == 2
    assert "calibration.toml" in capsys.readouterr().err
    assert offsets(arm) == [0] * 9


def test_a_sweep_within_the_limits_is_told(rig: Rig, capsys: Any) -> None:
    _, path, calibrate = rig
    assert calibrate("--yes", "--sweep", "0.1") == 0
    assert "from 0 to 0 degrees; its limits are -107 and 128" in capsys.readouterr().out
    assert len(load_calibration(path)) == 9


def test_a_sweep_beyond_the_limits_shows_a_wrong_zero(rig: Rig) -> None:
    arm, path, _ = rig
    arm.move(1, 0.1)
    command = [sys.executable, "-m", "bringup", "calibrate", "--rig", str(path), "--arm", ARM]
    with subprocess.Popen(
        [*command, "--yes", "--sweep", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as process:
        assert process.stdout is not None
        while "Now move" not in (line := process.stdout.readline()):
            assert line, "it ended before the sweep"
        assert offsets(arm)[0] != 0
        arm.move(4, 2.0)  # an elbow gets to 92 degrees
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "Servo 4 (elbow)" in said
    assert "to 115 degrees, but its limits are -101 and 92" in said
    assert offsets(arm) == [0] * 9
    assert not calibration_path(path).exists()


def test_it_asks_before_it_writes(rig: Rig, capsys: Any) -> None:
    arm, _, calibrate = rig
    arm.move(1, 0.1)
    assert calibrate() == 2  # pytest's standard input is no terminal
    assert "--yes" in capsys.readouterr().err
    assert offsets(arm) == [0] * 9


def test_on_a_terminal_enter_writes_and_ctrl_c_does_not(rig: Rig) -> None:
    arm, path, _ = rig
    arm.move(1, 0.1)
    command = [sys.executable, "-m", "bringup", "calibrate", "--rig", str(path), "--arm", ARM]
    for status in (130, 0):
        with _at_a_terminal(command) as (process, keyboard):
            assert process.stdout is not None
            assert b"upper arm stands upright" in _until(process.stdout, b"Press Enter when")
            os.write(keyboard, b"\n")
            assert b"1 waist                5.7 deg" in _until(process.stdout, b"to write")
            assert offsets(arm) == [0] * 9
            if status:
                _interrupt(process)
            else:
                os.write(keyboard, b"\n")
            process.communicate(timeout=30)
        assert process.returncode == status
        assert (offsets(arm) == [0] * 9) == bool(status)


@contextlib.contextmanager
def _at_a_terminal(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process, and the keyboard that it reads; it does not outlive this."""
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, cwd=REPOSITORY, start_new_session=True
    ) as process:
        try:
            yield process, keyboard
        finally:
            process.kill()
            os.close(keyboard)
            os.close(terminal)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C, again each second: one that comes just before Python reads waits for what it reads,
    and nobody presses it within a microsecond of the question."""
    for _ in range(30):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
            return


def _until(stream: IO[bytes], words: bytes) -> bytes:
    """What a process says up to these words."""
    said = b""
    while words not in said:
        part = stream.read1()
        assert part, said
        said += part
    return said


def test_another_servo_is_refused_by_check_restore_and_control(rig: Rig, capsys: Any) -> None:
    arm, path, calibrate = rig
    assert calibrate("--yes") == 0
    arm.set_register(8, "firmware_version", 12)
    assert calibrate("--check") == 1
    assert "Servo 8 (wrist_rotate)" in capsys.readouterr().out
    assert calibrate("--restore") == 2
    assert "its firmware is 12" in capsys.readouterr().err
    with pytest.raises(ServoError, match=r"Servo 8 .* is not the one calibrated at 20.*calibrate"):
        set_up(path)


def test_lost_offsets_are_found_and_restored(rig: Rig, capsys: Any) -> None:
    arm, path, calibrate = rig
    arm.move(2, 0.1)
    assert calibrate("--yes") == 0
    calibrated = offsets(arm)
    for servo_id in (2, 3):
        arm.set_register(servo_id, "homing_offset", 0)  # as after a factory reset
    assert calibrate("--check") == 1
    assert "its homing offset is 0, not" in capsys.readouterr().out
    with pytest.raises(ServoError, match="its homing offset is 0"):
        set_up(path)
    assert calibrate("--restore") == 0
    assert offsets(arm) == calibrated
    assert calibrate("--check") == 0


def test_a_slipped_horn_shows_in_the_pair(rig: Rig, capsys: Any) -> None:
    arm, _, calibrate = rig
    assert calibrate("--yes") == 0
    arm.set_register(5, "present_position", 2048 + 40)
    assert calibrate("--check") == 1
    assert "Servo 5 (elbow_shadow)" in (said := capsys.readouterr().out)
    assert "3.5 degrees off its pair" in said


@pytest.mark.parametrize("options", [["--check"], ["--restore"]])
def test_without_a_calibration(rig: Rig, options: list[str], capsys: Any) -> None:
    _, _, calibrate = rig
    assert calibrate(*options) == 2
    assert "has no calibration" in capsys.readouterr().err


def test_arms_and_rigs_that_are_not_there(rig: Rig, capsys: Any) -> None:
    _, _, calibrate = rig
    assert calibrate("--yes", arm="leader_right") == 2
    assert "has no leader_right; its arms: leader_left, follower_left" in capsys.readouterr().err
    assert main(["calibrate", "--rig", "sim", "--yes"]) == 2
    assert "is a simulated one" in capsys.readouterr().err
