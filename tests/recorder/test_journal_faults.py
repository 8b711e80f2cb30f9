"""A journal on a disk that fails, and records whose checksums fit but which no recorder wrote."""

import dataclasses
import errno
import json
import os
import time
from pathlib import Path

import pytest
from disk_limits import no_file_longer_than
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import JournalError
from recorder.journal.header import MAX_HEADER_BYTES
from recorder.journal.reader import JournalReader, Tail
from recorder.journal.writer import (
    END,
    EVENT,
    MAX_TEXT_BYTES,
    JournalWriter,
    Kind,
    frame,
    shortened,
)
from teleop.tick import Outcome
from tests.recorder.fake_rig import make_header
from tests.recorder.test_journal import jpegs_of, record_of, scan, write


def test_without_room_for_its_header_there_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    with no_file_longer_than(10), pytest.raises(JournalError, match="File too large"):
        JournalWriter(path, make_header())
    assert not path.exists()


def test_a_write_that_the_disk_takes_in_pieces_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "writev", lambda fd, parts: os.write(fd, parts[0][:7]))
    path = tmp_path / "episode_0.journal"
    write(path)
    _, found = scan(path)
    assert (len(found.steps), found.tail) == (12, Tail.COMPLETE)


def failing_sync(_descriptor: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_disk_that_cannot_sync_in_the_background_is_reported_at_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder.journal.writer.SYNC_INTERVAL_S", 0.01)
    path = tmp_path / "episode_0.journal"
    writer = JournalWriter(path, make_header())
    monkeypatch.setattr(os, "fdatasync", failing_sync)

    def append_on() -> None:
        for _ in range(1000):
            writer.append_step(record_of(writer.steps), jpegs_of(writer.steps))
            time.sleep(0.01)

    with pytest.raises(JournalError, match=r"Input/output error\. The \d+ steps before are safe"):
        append_on()
    writer.close()
    _, found = scan(path)
    assert found.steps == list(range(writer.steps))


def test_a_disk_that_cannot_sync_at_the_end_loses_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is on the disk is asked again when the file is: until then the journal stays."""
    path = tmp_path / "episode_0.journal"
    writer = JournalWriter(path, make_header())
    writer.append_step(record_of(0), jpegs_of(0))
    monkeypatch.setattr(os, "fdatasync", failing_sync)
    writer.finish(Outcome.SUCCESS)
    _, found = scan(path)
    assert (found.steps, found.tail) == ([0], Tail.COMPLETE)


def test_a_sector_that_cannot_be_read_ends_the_prefix(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    path.symlink_to("/proc/self/mem")  # opens, and fails to be read from its start
    header, found = scan(path)
    assert header is None
    assert (found.steps, found.tail) == ([], Tail.DAMAGED)
    assert "the disk cannot read on (Input/output error)" in found.note


STEP = record_of(0).tobytes()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (Kind.HEADER, make_header().to_json()),  # a third one
        (77, b""),
        (Kind.STEP, STEP[:-1]),
        (Kind.STEP, STEP + b"".join(jpegs_of(0)) + b"x"),
        (Kind.STEP, STEP + b"".join(jpegs_of(0))[:-1]),
        (Kind.EVENT, EVENT.pack(0)[:-1]),
        (Kind.END, END.pack(Outcome.SUCCESS, 1)),  # there was no step
        (Kind.END, END.pack(99, 0)),
        (Kind.END, b""),
    ],
)
def test_a_record_that_no_recorder_writes_ends_the_prefix(
    tmp_path: Path, kind: int, payload: bytes
) -> None:
    path = tmp_path / "episode_0.journal"
    JournalWriter(path, make_header()).close()
    with path.open("ab") as file:
        file.write(frame(kind, 2, [payload]) + payload)  # type: ignore[arg-type]
    header, found = scan(path)
    assert header == make_header()
    assert (found.steps, found.outcome) == ([], Outcome.UNLABELLED)
    assert found.tail is Tail.DAMAGED
    assert "none that a recorder writes" in found.note


def changed(**facts: object) -> bytes:
    return json.dumps(dataclasses.asdict(make_header()) | facts).encode()


@pytest.mark.parametrize(
    ("kind", "payload", "fault"),
    [
        (Kind.STEP, STEP, "does not begin with a header"),
        (Kind.HEADER, b"no JSON", "header is not understood"),
        (Kind.HEADER, b"[" * 100_000, "header is not understood"),
        (Kind.HEADER, b'"a text"', "header is not understood"),
        (Kind.HEADER, changed(state_size=1 << 40), "state_size"),
        (Kind.HEADER, changed(number=-1), "episode number"),
        (Kind.HEADER, changed(rate_hz=0), "rate_hz"),
        (Kind.HEADER, changed(cameras=[dataclasses.asdict(make_header().cameras[0])] * 99), "cam"),
    ],
)
def test_a_header_that_no_recorder_writes_is_refused(
    tmp_path: Path, kind: Kind, payload: bytes, fault: str
) -> None:
    path = tmp_path / "episode_0.journal"
    path.write_bytes(frame(kind, 0, [payload]) + payload)
    header, found = scan(path)
    assert header is None
    assert found.tail is Tail.DAMAGED
    assert fault in found.note


def test_a_header_longer_than_any_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    payload = changed(prompt="x" * MAX_HEADER_BYTES)
    path.write_bytes(frame(Kind.HEADER, 0, [payload]) + payload)
    header, found = scan(path)
    assert (header, found.tail) == (None, Tail.DAMAGED)
    assert "longer than any recorder writes" in found.note


def test_a_header_that_readers_refuse_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.journal"
    with pytest.raises(JournalError, match=r"Cannot record .*: its header takes .* shorter"):
        JournalWriter(path, make_header(prompt="x" * MAX_HEADER_BYTES))
    assert not path.exists()


@given(st.text())
def test_of_a_long_text_whole_characters_are_kept(text: str) -> None:
    long = 200 * text
    kept = shortened(long)
    assert long.startswith(kept)
    assert MAX_TEXT_BYTES - 3 <= len(kept.encode()) <= MAX_TEXT_BYTES or kept == long


def test_long_events_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder.journal.reader.MAX_EVENT_BYTES", 1000)
    path = tmp_path / "episode_0.journal"
    writer = JournalWriter(path, make_header())
    for number in range(5):
        writer.append_event(number, "again " * 100)
    writer.finish(Outcome.FAILURE)
    _, found = scan(path)
    assert [event.t_ns for event in found.events] == [0, 1]
    assert found.tail is Tail.COMPLETE


def test_events_without_end_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recorder.journal.reader.MAX_EVENTS", 3)
    path = tmp_path / "episode_0.journal"
    writer = JournalWriter(path, make_header())
    for number in range(5):
        writer.append_event(number, "again")
    writer.append_step(record_of(0), jpegs_of(0))
    writer.finish(Outcome.FAILURE)
    with JournalReader(path) as reader:
        found = reader.scan()
    assert [event.t_ns for event in found.events] == [0, 1, 2]
    assert (found.steps, found.outcome, found.tail) == ([0], Outcome.FAILURE, Tail.COMPLETE)
