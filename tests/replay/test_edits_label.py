"""``episodes label`` as somebody types it, and ``undo`` of it."""

import json
from pathlib import Path

import pytest

from recorder.episode.amend import amend
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from replay.episodes_cli import main
from teleop.tick import Outcome
from tests.replay.edits_bench import make_calm
from tests.replay.said import Said


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_calm(tmp_path_factory.mktemp("made"), 60).read_bytes()


@pytest.fixture
def path(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(content)
    return path


def facts(path: Path) -> EpisodeFacts:
    with EpisodeReader(path) as episode:
        return episode.facts


def test_labels_and_notes_come_and_go(path: Path, said: Said) -> None:
    recorded, name = facts(path), str(path)
    assert main(["label", "--failure", "--reason", " It\nfell. ", name]) == 0
    assert said().out == "episode_0: failure (It fell.), was success\n"
    assert main(["label", "--note", "wet", name]) == 0
    assert main(["label", "--unlabelled", "--note", "cold", name]) == 0
    assert said().out.splitlines() == [
        "episode_0: noted: wet",
        "episode_0: unlabelled, was failure (It fell.); noted: cold",
    ]
    assert (facts(path).success, facts(path).label_reason) == ("unlabelled", None)
    assert facts(path).notes == "wet\ncold"
    assert facts(path).verdict == recorded.verdict
    amend(path, note="from the dashboard")
    for _ in range(3):
        assert main(["undo", name]) == 0
    assert said().out.splitlines() == [
        "episode_0: failure (It fell.) again, was unlabelled; without its newest note",
        "episode_0: without its newest note",
        "episode_0: success again, was failure (It fell.)",
    ]
    assert (facts(path).success, facts(path).label_reason) == ("success", None)
    assert (facts(path).notes, facts(path).edits) == ("from the dashboard", None)
    assert main(["undo", name]) == 1
    assert said().err == f"episodes: There is nothing to undo of {path}.\n"


def test_a_dry_run_says_it_and_does_nothing(path: Path, said: Said, content: bytes) -> None:
    arguments = ["label", "--failure", "--reason", "It fell.", "--json", str(path)]
    assert main([*arguments, "--dry-run"]) == 0
    would = json.loads(said().out)
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert main(arguments) == 0
    told = json.loads(said().out)
    assert (would.pop("result"), told.pop("result")) == ("would be labelled", "labelled")
    assert would == told
    assert (told["success"], told["before"]["success"]) == ("failure", "success")


def test_what_is_so_already_is_left_alone(path: Path, said: Said, content: bytes) -> None:
    assert main(["label", "--success", str(path)]) == 0
    assert said().out == "episode_0: it says so already, left alone\n"
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Say what: --success, --failure or --unlabelled, or --note TEXT."),
        (["--note", "  "], "Say what"),
        (["--reason", "x"], "--reason is why"),
        (["--reason", "x", "--note", "y"], "--reason is why"),
    ],
)
def test_half_a_label_is_none(
    path: Path, said: Said, content: bytes, arguments: list[str], sentence: str
) -> None:
    assert main(["label", *arguments, str(path)]) == 2
    assert sentence in said().err
    assert path.read_bytes() == content


def test_labels_after_a_trim_are_undone_before_it(path: Path, content: bytes) -> None:
    name = str(path)
    assert main(["trim", "--to", "49", name]) == 0
    assert main(["label", "--failure", name]) == 0
    amend(path, outcome=Outcome.UNLABELLED, note="from the dashboard")
    assert main(["undo", name]) == 0
    assert facts(path).success == "success"
    assert main(["undo", name]) == 0
    assert (facts(path).notes, facts(path).edits) == ("from the dashboard", None)
    with EpisodeReader(path) as episode:
        assert episode.steps == 60


def test_text_of_a_terminal_is_shown_and_not_obeyed(path: Path, said: Said) -> None:
    assert main(["label", "--failure", "--reason", "\x1b[31mred\udc80", str(path)]) == 0
    assert main(["undo", str(path)]) == 0
    assert "\x1b" not in said().out


def test_what_is_discarded_is_not_edited(path: Path, said: Said) -> None:
    assert main(["delete", str(path)]) == 0
    for name in (path, path.parent / ".trash" / path.name):
        assert main(["undo", str(name)]) == 2
        assert "episodes restore" in said().err


def test_a_link_is_not_replaced_by_a_file(path: Path, said: Said) -> None:
    link = path.with_name("episode_1.hdf5")
    link.symlink_to(path.name)
    assert main(["label", "--failure", str(link)]) == 2
    assert "is a link: give the file" in said().err
    assert link.is_symlink()
    assert facts(path).success == "success"
