"""``episodes delete`` (or ``discard``) and ``restore`` as somebody types them, and what ``list``
and ``replay`` say of labels, notes and the trash."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recorder.episode.amend import amend
from recorder.folder.guards import folder_lock
from recorder.folder.numbering import NEXT_FILE, claim_number
from replay.cli import main as replay
from replay.episodes_cli import main
from replay.errors import NotFoundError
from replay.find import find_episode
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_episode
from tests.replay.said import Said

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("made"), 60).read_bytes()


@pytest.fixture
def battery(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``datasets/battery`` with episodes 0 and 2."""
    folder = tmp_path / "datasets" / "battery"
    folder.mkdir(parents=True)
    for module in ("verbs.places", "verbs.in_task", "find"):
        monkeypatch.setattr(f"replay.{module}.datasets_dir", lambda: folder.parent)
    for number in (0, 2):
        (folder / f"episode_{number}.hdf5").write_bytes(content)
    return folder


def test_there_and_back_by_number_and_by_path(battery: Path, said: Said) -> None:
    trash = battery / ".trash"
    assert main(["discard", "--task", "battery", "0", "2"]) == 0
    assert said().out.splitlines() == [
        f"Episode {number} is deleted: {trash / f'episode_{number}.hdf5'}" for number in (0, 2)
    ]
    assert sorted(path.name for path in trash.iterdir()) == ["episode_0.hdf5", "episode_2.hdf5"]
    assert main(["list"]) == 0
    out = said().out
    assert "in the trash: 2 deleted" in out
    assert f"episodes restore {trash / 'episode_2.hdf5'}" in out
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
    assert json.loads(said().out) == {"path": str(path), "number": 2, "result": "deleted"}


def test_a_number_that_is_not_there_moves_nothing(battery: Path, said: Said) -> None:
    assert main(["delete", "--task", "battery", "2", "1"]) == 2
    told = said()
    assert told.err.startswith(f"episodes: {battery / 'episode_1.hdf5'} does not exist.")
    assert told.out == ""
    assert (battery / "episode_2.hdf5").exists()
    assert main(["delete", "--task", "battery", "0"]) == 0
    said()
    assert main(["delete", "--task", "battery", "2", "0"]) == 2
    where = battery / ".trash" / "episode_0.hdf5"
    assert "is in the trash: episodes restore " + str(where) in said().err
    assert main(["restore", "--task", "battery", "0", "2"]) == 2
    assert said().err == f"episodes: {battery / 'episode_2.hdf5'} is not in the trash.\n"
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
        assert told.out.startswith(f"Episode 2 {word} deleted")
    assert in_the_way.read_bytes() == b"another"


def test_a_dry_run_moves_nothing(battery: Path, said: Said) -> None:
    path, trashed = battery / "episode_2.hdf5", battery / ".trash" / "episode_2.hdf5"
    assert main(["delete", "--dry-run", "--task", "battery", "2"]) == 0
    assert said().out == f"Episode 2 would be deleted: {trashed}\n"
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
    assert main(["restore", name]) == 2
    assert said().err == "episodes: That means 2 episodes: add --yes, or try --dry-run.\n"
    assert main(["restore", "--dry-run", name]) == 0
    assert not list(battery.glob("*.hdf5"))
    assert main(["restore", "--yes", name]) == 0
    assert len(list(battery.glob("*.hdf5"))) == 2
    assert main(["restore", "--yes", name]) == 2
    assert "There is nothing in the trash of" in said().err


@pytest.mark.parametrize("verb", ["delete", "restore"])
@pytest.mark.parametrize(("answer", "moved"), [("n", 0), ("", 0), ("y", 2)])
def test_at_a_terminal_it_is_asked(battery: Path, verb: str, answer: str, moved: int) -> None:
    if verb == "restore":
        assert main(["delete", "--yes", str(battery)]) == 0
    with asked(verb, battery) as (process, terminal, question):
        os.write(terminal, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=60)
    back = "back from" if verb == "restore" else "to"
    assert question == f"Move 2 episodes {back} the trash? [y/N] "
    went = {"delete": battery / ".trash", "restore": battery}[verb]
    assert len(list(went.glob("*.hdf5"))) == moved
    nothing = f"Nothing is {verb}d.\n".encode()
    assert (out == nothing) == (process.returncode == 1) == (moved == 0)


@contextmanager
def asked(verb: str, folder: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int, str]]:
    """The command, the terminal that it reads from, and what it has asked there."""
    mine, its = pty.openpty()
    command = [sys.executable, "-m", "replay.episodes_cli", verb, str(folder)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=its, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr
        try:
            question = b""
            while not question.endswith(b"[y/N] ") and (more := process.stderr.read(1)):
                question += more
            yield process, mine, question.decode()
        finally:
            process.kill()
            os.close(mine)
            os.close(its)


def test_ctrl_c_is_no_yes(battery: Path) -> None:
    with asked("delete", battery) as (process, _, _):
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert told == b"episodes: interrupted: nothing is done.\n"
    assert len(list(battery.glob("*.hdf5"))) == 2


def test_another_spelling_of_a_number_is_another_name(battery: Path, said: Said) -> None:
    """It must not cost episode 2."""
    (battery / "episode_02.hdf5").write_bytes(b"somebody's copy")
    assert main(["delete", str(battery / "episode_02.hdf5")]) == 2
    assert "episode_02.hdf5 is no episode" in said().err
    assert (battery / "episode_2.hdf5").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["1"], "There is no episode_1.hdf5 under datasets/."),
        (["--task", "none", "0"], "There is no datasets/none. There are: battery."),
        (["--task", "batery", "0"], "There is no datasets/batery. Did you mean battery?"),
        (["notes.txt"], "notes.txt"),
        (["--task", "battery", "notes.txt"], "notes.txt is no episode: give an episode_<number>"),
        (["--task", "battery", "12345678901"], "episode_12345678901.hdf5 does not exist."),
        (["--task", "battery", "\u0662"], "\u0662.hdf5 does not exist."),
    ],
)
def test_what_names_no_episode_is_said_and_nothing_is_moved(
    battery: Path, said: Said, arguments: list[str], sentence: str
) -> None:
    (battery / "notes.txt").touch()
    assert main(["discard", *arguments, str(battery / "episode_0.hdf5")]) == 2
    assert sentence in said().err
    assert (battery / "episode_0.hdf5").exists()


def test_a_bare_name_or_number_is_found_in_the_trash_too(battery: Path, said: Said) -> None:
    path, where = battery / "episode_2.hdf5", battery / ".trash" / "episode_2.hdf5"
    for name in ("2", "episode_2", "episode_2.hdf5", "battery/2", "battery/episode_2"):
        assert main(["delete", name]) == 0
        assert where.is_file()
        said()
        assert main(["trim", "--to", "5", name]) == 2
        assert f"is in the trash: episodes restore {where}" in said().err
        assert main(["restore", name]) == 0
        assert path.is_file()
    assert main(["restore", "episode_2"]) == 2
    assert "There is no episode_2.hdf5 in the trash of any folder" in said().err


def test_which_of_several_must_be_said(battery: Path, said: Said) -> None:
    cube = battery.with_name("cube")
    cube.mkdir()
    content = (battery / "episode_2.hdf5").read_bytes()
    (cube / "episode_2.hdf5").write_bytes(content)
    paths = [folder / "episode_2.hdf5" for folder in (battery, cube)]
    for verb in (["label", "--failure"], ["trim", "--to", "9"], ["delete"]):
        assert main([*verb, "2"]) == 2
        told = said().err
        assert "Several episodes are called episode_2.hdf5" in told
        assert told.splitlines()[1:] == [f"  {path}" for path in paths]
    assert [path.read_bytes() for path in paths] == [content, content]
    assert main(["delete", *map(str, paths)]) == 0
    said()
    assert main(["restore", "2"]) == 2
    told = said().err
    assert "Several episode_2.hdf5 are in the trash; say which one:" in told
    assert told.splitlines()[1:] == [f"  {each.parent / '.trash' / each.name}" for each in paths]
    assert main(["restore", "--task", "cube", "2"]) == 0
    assert [path.is_file() for path in paths] == [False, True]


def test_with_a_task_another_file_of_that_name_is_not_meant(
    battery: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "episode_2.hdf5").write_bytes(b"another")
    monkeypatch.chdir(tmp_path)
    assert main(["delete", "--task", "battery", "episode_2"]) == 0
    assert main(["delete", "--yes", "--task", "battery", "episode_*"]) == 0
    assert (tmp_path / "episode_2.hdf5").read_bytes() == b"another"
    assert not list(battery.glob("*.hdf5"))
    assert main(["restore", "--yes", "--task", "battery", "episode_*"]) == 0
    assert len(list(battery.glob("*.hdf5"))) == 2


def test_a_folder_by_its_name_alone_must_be_meant_too(battery: Path, said: Said) -> None:
    assert main(["delete", "battery"]) == 2
    assert said().err == "episodes: That means 2 episodes: add --yes, or try --dry-run.\n"
    assert len(list(battery.glob("*.hdf5"))) == 2
    assert main(["delete", "battery", "--yes"]) == 0
    assert main(["restore", "battery"]) == 2
    assert main(["restore", "battery", "--yes"]) == 0
    assert len(list(battery.glob("*.hdf5"))) == 2


def test_a_number_is_not_used_again_when_the_trash_is_emptied(battery: Path) -> None:
    """Nothing was ever recorded here: the episodes were copied in, and there is no counter."""
    assert main(["delete", "--task", "battery", "0"]) == 0
    assert main(["delete", "--task", "battery", "2"]) == 0
    for path in (battery / ".trash").iterdir():
        path.unlink()
    assert claim_number(battery) == 3


def test_a_counter_is_not_set_back(battery: Path) -> None:
    (battery / NEXT_FILE).write_text("7\n")
    assert main(["delete", "--task", "battery", "2"]) == 0
    assert claim_number(battery) == 7


def test_a_counter_that_is_none_is_said_and_nothing_is_moved(battery: Path, said: Said) -> None:
    (battery / NEXT_FILE).write_text("seven\n")
    assert main(["delete", "--task", "battery", "2"]) == 1
    assert "write the next free one into it" in said().err
    assert (battery / "episode_2.hdf5").is_file()


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
    assert "wait for the end of its session" in done.stderr
    assert "--out" not in done.stderr
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
    lines = [line.strip() for line in said().out.splitlines()]
    row = next(line for line in lines if line.startswith("0 "))
    assert "failure" in row
    told = lines[lines.index(row) + 1 :]
    assert told[:3] == ["reason: It slipped.", "note: table was wet", "note: and \ufffd[31mcold"]
    assert main(["list", "--json", str(path)]) == 0
    told = json.loads(said().out)
    assert (told["success"], told["reason"]) == ("failure", "It slipped.")
    assert told["notes"] == ["table was wet", "and \x1b[31mcold"]
    replay([str(path)])
    out = said().out
    assert "  outcome   failure: It slipped.\n  note      table was wet\n" in out
