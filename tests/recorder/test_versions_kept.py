"""A trim keeps the file as it was, undoing it brings that back, and no fault costs either."""

import errno
import json
import os
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.episode.amend import amend
from recorder.episode.history import MAX_EDITS_BYTES, History, TrimEdit
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import AmendError, EpisodeError, RecorderError, TrashError
from recorder.folder.numbering import next_number
from recorder.folder.trash import trashed
from recorder.folder.versions import trim, untrim
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_episode

UTC = "2025-01-01T00:00:00.000+00:00"
STEPS = 60


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("made"), STEPS, number=12).read_bytes()


@pytest.fixture
def path(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "folder" / "episode_12.hdf5"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


def newest(path: Path) -> TrimEdit:
    with EpisodeReader(path) as episode:
        edit = History(path, episode.facts.edits).newest
    assert isinstance(edit, TrimEdit)
    return edit


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder but the lock, by name."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def test_there_and_back(path: Path, content: bytes) -> None:
    path.chmod(0o640)
    kept, _ = trim(path, 10, 29, UTC)
    assert kept == path.parent / ".trash" / "episode_12.before_trim_1.hdf5"
    assert kept.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o640
    assert newest(path) == TrimEdit(UTC, 10, 29, STEPS, kept.name)
    trimmed = path.read_bytes()
    where = untrim(path, newest(path))
    assert everything(path.parent) == {
        "episode_12.hdf5": content,
        ".trash/episode_12.trimmed_1.hdf5": trimmed,
    }
    assert where.name == "episode_12.trimmed_1.hdf5"


def test_what_is_kept_is_no_episode_of_the_folder(path: Path) -> None:
    trim(path, 10, 29, UTC)
    untrim(path, newest(path))
    trim(path, 10, 29, UTC)
    assert trashed(path.parent) == []
    assert next_number(path.parent) == 13


def test_trims_pile_up_and_come_back_one_by_one(path: Path, content: bytes) -> None:
    trim(path, 10, 49, UTC)
    first = path.read_bytes()
    kept, _ = trim(path, 5, 9, UTC)
    assert kept.name == "episode_12.before_trim_2.hdf5"
    with EpisodeReader(path) as episode:
        assert (episode.steps, episode.facts.first_step) == (5, 15)
    untrim(path, newest(path))
    assert path.read_bytes() == first
    untrim(path, newest(path))
    assert path.read_bytes() == content


def test_what_was_written_about_it_since_stays(path: Path, content: bytes) -> None:
    kept, _ = trim(path, 10, 29, UTC)
    amend(path, outcome=Outcome.FAILURE, reason="It fell.", note="wet")
    untrim(path, newest(path))
    with EpisodeReader(path) as episode:
        facts = episode.facts
    assert (episode.steps, facts.edits, facts.first_step) == (STEPS, None, None)
    assert (facts.success, facts.label_reason, facts.notes) == ("failure", "It fell.", "wet")
    assert not kept.exists()


def test_a_second_name_that_a_killed_trim_has_left_is_used(path: Path) -> None:
    left = path.parent / ".trash" / "episode_12.before_trim_1.hdf5"
    left.parent.mkdir()
    left.hardlink_to(path)
    assert trim(path, 10, 29, UTC)[0] == left


def test_where_there_are_no_hard_links_it_is_copied(
    path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    kept, _ = trim(path, 10, 29, UTC)
    assert kept.read_bytes() == content
    untrim(path, newest(path))
    assert path.read_bytes() == content
    assert all(name.endswith(".hdf5") for name in everything(path.parent))


def test_a_disk_that_fills_up_meanwhile_is_said_too(
    small_disk: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_disk / "episode_12.hdf5"
    path.write_bytes(content)
    (small_disk / "filler").write_bytes(b"x" * ((5 << 19) - len(content)))
    before = everything(small_disk)
    monkeypatch.setattr("recorder.episode.room.free_bytes", lambda _: 1 << 40)
    with pytest.raises(AmendError, match=r"No space left on device.*It is as it was\."):
        trim(path, 10, 29, UTC)
    with pytest.raises(AmendError, match=r"No space left on device.*It is as it was\."):
        amend(path, outcome=Outcome.FAILURE)
    assert everything(small_disk) == before


def test_a_full_disk_is_said_beforehand(small_disk: Path, content: bytes) -> None:
    path = small_disk / "episode_12.hdf5"
    path.write_bytes(content)
    (small_disk / "filler").write_bytes(b"x" * ((5 << 19) - len(content)))
    before = everything(small_disk)
    with pytest.raises(AmendError, match=r"it needs \d MiB on its disk, 0 MiB are free"):
        trim(path, 10, 29, UTC)
    assert everything(small_disk) == before


def test_a_folder_that_cannot_be_written_to_is_left(small_disk: Path, content: bytes) -> None:
    path = small_disk / "episode_12.hdf5"
    path.write_bytes(content)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(TrashError, match=r"Cannot make .*\.trash: Read-only file system"):
        trim(path, 10, 29, UTC)
    assert everything(small_disk) == {path.name: content}


def test_an_original_that_is_gone_or_anothers_is_not_brought_back(
    path: Path, tmp_path: Path
) -> None:
    kept, _ = trim(path, 10, 29, UTC)
    trimmed, edit, original = path.read_bytes(), newest(path), kept.read_bytes()
    kept.write_bytes(make_episode(tmp_path, STEPS, number=3).read_bytes())
    with pytest.raises(AmendError, match="is another episode"):
        untrim(path, edit)
    kept.unlink()
    with pytest.raises(AmendError, match="the file as it was, is not there"):
        untrim(path, edit)
    (tmp_path / "elsewhere.hdf5").write_bytes(original)
    kept.symlink_to(tmp_path / "elsewhere.hdf5")
    with pytest.raises(AmendError, match="is not there"):
        untrim(path, edit)
    kept.unlink()
    for hostile in ("../episode_1.hdf5", "/etc/passwd", "", "episode_1.hdf5"):
        with pytest.raises(AmendError, match="what it says of earlier edits is damaged"):
            untrim(path, TrimEdit(UTC, 10, 29, STEPS, hostile))
    assert everything(path.parent) == {path.name: trimmed}


def test_a_trash_that_leads_elsewhere_is_not_followed(path: Path, tmp_path: Path) -> None:
    (path.parent / ".trash").symlink_to(tmp_path)
    with pytest.raises(TrashError, match="leads to another folder"):
        trim(path, 10, 29, UTC)
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_damage_can_be_cut_off_but_not_kept(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["/observations/images/cam_0"][20, 4] ^= 0xFF
    before = everything(path.parent)
    with pytest.raises(EpisodeError, match=r"episode_12\.hdf5 is damaged, and these rows of it"):
        trim(path, 10, 29, UTC)
    assert everything(path.parent) == before
    trim(path, 21, 40, UTC)
    with EpisodeReader(path) as episode:
        assert episode.steps == 20


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ("no JSON", "is damaged"),
        ("[" * 5000, "is damaged"),
        ('{"verb": "trim"}', "is damaged"),
        ("[1]", "is damaged"),
        ('[{"verb": "trim", "first": "x"}]', "is damaged"),
        ('[{"verb": "label", "utc": "", "before": {"task": "x"}}]', "is damaged"),
        ('[{"verb": "paint\\u001b", "utc": ""}]', "by another version of Tandem"),
    ],
)
def test_edits_that_are_none_are_said(path: Path, edits: str, sentence: str) -> None:
    with pytest.raises(AmendError, match=sentence):
        _ = History(path, edits).newest


def test_edits_of_later_versions_are_handed_on(path: Path) -> None:
    later = '[{"verb": "paint", "utc": "", "colour": "red"}]'
    amend(path, outcome=Outcome.FAILURE)
    with h5py.File(path, "r+") as file:
        file.attrs["edits"] = later
    trim(path, 10, 29, UTC)
    with EpisodeReader(path) as episode:
        history = History(path, episode.facts.edits)
    assert isinstance(history.newest, TrimEdit)
    assert history.without_newest() == later


def test_edits_without_end_are_refused(path: Path) -> None:
    with pytest.raises(RecorderError, match="a reason of more than 2000 bytes is a note"):
        amend(path, outcome=Outcome.FAILURE, reason="x" * 2001, edited_utc=UTC)
    done = [{"verb": "label", "utc": UTC, "before": {"label_reason": "x" * 1900}}] * 30
    assert len(json.dumps(done)) < MAX_EDITS_BYTES
    with h5py.File(path, "r+") as file:
        file.attrs["edits"] = np.bytes_(json.dumps(done))
    amend(path, outcome=Outcome.FAILURE, reason="x", edited_utc=UTC)
    amend(path, outcome=Outcome.SUCCESS, reason="x" * 100, edited_utc=UTC)
    before = path.read_bytes()
    with pytest.raises(RecorderError, match="so often that it can remember no more"):
        amend(path, outcome=Outcome.FAILURE, reason="third", edited_utc=UTC)
    assert path.read_bytes() == before


def test_a_rename_that_fails_leaves_no_second_name(
    path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "from", None, "to")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", refuse)
        with pytest.raises(AmendError) as told:
            trim(path, 10, 29, UTC)
    assert str(told.value) == f"Cannot change {path}: Input/output error. It is as it was."
    assert everything(path.parent) == {path.name: content}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**9), value=st.integers(0, 255), length=st.integers(1, 64))
def test_any_damage_is_an_error_or_a_sound_excerpt(
    path: Path, content: bytes, at: int, value: int, length: int
) -> None:
    spoilt = bytearray(content)
    at %= len(spoilt)
    spoilt[at : at + length] = bytes([value]) * min(length, len(spoilt) - at)
    path.write_bytes(spoilt)
    try:
        trim(path, 10, 29, UTC)
    except RecorderError:
        assert path.read_bytes() == spoilt
    else:
        with EpisodeReader(path) as episode:
            assert check(episode, decode=False) == []
    assert not list(path.parent.rglob("*.part"))


def test_a_damaged_original_does_not_take_the_place_of_a_sound_file(path: Path) -> None:
    kept, _ = trim(path, 5, 40, UTC)
    with h5py.File(kept, "r+") as file:
        file["/observations/images/cam_0"][7, 50] ^= 0xFF
    before = path.read_bytes()
    with pytest.raises(AmendError, match="the file as it was, is damaged: Images of cam_0 differ"):
        untrim(path, newest(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "told",
    [{"before": {"success": "banana"}}, {"note_line": True}, {"note_line": -1}],
)
def test_a_label_that_was_never_one_is_not_brought_back(
    path: Path, told: dict[str, object]
) -> None:
    edits = json.dumps([{"verb": "label", "utc": UTC, **told}])
    with pytest.raises(AmendError, match="damaged"):
        _ = History(path, edits).newest
