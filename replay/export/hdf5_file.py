"""A new HDF5 file on a disk that may become full.

The HDF5 library cannot close a file whose writes fail: it keeps it open, and complains in the end.
So it is given a file whose writes never fail, but lead nowhere once the disk has refused one, or
somebody has pressed Ctrl-C or ended the process; that is told between two writes.
"""

import contextlib
import io
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py

from recorder.folder.unwound import TerminatedError
from replay.progress import Progress


class _Sink(io.FileIO):
    """Remembers the first error, and takes no more then."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self.error: BaseException | None = None

    def write(self, data: memoryview) -> int:  # type: ignore[override]
        """Write all of it."""
        rest = data
        try:
            while rest and self.error is None:
                rest = rest[super().write(rest) or 0 :]
        except OSError as error:
            self.error = error
        return len(data)

    def check(self) -> None:
        """Raise the error, if there was one."""
        if self.error is not None:
            raise self.error

    def truncate(self, size: int | None = None) -> int:
        """Set its length, as HDF5 does before it closes."""
        try:
            return super().truncate(size) if self.error is None else 0
        except OSError as error:
            self.error = error
            return 0


@contextlib.contextmanager
def new_hdf5(path: Path, progress: Progress) -> Iterator[tuple[h5py.File, Progress]]:
    """The file to be filled, and what is to be told of progress in its place: that raises, too,
    what has come between. The file is closed at the end of the block. From the main thread only.

    Raises:
        OSError: the disk refuses.
    """

    def done(work: int) -> None:
        sink.check()
        progress(work)

    with _Sink(path) as sink, _interrupts_told_to(sink):
        with h5py.File(sink, "w") as file:
            yield file, done
        sink.check()


@contextlib.contextmanager
def _interrupts_told_to(sink: _Sink) -> Iterator[None]:
    """Ctrl-C and SIGTERM are errors of the sink, and do not hit the library in the middle of its
    work."""
    before: dict[signal.Signals, Any] = {}
    for number, error in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, TerminatedError)):
        before[number] = signal.signal(number, partial(_remember, sink, error))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _remember(sink: _Sink, error: type[BaseException], *_: object) -> None:
    sink.error = error()
