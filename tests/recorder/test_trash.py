"""What is discarded can be restored, replaces nothing, and keeps its number."""

from pathlib import Path

import pytest

from recorder.episode.finalise import remove_parts
from recorder.errors import FolderError, TrashError
from recorder.folder.guards import check_identity
from recorder.folder.identity import identity_of
from recorder.folder.numbering import (
    NEXT_FILE,
    claim_number,
    episodes_in,
    is_taken,
    journal_path,
    next_number,
)
from recorder.folder.trash import discard, restore, trashed
from tests.recorder.fake_rig import make_episode


def test_there_and_back(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 3)
    content = path.read_bytes()
    assert discard(tmp_path, 0) == tmp_path / ".trash" / "episode_0.hdf5"
    assert trashed(tmp_path) == [tmp_path / ".trash" / "episode_0.hdf5"]
    assert episodes_in(tmp_path) == []
    assert restore(tmp_path, 0) == path
    assert path.read_bytes() == content
    assert trashed(tmp_path) == []


def test_a_folder_without_a_trash_has_nothing_in_it(tmp_path: Path) -> None:
    assert trashed(tmp_path) == []
    with pytest.raises(TrashError, match=r"There is no .*\.trash/episode_3\.hdf5"):
        restore(tmp_path, 3)
    with pytest.raises(TrashError, match=r"There is no .*/episode_3\.hdf5"):
        discard(tmp_path, 3)


def test_a_journal_stays_where_it_is(tmp_path: Path) -> None:
    journal_path(tmp_path, 0).write_bytes(b"steps")
    with pytest.raises(TrashError, match="There is no"):
        discard(tmp_path, 0)
    assert journal_path(tmp_path, 0).read_bytes() == b"steps"


def test_nothing_is_replaced(tmp_path: Path) -> None:
    path, trash = tmp_path / "episode_0.hdf5", tmp_path / ".trash"
    trash.mkdir()
    path.write_bytes(b"new")
    (trash / path.name).write_bytes(b"old")
    for move in (discard, restore):
        with pytest.raises(TrashError, match="is in its place"):
            move(tmp_path, 0)
    assert path.read_bytes() == b"new"
    assert (trash / path.name).read_bytes() == b"old"


def test_a_trash_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    folder, other = tmp_path / "battery", tmp_path / "other"
    folder.mkdir()
    other.mkdir()
    path = make_episode(folder, 3)
    (folder / ".trash").symlink_to(other)
    with pytest.raises(TrashError, match="leads to another folder"):
        discard(folder, 0)
    assert path.is_file()


def test_what_a_note_on_a_discarded_episode_left_half_made_is_removed(tmp_path: Path) -> None:
    make_episode(tmp_path, 3)
    kept = discard(tmp_path, 0)
    half = kept.with_name(".episode_0.77.part")
    half.touch()
    assert remove_parts(tmp_path) == 1
    assert not half.exists()
    assert kept.exists()


def test_a_trash_that_is_none_is_said(tmp_path: Path) -> None:
    make_episode(tmp_path, 3)
    (tmp_path / ".trash").touch()
    with pytest.raises(TrashError, match=r"Cannot make .*: File exists"):
        discard(tmp_path, 0)
    with pytest.raises(FolderError, match="Cannot read"):
        next_number(tmp_path)


@pytest.mark.parametrize("counter_is_lost", [False, True])
def test_a_number_in_the_trash_is_never_given_again(tmp_path: Path, counter_is_lost: bool) -> None:
    for _ in range(3):
        (tmp_path / f"episode_{claim_number(tmp_path)}.hdf5").touch()
    discard(tmp_path, 2)
    discard(tmp_path, 1)
    if counter_is_lost:
        (tmp_path / NEXT_FILE).unlink()
    assert next_number(tmp_path) == 3
    assert claim_number(tmp_path) == 3
    assert is_taken(tmp_path, 2)
    assert not is_taken(tmp_path, 3)


def test_what_lies_in_the_trash_says_nothing_about_the_folder(tmp_path: Path) -> None:
    make_episode(tmp_path, 3)
    other = make_episode(tmp_path / "..", 3, number=77, rig_name="another", simulated=True)
    identity = identity_of(other)
    other.unlink()
    assert identity
    with pytest.raises(FolderError, match="must not be mixed"):
        check_identity(tmp_path, identity)
    discard(tmp_path, 0)
    check_identity(tmp_path, identity)


def test_what_would_make_a_mixture_is_not_restored(tmp_path: Path) -> None:
    make_episode(tmp_path, 3)
    discard(tmp_path, 0)
    make_episode(tmp_path, 3, number=1, rig_name="another")
    with pytest.raises(TrashError, match=r"on rig 'sim', and episode_1\.hdf5 on rig 'another'"):
        restore(tmp_path, 0)
    discard(tmp_path, 1)
    restore(tmp_path, 0)
