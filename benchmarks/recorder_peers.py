"""Ways of saving an episode side by side: the same pictures, the same length, in real time.

Others run in `ways_of_saving.py`; ours is the real recorder process. CPU is what it took from the
first step until the file could be read, the making of the pictures included (the row `nothing` says
what of it that is). Memory is the most that lay in RAM at a time, all processes of a way together,
asked for every 50 ms.
"""

import contextlib
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.emulated_session import cpu_seconds
from benchmarks.recorder_options import RATE_HZ, Options
from benchmarks.recorder_process import RecorderProcess, dropped_steps, resident_mb, verdict_of
from benchmarks.teleop_loop import head, row
from recorder.folder.numbering import episode_path

PROGRAM: Final = Path(__file__).with_name("ways_of_saving.py")
NAMES: Final = {
    "nothing": "nothing (pictures only)",
    "aloha": "ALOHA's way",
    "mobile-aloha": "mobile-aloha's way",
    "lerobot": "LeRobot, default (SVT-AV1)",
    "lerobot-streaming": "LeRobot, streaming",
}
SAMPLE_S: Final = 0.05
PATIENCE_S: Final = 900
LAST_WORDS: Final = 120


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one episode; see the head of the table."""

    recording_s: float
    after_stop_s: float
    cpu_s: float
    peak_mb: float
    written_mb: float
    dropped: str
    late: int
    version: str = ""


class Peak:
    """Watches the memory of a process and its descendants: a context manager.

    Attributes:
        mb: the most so far.
    """

    def __init__(self, pid: int) -> None:
        self.mb = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self.mb = max(self.mb, sum(map(_resident_mb, _family(self._pid))))


def _resident_mb(pid: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        return resident_mb(pid)
    return 0.0


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    family = [pid]
    for member in family:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{member}/task").iterdir():
                family += map(int, (thread / "children").read_text().split())
    return family


def peers(folder: Path, options: Options) -> None:
    """Run all of them, one after the other, and print the table."""
    print(f"{options.steps} steps, {options.steps / RATE_HZ:g} s, four cameras 640x480.\n")
    head("way", "recording s", "after stop, until readable s", "CPU s", "peak MB", "on disk MB",
         "dropped", "steps over 20 ms or skipped")  # fmt: skip
    for way, name in NAMES.items():
        python = options.lerobot if way.startswith("lerobot") else sys.executable
        where = folder / way
        where.mkdir()
        _print(name, _other(python, way, options.steps, where) if python else "no --lerobot given")
    _print("ours (fsync included)", _ours(folder / "ours", options.steps))
    print()


def _print(name: str, cost: Cost | str) -> None:
    if isinstance(cost, str):
        row(name, f"not measured: {cost}")
        return
    row(f"{name} {cost.version}".strip(), f"{cost.recording_s:.1f}", f"{cost.after_stop_s:.2f}",
        f"{cost.cpu_s:.1f}", f"{cost.peak_mb:.0f}", f"{cost.written_mb:.0f}", cost.dropped,
        cost.late)  # fmt: skip


def _other(python: str, way: str, steps: int, folder: Path) -> Cost | str:
    """What it cost, or why that is not known."""
    errors = folder.parent / f"{way}.log"
    with errors.open("wb") as log:
        try:
            process = subprocess.Popen(
                [python, PROGRAM, way, str(steps), folder], stdout=subprocess.PIPE, stderr=log
            )
        except OSError as error:
            return f"{python} cannot be started ({error.strerror})"
        with Peak(process.pid) as peak:
            output, _ = process.communicate(timeout=PATIENCE_S)
    if process.returncode:
        words = errors.read_text(errors="replace").strip().splitlines() or ["no word"]
        return f"it ended with {process.returncode}: {words[-1][:LAST_WORDS]}"
    measured = json.loads(output.splitlines()[-1])
    return Cost(
        measured["recording_s"],
        measured["after_stop_s"],
        measured["cpu_s"],
        peak.mb,
        measured["bytes"] / 1e6,
        f"{measured['dropped']} frames",
        measured["late"],
        measured["version"],
    )


def _ours(dataset: Path, steps: int) -> Cost:
    with RecorderProcess(dataset) as recorder:
        recorder.start()
        with Peak(recorder.pid) as peak:
            before_s, cpu_before_s = time.monotonic(), cpu_seconds(recorder.pid)
            recorder.record(0, steps)
            status = recorder.status()
            ended_s = recorder.end()
            recorder.run_until(lambda: verdict_of(dataset, 0))
            saved_s = time.monotonic()
            cpu_s = cpu_seconds(recorder.pid) - cpu_before_s
        dropped = 0 if status is None else dropped_steps(status)
        written_mb = episode_path(dataset, 0).stat().st_size / 1e6
        recorder.stop()
    return Cost(
        ended_s - before_s,
        saved_s - ended_s,
        cpu_s,
        peak.mb,
        written_mb,
        f"{dropped} steps",
        recorder.missed,
    )
