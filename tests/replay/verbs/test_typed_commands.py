"""The commands that `episodes` offers, pasted into a shell as they stand."""

import subprocess
import sys
from pathlib import Path

import pytest

from replay.episodes_cli import main
from tests.recorder.test_recover import left_behind
from tests.replay.said import Said

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path: Path, good: bytes) -> Path:
    """A folder with two episodes, one in the trash, and a name that a shell would take apart."""
    folder = tmp_path / 'It\'s "a" place'
    folder.mkdir()
    for number in (0, 1):
        (folder / f"episode_{number}.hdf5").write_bytes(good)
    assert main(["delete", str(folder / "episode_1.hdf5")]) == 0
    return folder


def paste(command: str) -> str:
    """Run it in a shell that finds `episodes`; what is said."""
    defined = f'episodes() {{ {sys.executable} -m replay.episodes_cli "$@"; }}'
    done = subprocess.run(
        ["sh", "-c", f"{defined}\n{command}"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_what_list_says_restores(place: Path, said: Said) -> None:
    main(["list", str(place)])
    (line,) = (line for line in said().out.splitlines() if "in the trash" in line)
    paste(line.partition(", e.g. ")[2])
    assert (place / "episode_1.hdf5").is_file()


@pytest.mark.parametrize("verb", ["list", "check"])
def test_what_they_say_recovers(place: Path, said: Said, verb: str) -> None:
    left_behind(place, 3)
    main([verb, str(place)])
    begin = {"list": "left it behind (", "check": "no file yet: "}[verb]
    (line,) = (line for line in said().out.splitlines() if begin in line)
    command = line.partition(begin)[2]
    paste(command.removesuffix(")") if verb == "list" else command)
    assert (place / "episode_3.hdf5").is_file()
