"""The shared-memory ring: what a reader may rely on, also against a writer in another process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from teleop.ring import EmptyRingError, OverrunError, RingError, RingReader, RingWriter
from teleop.tick import TICK_DTYPE, empty_tick

NUMBERED = np.dtype([("number", "<u8"), ("filler", "<u8", (500,))])


def write(ring: RingWriter, number: int) -> None:
    slot = ring.begin()
    slot["number"] = number
    slot["filler"] = number
    ring.commit()


def test_reader_learns_dtype_from_the_file(tmp_path: Path) -> None:
    with RingWriter(tmp_path / "ticks", TICK_DTYPE, 8) as writer:
        writer.append(empty_tick())
        with RingReader(tmp_path / "ticks") as reader:
            assert reader.dtype == TICK_DTYPE
            tick = reader.newest()
            assert np.isnan(tick["action"]).all()
            assert tick["episode"] == -1


def test_records_come_back_in_order_until_overwritten(tmp_path: Path) -> None:
    with RingWriter(tmp_path / "r", NUMBERED, 4) as writer:
        reader = RingReader(tmp_path / "r")
        with pytest.raises(EmptyRingError):
            reader.newest()
        for number in range(10):
            write(writer, number)
        assert len(reader) == 10
        assert [int(reader.read(i)["number"]) for i in range(6, 10)] == [6, 7, 8, 9]
        with pytest.raises(OverrunError):
            reader.read(5)
        with pytest.raises(EmptyRingError):
            reader.read(10)
        assert int(reader.peek(8, "number")) == 8


def test_record_under_construction_is_not_readable(tmp_path: Path) -> None:
    with RingWriter(tmp_path / "r", NUMBERED, 2) as writer:
        reader = RingReader(tmp_path / "r")
        for number in range(2):
            write(writer, number)
        writer.begin()["number"] = 99
        with pytest.raises(OverrunError):
            reader.read(0)
        assert int(reader.newest()["number"]) == 1


def test_reader_cannot_write(tmp_path: Path) -> None:
    with RingWriter(tmp_path / "r", NUMBERED, 2) as writer:
        write(writer, 1)
        reader = RingReader(tmp_path / "r")
        with pytest.raises(ValueError, match="read-only"):
            reader._records["number"] = 5


def test_file_that_is_no_ring_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(bytes(4096))
    with pytest.raises(RingError, match="not a ring"):
        RingReader(tmp_path / "r")


def test_no_torn_record_under_a_racing_writer(tmp_path: Path) -> None:
    """Every record read while another process writes at full speed is whole."""
    path = tmp_path / "r"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from teleop.ring import RingWriter\n"
        "ring = RingWriter(Path(sys.argv[1]), [('number', '<u8'), ('filler', '<u8', (500,))], 4)\n"
        "print('ready', flush=True)\n"
        "for number in range(60_000):\n"
        "    slot = ring.begin()\n"
        "    slot['number'] = number\n"
        "    slot['filler'] = number\n"
        "    ring.commit()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        reader = RingReader(path)
        whole = 0
        last = -1
        while writer.poll() is None:
            try:
                record = reader.newest()
            except RingError:
                continue
            assert (record["filler"] == record["number"]).all()
            assert int(record["number"]) >= last
            last = int(record["number"])
            whole += 1
    assert whole > 0
    assert int(reader.newest()["number"]) == 59_999
