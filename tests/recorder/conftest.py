"""Fixtures of the recorder's tests."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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
    """A folder on a disk of a few MiB: a tmpfs, or an ordinary folder and a limit on file sizes."""
    folder = tmp_path / "small_disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    ).returncode:
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_DISK_BYTES, old[1]))
        yield folder
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    else:
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
