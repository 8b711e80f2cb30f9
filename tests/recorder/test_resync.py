"""What stands after the damage in a journal is counted, whatever the damage, in bounded time."""

import os
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from watched_files import Counting, Failing

from recorder.journal.reader import JournalReader, Scan, Tail
from recorder.journal.resync import CHUNK_BYTES, MAX_UNREADABLE, Rest, rest_after
from recorder.journal.writer import JournalWriter, Kind, frame
from tests.recorder.fake_rig import make_header
from tests.recorder.test_journal import STEPS, scan, write


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[int]]:
    """A journal, and where its header and its steps end."""
    path = tmp_path_factory.mktemp("journal") / "episode_0.journal"
    lengths = write(path)
    return path.read_bytes(), lengths


def damage(tmp_path: Path, content: bytes, *places: slice) -> Scan:
    damaged = bytearray(content)
    for place in places:
        damaged[place] = bytes(len(damaged[place]))
    path = tmp_path / "damaged.journal"
    path.write_bytes(damaged)
    return scan(path)[1]


def test_the_steps_after_the_damage_are_counted(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    content, lengths = whole
    found = damage(tmp_path, content, slice(lengths[3] + 50, lengths[3] + 60))
    assert (found.steps, found.steps_after) == ([0, 1, 2], STEPS - 4)
    assert found.note == (
        "The journal ends after 3 steps: the next record does not match its checksum. "
        "About 8 more steps stand after the damage."
    )


def test_they_are_counted_after_damage_in_several_places(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    """A zeroed block over the border of two records, a step's head, and the last but one's end."""
    content, lengths = whole
    found = damage(
        tmp_path,
        content,
        slice(lengths[1] - 9, lengths[1] + 500),
        slice(lengths[4], lengths[4] + 4),
        slice(lengths[-2] - 1, lengths[-2]),
    )
    assert (found.steps, found.steps_after) == ([], STEPS - 4)
    assert found.note.endswith(
        "before the first step: the next record does not match its "
        "checksum. About 8 more steps stand after the damage."
    )


def test_one_step_is_one_step(tmp_path: Path, whole: tuple[bytes, list[int]]) -> None:
    content, lengths = whole
    found = damage(tmp_path, content, slice(lengths[-3], lengths[-3] + 40))
    assert len(found.steps) == STEPS - 2
    assert found.note.endswith("1 more step stands after the damage.")


def test_headers_that_are_gone_leave_steps_that_are_counted(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    content, lengths = whole
    copy = lengths[0] // 2
    found = damage(tmp_path, content, slice(0, 4), slice(copy, copy + 4))
    assert (found.steps, found.steps_after, found.tail) == ([], STEPS, Tail.DAMAGED)


def test_a_part_that_is_missing_in_the_middle_is_damage_and_not_a_torn_end(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    """As when a file system loses blocks: who took it for torn would delete what follows."""
    content, lengths = whole
    path = tmp_path / "short.journal"
    for start, end in ((lengths[-2] + 10, lengths[-1]), (lengths[-1] - 5, lengths[-1] + 3)):
        path.write_bytes(content[:start] + content[end:])
        _, found = scan(path)
        assert found.tail is Tail.DAMAGED
    huge = bytearray(content)
    head = frame(Kind.STEP, STEPS // 2 + 1, [bytes(1 << 20)])  # longer than all that follows
    place = lengths[STEPS // 2 - 1]
    huge[place : place + len(head)] = head
    path.write_bytes(huge)
    _, found = scan(path)
    assert (len(found.steps), found.steps_after) == (STEPS // 2 - 1, STEPS // 2)
    assert found.note.startswith("The journal ends after 5 steps: a part of the file is missing.")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_of_steps_before_and_after_the_damage_none_is_lost_or_counted_twice(
    tmp_path: Path, whole: tuple[bytes, list[int]], data: st.DataObject
) -> None:
    content, lengths = whole
    at = data.draw(st.integers(0, len(content) - 1))
    end = min(at + data.draw(st.integers(1, 4096)), len(content))
    noise = data.draw(st.binary(min_size=end - at, max_size=end - at))
    damaged = content[:at] + noise + content[end:]
    path = tmp_path / "noise.journal"
    path.write_bytes(damaged)
    _, found = scan(path)
    spoilt = [i for i, (a, b) in enumerate(zip(content, damaged, strict=True)) if a != b]
    hit = {sum(length <= i for length in lengths) - 1 for i in spoilt}
    steps = [step for step in range(STEPS) if step not in hit]
    assert len(found.steps) + found.steps_after == len(steps)


def test_no_file_takes_longer_than_a_few_passes(tmp_path: Path) -> None:
    """Heads that each claim the whole rest of the file, and are wrong about it."""
    path = tmp_path / "episode_0.journal"
    JournalWriter(path, make_header()).close()
    count, room = 20_000, 1 << 21
    heads = b"".join(
        frame(Kind.STEP, 1 + number, [b"wrong"])[:12] + struct.pack("<II", room, 0)
        for number in range(count)
    )
    with path.open("ab") as file:
        for place in range(0, len(heads), 20):
            head = heads[place : place + 20]
            file.write(head + struct.pack("<I", zlib.crc32(head)))
        file.write(bytes(room))
    with JournalReader(path) as reader, path.open("rb") as file:
        counting = Counting(file)
        rest = rest_after(counting, 0, 0)  # type: ignore[arg-type]
        assert rest.steps == 0
        assert counting.read_bytes < 6 * path.stat().st_size
        assert reader.scan().tail is Tail.DAMAGED


def test_what_the_disk_cannot_read_is_passed_over_and_left_alone_at_last(
    tmp_path: Path, whole: tuple[bytes, list[int]]
) -> None:
    content, lengths = whole
    path = tmp_path / "episode_0.journal"
    path.write_bytes(content[: lengths[4]] + bytes(3 * CHUNK_BYTES) + content[lengths[4] :])
    with path.open("rb") as file:
        one_place = Failing(file, range(CHUNK_BYTES + 10, CHUNK_BYTES + 20))
        assert rest_after(one_place, 0, 0).steps == STEPS  # type: ignore[arg-type]
        assert one_place.failures == 1
    os.truncate(path, 100 * CHUNK_BYTES)
    with path.open("rb") as file:
        everywhere = Failing(file, range(path.stat().st_size))
        assert rest_after(everywhere, 0, 0) == Rest()  # type: ignore[arg-type]
        assert everywhere.failures == MAX_UNREADABLE


def test_a_disk_that_cannot_read_a_header_is_not_asked_for_its_copy_everywhere(
    tmp_path: Path, whole: tuple[bytes, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    content, _ = whole
    path = tmp_path / "episode_0.journal"
    path.write_bytes(content)
    with path.open("rb") as file:
        spoilt = Failing(file, range(100))
        monkeypatch.setattr(Path, "open", lambda *_: spoilt)
        reader = JournalReader(path)
        assert reader.header == make_header()
        assert [step.record["tick"]["step"] for step in reader.steps()] == list(range(STEPS))
        os.truncate(path, 100 * CHUNK_BYTES)
        everywhere = Failing(file, range(path.stat().st_size))
        monkeypatch.setattr(Path, "open", lambda *_: everywhere)
        file.seek(0)
        assert JournalReader(path).header is None
        assert everywhere.failures <= MAX_UNREADABLE + 2
