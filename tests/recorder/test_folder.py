"""Dataset folders: numbers that are never used twice, and refusals in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from disk_limits import no_file_longer_than

from recorder.errors import FolderError
from recorder.folder import check_folder, check_kind, folder_lock
from recorder.journal import JournalWriter
from recorder.numbering import NEXT_FILE, claim_number, episodes_in, next_number
from tests.recorder.fake_rig import make_header


def check(folder: Path, simulated: bool = True, min_free_bytes: int = 1) -> None:
    check_folder(folder, simulated=simulated, min_free_bytes=min_free_bytes, lock_patience_s=0.0)


def episode(folder: Path, number: int, simulated: bool = True) -> Path:
    path = folder / f"episode_{number}.hdf5"
    with h5py.File(path, "w") as file:
        file.attrs["sim"] = simulated
    return path


def test_a_new_folder_is_made_and_counts_from_zero(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "battery"
    check(folder)
    assert [claim_number(folder) for _ in range(3)] == [0, 1, 2]


def test_a_number_is_not_used_again_after_deletion(tmp_path: Path) -> None:
    number = claim_number(tmp_path)
    episode(tmp_path, number).unlink()
    assert claim_number(tmp_path) == number + 1


@pytest.mark.parametrize(
    "name", ["episode_41.hdf5", "episode_41.journal", "episode_41.journal.damaged"]
)
def test_files_from_elsewhere_count(tmp_path: Path, name: str) -> None:
    claim_number(tmp_path)
    (tmp_path / name).touch()
    (tmp_path / "episode_notes.txt").touch()
    (tmp_path / "episode_99.hdf5.bak").touch()
    assert next_number(tmp_path) == 42
    assert claim_number(tmp_path) == 42


def test_a_number_that_cannot_be_noted_is_not_given(tmp_path: Path) -> None:
    with no_file_longer_than(0), pytest.raises(FolderError, match=r"Cannot write to .*too large"):
        claim_number(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert claim_number(tmp_path) == 0


def test_a_pipe_named_like_an_episode_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "episode_4.hdf5")
    os.mkfifo(tmp_path / "episode_5.journal")
    check(tmp_path)
    assert episodes_in(tmp_path) == []
    assert claim_number(tmp_path) == 6


def test_episodes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 100):
        (tmp_path / f"episode_{number}.hdf5").touch()
    assert [path.name for path in episodes_in(tmp_path)] == [
        "episode_9.hdf5",
        "episode_10.hdf5",
        "episode_100.hdf5",
    ]


@pytest.mark.parametrize("counter", ["soon", "", "-1", str(10**12)])
def test_a_spoilt_counter_is_named(tmp_path: Path, counter: str) -> None:
    (tmp_path / NEXT_FILE).write_text(counter)
    with pytest.raises(FolderError, match=f"{NEXT_FILE} holds no number"):
        claim_number(tmp_path)


def test_simulated_and_real_do_not_mix(tmp_path: Path) -> None:
    episode(tmp_path, 0, simulated=True)
    (tmp_path / "episode_1.hdf5").write_bytes(b"damaged: proves nothing")
    check(tmp_path, simulated=True)
    with pytest.raises(FolderError, match=r"holds simulated episodes \(e.g. episode_0.hdf5\)"):
        check(tmp_path, simulated=False)


def test_a_journal_counts_as_an_episode_of_its_kind(tmp_path: Path) -> None:
    (tmp_path / "episode_1.journal").touch()
    check_kind(tmp_path, simulated=False)
    JournalWriter(tmp_path / "episode_0.journal", make_header()).close()
    with pytest.raises(FolderError, match="real ones must not be mixed"):
        check_kind(tmp_path, simulated=False)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match=f"Cannot write to {tmp_path}/file"):
        check(tmp_path / "file")
    with pytest.raises(FolderError, match="Cannot write to /proc"):
        check(Path("/proc/tandem"))


def test_a_disk_nearly_full_is_said(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"nearly full: \d+ MiB free"):
        check(tmp_path, min_free_bytes=1 << 62)


def test_one_folder_one_recorder(tmp_path: Path) -> None:
    mine = rf"Another recorder \(process {os.getpid()}\)"
    with folder_lock(tmp_path, 0.0), pytest.raises(FolderError, match=mine):
        check(tmp_path)
    check(tmp_path)


HOLDER = """
import sys, pathlib
from recorder.folder import folder_lock
with folder_lock(pathlib.Path(sys.argv[1]), 0.0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], **pipes) as holder:  # type: ignore[call-overload]
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderError, match=str(holder.pid)):
            check(tmp_path)
        holder.kill()
    check(tmp_path)
