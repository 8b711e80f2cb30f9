"""Why the system refused something, as an operator reads it: without numbers, addresses and inner
names."""

import errno
from pathlib import Path

import h5py
import numpy as np
import pytest
from disk_limits import no_file_longer_than

from recorder.reason import reason


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EROFS, "Read-only file system", "a", None, "b"), "Read-only file system"),
        (OSError(0, "OpenCV cannot encode it"), "OpenCV cannot encode it"),
        (OSError("it needs 3 MiB"), "it needs 3 MiB"),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (MemoryError(), "there is not enough memory"),
        (ValueError(), "ValueError"),
    ],
)
def test_it_is_what_fits_into_a_sentence(error: Exception, said: str) -> None:
    assert reason(error) == said


def test_hdf5_says_it_as_the_system_does(tmp_path: Path) -> None:
    def write() -> None:
        with h5py.File(tmp_path / "it.hdf5", "w") as file:
            file["rows"] = np.zeros(100_000)

    with no_file_longer_than(20_000), pytest.raises(OSError, match="errno = 27") as told:
        write()
    assert reason(told.value) == "File too large"
