"""From journal to file: nothing is overwritten, nothing is deleted that is not in a file."""

import errno
import fcntl
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from recorder.config import RecordingConfig
from recorder.episode.finalise import finalise, remove_parts
from recorder.episode.publish import publish, write_atomically
from recorder.episode.reader import EpisodeReader
from recorder.episode.recover import recover_folder
from recorder.episode.schema import step_dtype
from recorder.episode.soundness import check
from recorder.errors import FinaliseError, JournalBusyError
from recorder.journal.writer import EVENT, MAGIC, MAX_TEXT_BYTES, JournalWriter, Kind, frame
from recorder.open_episode import OpenEpisode
from recorder.pictures.encode import EncodePool
from teleop.tick import Outcome
from tests.recorder.fake_rig import STATE_SIZE, make_header, make_step

REPOSITORY = Path(__file__).parents[2]


def journal(folder: Path, number: int = 0, steps: int = 20) -> Path:
    pool = EncodePool(RecordingConfig(), lambda: None)
    path = folder / f"episode_{number}.journal"
    episode = OpenEpisode(path, make_header(number), pool)
    for step in range(steps):
        episode.append(make_step(100 + step, step))
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publishing_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    with pytest.raises(FileExistsError):
        publish(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "old"
    publish(tmp_path / "new", tmp_path / "free")
    assert names(tmp_path) == ["free", "old"]


def test_a_file_system_that_cannot_rename_so_never_overwrites_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "recorder.episode.publish.RENAME_NOREPLACE", 1 << 20
    )  # EINVAL, as from such a one
    test_publishing_never_overwrites(tmp_path)


def test_nor_does_one_that_has_no_hard_links_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # as exFAT says it

    monkeypatch.setattr("os.link", no_links)
    test_a_file_system_that_cannot_rename_so_never_overwrites_either(tmp_path, monkeypatch)


def test_a_small_file_is_replaced_whole(tmp_path: Path) -> None:
    write_atomically(tmp_path / ".counter", "1")
    write_atomically(tmp_path / ".counter", "2")
    assert (tmp_path / ".counter").read_text() == "2"
    assert names(tmp_path) == [".counter"]


def test_a_crash_between_file_and_journal_leaves_one_episode(tmp_path: Path) -> None:
    path = journal(tmp_path)
    shutil.copy(path, tmp_path / "kept")
    first = finalise(path, recovered=False)
    shutil.move(tmp_path / "kept", path)
    second = finalise(path, recovered=True)
    assert first.path == second.path
    assert names(tmp_path) == ["episode_0.hdf5"]
    with EpisodeReader(tmp_path / "episode_0.hdf5") as episode:
        assert not episode.facts.recovered  # it is the first one's file, untouched


@pytest.mark.parametrize("content", [b"somebody's file", None])
def test_another_episode_of_that_number_is_kept(tmp_path: Path, content: bytes | None) -> None:
    """The other may be anything, even a file of this very episode that lacks a step."""
    path = journal(tmp_path)
    target = tmp_path / "episode_0.hdf5"
    if content is None:
        short = tmp_path / "short"
        short.mkdir()
        finalise(journal(short, steps=19), recovered=False)
        content = (short / "episode_0.hdf5").read_bytes()
        shutil.rmtree(short)
    target.write_bytes(content)
    saved = finalise(path, recovered=True)
    assert target.read_bytes() == content
    assert saved.path == tmp_path / "episode_1.hdf5"
    assert "Saved as episode_1.hdf5" in saved.note
    with EpisodeReader(saved.path) as episode:
        assert (check(episode), episode.steps) == ([], 20)


def test_a_damaged_journal_is_set_aside_whole(tmp_path: Path) -> None:
    path = journal(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    saved = finalise(path, recovered=True)
    assert saved.path
    assert 0 < saved.steps < 20
    assert "episode_0.journal.damaged" in saved.note
    assert (tmp_path / "episode_0.journal.damaged").read_bytes() == content
    with EpisodeReader(saved.path) as episode:
        assert check(episode) == []
        assert "does not match its checksum" in episode.facts.recovery_note


def test_a_damaged_header_loses_no_bytes(tmp_path: Path) -> None:
    path = journal(tmp_path)
    content = path.read_bytes().replace(MAGIC, b"XXXX", 2)  # and its copy
    path.write_bytes(content)
    said: list[str] = []
    assert [saved.path for saved in recover_folder(tmp_path, said.append)] == [None]
    assert (tmp_path / "episode_0.journal.damaged").read_bytes() == content
    assert said[0].startswith("episode_0.journal is damaged, and no step of it could be read. ")


def test_empty_and_headless_journals_go(tmp_path: Path) -> None:
    (tmp_path / "episode_0.journal").touch()
    JournalWriter(tmp_path / "episode_1.journal", make_header(1)).close()
    whole = journal(tmp_path, 2).read_bytes()
    first_step = whole.index(MAGIC, whole.index(MAGIC, 1) + 1)
    (tmp_path / "episode_2.journal").write_bytes(whole[: first_step + 100])
    said: list[str] = []
    assert [saved.path for saved in recover_folder(tmp_path, said.append)] == [None] * 3
    assert names(tmp_path) == []
    assert len(said) == 3


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FinaliseError, match=r"Cannot open .*none\.journal: No such file"):
        finalise(tmp_path / "none.journal", recovered=True)
    path = journal(tmp_path).rename(tmp_path / "renamed.journal")
    with pytest.raises(FinaliseError, match="not named like a journal"):
        finalise(path, recovered=True)
    assert names(tmp_path) == ["renamed.journal"]


def test_a_journal_in_use_is_left_alone(tmp_path: Path) -> None:
    path = journal(tmp_path)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(JournalBusyError, match="in use"):
            finalise(path, recovered=True)
        assert recover_folder(tmp_path, lambda _: None) == []
        assert path.exists()
    assert [saved.steps for saved in recover_folder(tmp_path, lambda _: None)] == [20]


def test_a_look_whether_it_is_in_use_does_not_keep_it_from_being_saved(tmp_path: Path) -> None:
    path = journal(tmp_path)
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (other, fcntl.LOCK_UN)).start()
        assert finalise(path, recovered=False).steps == 20


def test_long_texts_do_not_make_a_huge_file(tmp_path: Path) -> None:
    """In the file all texts are as wide as the longest."""
    writer = JournalWriter(tmp_path / "episode_0.journal", make_header(0, cameras=0))
    writer.append_step(np.zeros((), step_dtype(0, STATE_SIZE)), [])
    for number in range(600):
        writer.append_event(number, "short")
    text = EVENT.pack(600) + b"y" * 8_000_000  # as none of ours writes it
    with writer.path.open("ab") as file:
        file.write(frame(Kind.EVENT, 603, [text]) + text)
    writer.close()
    saved = finalise(writer.path, recovered=True)
    assert saved.path
    assert saved.size_bytes < 1_000_000
    with EpisodeReader(saved.path) as episode:
        assert episode.events()[-1].text == "y" * MAX_TEXT_BYTES


def test_half_written_files_of_the_dead_go(tmp_path: Path) -> None:
    journal(tmp_path)
    (tmp_path / ".episode_0.4711.part").write_bytes(b"half")
    (tmp_path / ".episode_notes").touch()
    recover_folder(tmp_path, lambda _: None)
    assert names(tmp_path) == [".episode_notes", "episode_0.hdf5"]
    assert remove_parts(tmp_path) == 0


def test_no_room_keeps_the_journal(tmp_path: Path, small_disk: Path) -> None:
    path = small_disk / "episode_0.journal"
    whole = journal(tmp_path).read_bytes()
    path.write_bytes(whole)
    (small_disk / "filler").write_bytes(bytes(2_900_000 - len(whole)))
    with pytest.raises(FinaliseError, match=r"file: [^(]*\. The journal is kept: make room"):
        finalise(path, recovered=False)
    assert path.read_bytes() == whole
    assert names(small_disk) == ["episode_0.journal", "filler"]
    said: list[str] = []
    assert recover_folder(small_disk, said.append) == []
    assert "make room" in said[0]


FILLED_MEANWHILE = """
import importlib, sys
from pathlib import Path
from recorder.episode.finalise import finalise
from recorder.errors import FinaliseError

folder = Path(sys.argv[1])
module = importlib.import_module("recorder.episode.{module}")
usual = module.{function}

def once_the_disk_is_full(*arguments, **named):
    with (folder / "others").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 12))
        except OSError:
            pass
    return usual(*arguments, **named)

module.{function} = once_the_disk_is_full
try:
    print(finalise(folder / "episode_0.journal", recovered=False).steps)
except FinaliseError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "function", "said"),
    [("finalise", "write_episode", "kept"), ("writer", "_create_datasets", "20")],
)
def test_others_fill_the_disk_meanwhile(
    tmp_path: Path, small_disk: Path, module: str, function: str, said: str
) -> None:
    """The file has its room from the moment it is there; before, the journal is kept."""
    path = small_disk / "episode_0.journal"
    whole = journal(tmp_path).read_bytes()
    path.write_bytes(whole)
    program = FILLED_MEANWHILE.format(module=module, function=function)
    done = subprocess.run(
        [sys.executable, "-c", program, str(small_disk)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    if path.exists():
        assert path.read_bytes() == whole
        assert names(small_disk) == ["episode_0.journal", "others"]
    else:
        with EpisodeReader(small_disk / "episode_0.hdf5") as episode:
            assert check(episode) == []
        assert names(small_disk) == ["episode_0.hdf5", "others"]


def test_another_versions_journal_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = journal(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("recorder.journal.header.SCHEMA_VERSION", 99)
        with pytest.raises(FinaliseError, match="another version of Tandem"):
            finalise(path, recovered=True)
    assert finalise(path, recovered=True).steps == 20


def test_the_order_of_the_steps_survives_the_pool(tmp_path: Path) -> None:
    path = journal(tmp_path, steps=200)
    saved = finalise(path, recovered=False)
    assert saved.path
    with EpisodeReader(saved.path) as episode:
        brightness = [int(episode.image("cam_0", step)[24, 5, 1]) for step in range(200)]
    expected = (100 + np.arange(200)) % 64
    assert np.abs(np.array(brightness) - expected).max() <= 6
