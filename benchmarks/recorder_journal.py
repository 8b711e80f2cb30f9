"""Journals that a crash, a disk or a bit has spoilt: what is read of them, and what was written.

The journal is one that the real recorder has written, to its end. It is then cut off at every byte
of its last 64 KB, loses each of its 4 KiB blocks to zeros, and has single bits flipped at random.
What must be read is known without the reader: every record that ends before the first byte that
differs, and nothing else; all of them where only one of the header's two copies is spoilt.
"""

import collections
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recorder_options import Options
from benchmarks.recorder_process import RecorderProcess, in_order, pattern_cameras, small
from benchmarks.teleop_loop import head, row
from recorder.episode.finalise import finalise
from recorder.folder.numbering import journal_path
from recorder.journal.reader import JournalEvent, JournalReader, JournalStep, Tail
from recorder.journal.writer import END, EVENT, FRAME, Kind
from teleop.tick import Outcome

STEPS: Final = 40
CAMERAS: Final = 2
WIDTH, HEIGHT = 128, 96
HEADERS: Final = 2
"""The header, and its copy."""
CUT_BYTES: Final = 64 << 10
BLOCK_BYTES: Final = 4 << 10
FLIPS: Final = 5000
FINALISED: Final = 40
"""Of each kind of damage, spread evenly: so many are turned into files, which are checked."""


@dataclass(frozen=True, slots=True)
class Intact:
    """The journal as it was written.

    Attributes:
        ends: where each record ends; the headers' are the first.
        records: kind and payload of each.
    """

    content: bytes
    ends: list[int]
    records: list[tuple[int, bytes]]

    def readable(self, damage: "Damage", differs: int) -> int:
        """How many records must be read: those wholly before the first byte that differs, unless
        that spares a header and all that follows."""
        if damage.put is not None and differs < self.ends[HEADERS - 1]:
            end = damage.offset + len(damage.put)
            if end <= self.ends[0] or self.ends[0] <= differs < end <= self.ends[HEADERS - 1]:
                return len(self.ends)
        return int(np.searchsorted(self.ends, differs, side="right"))

    def steps_in(self, records: int) -> int:
        """How many of the first so many records are steps."""
        return sum(kind == Kind.STEP for kind, _ in self.records[:records])


@dataclass(slots=True)
class Tally:
    """What reading damaged journals has come to; all counts but the first three should be 0."""

    journals: int = 0
    files: int = 0
    fewest_steps: int = STEPS
    exceptions: int = 0
    wrong: int = 0
    """More, less, or something else than the longest verified prefix."""
    silent: int = 0
    """Something is missing, and it is not said."""
    bad_files: int = 0


def journal(folder: Path, options: Options) -> None:
    """Spoil, read, compare and print the table."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir="/dev/shm") as memory:
        path = Path(memory) / "kept.journal"
        _record(folder / "dataset", path)
        intact = _walk(path.read_bytes())
        print(f"{len(intact.content) / 1e3:.0f} kB, {intact.steps_in(len(intact.ends))} steps of "
              f"{CAMERAS} cameras {WIDTH}x{HEIGHT}, {len(intact.ends)} records.\n")  # fmt: skip
        head("damage", "journals", "exceptions", "not the longest verified prefix",
             "loss not told", "fewest steps read", "read ms: median", "max",
             "made into files", "files not in order")  # fmt: skip
        for name, damages in _kinds(intact, options).items():
            _spoil(name, path, intact, list(damages))
    print()


def _record(dataset: Path, kept: Path) -> None:
    """Have the recorder write a journal, and keep it by a second name when it takes it away."""
    cameras = small(pattern_cameras(CAMERAS), WIDTH, HEIGHT)
    with RecorderProcess(dataset, cameras=cameras) as recorder:
        recorder.start()
        recorder.record(0, STEPS)
        link = dataset / "kept"
        os.link(journal_path(dataset, 0), link)
        recorder.end()
        recorder.stop()
    shutil.copyfile(link, kept)


def _walk(content: bytes) -> Intact:
    """The records of a sound journal, without looking at a checksum."""
    ends, records, at = [], [], 0
    while at < len(content):
        _, kind, _, length, _, _ = FRAME.unpack_from(content, at)
        at += FRAME.size
        records.append((kind, content[at : at + length]))
        at += length
        ends.append(at)
    return Intact(content, ends, records)


# ---- damage --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Damage:
    """What stands in place of the bytes from `offset` on; None: the file ends there."""

    offset: int
    put: bytes | None


def _kinds(intact: Intact, options: Options) -> dict[str, Iterator[Damage]]:
    size = len(intact.content)
    rng = np.random.default_rng(options.seed)
    first = max(0, size - CUT_BYTES)
    every = "every byte" if options.stride == 1 else f"every {options.stride}th byte"
    flips = zip(
        rng.integers(size, size=FLIPS // options.stride).tolist(),
        rng.integers(8, size=FLIPS).tolist(),
        strict=False,
    )
    return {
        f"cut off at {every} of the last {CUT_BYTES >> 10} KiB": (
            Damage(offset, None) for offset in reversed(range(first, size, options.stride))
        ),
        f"{BLOCK_BYTES >> 10} KiB zeroed": (
            Damage(offset, bytes(min(BLOCK_BYTES, size - offset)))
            for offset in range(0, size, BLOCK_BYTES)
        ),
        "a bit flipped": (
            Damage(offset, bytes([intact.content[offset] ^ 1 << bit])) for offset, bit in flips
        ),
    }


@contextmanager
def _damaged(path: Path, intact: Intact, damage: Damage) -> Iterator[int]:
    """Spoil the file, and put it right again; gives the first byte that differs."""
    end = damage.offset + len(damage.put or b"")
    before = intact.content[damage.offset : end]
    with path.open("r+b") as file:
        if damage.put is None:
            file.truncate(damage.offset)
            yield damage.offset
            file.seek(damage.offset)
            file.write(intact.content[damage.offset :])
            return
        _overwrite(file.fileno(), damage.put, damage.offset)
        yield damage.offset + _first_difference(before, damage.put)
        _overwrite(file.fileno(), before, damage.offset)


def _overwrite(descriptor: int, content: bytes, offset: int) -> None:
    os.pwrite(descriptor, content, offset)


def _first_difference(before: bytes, after: bytes) -> int:
    """Of two strings of one length; that length if they are the same."""
    differs = np.flatnonzero(np.frombuffer(before, "u1") != np.frombuffer(after, "u1"))
    return int(differs[0]) if len(differs) else len(before)


# ---- reading -------------------------------------------------------------------------------------


def _spoil(name: str, path: Path, intact: Intact, damages: list[Damage]) -> None:
    """Every damage in turn; prints the row."""
    tally, took_ms = Tally(), []
    said: collections.Counter[str] = collections.Counter()
    every = max(1, len(damages) // FINALISED)
    for number, damage in enumerate(damages):
        with _damaged(path, intact, damage) as differs:
            whole = intact.readable(damage, differs)
            if damage.put is not None and differs == damage.offset + len(damage.put):
                whole = len(intact.ends)  # these zeros stood there before
            began_s = time.perf_counter()
            said[_read(path, intact, whole, tally)] += 1
            took_ms.append(1e3 * (time.perf_counter() - began_s))
            if number % every == 0:
                _make_file(path, intact.steps_in(whole), tally)
    row(name, tally.journals, tally.exceptions, tally.wrong, tally.silent, tally.fewest_steps,
        f"{statistics.median(took_ms):.1f}", f"{max(took_ms):.1f}", tally.files,
        tally.bad_files)  # fmt: skip
    for text, count in said.most_common():
        if text:
            print(f"  exception, {count} times: {text}")


def _read(path: Path, intact: Intact, whole: int, tally: Tally) -> str:
    """Read what is left, and compare; returns what was raised, "" if nothing was."""
    tally.journals += 1
    try:
        with JournalReader(path) as reader:
            read = [_payload(item) for item in reader]
            told = reader.tail is Tail.COMPLETE or bool(reader.fault)
            complete = reader.tail is Tail.COMPLETE
    except Exception as error:  # what this benchmark looks for
        tally.exceptions += 1
        return repr(error)
    tally.wrong += read != intact.records[HEADERS : max(whole, HEADERS)]
    tally.silent += not told or complete != (whole == len(intact.ends))
    tally.fewest_steps = min(tally.fewest_steps, sum(kind == Kind.STEP for kind, _ in read))
    return ""


def _payload(item: JournalStep | JournalEvent | Outcome) -> tuple[int, bytes]:
    """The record that this was read from, as it must have been written."""
    if isinstance(item, JournalStep):
        return Kind.STEP, item.record.tobytes() + b"".join(item.jpegs)
    if isinstance(item, JournalEvent):
        return Kind.EVENT, EVENT.pack(item.t_ns) + item.text.encode()
    return Kind.END, END.pack(item, STEPS)


def _make_file(path: Path, steps: int, tally: Tally) -> None:
    """Turn a copy of the journal into a file, as the next start would, and check that."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir="/dev/shm") as folder:
        copy = journal_path(Path(folder), 0)
        shutil.copyfile(path, copy)
        try:
            saved = finalise(copy, recovered=True)
        except Exception as error:  # what this benchmark looks for
            tally.bad_files += 1
            print(f"  finalising: {error!r}")
            return
        tally.files += saved.path is not None
        found = (0, []) if saved.path is None else in_order(saved.path)
        tally.bad_files += found != (steps, [])
