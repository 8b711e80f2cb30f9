"""`teleop` itself: its commands, its errors, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bringup.cli import COMMANDS, main

REPOSITORY = Path(__file__).resolve().parents[2]


def teleop(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bringup", *arguments],
        cwd=REPOSITORY,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_every_command_tells_its_options(arguments: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "usage: teleop" in said
    if arguments == ["--help"]:
        assert all(name in said for name in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["dance"], ["scan", "--fly"]])
def test_what_it_does_not_know_is_a_usage_error(arguments: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: teleop" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["doctor", "calibrate"])
def test_a_rig_file_that_is_not_there_is_one_sentence(
    command: str, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "rig.toml"
    assert main([command, "--rig", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"teleop {command}: Cannot read {path}")
    assert error.count("\n") == 1


def test_scan_without_adapters_says_what_to_do(tmp_path: Path, capsys: Any) -> None:
    assert main(["scan", "--ports", f"{tmp_path}/*"]) == 2
    assert "correct --ports" in capsys.readouterr().err


def test_ctrl_c_leaves_no_traceback_and_frees_the_port(arm_bus: Any) -> None:
    arm = arm_bus("leader")
    process = teleop("scan", "--ports", arm.port, "--json")
    while arm.counters()["packets"] == 0:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in error


def test_a_reader_that_has_seen_enough_gets_no_traceback(arm_bus: Any) -> None:
    arm = arm_bus("leader")
    read, write = os.pipe()
    os.close(read)
    try:
        process = subprocess.run(
            [sys.executable, "-m", "bringup", "scan", "--json", "--ports", arm.port],
            cwd=REPOSITORY,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(write)
    assert "Pipe" not in process.stderr
    assert "Traceback" not in process.stderr
