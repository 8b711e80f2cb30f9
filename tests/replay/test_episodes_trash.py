"""``episodes delete`` (or ``discard``) and ``restore`` as somebody types them, and what ``list``
and ``replay`` say of labels, notes and the trash."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recorder.episode.amend import amend
from recorder.folder.guards import folder_lock
from replay.cli import main as replay
from replay.episodes_cli import main
from replay.errors import NotFoundError
from replay.find import find_episode
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_episode

REPOSITORY = Path(__file__).parents[2]

Said = Callable[[], "pytest.CaptureResult[str]"]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("made"), 60).read_bytes()


@pytest.fixture
def battery(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``datasets/battery`` with episodes 0 and 2."""
    folder = tmp_path / "datasets" / "battery"
    folder.mkdir(parents=True)
    for module in ("verbs.places", "verbs.meant", "find"):
        monkeypatch.setattr(f"replay.{module}.datasets_dir", lambda: folder.parent)
    for number in (0, 2):
        (folder / f"episode_{number}.hdf5").write_bytes(content)
    return folder


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return capsys.readouterr


def test_there_and_back_by_number_and_by_path(battery: Path, said: Said) -> None:
    trash = battery / ".trash"
    assert main(["discard", "--task", "battery", "0", "2"]) == 0
    assert said().out.splitlines() == [
        f"Episode {number} is discarded: {trash / f'episode_{number}.hdf5'}" for number in (0, 2)
    ]
    assert sorted(path.name for path in trash.iterdir()) == ["episode_0.hdf5", "episode_2.hdf5"]
    assert main(["list"]) == 0
    out = said().out
    assert f"2 in the trash, e.g. {trash / 'episode_2.hdf5'} (episodes restore FILE)" in out
    assert out.splitlines()[-1] == "No episodes."
    assert main(["list", "--json"]) == 0
    assert json.loads(said().out.splitlines()[0]) == {
        "path": str(trash / "episode_0.hdf5"),
        "number": 0,
        "trashed": True,
    }
    assert main(["restore", str(trash / "episode_2.hdf5"), str(battery / "episode_0.hdf5")]) == 0
    assert sorted(path.name for path in battery.glob("*.hdf5")) == [
        "episode_0.hdf5",
        "episode_2.hdf5",
    ]
    said()
    assert main(["list"]) == 0
    assert "trash" not in said().out


def test_as_json(battery: Path, said: Said) -> None:
    assert main(["discard", "--json", "--task", "battery", "2"]) == 0
    path = battery / ".trash" / "episode_2.hdf5"
    assert json.loads(said().out) == {"path": str(path), "number": 2, "result": "discarded"}


def test_a_number_that_is_not_there_moves_nothing(battery: Path, said: Said) -> None:
    assert main(["delete", "--task", "battery", "2", "1"]) == 2
    told = said()
    assert told.err == f"episodes: There is no {battery / 'episode_1.hdf5'}.\n"
    assert told.out == ""
    assert (battery / "episode_2.hdf5").exists()
    assert main(["delete", "--task", "battery", "0"]) == 0
    said()
    assert main(["delete", "--task", "battery", "2", "0"]) == 2
    where = battery / ".trash" / "episode_0.hdf5"
    assert "is in the trash: episodes restore " + str(where) in said().err
    assert main(["restore", "--task", "battery", "0", "2"]) == 2
    assert said().err == f"episodes: There is no {battery / '.trash' / 'episode_2.hdf5'}.\n"
    assert where.exists()


def test_one_that_cannot_be_moved_does_not_keep_the_others(battery: Path, said: Said) -> None:
    in_the_way = battery / ".trash" / "episode_0.hdf5"
    in_the_way.parent.mkdir()
    in_the_way.write_bytes(b"another")
    for options, word in ((["--dry-run"], "would be"), ([], "is")):
        assert main(["delete", "--task", "battery", "0", "2", *options]) == 1
        told = said()
        assert told.err.count("\n") == 1
        assert str(in_the_way) in told.err
        assert told.out.startswith(f"Episode 2 {word} discarded")
    assert in_the_way.read_bytes() == b"another"


def test_a_dry_run_moves_nothing(battery: Path, said: Said) -> None:
    path, trashed = battery / "episode_2.hdf5", battery / ".trash" / "episode_2.hdf5"
    assert main(["delete", "--dry-run", "--task", "battery", "2"]) == 0
    assert said().out == f"Episode 2 would be discarded: {trashed}\n"
    assert sorted(each.name for each in battery.iterdir()) == ["episode_0.hdf5", "episode_2.hdf5"]
    assert main(["delete", str(path)]) == 0
    said()
    assert main(["restore", "--dry-run", "--json", str(path)]) == 0
    told = {"path": str(path), "number": 2, "result": "would be restored"}
    assert json.loads(said().out) == told
    assert trashed.exists()


@pytest.mark.parametrize("pattern", ["", "episode_*", "episode_[02].hdf5"])
def test_a_whole_folder_must_be_meant(battery: Path, said: Said, pattern: str) -> None:
    name = str(battery / pattern)
    assert main(["delete", name]) == 2
    assert said().err == "episodes: That means 2 episodes: add --yes, or try --dry-run.\n"
    assert (battery / "episode_0.hdf5").exists()
    assert main(["delete", "--dry-run", name]) == 0
    assert main(["delete", "--yes", name]) == 0
    assert not list(battery.glob("*.hdf5"))
    assert main(["restore", name]) == 0
    assert len(list(battery.glob("*.hdf5"))) == 2
    assert main(["restore", name]) == 2
    assert "There is nothing in the trash of" in said().err


@pytest.mark.parametrize(("answer", "left"), [("n", 2), ("", 2), ("y", 0)])
def test_at_a_terminal_it_is_asked(battery: Path, answer: str, left: int) -> None:
    mine, its = pty.openpty()
    command = [sys.executable, "-m", "replay.episodes_cli", "delete", str(battery)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=its, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        os.write(mine, f"{answer}\n".encode())
        out, asked = process.communicate(timeout=60)
    os.close(mine)
    os.close(its)
    assert asked.decode() == "Move 2 episodes to the trash? [y/N] "
    assert len(list(battery.glob("*.hdf5"))) == left
    assert (b"Nothing is discarded." in out) == (process.returncode == 1) == (left == 2)


def test_another_spelling_of_a_number_is_another_name(battery: Path, said: Said) -> None:
    """It must not cost episode 2."""
    (battery / "episode_02.hdf5").write_bytes(b"somebody's copy")
    assert main(["delete", str(battery / "episode_02.hdf5")]) == 2
    assert "episode_02.hdf5 is no episode" in said().err
    assert (battery / "episode_2.hdf5").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["0"], "Episode 0 of which task? Add --task NAME, or give its path."),
        (["--task", "none", "0"], "none does not exist."),
        (["notes.txt"], "notes.txt is no episode: give an episode_<number>.hdf5."),
        (["episode_1.journal"], "episode_1.journal is no episode: give an episode_<number>.hdf5."),
        (["--task", "battery", "12345678901"], "12345678901 is no episode"),
        (["--task", "battery", "\u0662"], "\u0662 is no episode"),
    ],
)
def test_what_names_no_episode_is_said_and_nothing_is_moved(
    battery: Path, said: Said, arguments: list[str], sentence: str
) -> None:
    assert main(["discard", *arguments, str(battery / "episode_0.hdf5")]) == 2
    assert sentence in said().err
    assert (battery / "episode_0.hdf5").exists()


def test_a_folder_that_is_recorded_into_is_left_alone(battery: Path) -> None:
    with folder_lock(battery, 0):
        command = [sys.executable, "-m", "replay.episodes_cli", "discard"]
        done = subprocess.run(
            [*command, str(battery / "episode_0.hdf5")],
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("episodes: Another recorder")
    assert (battery / "episode_0.hdf5").exists()


def test_nobody_finds_what_is_in_the_trash(battery: Path) -> None:
    assert find_episode("episode_2") == battery / "episode_2.hdf5"
    assert main(["discard", "--task", "battery", "2"]) == 0
    with pytest.raises(NotFoundError, match=r"There is no episode_2\.hdf5"):
        find_episode("episode_2")


def test_labels_reasons_and_notes_are_shown(battery: Path, said: Said) -> None:
    path = battery / "episode_0.hdf5"
    amend(path, outcome=Outcome.FAILURE, reason="It slipped.", note="table was wet")
    amend(path, note="and \x1b[31mcold")
    assert main(["list", str(path)]) == 0
    lines = said().out.splitlines()
    assert lines[2].split()[4] == "failure"
    assert [line.strip() for line in lines[3:6]] == [
        "reason: It slipped.",
        "note: table was wet",
        "note: and \ufffd[31mcold",
    ]
    assert main(["list", "--json", str(path)]) == 0
    told = json.loads(said().out)
    assert (told["success"], told["reason"]) == ("failure", "It slipped.")
    assert told["notes"] == ["table was wet", "and \x1b[31mcold"]
    replay([str(path)])
    out = said().out
    assert "  outcome   failure: It slipped.\n  note      table was wet\n" in out
