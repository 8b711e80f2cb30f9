"""What people are told to type does what it says when it is pasted."""

import subprocess
from pathlib import Path

import pytest

from recorder.typed import typed

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
