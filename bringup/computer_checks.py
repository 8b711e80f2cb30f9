"""Checks of the computer: what control is allowed, and whether there is room for the episodes."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bringup.findings import Finding, Severity, finding
from recorder.config import CameraConfig
from session.config import TaskConfig
from session.runtime_dir import PARENT
from teleop.realtime import PRIORITY

PROC_SELF: Final = Path("/proc/self")
CAP_SYS_NICE: Final = 23
"""Bit of CapEff (capabilities(7))."""
UNLIMITED: Final = "unlimited"

RUNTIME_BYTES: Final = 64 << 20
"""A session's rings and sockets: about 40 MB."""
JPEG_BYTES_PER_PIXEL: Final = 0.3
"""Of a real camera at quality 90, with its noise: rendered pictures take a third (70 MB an episode
of the simulated rig). An estimate on the large side; check on hardware."""
ROW_BYTES: Final = 2000
"""All but pictures, a tick."""

Findings = Iterator[Finding]


def check_computer(
    tasks: Sequence[TaskConfig],
    episodes: int | None,
    cameras: Sequence[CameraConfig],
    out: Path,
    *,
    chosen: bool,
    proc_self: Path = PROC_SELF,
    runtime: Path = PARENT,
) -> Findings:
    """Permissions, shared memory and disk.

    Args:
        episodes: how many; None: each task's own number.
        chosen: whether the operator named the task, so that a lack of room for it is a problem.
    """
    yield from check_limits(proc_self)
    free = shutil.disk_usage(runtime).free if runtime.is_dir() else 0
    if free < RUNTIME_BYTES:
        what = f"has {free >> 20} MB free; a session needs {RUNTIME_BYTES >> 20}"
        yield finding("shared-memory", str(runtime), what)
    folder = _existing(out)
    if not os.access(folder, os.W_OK | os.X_OK):
        yield finding("disk", str(out), "cannot be written")
        return
    for task in tasks:
        yield from _check_room(task, episodes, cameras, folder, "problem" if chosen else "warning")


def check_limits(proc_self: Path = PROC_SELF) -> Findings:
    """What control will be allowed: real-time scheduling, locked memory."""
    capabilities = int(_field(proc_self / "status", "CapEff:") or "0", 16)
    priority = _field(proc_self / "limits", "Max realtime priority") or "0"
    if not capabilities >> CAP_SYS_NICE & 1 and priority != UNLIMITED and int(priority) < PRIORITY:
        yield finding(
            "rtprio",
            "this login",
            f"may use real-time priorities up to {priority}, and control wants {PRIORITY}: ticks "
            "may be late",
        )
    memory = _field(proc_self / "limits", "Max locked memory") or "0"
    if memory != UNLIMITED:
        yield finding(
            "memlock",
            "this login",
            f"may lock {memory} bytes of memory: control's may be paged out",
        )


def episode_bytes(task: TaskConfig, cameras: Sequence[CameraConfig]) -> int:
    """About how large the longest episode gets."""
    pixels = sum(camera.width * camera.height for camera in cameras)
    return round(task.max_steps * (pixels * JPEG_BYTES_PER_PIXEL + ROW_BYTES))


def _check_room(
    task: TaskConfig,
    episodes: int | None,
    cameras: Sequence[CameraConfig],
    folder: Path,
    severity: Severity,
) -> Findings:
    count = task.episodes if episodes is None else episodes
    one = episode_bytes(task, cameras)
    needed = (count + 1) * one  # a journal lies beside its file until that is done
    free = shutil.disk_usage(folder).free
    if free < needed:
        yield finding(
            "disk",
            f"{folder}, task {task.name}",
            f"has {free / 1e9:.1f} GB free; {count} episodes of up to {one / 1e6:.0f} MB need "
            f"{needed / 1e9:.1f} GB",
            severity=severity,
        )


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _field(path: Path, label: str) -> str | None:
    """The first word after a label of a /proc file."""
    for line in path.read_text().splitlines():
        if line.startswith(label):
            return line[len(label) :].split()[0]
    return None
