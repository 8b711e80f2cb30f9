"""Fixtures of the recorder's tests."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from disk_limits import no_file_longer_than

from tests.recorder.fake_rig import FakeRig

SMALL_DISK_BYTES = 3 << 20


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
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 3 MiB; skips where mounting one is not permitted."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk needs the right to mount one (root)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def file_size_limit() -> Iterator[int]:
    """Lets no file of this process grow beyond 3 MiB: every write past that fails."""
    with no_file_longer_than(SMALL_DISK_BYTES):
        yield SMALL_DISK_BYTES
