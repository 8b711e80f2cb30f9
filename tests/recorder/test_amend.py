"""Labels and notes of a file that is there: whatever happens, it is whole."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest
from disk_limits import no_file_longer_than

from recorder.episode import amend as amending
from recorder.episode.amend import MAX_NOTES_BYTES, amend
from recorder.episode.finalise import remove_parts
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import AmendError, EpisodeError
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_episode

REPOSITORY = Path(__file__).parents[2]
TOGGLE = """
import sys
from pathlib import Path
from recorder.episode.amend import amend
from teleop.tick import Outcome
path = Path(sys.argv[1])
print(flush=True)
while True:
    amend(path, outcome=Outcome.FAILURE, reason="failure")
    amend(path, outcome=Outcome.SUCCESS, reason="success")
"""


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("made"), 60).read_bytes()


@pytest.fixture
def path(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(content)
    return path


def facts(path: Path) -> EpisodeFacts:
    with EpisodeReader(path) as episode:
        assert check(episode) == []
        return episode.facts


def test_a_label_changes_nothing_else(path: Path) -> None:
    with h5py.File(path) as file:
        before = {name: file.attrs[name] for name in file.attrs}
        images = file["/observations/images/cam_1"][:]
    amend(path, outcome=Outcome.FAILURE, reason=" It\nfell \u00e4 ")
    with h5py.File(path) as file:
        assert file.attrs["success"] == b"failure"
        assert file.attrs["label_reason"].decode() == "It fell \u00e4"
        assert {**file.attrs, "success": before["success"], "label_reason": b""}.keys() == {
            *before,
            "label_reason",
        }
        for name in set(before) - {"success"}:
            assert np.array_equal(file.attrs[name], before[name])
        assert np.array_equal(file["/observations/images/cam_1"][:], images)
        assert not file.attrs.get_id("label_reason").dtype.hasobject  # of fixed length
    assert facts(path).outcome is Outcome.FAILURE
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_label_without_a_reason_takes_the_old_one_away(path: Path) -> None:
    amend(path, outcome=Outcome.FAILURE, reason="It fell.")
    amend(path, note="a note leaves it alone")
    assert facts(path).label_reason == "It fell."
    amend(path, outcome=Outcome.SUCCESS, reason="")
    assert facts(path).label_reason is None
    assert facts(path).notes == "a note leaves it alone"


def test_notes_are_lines_and_each_stands_there_once(path: Path) -> None:
    for note in ("first", "second\nline", "first", "   "):
        amend(path, note=note)
    assert facts(path).notes == "first\nsecond line"
    assert facts(path).outcome is Outcome.SUCCESS


def test_what_is_so_already_is_not_written_again(path: Path) -> None:
    amend(path, outcome=Outcome.FAILURE, reason="It fell.", note="wet")
    before = path.stat()
    amend(path, outcome=Outcome.FAILURE, reason="It fell.", note="wet")
    assert path.stat() == before


def test_the_mode_stays_as_it_is(path: Path) -> None:
    path.chmod(0o440)
    amend(path, outcome=Outcome.FAILURE)
    assert path.stat().st_mode & 0o777 == 0o440


def test_whoever_has_it_open_reads_on(path: Path) -> None:
    with EpisodeReader(path) as episode:
        amend(path, outcome=Outcome.FAILURE)
        assert check(episode) == []
        assert episode.facts.outcome is Outcome.SUCCESS


def test_too_many_notes_are_refused(path: Path) -> None:
    amend(path, note="x" * (MAX_NOTES_BYTES - 10))
    with pytest.raises(AmendError, match="full of notes"):
        amend(path, note="and one more line")
    assert len(facts(path).notes or "") == MAX_NOTES_BYTES - 10


def test_what_is_no_episode_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.hdf5"
    with pytest.raises(EpisodeError, match="does not exist"):
        amend(path, note="x")
    path.write_bytes(b"text")
    with pytest.raises(EpisodeError, match="not an episode file"):
        amend(path, note="x")
    assert path.read_bytes() == b"text"


def test_a_disk_that_takes_no_copy_leaves_the_file(path: Path, content: bytes) -> None:
    for size in (0, len(content) // 2, len(content) - 1):
        with no_file_longer_than(size), pytest.raises(AmendError) as told:
            amend(path, outcome=Outcome.FAILURE)
        assert str(told.value) == f"Cannot change {path}: File too large. It is as it was."
        assert path.read_bytes() == content
        assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_disk_without_room_is_said_beforehand(small_disk: Path, content: bytes) -> None:
    path = small_disk / "episode_0.hdf5"
    path.write_bytes(content)
    (small_disk / "filler").write_bytes(b"x" * ((5 << 19) - len(content)))
    with pytest.raises(AmendError, match=r"it needs \d MiB on its disk, 0 MiB are free"):
        amend(path, outcome=Outcome.FAILURE)
    assert path.read_bytes() == content


def test_a_copy_where_the_system_cannot_copy_by_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(amending.CANNOT_SHARE[0], "Invalid cross-device link")

    monkeypatch.setattr("os.copy_file_range", refuse)
    amend(path, outcome=Outcome.FAILURE)
    assert facts(path).outcome is Outcome.FAILURE


def test_killed_at_any_moment_it_leaves_a_whole_file(path: Path) -> None:
    moments = random.Random(7)
    for _ in range(6):
        command = [sys.executable, "-c", TOGGLE, str(path)]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            threading.Event().wait(moments.uniform(0.01, 0.2))
            process.kill()
        known = facts(path)
        assert known.label_reason in (None, known.success)
        remove_parts(path.parent)  # as the next start of a recorder does
        assert [each.name for each in path.parent.iterdir()] == [path.name]
