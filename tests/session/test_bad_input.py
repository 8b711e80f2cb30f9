"""Bad input gets one plain sentence and a non-zero exit; nothing is started, nothing is written."""

import os
import subprocess
from pathlib import Path

import pytest
from session_harness import ROOT, command, small_rig


def refused(out: Path, *arguments: str, **environment: str) -> str:
    """The one sentence with which a command line is refused."""
    done = subprocess.run(
        command(out, *arguments),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr + done.stdout
    return done.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--task", "batery"), ("Unknown task 'batery'", "Did you mean 'battery'")),
        (("--task", "battery", "--rig", "smi"), ("Unknown rig 'smi'", "Did you mean 'sim'")),
        (("--task", "battery", "--rig", "none.toml"), ("Cannot read none.toml",)),
        (("--task", "battery", "--episodes", "0"), ("--episodes must be 1-100000",)),
        (("--task", "battery", "--seed", "-1"), ("--seed must be 0-",)),
        (
            ("--task", "battery", "--realtime", "--quality", "high"),
            ("--quality high takes far longer than real time", "leave out"),
        ),
        (("--task", "battery", "--faults", "none.toml"), ("Cannot read", "none.toml")),
    ],
)
def test_command_line(tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    sentence = refused(tmp_path / "data", *arguments)
    assert sentence.count("\n") == 0
    for word in words:
        assert word in sentence
    assert not (tmp_path / "data").exists()


def test_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    rig = small_rig(tmp_path)
    rig.write_text(rig.read_text().replace("ramp_speed_rad_s", "ramp_sped"))
    sentence = refused(tmp_path / "data", "--task", "battery", "--rig", str(rig))
    assert "unknown key 'ramp_sped'. Did you mean 'ramp_speed_rad_s'" in sentence
    assert "small.toml" in sentence


def test_real_rig_is_refused_rather_than_simulated(tmp_path: Path) -> None:
    """A rig that says it is real never silently becomes the simulated one."""
    rig = small_rig(tmp_path)
    rig.write_text(rig.read_text().replace("simulated = true", "simulated = false"))
    assert "leader_left has no port" in refused(
        tmp_path / "data", "--task", "battery", "--rig", str(rig)
    )


@pytest.mark.parametrize(
    ("line", "changed", "words"),
    [
        ("rate_hz = 50", "rate_hz = 100", "runs at 50 Hz only"),
        ('gripper = "tonyzhaozh"', 'gripper = "mobile"', "tonyzhaozh grippers only"),
        ("start_rad = [0.0,", "start_rad = [0.3,", "starts at start_rad = [0.0, -0.96,"),
        ("start_gripper = 0.1", "start_gripper = 0.5", "start_gripper = 0.1 only"),
    ],
)
def test_what_the_simulated_rig_cannot_do_is_refused(
    tmp_path: Path, line: str, changed: str, words: str
) -> None:
    rig = small_rig(tmp_path)
    assert line in rig.read_text()
    rig.write_text(rig.read_text().replace(line, changed))
    assert words in refused(tmp_path / "data", "--task", "battery", "--rig", str(rig))


def test_a_fault_that_does_not_exist_is_refused_before_anything_starts(tmp_path: Path) -> None:
    faults = tmp_path / "faults.toml"
    faults.write_text('[[faults]]\nkind = "silense"\nbus = "leader_left"\n')
    sentence = refused(tmp_path / "data", "--task", "battery", "--faults", str(faults))
    assert sentence.count("\n") == 0
    assert "faults.toml" in sentence
    assert "Did you mean 'silence'" in sentence
    assert not (tmp_path / "data").exists()


def test_what_the_wire_costs_is_refused_where_time_stands_still(tmp_path: Path) -> None:
    rig = small_rig(tmp_path)
    rig.write_text(rig.read_text() + "\n[simulation]\nwire_time = true\n")
    sentence = refused(tmp_path / "data", "--task", "battery", "--rig", str(rig))
    assert sentence.count("\n") == 0
    assert "[simulation] options, which cost real time: give --realtime" in sentence


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file in the way")
    sentence = refused(tmp_path / "data", "--task", "battery")
    assert f"Cannot write to {tmp_path / 'data' / 'battery'}" in sentence
    assert "--out" in sentence


def test_attach_without_a_session(tmp_path: Path) -> None:
    environment = {"TANDEM_RUNTIME_PARENT": str(tmp_path)}
    assert "No session is running" in refused(tmp_path, "--attach", **environment)


@pytest.mark.sim
def test_no_gl_names_the_packages(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path / "data", "--task", "battery"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={**os.environ, "MUJOCO_GL": "nonsense"},
    )
    assert done.returncode == 1
    assert "libegl1" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not list((tmp_path / "data" / "battery").glob("episode_*"))
