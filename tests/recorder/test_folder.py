"""Dataset folders: numbers that are never used twice, and refusals in one sentence."""

import contextlib
import errno
import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from disk_limits import no_file_longer_than

from recorder.episode.recover import is_left_behind
from recorder.errors import FolderError
from recorder.folder.guards import LOCK_FILE, check_folder, folder_lock
from recorder.folder.identity import FolderIdentity
from recorder.folder.numbering import (
    MAX_NUMBER,
    NEXT_FILE,
    claim_number,
    damaged_path,
    episodes_in,
    newest_in,
    next_number,
    number_of,
)
from recorder.journal.writer import JournalWriter
from tests.recorder.fake_rig import make_episode, make_header

REPOSITORY = Path(__file__).parents[2]
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
SIMULATED = FolderIdentity.of_header(make_header())
REAL = FolderIdentity.of_header(
    make_header(simulated=False, time_base="monotonic", state_size=0, rig_name="aloha")
)


def check(folder: Path, identity: FolderIdentity = SIMULATED, min_free_bytes: int = 1) -> None:
    check_folder(folder, identity=identity, min_free_bytes=min_free_bytes, lock_patience_s=0.0)


def test_a_new_folder_is_made_and_counts_from_zero(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "battery"
    check(folder)
    assert [claim_number(folder) for _ in range(3)] == [0, 1, 2]


def test_a_number_is_not_used_again_after_deletion(tmp_path: Path) -> None:
    number = claim_number(tmp_path)
    make_episode(tmp_path, 2, number).unlink()
    assert claim_number(tmp_path) == number + 1


@pytest.mark.parametrize(
    "name",
    [
        "episode_41.hdf5",
        "episode_41.journal",
        "episode_41.journal.damaged",
        "episode_41.journal.damaged.2",
        "episode_0041.hdf5",
    ],
)
def test_files_from_elsewhere_count(tmp_path: Path, name: str) -> None:
    claim_number(tmp_path)
    (tmp_path / name).touch()
    (tmp_path / "episode_notes.txt").touch()
    for other in ("episode_99.hdf5.bak", "episode_1234567890.hdf5", "episode_\u0669.hdf5"):
        (tmp_path / other).touch()
    (tmp_path / ".episode_99.4711.part").touch()  # its journal or the counter knows that number
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


@pytest.mark.parametrize(
    "counter",
    [b"soon", b"", b"-1", b"1_0", b"10**2", b"\xff\xfe", b"\0" * 4096, b"%d" % 10**12, b"1" * 64],
)
def test_a_spoilt_counter_is_named(tmp_path: Path, counter: bytes) -> None:
    (tmp_path / NEXT_FILE).write_bytes(counter)
    (tmp_path / "episode_4.hdf5").touch()
    with pytest.raises(FolderError, match=rf"{NEXT_FILE} holds no number .*at least 5\)"):
        claim_number(tmp_path)
    (tmp_path / NEXT_FILE).write_text("  7\n")  # as the sentence says
    assert claim_number(tmp_path) == 7


def test_a_counter_that_is_no_file_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NEXT_FILE)
    with pytest.raises(FolderError, match="holds no number"):
        claim_number(tmp_path)
    (tmp_path / NEXT_FILE).unlink()
    (tmp_path / NEXT_FILE).mkdir()
    with pytest.raises(FolderError, match=r"holds no number \(Is a directory\)"):
        claim_number(tmp_path)


def test_a_counter_that_was_removed_is_made_up_for_by_the_files(tmp_path: Path) -> None:
    for _ in range(3):
        (tmp_path / f"episode_{claim_number(tmp_path)}.hdf5").touch()
    (tmp_path / NEXT_FILE).unlink()
    assert claim_number(tmp_path) == 3


def test_a_counter_from_a_backup_takes_nothing_back(tmp_path: Path) -> None:
    (tmp_path / NEXT_FILE).write_text("2\n")
    (tmp_path / "episode_8.journal.damaged").touch()
    assert claim_number(tmp_path) == 9


def test_there_is_a_last_number(tmp_path: Path) -> None:
    (tmp_path / f"episode_{MAX_NUMBER - 2}.hdf5").touch()
    assert claim_number(tmp_path) == MAX_NUMBER - 1
    with pytest.raises(FolderError, match="last number there is"):
        claim_number(tmp_path)


def test_a_folder_that_cannot_be_listed_is_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for ask in (claim_number, next_number, episodes_in):
        with pytest.raises(FolderError, match=f"Cannot read {tmp_path}/file: Not a directory"):
            ask(tmp_path / "file")
    assert next_number(tmp_path / "none") == 0
    with pytest.raises(FolderError, match="No such file"):
        claim_number(tmp_path / "none")


CLAIMER = """
import pathlib, sys
from recorder.folder.numbering import claim_number
sys.stdin.readline()
for _ in range(25):
    print(claim_number(pathlib.Path(sys.argv[1])))
"""


def test_two_that_claim_at_the_same_moment_get_two_numbers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLAIMER, str(tmp_path)]
    claimers = [subprocess.Popen(command, cwd=REPOSITORY, text=True, **PIPES) for _ in range(3)]  # type: ignore[call-overload]
    for claimer in claimers:
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    claimed = [int(word) for claimer in claimers for word in claimer.communicate()[0].split()]
    assert sorted(claimed) == list(range(75))


def test_a_folder_that_somebody_else_has_locked_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder.folder.numbering.CLAIM_PATIENCE_S", 0.05)
    other = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(FolderError, match="Another process has locked"):
        claim_number(tmp_path)
    os.close(other)
    assert claim_number(tmp_path) == 0


def test_a_file_system_that_cannot_lock_folders_is_claimed_on_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_on_nfs(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    monkeypatch.setattr(fcntl, "flock", as_on_nfs)
    assert [claim_number(tmp_path) for _ in range(2)] == [0, 1]


def test_the_newest_of_many_are_found(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"episode_{number}.hdf5").touch()
    (tmp_path / "episode_40.hdf5").mkdir()
    (tmp_path / "episode_38.journal").touch()
    names = [path.name for path in newest_in(tmp_path, 3)]
    assert names == ["episode_39.hdf5", "episode_38.journal", "episode_38.hdf5"]


def test_what_was_set_aside_is_not_written_over(tmp_path: Path) -> None:
    journal = tmp_path / "episode_3.journal"
    taken = []
    for _ in range(3):
        taken.append(damaged_path(journal))
        taken[-1].touch()
    assert [path.name for path in taken] == [
        "episode_3.journal.damaged",
        "episode_3.journal.damaged.2",
        "episode_3.journal.damaged.3",
    ]
    assert {number_of(path) for path in taken} == {3}


def test_a_journal_is_left_behind_when_nobody_has_locked_it(tmp_path: Path) -> None:
    journal = tmp_path / "episode_3.journal"
    assert not is_left_behind(journal)  # gone: it has just become a file
    writer = JournalWriter(journal, make_header(3))
    assert not is_left_behind(journal)
    writer.close()
    assert is_left_behind(journal)
    os.symlink("episode_4.journal", tmp_path / "episode_4.journal")
    assert is_left_behind(tmp_path / "episode_4.journal")  # whatever it is, it is no recorder's


def test_simulated_and_real_do_not_mix(tmp_path: Path) -> None:
    make_episode(tmp_path, 2)
    (tmp_path / "episode_1.hdf5").write_bytes(b"damaged: proves nothing")
    check(tmp_path)
    refusal = r"episode_0\.hdf5 was recorded with simulated arms, .* with real arms"
    with pytest.raises(FolderError, match=refusal):
        check(tmp_path, REAL)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match=f"Cannot write to {tmp_path}/file"):
        check(tmp_path / "file")
    with pytest.raises(FolderError, match="Cannot write to /proc"):
        check(Path("/proc/tandem"))


def test_a_link_that_leads_nowhere_is_called_so(tmp_path: Path) -> None:
    link = tmp_path / "battery"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(FolderError, match=rf"^Cannot write to {link}: it is a link that leads now"):
        check(link)
    with pytest.raises(FolderError, match=f"/cube: {link} is a link that leads nowhere"):
        check(link / "cube")
    (tmp_path / "gone").touch()
    with pytest.raises(FolderError, match=f"Cannot write to {link}: it is no folder"):
        check(link)
    (tmp_path / "gone").unlink()
    (tmp_path / "gone").mkdir()
    check(link)


def test_a_disk_nearly_full_is_said(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"nearly full: \d+ MiB free"):
        check(tmp_path, min_free_bytes=1 << 62)


def test_one_folder_one_recorder(tmp_path: Path) -> None:
    mine = rf"Another recorder \(process {os.getpid()}\)"
    with folder_lock(tmp_path, 0.0), pytest.raises(FolderError, match=mine):
        check(tmp_path)
    check(tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("else", path)])
def test_what_lies_where_the_lock_should_is_named(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / LOCK_FILE)
    with pytest.raises(FolderError, match=rf"Cannot lock .*{LOCK_FILE} in it is in the way"):
        check(tmp_path)


@pytest.mark.parametrize("words", ["", "1 \u00b2", "\0\0", "x y z", "1 99999999999999999999"])
def test_a_lock_file_may_say_anything(tmp_path: Path, words: str) -> None:
    with folder_lock(tmp_path, 0.0):
        (tmp_path / LOCK_FILE).write_text(words)
        with pytest.raises(FolderError, match="Another recorder"):
            check(tmp_path)


def test_a_recorder_whose_session_was_killed_is_waited_for(tmp_path: Path) -> None:
    """It is finalising what it holds."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, **PIPES) as holder:  # type: ignore[call-overload]
        assert holder.stdout.readline() == b"held\n"
        (tmp_path / LOCK_FILE).write_text(f"{holder.pid} 999999999\n")
        ending = threading.Timer(0.3, holder.stdin.close)
        ending.start()
        with folder_lock(tmp_path, 60.0):
            pass
        ending.join()


def test_a_disk_that_has_become_read_only_is_named(small_disk: Path) -> None:
    (small_disk / NEXT_FILE).write_text("3\n")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for refused in (check, claim_number, locked):
        with pytest.raises(FolderError, match=r"Cannot .*: Read-only file system"):
            refused(small_disk)
    assert next_number(small_disk) == 3


def locked(folder: Path) -> None:
    with folder_lock(folder, 0.0):
        pass


def test_a_full_disk_can_be_locked(small_disk: Path) -> None:
    """That is when somebody recovers what is on it."""
    with (small_disk / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    locked(small_disk)


HOLDER = """
import sys, pathlib
from recorder.folder.guards import folder_lock
with folder_lock(pathlib.Path(sys.argv[1]), 0.0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_goes_with_its_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, **PIPES) as holder:  # type: ignore[call-overload]
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderError, match=str(holder.pid)):
            check(tmp_path)
        holder.kill()
    check(tmp_path)
