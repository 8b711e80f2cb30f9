"""kill -9 of the real recorder, again and again: is every journaled step there at the next start?

A third of the kills each at a random moment of recording, inside a flush (a thread is seen in
fdatasync, after a random time), and while an episode becomes a file (a random moment after its
end, within the time that the longest one takes undisturbed). The next start recovers, and records
the next episode, which is killed in turn. What was journaled is what the recorder's status said
before it died.
"""

import platform
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recorder_options import Options
from benchmarks.recorder_process import RecorderProcess, in_order, journaled, verdict_of
from benchmarks.teleop_loop import head, row
from recorder.folder.numbering import episode_path, journal_path

MOMENTS: Final = ("recording", "flush", "finalising")
FEWEST_STEPS, MOST_STEPS = 10, 100
SYNCING: Final = {"x86_64": ("74", "75"), "aarch64": ("82", "83")}
"""Numbers of fsync and fdatasync, as /proc/PID/task/TID/syscall has them."""
FLUSH_PATIENCE_S: Final = 3.0


@dataclass(slots=True)
class Tally:
    """What has come of the kills at one kind of moment."""

    kills: int = 0
    in_flush: int = 0
    journaled: int = 0
    recovered: int = 0
    lost: int = 0
    faulty: int = 0
    leftovers: int = 0
    not_recorded: int = 0
    start_s: list[float] = field(default_factory=list)
    lay_there: Counter[str] = field(default_factory=Counter)


def kills(folder: Path, options: Options) -> None:
    """Kill, start again, look; print the table."""
    rng = np.random.default_rng(options.seed)
    tallies = {moment: Tally() for moment in MOMENTS}
    with RecorderProcess(folder) as recorder:
        recorder.start()
        saving_s = _undisturbed(recorder, 0)
        for number in range(1, 1 + options.kills):
            moment = MOMENTS[number % len(MOMENTS)]
            _kill_once(recorder, number, moment, tallies[moment], rng, saving_s)
        _undisturbed(recorder, 1 + options.kills)
        recorder.stop()
    _report(tallies)
    _report_folder(folder, 2 + options.kills)


def _undisturbed(recorder: RecorderProcess, number: int) -> float:
    """An episode as it should be; returns how long its file took."""
    recorder.record(number, MOST_STEPS)
    ended_s = recorder.end()
    recorder.run_until(lambda: verdict_of(recorder.dataset, number))
    return time.monotonic() - ended_s


def _kill_once(
    recorder: RecorderProcess,
    number: int,
    moment: str,
    tally: Tally,
    rng: np.random.Generator,
    saving_s: float,
) -> None:
    steps = int(rng.integers(FEWEST_STEPS, MOST_STEPS))
    recorder.record(number, steps)
    safe = 0
    if moment == "flush":
        tally.in_flush += recorder.run_until(lambda: _is_syncing(recorder.pid), FLUSH_PATIENCE_S)
    elif moment == "recording":
        _wait(recorder, float(rng.uniform(0.0, 0.02)))
    else:
        safe = _end(recorder, number)
        _wait(recorder, float(rng.uniform(0.0, saving_s)))
    recorder.kill()
    tally.kills += 1
    tally.lay_there[_what_lies(recorder.dataset, number)] += 1
    status = recorder.status()
    episode, steps_journaled = journaled(status) if status is not None else (number, 0)
    safe = max(safe, steps_journaled if episode == number else 0)
    _look(recorder, number, safe, tally)


def _end(recorder: RecorderProcess, number: int) -> int:
    """End the episode; returns how many steps the recorder said are journaled before that."""
    status = recorder.status()
    episode, steps = journaled(status) if status is not None else (number, 0)
    recorder.end()
    return steps if episode == number else 0


def _wait(recorder: RecorderProcess, duration_s: float) -> None:
    recorder.run_until(lambda: False, duration_s)


def _is_syncing(pid: int) -> bool:
    """A thread of the process is in fsync or fdatasync just now."""
    numbers = SYNCING.get(platform.machine(), ())
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            if (thread / "syscall").read_text().split()[0] in numbers:
                return True
        except OSError:  # not allowed, or the thread is gone
            continue
    return False


def _what_lies(dataset: Path, number: int) -> str:
    """What the dead recorder has left of the episode."""
    there = {
        "journal": journal_path(dataset, number).exists(),
        "half a file": any(dataset.glob(".episode_*")),
        "file": episode_path(dataset, number).exists(),
    }
    return " + ".join(name for name, is_there in there.items() if is_there) or "nothing"


def _look(recorder: RecorderProcess, number: int, safe: int, tally: Tally) -> None:
    """Start again, and compare what is there with what must be."""
    began_s = time.monotonic()
    recorder.start()
    tally.start_s.append(time.monotonic() - began_s)
    path = episode_path(recorder.dataset, number)
    steps, findings = in_order(path) if path.exists() else (0, [])
    tally.journaled += safe
    tally.recovered += steps
    tally.lost += max(0, safe - steps)
    tally.faulty += bool(findings)
    tally.leftovers += _what_lies(recorder.dataset, number) != "file"
    tally.not_recorded += safe == 0
    for finding in findings:
        print(f"  {path.name}: {finding}")


def _report(tallies: dict[str, Tally]) -> None:
    head("killed while", "kills", "seen inside fdatasync", "steps journaled", "steps recovered",
         "journaled steps lost", "files not in order", "leftovers", "next episode not recorded",
         "start, recovery included s: median", "max")  # fmt: skip
    for moment, tally in tallies.items():
        if tally.kills:
            row(moment, tally.kills, tally.in_flush if moment == "flush" else "-", tally.journaled,
                tally.recovered, tally.lost, tally.faulty, tally.leftovers, tally.not_recorded,
                f"{statistics.median(tally.start_s):.2f}", f"{max(tally.start_s):.2f}")  # fmt: skip
    for moment, tally in tallies.items():
        lay = ", ".join(f"{what}: {count}" for what, count in sorted(tally.lay_there.items()))
        print(f"\nleft by those killed while {moment}: {lay or '-'}", end="")
    print("\n")


def _report_folder(folder: Path, expected: int) -> None:
    """Whether everything that is there opens, at last."""
    files = sorted(folder.glob("*.hdf5"))
    faulty = [path.name for path in files if in_order(path, decode=False)[1]]
    others = [path.name for path in folder.iterdir() if path.name.startswith(("episode", ".epi"))]
    rest = sorted(set(others) - {path.name for path in files})
    print(f"{len(files)} of {expected} episodes are files; not in order: {faulty or 'none'}; "
          f"neither file nor lock: {rest or 'none'}\n")  # fmt: skip
