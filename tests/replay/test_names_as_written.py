"""A name is what it says, letter by letter, wherever something is called so: a pattern only then
when nothing is."""

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.episode.reader import EpisodeReader
from replay.cli import main as replay
from replay.episodes_cli import main
from replay.errors import NotFoundError
from replay.find import find_episode, find_episodes
from replay.verbs.discarded import meant_in_trash
from tests.recorder.fake_rig import calm, make_episode
from tests.replay.said import Said

AWKWARD = ["br[x]", "st*r", "qu?st", "**", "[!a]", 'It\'s "a" folder … [x] * $HOME', "two\nlines"]

LETTERS = st.one_of(
    st.sampled_from("[]*?!-x"),
    st.characters(exclude_categories=("C", "Z"), exclude_characters="/"),
    st.just(" "),
)
FOLDERS = st.text(LETTERS, min_size=1, max_size=12).filter(lambda name: name not in (".", ".."))


def matched_by(folder: str) -> str:
    """A folder that it would match as a pattern, where it is one."""
    ranges = re.sub(r"\[([^]!])[^]]*]", r"\1", folder).replace("[!a]", "b")
    return ranges.replace("?", "q").replace("*", "sta")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("made"), 120, change=calm).read_bytes()


@pytest.fixture
def lab(tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a folder here, and one that its name would match; episode 0 in both, and a 1."""

    def make(folder: str) -> Path:
        for name in (folder, matched_by(folder)):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
            for number in (0, 1):
                (tmp_path / name / f"episode_{number}.hdf5").write_bytes(content)
        return Path(folder, "episode_0.hdf5")

    monkeypatch.chdir(tmp_path)
    for module in ("verbs.places", "verbs.in_task", "find"):
        monkeypatch.setattr(f"replay.{module}.datasets_dir", lambda: tmp_path / "datasets")
    return make


@pytest.fixture(params=AWKWARD)
def path(request: pytest.FixtureRequest, lab: Callable[[str], Path]) -> Path:
    """An episode in a folder of such a name."""
    return lab(request.param)


def label_of(path: Path) -> str | None:
    with EpisodeReader(path) as episode:
        return episode.facts.success


def files() -> dict[str, bytes]:
    """All that is here."""
    return {str(path): path.read_bytes() for path in Path().rglob("*.hdf5")}


@pytest.mark.parametrize("name", ["episode_0", "0"])
def test_a_label_goes_to_the_one_that_is_named(path: Path, said: Said, name: str) -> None:
    before = files()
    assert main(["label", str(path.parent / name), "--failure"]) == 0
    assert said().out.count("\n") == 1
    assert label_of(path) == "failure"
    assert {each for each, content in files().items() if content != before[each]} == {str(path)}
    assert main(["undo", str(path.with_suffix(""))]) == 0
    assert label_of(path) == "success"


def test_a_pattern_in_such_a_folder_is_about_that_folder(path: Path, said: Said) -> None:
    before = files()
    assert main(["delete", "--yes", str(path.parent / "episode_*")]) == 0
    assert before.keys() - files().keys() == {str(path), str(path.with_name("episode_1.hdf5"))}
    assert main(["restore", str(path.parent / "episode_[0]")]) == 0
    assert path.is_file()
    assert main(["restore", str(path.parent / "*" / "episode_1")]) == 2
    assert main(["restore", str(path.parent / ".tras*" / "episode_1")]) == 0
    assert files() == before


def test_to_the_trash_and_back(path: Path, said: Said) -> None:
    before = files()
    trashed = path.parent / ".trash" / path.name
    for there in (path.parent / "0", path, trashed.with_suffix(""), trashed):
        assert main(["delete", str(path.with_suffix(""))]) == 0
        assert before.keys() - files().keys() == {str(path)}
        said()
        for verb in (["undo"], ["delete"], ["label", "--failure"]):
            assert main([*verb, str(trashed.with_suffix(""))]) == 2
            assert "is in the trash: episodes restore it first." in said().err
            assert main([*verb, str(path.with_suffix(""))]) == 2
            assert "is in the trash: episodes restore " in said().err
        assert replay(["--no-view", str(trashed.with_suffix(""))]) == 0
        assert main(["restore", str(there)]) == 0
        assert files() == before


def test_what_is_not_in_such_a_folder_is_not_looked_for_in_others(path: Path, said: Said) -> None:
    """A neighbour's episode must not be changed for one that is missing here."""
    for name in ("episode_1", "1"):
        Path(path.parent, "episode_1.hdf5").unlink(missing_ok=True)
        before = files()
        for verb in ("delete", "restore", "check", "undo"):
            assert main([verb, str(path.parent / name)]) == 2
            told = said()
            assert (told.out, told.err.count("\n")) == ("", 1)
        assert files() == before


@pytest.mark.parametrize("task", ["b[x]", "b?", "*"])
def test_a_task_of_such_a_name_is_that_folder(
    lab: Callable[[str], Path], said: Said, task: str
) -> None:
    path = lab(f"datasets/{task}")
    before = files()
    for name in ("0", "episode_0", "episode_[0]"):
        for verb in ("delete", "restore"):
            assert main([verb, "--task", task, name]) == 0
            there = {str(path)} if verb == "delete" else set()
            assert before.keys() - files().keys() == there
    Path(path.parent, "episode_1.hdf5").unlink()
    assert main(["delete", "--task", task, "1"]) == 2
    assert "does not exist" in said().err


def test_a_pattern_in_a_task_is_about_that_task(lab: Callable[[str], Path], said: Said) -> None:
    path = lab("datasets/b[x]")
    Path("datasets/bx").rename("datasets/b[[]x]")  # what the first is called, once escaped
    before = files()
    assert main(["delete", "--yes", "--task", "b[x]", "episode_*"]) == 0
    assert before.keys() - files().keys() == {str(path), str(path.with_name("episode_1.hdf5"))}


def test_a_name_is_one_line_whatever_is_in_it(lab: Callable[[str], Path], said: Said) -> None:
    path = lab("two\nlines\x1b[2J")
    folder = path.parent
    for verb, name, sentence in (
        ("restore", path, "is not in the trash."),
        ("restore", folder, "There is nothing in the trash of"),
        ("restore", folder / "x", "is no episode: give"),
        ("restore", folder / "7", "There is no"),
        ("restore", folder / "x*", "There is nothing in the trash of"),
        ("delete", folder / ".trash" / "0", "does not exist."),
        ("delete", folder / "7", "does not exist."),
        ("delete", folder / "x*", "Nothing matches"),
        ("delete", folder.parent / "two\n", "There is no folder or episode"),
    ):
        assert main([verb, str(name)]) == 2
        told = said().err
        assert sentence in told
        assert told.count("\n") == 1
        assert "\x1b" not in told
    assert main(["delete", str(path)]) == 0
    said()
    assert main(["label", "--failure", str(path)]) == 2
    assert said().err.count("\n") == 1


def test_several_of_a_name_are_a_line_each(tmp_path: Path) -> None:
    for name in ("a\nb", "c\x1b[2J"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "episode_3.hdf5").touch()
    with pytest.raises(NotFoundError, match="Several episodes are called episode_3") as told:
        find_episode("3", [tmp_path])
    assert str(told.value).count("\n") == 2
    assert "\x1b" not in str(told.value)


@contextlib.contextmanager
def two_folders(folder: str, below: str = "") -> Iterator[Path]:
    """A working directory with an episode in the folder, and one in a folder that it matches."""
    with tempfile.TemporaryDirectory() as here, contextlib.chdir(here):
        for name in (folder, matched_by(folder)):
            (Path(name) / below).mkdir(parents=True, exist_ok=True)
            (Path(name) / below / "episode_0.hdf5").touch()
        yield Path(folder, below, "episode_0.hdf5")


NAMES = ["episode_0.hdf5", "episode_0", "0", "episode_*", "", "*"]


@given(FOLDERS)
@settings(deadline=None)
def test_an_episode_in_any_folder_is_found_by_its_name_and_no_other(folder: str) -> None:
    with two_folders(folder) as path:
        for name in NAMES:
            assert find_episodes([f"{folder}/{name}"]) == [path]
            assert find_episodes([f"{Path.cwd()}/{folder}/{name}"]) == [path.absolute()]


@given(FOLDERS)
@settings(deadline=None)
def test_so_it_is_below_datasets(folder: str) -> None:
    with two_folders(folder) as path, tempfile.TemporaryDirectory() as elsewhere:
        root = Path.cwd()
        with contextlib.chdir(elsewhere):
            for name in NAMES:
                assert find_episodes([f"{folder}/{name}"], [root]) == [root / path]
            assert find_episodes([folder], [root]) == [root / path]


@given(FOLDERS)
@settings(deadline=None)
def test_so_it_is_in_the_trash(folder: str) -> None:
    with two_folders(folder, ".trash") as path:
        for name in (*NAMES, *(f".trash/{name}" for name in NAMES)):
            ((found,),) = meant_in_trash([f"{folder}/{name}"], None)
            assert found.absolute() == path.absolute()


def test_with_another_suffix_it_may_be_left_out_too(tmp_path: Path) -> None:
    (tmp_path / "cube").mkdir()
    path = tmp_path / "cube" / "mine.v[2].hdf5"
    path.touch()
    for name in ("mine.v[2]", "cube/mine.v[2]", "cube/mine.v[2].hdf5", str(path.with_suffix(""))):
        assert find_episodes([name], [tmp_path]) == [path]


def test_a_number_in_a_pattern_of_folders_is_an_episode(tmp_path: Path) -> None:
    for name in ("day1", "day2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "episode_4.hdf5").touch()
    found = find_episodes(["day?/4"], [tmp_path])
    assert found == [tmp_path / name / "episode_4.hdf5" for name in ("day1", "day2")]


def test_a_slash_at_its_end_makes_it_a_pattern_of_folders(tmp_path: Path) -> None:
    (tmp_path / "day1").mkdir()
    for path in ("day1/episode_4.hdf5", "day2.hdf5"):
        (tmp_path / path).touch()
    assert find_episodes(["day*/"], [tmp_path]) == [tmp_path / "day1" / "episode_4.hdf5"]
    with pytest.raises(NotFoundError, match=r"Nothing matches day1/\*/\."):
        find_episodes(["day1/*/"], [tmp_path])
