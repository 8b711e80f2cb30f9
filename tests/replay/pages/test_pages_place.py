"""A report is under its name whole, or not at all; nothing of anybody else is touched."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.errors import FolderError
from replay.errors import PagesError
from replay.pages import place
from replay.pages.place import building
from tests.recorder.fake_rig import REPOSITORY, make_episode
from tests.replay.pages.reading import read_report

KILLED = """
import os, signal, sys
from pathlib import Path
from replay.pages import build
from replay.printer import Printer

build.index_page = lambda entries: os.kill(os.getpid(), signal.SIGKILL)
build.write_pages([Path(sys.argv[1])], Path(sys.argv[2]), Printer(as_json=True))
"""


def write(out: Path, word: str) -> None:
    with building(out) as folder:
        (folder / "index.html").write_text(word)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder for reports."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_killed_build_leaves_nothing_under_the_name(tmp_path: Path, home: Path) -> None:
    episode, out = make_episode(tmp_path, 60), home / "out"
    command = [sys.executable, "-c", KILLED, str(episode), str(out)]
    for before in (None, "earlier"):
        if before:
            write(out, before)
        done = subprocess.run(command, cwd=REPOSITORY, check=False)
        assert done.returncode == -signal.SIGKILL
        assert (home / ".out.building" / "episodes" / "episode_0.html").exists()  # in the middle
        assert out.exists() == bool(before)
    assert (out / "index.html").read_text() == "earlier"
    command = [sys.executable, "-m", "replay", str(episode), "--report", str(out)]
    subprocess.run(command, cwd=REPOSITORY, check=False, stdout=subprocess.DEVNULL)
    assert "episode_0" in read_report(out)["index.html"].text
    assert names(home) == ["out"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_an_earlier_report_is_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:  # as on a file system that cannot
        monkeypatch.setattr(place, "exchange", lambda one, other: False)
    for word in ("one", "two", "three"):
        write(home / "out", word)
        assert (home / "out" / "index.html").read_text() == word
        assert names(home) == ["out"]


def test_a_build_that_fails_leaves_the_earlier_report(home: Path) -> None:
    write(home / "out", "one")
    with pytest.raises(ZeroDivisionError), building(home / "out") as folder:
        (folder / "index.html").write_text(str(1 / 0))
    assert (home / "out" / "index.html").read_text() == "one"
    assert names(home) == ["out"]


def test_a_report_that_was_moved_aside_comes_back(home: Path) -> None:
    write(home / "out", "one")
    (home / "out").rename(home / ".out.old")  # and there the process was killed
    with pytest.raises(ZeroDivisionError), building(home / "out"):
        raise ZeroDivisionError
    assert (home / "out" / "index.html").read_text() == "one"
    assert names(home) == ["out"]


def test_something_else_is_refused_and_left_alone(home: Path) -> None:
    (home / "folder").mkdir()
    (home / "folder" / "thesis.txt").write_text("years")
    (home / "file").write_text("years")
    write(home / "report", "one")
    (home / "report" / "notes.txt").write_text("mine")
    for name in ("folder", "file", "report"):
        with pytest.raises(PagesError, match="is no report of Tandem"):
            write(home / name, "two")
    (home / ".new.building").mkdir()
    (home / ".new.building" / "thesis.txt").write_text("years")
    with pytest.raises(FolderError, match="in the way"):
        write(home / "new", "one")
    assert (home / ".new.building" / "thesis.txt").exists()
    assert (home / "folder" / "thesis.txt").exists()
    assert (home / "report" / "index.html").read_text() == "one"
    with pytest.raises(PagesError, match="there is no folder"):
        write(home / "nowhere" / "out", "one")


def test_a_link_to_a_report_is_followed_and_one_that_leads_nowhere_refused(home: Path) -> None:
    link = home / "link"
    link.symlink_to(home / "out")
    with pytest.raises(PagesError, match="link is a link that leads nowhere"):
        write(link, "one")
    assert names(home) == ["link"]
    write(home / "out", "one")
    write(link, "two")
    assert (home / "out" / "index.html").read_text() == "two"
    assert link.is_symlink()


def test_one_at_a_time(home: Path) -> None:
    with building(home / "out") as folder:
        (folder / "index.html").write_text("one")
        with pytest.raises(FolderError, match="Another process is writing"):
            write(home / "out", "two")
    assert (home / "out" / "index.html").read_text() == "one"
    assert names(home) == ["out"]


def test_what_comes_into_being_meanwhile_is_not_replaced(home: Path) -> None:
    pages = building(home / "out")
    pages.__enter__()
    (home / "out").mkdir()
    (home / "out" / "thesis.txt").write_text("years")
    with pytest.raises(PagesError, match="has come into being"):
        pages.__exit__(None, None, None)
    assert (home / "out" / "thesis.txt").exists()
    assert names(home) == ["out"]


def test_a_disk_that_refuses_is_told(home: Path) -> None:
    name = home / ("long" * 61 + "er")
    with pytest.raises(PagesError, match="Cannot write pages"):
        write(name, "one")
    assert names(home) == []
