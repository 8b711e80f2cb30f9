"""From the tick that ends an episode: until the next may begin, and until the file can be read.

Two rounds of episodes of 400 steps: in the first the operator lets the finaliser work in peace, in
the second the next episode begins as soon as the recorder is ready for it, beside the finaliser.
"""

import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.recorder_options import Options
from benchmarks.recorder_process import RecorderProcess, dropped_steps, in_order, verdict_of
from benchmarks.teleop_loop import head, row
from recorder.folder.numbering import episode_path
from recorder.status import RecorderState

EPISODES: Final = 10
READY_BAR_MS: Final = 50
FILE_BAR_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Stopped:
    """One episode's end."""

    ready_ms: float
    file_s: float
    verdict: str
    dropped: int


def stop(folder: Path, options: Options) -> None:
    """Measure both rounds and print the table."""
    head("400-step episodes" if options.steps == 400 else f"{options.steps}-step episodes",
         "n", f"ready ms: median (bar {READY_BAR_MS})", "max",
         f"file with verdict s: median (bar {FILE_BAR_S:g})", "max", "verdicts", "steps dropped",
         "ticks missed here", "files not in order")  # fmt: skip
    for name, at_once in (("in peace", False), ("next episode at once", True)):
        with RecorderProcess(folder / name.replace(" ", "-")) as recorder:
            recorder.start()
            ends = [_episode(recorder, n, options.steps, at_once) for n in range(EPISODES)]
            _report(name, recorder, ends)
            recorder.stop()
    print()


def _episode(recorder: RecorderProcess, number: int, steps: int, at_once: bool) -> Stopped:
    recorder.record(number, steps)
    status = recorder.status()
    dropped = 0 if status is None else dropped_steps(status)
    ended_s = recorder.end()
    recorder.run_until(lambda: recorder.is_in(RecorderState.READY))
    ready_s = time.monotonic() - ended_s
    if at_once and number + 1 < EPISODES:
        recorder.begin(number + 1)
    recorder.run_until(lambda: verdict_of(recorder.dataset, number))
    file_s = time.monotonic() - ended_s
    verdict = verdict_of(recorder.dataset, number) or "no file"
    return Stopped(1e3 * ready_s, file_s, verdict, dropped)


def _report(name: str, recorder: RecorderProcess, ends: list[Stopped]) -> None:
    ready_ms, file_s = [end.ready_ms for end in ends], [end.file_s for end in ends]
    verdicts = sorted({end.verdict for end in ends})
    paths = [episode_path(recorder.dataset, number) for number in range(len(ends))]
    faulty = sum(bool(in_order(path, decode=False)[1]) for path in paths)
    row(name, len(ends), f"{statistics.median(ready_ms):.1f}", f"{max(ready_ms):.1f}",
        f"{statistics.median(file_s):.2f}", f"{max(file_s):.2f}", ", ".join(verdicts),
        sum(end.dropped for end in ends), recorder.missed, faulty)  # fmt: skip
