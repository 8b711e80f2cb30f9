"""``episodes list`` of many files: filters, orders, and an index that is right or not believed."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.episode.amend import amend
from replay.episodes_cli import main
from replay.filters import Filter
from replay.index import rows, store
from replay.index.read import read_row
from replay.index.row import Row, Unreadable
from replay.index.store import INDEX_FILE
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_episode

REPOSITORY = Path(__file__).parents[2]
MANY = 60
STEPS = 10


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("made"), STEPS, cameras=1).read_bytes()


@pytest.fixture
def folder(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enough episodes for an index, as if they had lain there for some time."""
    monkeypatch.setattr(rows, "TICK_NS", -(10**12))
    for number in range(MANY):
        (tmp_path / f"episode_{number}.hdf5").write_bytes(content)
    return tmp_path


Listed = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def listed(capsys: pytest.CaptureFixture[str]) -> Listed:
    """What `list --json` says, by number."""

    def listed(*arguments: object) -> list[dict[str, Any]]:
        main(["list", "--json", *map(str, arguments)])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return listed


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that have been opened."""
    names: list[str] = []

    def counting(path: Path) -> Row | Unreadable:
        names.append(path.name)
        return read_row(path)

    monkeypatch.setattr(rows, "read_row", counting)
    return names


def test_what_has_not_changed_is_not_opened_again(
    folder: Path, listed: Listed, opened: list[str]
) -> None:
    first = listed(folder)
    assert len(opened) == MANY
    assert listed(folder) == first
    assert len(opened) == MANY
    assert [each["number"] for each in first] == list(range(MANY))


def test_what_is_new_changed_replaced_or_gone_is_seen(
    folder: Path, content: bytes, listed: Listed, opened: list[str]
) -> None:
    listed(folder)
    opened.clear()
    amend(folder / "episode_3.hdf5", outcome=Outcome.FAILURE, reason="It slipped.")
    same_size = folder / "episode_4.hdf5"
    before = same_size.stat()
    same_size.write_bytes(b"x" * len(content))
    os.utime(same_size, ns=(before.st_atime_ns, before.st_mtime_ns))
    (folder / "episode_5.hdf5").unlink()
    (folder / "episode_6.hdf5").rename(folder / "episode_600.hdf5")
    (folder / "episode_7.hdf5").unlink()
    (folder / "episode_7.hdf5").write_bytes(content)
    found = {each["number"]: each for each in listed(folder)}
    assert (found[3]["success"], found[3]["reason"]) == ("failure", "It slipped.")
    assert "is not an episode file" in found[4]["error"]
    assert not {5, 6} & found.keys()
    assert found[600]["steps"] == STEPS
    assert sorted(opened) == [f"episode_{number}.hdf5" for number in (3, 4, 600, 7)]


def test_what_has_just_been_written_is_not_believed(
    tmp_path: Path, content: bytes, listed: Listed, opened: list[str], monkeypatch: Any
) -> None:
    """It might change again in the same tick of the clock."""
    monkeypatch.setattr(rows, "TICK_NS", 3600 * 10**9)
    for number in range(MANY):
        (tmp_path / f"episode_{number}.hdf5").write_bytes(content)
    listed(tmp_path)
    listed(tmp_path)
    assert len(opened) == 2 * MANY


def test_a_few_files_leave_no_index_behind(tmp_path: Path, content: bytes, listed: Listed) -> None:
    for number in range(10):
        (tmp_path / f"episode_{number}.hdf5").write_bytes(content)
    assert len(listed(tmp_path)) == 10
    assert not (tmp_path / INDEX_FILE).exists()


@pytest.mark.parametrize("way", ["folder", "fifo", "link", "huge"])
def test_whatever_is_in_the_place_of_the_index(folder: Path, listed: Listed, way: str) -> None:
    expected, index = listed(folder), folder / INDEX_FILE
    index.unlink()
    secret = folder / "secret"
    secret.write_text("mine")
    match way:
        case "folder":
            index.mkdir()
        case "fifo":
            os.mkfifo(index)
        case "link":
            index.symlink_to(secret)
        case "huge":
            index.touch()
            os.truncate(index, 1 << 40)
    assert listed(folder) == expected
    assert secret.read_text() == "mine"
    assert not list(folder.glob(".*.new"))


def test_a_folder_that_cannot_be_written_to_is_listed_all_the_same(
    folder: Path, listed: Listed, monkeypatch: Any
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(store, "write_atomically", refuse)
    assert len(listed(folder)) == MANY
    assert not (folder / INDEX_FILE).exists()


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> tuple[Path, bytes]:
    """A folder, and the index that `list` has left in it."""
    folder = tmp_path_factory.mktemp("indexed")
    for number in range(5):
        (folder / f"episode_{number}.hdf5").write_bytes(content)
    paths = sorted(folder.iterdir())
    found = [row for row in map(read_row, paths) if isinstance(row, Row)]
    store.save(folder, {r.path.name: (store.Stamp.of(r.path.stat()), r.facts) for r in found})
    return folder, (folder / INDEX_FILE).read_bytes()


@given(data=st.data())
def test_a_spoilt_index_is_ignored(indexed: tuple[Path, bytes], data: st.DataObject) -> None:
    folder, whole = indexed
    (folder / INDEX_FILE).write_bytes(whole)
    expected = store.load(folder)
    assert len(expected) == 5
    content = bytearray(whole)
    at = data.draw(st.integers(0, len(content) - 1))
    match data.draw(st.sampled_from(["cut", "flip", "noise", "replaced"])):
        case "cut":
            del content[at:]
        case "flip":
            content[at] ^= 1 << data.draw(st.integers(0, 7))
        case "noise":
            content[at : at + 64] = data.draw(st.binary(max_size=200))
        case "replaced":
            content = bytearray(data.draw(st.binary(max_size=500)))
    (folder / INDEX_FILE).write_bytes(content)
    assert store.load(folder) == (expected if content == whole else {})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@given(plain=PLAIN | st.dictionaries(st.sampled_from(["episode_1.hdf5", ""]), PLAIN))
def test_a_forged_index_holds_entries_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, plain: Any
) -> None:
    """With a checksum that is right."""
    folder = tmp_path_factory.getbasetemp()
    body = json.dumps(plain).encode()
    head = f"{store._LAYOUT} {hashlib.sha256(body).hexdigest()}\n"
    (folder / INDEX_FILE).write_bytes(head.encode() + body)
    assert store.load(folder) == {}


def test_deep_nesting_in_an_index_is_no_traceback(tmp_path: Path) -> None:
    body = b"[" * 200_000
    head = f"{store._LAYOUT} {hashlib.sha256(body).hexdigest()}\n"
    (tmp_path / INDEX_FILE).write_bytes(head.encode() + body)
    assert store.load(tmp_path) == {}


def test_the_quick_look_and_the_close_look_agree(tmp_path: Path, monkeypatch: Any) -> None:
    path = make_episode(tmp_path, 7, 3, cameras=3, seed=None)
    amend(path, outcome=Outcome.FAILURE, reason="Größe\n2", note="ein\nzwei")
    quick = read_row(path)
    assert isinstance(quick, Row)
    monkeypatch.setattr("replay.index.read._quick_row", lambda _: None)
    assert read_row(path) == quick
    assert quick.facts.cameras == ("cam_0", "cam_1", "cam_2")


@pytest.mark.parametrize("edits", ["", "no JSON", "[]", '[{"verb": "trim"}]', '[{"verb": "new"}]'])
def test_a_history_that_nobody_can_read_is_no_trim(
    tmp_path: Path, monkeypatch: Any, edits: str
) -> None:
    path = make_episode(tmp_path, 7)
    with h5py.File(path, "r+") as file:
        file.attrs["edits"] = np.bytes_(edits.encode())
    quick = read_row(path)
    assert isinstance(quick, Row)
    assert not quick.facts.trimmed
    monkeypatch.setattr("replay.index.read._quick_row", lambda _: None)
    assert read_row(path) == quick


@pytest.mark.parametrize("attribute", ["rig", "task", "fps", "camera_names"])
def test_a_file_without_an_attribute_is_called_so(tmp_path: Path, attribute: str) -> None:
    path = make_episode(tmp_path, 7)
    with h5py.File(path, "r+") as file:
        del file.attrs[attribute]
    row = read_row(path)
    assert isinstance(row, Unreadable)
    assert f"attribute '{attribute}' is missing" in row.error


def test_many_are_read_by_several_processes(tmp_path: Path, content: bytes) -> None:
    """And what is no episode among them is told in its place."""
    first = tmp_path / "episode_0.hdf5"
    first.write_bytes(content)
    for number in range(1, 1100):
        os.link(first, tmp_path / f"episode_{number}.hdf5")
    (tmp_path / "episode_500.hdf5").unlink()
    (tmp_path / "episode_500.hdf5").write_bytes(b"text")
    done = subprocess.run(
        [sys.executable, "-m", "replay.episodes_cli", "list", "--json", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (1, "")
    assert [each["number"] for each in found] == list(range(1100))
    assert [each["number"] for each in found if "error" in each] == [500]


# -- filters and orders


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Episodes of 5, 20 and 10 steps: a failure of `cube`, an unlabelled one, a success; and one
    that nobody can read."""
    tmp_path = tmp_path_factory.mktemp("mixed")
    for number, (steps, task, outcome) in enumerate(
        [(5, "cube", "FAILURE"), (20, "battery", "UNLABELLED"), (10, "battery", "SUCCESS")]
    ):
        path = make_episode(tmp_path, steps, number, cameras=1 + number % 2, task=task)
        amend(path, outcome=Outcome[outcome])
    with h5py.File(tmp_path / "episode_1.hdf5", "r+") as file:
        del file.attrs["verdict"]
        file.attrs["recovered"] = True
    edit = {"verb": "trim", "utc": "", "first": 1, "last": 9, "of": 12, "kept": ""}
    with h5py.File(tmp_path / "episode_2.hdf5", "r+") as file:
        file.attrs["edits"] = json.dumps([edit]).encode()
    (tmp_path / "episode_3.hdf5").write_bytes(b"text")
    (tmp_path / "episode_4.journal").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ("--label success", [2]),
        ("--label success --label failure", [0, 2]),
        ("--verdict unjudged", [1]),
        ("--verdict reject", [0, 2]),
        ("--task cube", [0]),
        ("--min-steps 10", [1, 2]),
        ("--max-steps 10 --min-steps 10", [2]),
        ("--camera cam_1", [1]),
        ("--camera cam_0 --task battery", [1, 2]),
        ("--recovered", [1]),
        ("--no-recovered", [0, 2]),
        ("--trimmed", [2]),
        ("--no-trimmed", [0, 1]),
        ("--label success --task cube", []),
    ],
)
def test_a_filter_leaves_what_it_says(
    mixed: Path, listed: Listed, arguments: str, numbers: list[int]
) -> None:
    found = listed(mixed, *arguments.split())
    assert [each["number"] for each in found] == numbers


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--task batery", ["There is no task batery; there are: battery, cube."]),
        ("--camera cam_2", ["There is no camera cam_2; there are: cam_0, cam_1."]),
        ("--label success --task cube", []),
    ],
)
def test_a_filter_that_leaves_nothing_says_what_there_is(
    mixed: Path, capsys: pytest.CaptureFixture[str], arguments: str, why: list[str]
) -> None:
    assert main(["list", str(mixed), *arguments.split()]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "1 file cannot be read: `episodes check` says why.",
        "The filters take none of the 3 episodes there.",
        *why,
        "No episodes.",
    ]


def test_what_cannot_be_read_is_checked_whatever_the_filter(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be what was asked for."""
    assert main(["check", str(mixed), "--label", "success"]) == 2
    out = capsys.readouterr().out
    assert f"{mixed / 'episode_3.hdf5'}: unusable" in out
    assert out.endswith("2 episodes: 1 reject, 1 unusable.\n")


def test_a_filter_that_asks_for_nothing_takes_all() -> None:
    assert Filter().takes_all
    assert not Filter(recovered=False).takes_all


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ("--sort steps", [0, 2, 1, 3, 4]),
        ("--sort steps --reverse", [1, 2, 0, 3, 4]),
        ("--sort label", [0, 2, 1, 3, 4]),
        ("--sort task", [1, 2, 0, 3, 4]),
        ("--sort number --reverse", [4, 3, 2, 1, 0]),
    ],
)
def test_episodes_are_sorted_and_what_has_no_row_is_last(
    mixed: Path, listed: Listed, arguments: str, numbers: list[int]
) -> None:
    assert [each["number"] for each in listed(mixed, *arguments.split())] == numbers


def test_totals_are_those_of_what_is_listed(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["list", str(mixed), "--label", "success"])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("1 episode: 10 steps, 0.2 s, ")
    assert last.endswith("1 success, 1 reject, 1 trimmed.")


@pytest.mark.parametrize(
    "arguments",
    [["--label", "good"], ["--min-steps", "-1"], ["--min-steps", "1e3"], ["--sort", "colour"]],
)
def test_a_filter_that_there_is_not_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["list", *arguments])
    assert exit_.value.code == 2
    assert arguments[1] in capsys.readouterr().err
