"""What people are told to type does what it says when it is pasted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.typed import program, typed

QUOTED = 'It\'s "a" place $HOME; `x` *'


def test_a_plain_command_is_as_it_was() -> None:
    assert typed("episodes", "restore", Path("data/a-b/.trash/episode_1.hdf5")) == (
        "episodes restore data/a-b/.trash/episode_1.hdf5"
    )


@pytest.mark.parametrize("name", [QUOTED, "two  words", "new\nline", "é", "~", ""])
def test_a_shell_takes_each_word_as_it_is(name: str) -> None:
    command = typed("printf", "%s|", "one", name)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == f"one|{name}|"


def test_a_path_is_no_option() -> None:
    assert typed("ls", "-l", Path("-rf/it")) == "ls -l ./-rf/it"


def test_a_program_is_called_so_that_the_shell_finds_just_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    python, ours = tmp_path / "bin" / "python", tmp_path / "bin" / "episodes"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "executable", str(python))
    assert program("episodes") == "episodes"  # installed elsewhere
    ours.touch(mode=0o755)
    assert program("episodes") == "bin/episodes"
    monkeypatch.setenv("PATH", f"{ours.parent}:{os.environ['PATH']}")
    assert program("episodes") == "episodes"
