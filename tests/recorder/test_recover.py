"""What a recorder left behind: each journal is saved, kept, or both, and it is said which."""

import fcntl
import json
import os
from pathlib import Path

import pytest

from recorder.config import RecordingConfig
from recorder.episode.reader import EpisodeReader
from recorder.episode.recover import Recovery, recover_each, recover_folder, recover_one
from recorder.episode.soundness import check
from recorder.errors import FolderError, JournalBusyError
from recorder.folder.numbering import claim_number
from recorder.journal.writer import FRAME, MAGIC, JournalWriter, Kind, frame
from recorder.open_episode import OpenEpisode
from recorder.pictures.encode import EncodePool
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_header, make_step

STEPS = 20


def left_behind(folder: Path, number: int, steps: int = STEPS, episode_id: str = "") -> Path:
    """The journal of a recorder that died after so many steps."""
    pool = EncodePool(RecordingConfig(), lambda: None)
    path = folder / f"episode_{number}.journal"
    facts = {"episode_id": episode_id} if episode_id else {}
    episode = OpenEpisode(path, make_header(number, **facts), pool)
    for step in range(steps):
        episode.append(make_step(100 + step, step))
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    end = path.read_bytes().rindex(MAGIC)  # it had no time to write its end
    os.truncate(path, end)
    return path


def damaged(path: Path, step: int) -> bytes:
    """Spoil a byte of a step; returns what the journal then holds."""
    content = bytearray(path.read_bytes())
    records = [at for at in range(len(content)) if content.startswith(MAGIC, at)]
    content[records[2 + step] + 200] ^= 1
    path.write_bytes(content)
    return bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def recover(folder: Path) -> list[Recovery]:
    return list(recover_each(folder))


def test_every_journal_becomes_a_file(tmp_path: Path) -> None:
    for number in (10, 9):
        left_behind(tmp_path, number)
    (tmp_path / ".episode_9.4711.part").write_bytes(b"half written")
    said: list[str] = []
    saved = recover_folder(tmp_path, said.append)
    assert [(each.number, each.steps) for each in saved] == [(9, STEPS), (10, STEPS)]
    assert names(tmp_path) == ["episode_10.hdf5", "episode_9.hdf5"]
    assert said[0].startswith("Recovered episode_9.hdf5: 20 steps. The journal ends after 20 steps")
    assert recover(tmp_path) == []


def test_one_step_is_no_steps(tmp_path: Path) -> None:
    left_behind(tmp_path, 0, steps=1)
    said: list[str] = []
    recover_folder(tmp_path, said.append)
    expected = "Recovered episode_0.hdf5: 1 step. The journal ends after 1 step: "
    assert said[0].startswith(expected)


def test_what_was_only_cut_off_is_whole(tmp_path: Path) -> None:
    (recovery,) = recover(left_behind(tmp_path, 0).parent)
    assert recovery.is_whole
    assert (recovery.kept, recovery.error) == (None, None)


def test_what_stands_after_the_damage_is_kept_and_said(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 0)
    content = damaged(path, step=7)
    (recovery,) = recover(tmp_path)
    assert not recovery.is_whole
    assert recovery.kept == tmp_path / "episode_0.journal.damaged"
    assert recovery.kept.read_bytes() == content
    assert recovery.sentence == (
        "Recovered episode_0.hdf5: 7 steps. The journal ends after 7 steps: the next record does "
        "not match its checksum. About 12 more steps stand after the damage. What could not be "
        "read is kept in episode_0.journal.damaged. Quality: reject."
    )
    with EpisodeReader(tmp_path / "episode_0.hdf5") as episode:
        assert (episode.steps, check(episode)) == (7, [])  # the prefix, and nothing after it
        assert "About 12 more steps stand after the damage." in episode.facts.recovery_note


def test_of_two_damaged_journals_of_one_number_both_are_kept(tmp_path: Path) -> None:
    """As when somebody puts one back from a backup."""
    kept = []
    for episode_id in ("first", "second"):
        path = left_behind(tmp_path, 3, episode_id=episode_id)
        kept.append(damaged(path, step=7))
        recover(tmp_path)
    assert (tmp_path / "episode_3.journal.damaged").read_bytes() == kept[0]
    assert (tmp_path / "episode_3.journal.damaged.2").read_bytes() == kept[1]
    assert claim_number(tmp_path) == 5  # the second one's prefix became episode 4


def test_a_journal_of_which_nothing_can_be_read_is_kept(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 0)
    path.write_bytes(path.read_bytes().replace(MAGIC, b"XXXX", 2))  # the header, and its copy
    (recovery,) = recover(tmp_path)
    assert names(tmp_path) == ["episode_0.journal.damaged"]
    assert not recovery.is_whole
    assert recovery.sentence.startswith(
        "episode_0.journal is damaged, and no step of it could be read."
    )
    assert "About 20 more steps stand after the damage." in recovery.sentence


@pytest.mark.parametrize("copy", [0, 1])
def test_a_header_that_is_spoilt_costs_nothing_and_is_told(tmp_path: Path, copy: int) -> None:
    path = left_behind(tmp_path, 0)
    content = bytearray(path.read_bytes())
    content[copy * content.index(MAGIC, 4) + 100] ^= 1
    path.write_bytes(content)
    (recovery,) = recover(tmp_path)
    assert recovery.is_whole
    assert recovery.sentence.startswith(
        "Recovered episode_0.hdf5: 20 steps. One of the two headers of its journal was damaged: "
        "check the disk."
    )
    with EpisodeReader(tmp_path / "episode_0.hdf5") as episode:
        assert (episode.steps, check(episode)) == (20, [])
        assert "header" not in episode.facts.recovery_note


def test_an_empty_journal_is_gone(tmp_path: Path) -> None:
    (tmp_path / "episode_0.journal").touch()
    (recovery,) = recover(tmp_path)
    assert names(tmp_path) == []
    assert recovery.is_whole
    assert recovery.sentence.startswith("episode_0.journal held no step and is gone.")


def test_one_step_is_one_step(tmp_path: Path) -> None:
    assert "episode_0.hdf5: 1 step." in recover_one(left_behind(tmp_path, 0, 1)).sentence


def test_a_journal_in_use_waits_and_the_others_do_not(tmp_path: Path) -> None:
    busy, _ = left_behind(tmp_path, 0), left_behind(tmp_path, 1)
    with busy.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        first, second = recover(tmp_path)
    assert isinstance(first.error, JournalBusyError)
    assert (first.is_whole, second.is_whole) == (False, True)
    assert names(tmp_path) == ["episode_0.journal", "episode_1.hdf5"]


def test_one_journal_that_no_recorder_wrote_does_not_keep_the_others_waiting(
    tmp_path: Path,
) -> None:
    """Its checksums fit; that two cameras have one name only shows when the file is written."""
    path = left_behind(tmp_path, 0)
    header = json.loads(make_header().to_json())
    header["cameras"][1]["name"] = header["cameras"][0]["name"]
    payload = json.dumps(header).encode()
    content = path.read_bytes()
    length = content.index(MAGIC, 4)
    payload += b" " * (length - FRAME.size - len(payload))
    headers = [frame(Kind.HEADER, number, [payload]) + payload for number in (0, 1)]
    path.write_bytes(b"".join(headers) + content[2 * length :])
    left_behind(tmp_path, 1)
    first, second = recover(tmp_path)
    assert first.saved is None
    assert "episode_0.journal into an episode file" in first.sentence
    assert "kept" in first.sentence
    assert second.is_whole
    assert names(tmp_path) == ["episode_0.journal", "episode_1.hdf5"]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match=r"Cannot read .*file: Not a directory"):
        recover_folder(tmp_path / "file", print)


def test_a_journal_that_is_being_written_is_not_touched(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "episode_0.journal", make_header())
    assert recover_folder(tmp_path, print) == []
    writer.finish(Outcome.SUCCESS)
    assert names(tmp_path) == ["episode_0.journal"]
