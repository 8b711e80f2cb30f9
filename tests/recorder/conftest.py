"""Fixtures of the recorder's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from disk_limits import no_file_longer_than

from tests.recorder.fake_rig import FakeRig

FILE_SIZE_LIMIT = 3 << 20


@pytest.fixture
def fake_rig(tmp_path: Path) -> Iterator[Callable[..., FakeRig]]:
    """Makes a FakeRig; keyword arguments go to its RecorderConfig."""
    rigs: list[FakeRig] = []

    def make(cameras: int = 2, dataset: Path | None = None, **config: Any) -> FakeRig:
        runtime = tmp_path / f"runtime{len(rigs)}"
        rigs.append(FakeRig(runtime, dataset or tmp_path / "dataset", cameras, **config))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.close()


@pytest.fixture
def file_size_limit() -> Iterator[int]:
    """Lets no file of this process grow beyond 3 MiB: every write past that fails."""
    with no_file_longer_than(FILE_SIZE_LIMIT):
        yield FILE_SIZE_LIMIT
