"""Lines out of what arrives in pieces and in heaps."""

import os

from sim.lines import Lines


def test_every_complete_line_is_there_at_once_and_the_rest_when_it_is_complete() -> None:
    read_end, write_end = os.pipe()
    lines = Lines(read_end)
    os.write(write_end, b"one\ntwo\nthr")
    assert lines.read() == [b"one", b"two"]
    os.write(write_end, b"ee\n")
    assert lines.read() == [b"three"]
    os.close(write_end)
    assert lines.read() is None
    os.close(read_end)
