"""The session's last words."""

import subprocess
from pathlib import Path

import pytest

from recorder.journal.writer import JournalWriter
from session.summary import summary
from session.takes import Cause, Takes
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_episode, make_header


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that a shell would take apart."""
    folder = tmp_path / 'It\'s "a" place'
    folder.mkdir()
    return folder


def taken() -> Takes:
    takes = Takes(True, 0)
    takes.begin(4)
    takes.end(Outcome.SUCCESS, Cause.DONE)
    return takes


def pasted(command: str) -> list[str]:
    """The words that a shell makes of it."""
    show = f'set -- {command}\nprintf "%s\\n" "$@"'
    done = subprocess.run(["sh", "-c", show], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_command_that_looks_at_the_last_one_can_be_pasted(folder: Path) -> None:
    path = make_episode(folder, 20, 4)
    words = pasted(summary(taken(), folder).partition("Look at the last one: ")[2])
    assert words[-1] == str(path)
    assert words[-2].endswith("replay")


def test_what_could_not_be_saved_is_named_with_what_recovers_it(folder: Path) -> None:
    JournalWriter(folder / "episode_4.journal", make_header(4)).close()
    told = summary(taken(), folder)
    assert "episode_4.journal could not become a file yet: mend that, then `episodes " in told
    assert pasted(told.split("`")[1]) == ["episodes", "recover", str(folder)]
