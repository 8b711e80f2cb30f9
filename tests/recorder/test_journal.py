"""The journal: what was written comes back, and no bytes make the reader stumble."""

import fcntl
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watched_files import Counting

from recorder.episode.schema import FRAME_DTYPE, step_dtype
from recorder.errors import JournalError
from recorder.journal.header import EpisodeHeader
from recorder.journal.reader import JournalReader, Scan, Tail
from recorder.journal.writer import BLOCK_BYTES, FRAME, MAGIC, JournalWriter, Kind, frame
from teleop.tick import Outcome
from tests.recorder.fake_rig import STATE_SIZE, make_header, make_tick

STEPS = 12
CAMERAS = 2


def jpegs_of(step: int) -> list[bytes]:
    return [bytes([step + 1, camera]) * (20 + 7 * step + camera) for camera in range(CAMERAS)]


def record_of(step: int) -> np.ndarray:
    record = np.zeros((), step_dtype(CAMERAS, STATE_SIZE))
    record["tick"] = make_tick(100 + step, 0, step)
    record["state"] = step
    record["frames"]["jpeg_bytes"] = [len(jpeg) for jpeg in jpegs_of(step)]
    return record


def write(path: Path, steps: int = STEPS, finish: bool = True) -> list[int]:
    """A journal; returns the length of the file after its headers, and after each step."""
    writer = JournalWriter(path, make_header())
    lengths = [writer.bytes]
    for step in range(steps):
        writer.append_step(record_of(step), jpegs_of(step))
        lengths.append(writer.bytes)
    writer.append_event(5, "somebody said ä")
    if finish:
        writer.finish(Outcome.SUCCESS)
    else:
        writer.close()
    return lengths


def scan(path: Path) -> tuple[EpisodeHeader | None, Scan]:
    with JournalReader(path) as reader:
        return reader.header, reader.scan()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[int]]:
    path = tmp_path_factory.mktemp("journal") / "episode_0.journal"
    lengths = write(path)
    return path.read_bytes(), lengths


@pytest.fixture(scope="module")
def ends(whole: tuple[bytes, list[int]]) -> list[int]:
    """Where the records of `whole` end: the headers, the steps, an event, the end."""
    content, _ = whole
    places = [place for place in range(len(content)) if content.startswith(MAGIC, place)]
    return [*places[1:], len(content)]


def verified(lengths: list[int], intact: int) -> int:
    """How many steps lie within the first `intact` bytes."""
    return max(sum(length <= intact for length in lengths) - 1, 0)


def spares_a_header(lengths: list[int], start: int, end: int) -> bool:
    """Whether damage from `start` to `end` lies within one of the two headers."""
    copy = lengths[0] // 2
    return end <= copy or copy <= start < end <= lengths[0]


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    write(path)
    with JournalReader(path) as reader:
        assert reader.header == make_header()
        for _ in range(2):  # it may be read more than once
            steps = list(reader.steps())
            assert [step.jpegs for step in steps] == [tuple(jpegs_of(i)) for i in range(STEPS)]
            assert all(step.record == record_of(i) for i, step in enumerate(steps))
        found = reader.scan()
    assert found.steps == list(range(STEPS))
    assert [(event.t_ns, event.text) for event in found.events] == [(5, "somebody said ä")]
    assert (found.outcome, found.tail, found.note) == (Outcome.SUCCESS, Tail.COMPLETE, "")
    assert not found.remark
    lengths = [[len(jpeg) for jpeg in jpegs_of(i)] for i in range(STEPS)]
    assert found.longest_jpegs == np.max(lengths, axis=0).tolist()


def test_without_an_end_it_is_unlabelled_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    write(path, finish=False)
    _, found = scan(path)
    assert (found.outcome, found.tail) == (Outcome.UNLABELLED, Tail.UNFINISHED)
    assert "after 12 steps" in found.note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_cut_anywhere_the_longest_prefix_is_read(
    tmp_path: Path, whole: tuple[bytes, list[int]], data: st.DataObject
) -> None:
    content, lengths = whole
    cut = data.draw(st.integers(0, len(content) - 1))
    path = tmp_path / "cut.journal"
    path.write_bytes(content[:cut])
    _, found = scan(path)
    assert found.steps == list(range(verified(lengths, cut)))
    assert found.tail in (Tail.TORN, Tail.UNFINISHED)
    assert found.note


def test_cut_at_every_byte_of_its_end_it_is_torn_and_never_damaged(
    tmp_path: Path, whole: tuple[bytes, list[int]], ends: list[int]
) -> None:
    content, lengths = whole
    path = tmp_path / "cut.journal"
    path.write_bytes(content)
    for cut in range(len(content) - 1, lengths[-3], -1):
        os.truncate(path, cut)
        _, found = scan(path)
        assert len(found.steps) == verified(lengths, cut)
        assert found.tail is (Tail.UNFINISHED if cut in ends else Tail.TORN)
        assert "stand" not in found.note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_ends_the_prefix_before_it(
    tmp_path: Path, whole: tuple[bytes, list[int]], data: st.DataObject
) -> None:
    content, lengths = whole
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = bytearray(content)
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "flipped.journal"
    path.write_bytes(damaged)
    _, found = scan(path)
    if spares_a_header(lengths, at, at + 1):
        assert (len(found.steps), found.tail, found.note) == (STEPS, Tail.COMPLETE, "")
        return
    assert found.steps == list(range(verified(lengths, at)))
    assert found.tail is Tail.DAMAGED
    assert found.note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_block_of_zeros_ends_the_prefix_before_it(
    tmp_path: Path, whole: tuple[bytes, list[int]], data: st.DataObject
) -> None:
    content, lengths = whole
    at = data.draw(st.integers(0, len(content) - 1))
    size = data.draw(st.integers(1, 4096))
    damaged = content[:at] + bytes(len(content[at : at + size])) + content[at + size :]
    changed = next(
        (i for i, pair in enumerate(zip(content, damaged, strict=True)) if pair[0] != pair[1]),
        len(content),
    )
    path = tmp_path / "zeros.journal"
    path.write_bytes(damaged)
    _, found = scan(path)
    if spares_a_header(lengths, changed, min(at + size, len(content))):
        assert (len(found.steps), found.tail) == (STEPS, Tail.COMPLETE)
        return
    assert found.steps == list(range(verified(lengths, changed)))
    assert (found.tail is Tail.COMPLETE) == (changed == len(content))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_journal_without_steps(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.journal"
    path.write_bytes(content)
    header, found = scan(path)
    assert header is None
    assert found.steps == []
    assert found.note


@pytest.mark.parametrize("copy", [0, 1])
def test_a_block_of_the_header_may_be_lost(
    tmp_path: Path, whole: tuple[bytes, list[int]], copy: int
) -> None:
    content, lengths = whole
    length = lengths[0] // 2
    assert length % BLOCK_BYTES == 0
    path = tmp_path / "episode_0.journal"
    for start in range(copy * length, (copy + 1) * length, BLOCK_BYTES):
        path.write_bytes(content[:start] + bytes(BLOCK_BYTES) + content[start + BLOCK_BYTES :])
        header, found = scan(path)
        assert header == make_header()
        assert (len(found.steps), found.tail, found.note) == (STEPS, Tail.COMPLETE, "")
        assert found.remark.startswith("One of the two headers of its journal was damaged")


def test_without_both_headers_nothing_is_read_and_that_is_said(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    content, lengths = whole
    path = tmp_path / "episode_0.journal"
    path.write_bytes(bytes(lengths[0]) + content[lengths[0] :])
    header, found = scan(path)
    assert (header, found.steps, found.tail) == (None, [], Tail.DAMAGED)
    assert f"{STEPS} more steps stand after the damage" in found.note


@pytest.mark.parametrize("steps", [1, STEPS])
def test_a_copy_that_is_missing_is_damage_and_hides_no_step(
    tmp_path: Path, whole: tuple[bytes, list[int]], steps: int
) -> None:
    """As when a file system loses blocks."""
    content, lengths = whole
    path = tmp_path / "episode_0.journal"
    path.write_bytes(content[: lengths[0] // 2] + content[lengths[0] : lengths[steps]])
    header, found = scan(path)
    assert (header, found.steps, found.tail) == (make_header(), [], Tail.DAMAGED)
    assert found.steps_after == steps


def test_a_copy_that_was_cut_short_is_torn(tmp_path: Path, whole: tuple[bytes, list[int]]) -> None:
    content, lengths = whole
    path = tmp_path / "episode_0.journal"
    for cut in (lengths[0] // 2 + 1, lengths[0] - 1):
        path.write_bytes(content[:cut])
        header, found = scan(path)
        assert (header, found.steps, found.tail) == (make_header(), [], Tail.TORN)
        assert "the copy of its header was cut short" in found.note


def test_heads_that_claim_to_be_a_copy_are_not_read_to_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "episode_0.journal"
    borders = 512
    head = frame(Kind.HEADER, 1, [b""])[:12] + struct.pack("<II", borders * BLOCK_BYTES, 0)
    block = (head + struct.pack("<I", zlib.crc32(head))).ljust(BLOCK_BYTES, b" ")
    path.write_bytes(bytes(BLOCK_BYTES) + block * (2 * borders))
    with path.open("rb") as file:
        counting = Counting(file)
        monkeypatch.setattr(Path, "open", lambda *_: counting)
        assert JournalReader(path).header is None
    assert counting.read_bytes < borders * BLOCK_BYTES


def test_a_copy_of_another_version_is_named(
    tmp_path: Path, whole: tuple[bytes, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "episode_0.journal"
    path.write_bytes(bytes(100) + whole[0][100:])
    monkeypatch.setattr("recorder.journal.header.SCHEMA_VERSION", 99)
    header, found = scan(path)
    assert (header, found.tail) == (None, Tail.FOREIGN)


def test_a_record_that_moved_is_not_believed(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    content, lengths = whole
    third = content[lengths[2] : lengths[3]]
    path = tmp_path / "moved.journal"
    path.write_bytes(content[: lengths[1]] + third + content[lengths[1] :])
    _, found = scan(path)
    assert found.steps == [0]
    assert found.tail is Tail.DAMAGED


def test_what_follows_the_end_is_damage(tmp_path: Path, whole: tuple[bytes, list[int]]) -> None:
    path = tmp_path / "more.journal"
    path.write_bytes(whole[0] + b"x")
    _, found = scan(path)
    assert len(found.steps) == STEPS
    assert found.tail is Tail.DAMAGED


def test_another_version_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "episode_0.journal"
    write(path)
    newer = repr([*step_dtype(0, 0).descr, ("more", FRAME_DTYPE.descr)])
    monkeypatch.setattr("recorder.journal.header.STEP_LAYOUT", newer)
    header, found = scan(path)
    assert header is None
    assert found.tail is Tail.FOREIGN
    assert "another version" in found.note


def test_it_is_locked_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    writer = JournalWriter(path, make_header())
    with path.open("rb") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        writer.finish(Outcome.SUCCESS)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_existing_journal_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    path.write_bytes(b"somebody's")
    with pytest.raises(JournalError, match="File exists"):
        JournalWriter(path, make_header())
    assert path.read_bytes() == b"somebody's"


def test_a_missing_journal_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file"):
        JournalReader(tmp_path / "none.journal")


def test_memory_stays_bounded_by_a_record(tmp_path: Path) -> None:
    path = tmp_path / "huge.journal"
    content = bytearray(write_header_claiming(tmp_path, 1 << 27))
    path.write_bytes(content)
    before = peak_kib()
    _, found = scan(path)
    assert found.steps == []
    assert peak_kib() - before < 64 * 1024


def write_header_claiming(folder: Path, length: int) -> bytes:
    """A journal whose first step claims to be `length` bytes long."""
    path = folder / "claim.journal"
    JournalWriter(path, make_header()).close()
    head = FRAME.pack(MAGIC, Kind.STEP, 2, length, 0, 0)[:-4]
    return path.read_bytes() + head + struct.pack("<I", zlib.crc32(head))


def peak_kib() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_full_disk_leaves_a_whole_journal(small_disk: Path) -> None:
    fill(small_disk / "episode_0.journal", "No space left")


def test_a_file_that_may_not_grow_leaves_a_whole_journal(
    tmp_path: Path, file_size_limit: int
) -> None:
    fill(tmp_path / "episode_0.journal", "File too large")


def fill(path: Path, reason: str) -> None:
    """Append steps until the disk refuses, and see that the journal holds all the others."""
    writer = JournalWriter(path, make_header())
    jpegs = [os.urandom(150_000) for _ in range(CAMERAS)]
    record = record_of(0)
    record["frames"]["jpeg_bytes"] = [len(jpeg) for jpeg in jpegs]
    appended = 0
    with pytest.raises(JournalError, match=f"{reason}.*steps before are safe"):  # noqa: PT012
        for _ in range(100):
            writer.append_step(record, jpegs)
            appended += 1
    with pytest.raises(JournalError, match=reason):
        writer.append_event(0, "a failed journal stays failed")
    writer.close()
    assert appended > 0
    assert path.stat().st_size == writer.bytes
    _, found = scan(path)
    assert len(found.steps) == appended == writer.steps
    assert found.tail is Tail.UNFINISHED


def test_a_journal_that_is_removed_or_replaced_while_it_is_written_is_noticed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "episode_0.journal"
    writer = JournalWriter(path, make_header())
    writer.check()
    path.unlink()
    path.write_bytes(b"another")
    for _ in range(2):
        with pytest.raises(JournalError, match="has been removed while it was written"):
            writer.check()
    writer.close()
