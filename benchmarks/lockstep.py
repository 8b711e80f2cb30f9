"""Speed of the simulated rig in lock-step, and where the CPU time of a tick goes.

    python benchmarks/lockstep.py [--episodes N] [--seed S] [--rig sim]

Records battery episodes as ``collect.py`` does, and reads the CPU clocks of its processes between
the 20th step and the end of each episode. World and recorder keep apart what rendering and JPEG
threads have used.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from recorder.status import STATUS_RING as RECORDER_STATUS
from session import runtime_dir
from session.config import SessionConfig, load_rig, load_task
from session.launch import launch
from session.status import STATUS_RING, Phase
from teleop.config import ConfigError
from teleop.lockstep import WORLD_STATUS, LockstepError, receive
from teleop.ring import RingError, RingReader
from teleop.tick import TICK_RING

PROCESSES = ("world", "control", "recorder", "session")
FIRST_STEP = 20
CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Sample:
    """Clocks at one moment of an episode."""

    step: int
    wall_s: float
    render_s: float
    jpeg_s: float
    cpu_s: dict[str, float]


@dataclass(frozen=True, slots=True)
class Result:
    """One episode's averages, milliseconds of CPU per tick."""

    ticks: int
    ticks_per_s: float
    render_ms: float
    jpeg_ms: float
    cpu_ms: dict[str, float]


def main() -> None:
    """Record, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rig", default="sim")
    options = parser.parse_args()
    try:
        rig_file, task = load_rig(options.rig), load_task("battery")
    except ConfigError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        directory = runtime_dir.create()
        config = SessionConfig(
            rig_file, task, options.episodes, options.seed, folder, str(directory)
        )
        results = measure(config, directory)
    report(results)


def measure(config: SessionConfig, directory: Path) -> list[Result]:
    """Run a session; one result an episode."""
    connection = launch(config)
    connection.settimeout(0.02)
    results: list[Result] = []
    first: Sample | None = None
    last: Sample | None = None
    while True:
        sample = take_sample(directory)
        if sample is not None and sample.step >= FIRST_STEP:
            first, last = first or sample, sample
        elif first is not None and last is not None:
            results.append(result(first, last))
            first = last = None
        try:
            if receive(connection).get("event") == "ended":
                break
        except LockstepError as error:
            if not isinstance(error.__cause__, TimeoutError):
                raise
    return results


def take_sample(directory: Path) -> Sample | None:
    """The clocks now, or None outside a recording."""
    try:
        with RingReader(directory / STATUS_RING) as session:
            recording = int(session.newest()["phase"]) == Phase.RECORDING
        with RingReader(directory / TICK_RING) as ticks:
            step = int(ticks.newest()["step"])
        with RingReader(directory / WORLD_STATUS) as world:
            render_s = int(world.newest()["cpu_render_ns"]) * 1e-9
        with RingReader(directory / RECORDER_STATUS) as recorder:
            jpeg_s = int(recorder.newest()["encode_cpu_ns"]) * 1e-9
        cpu_s = {name: process_cpu_s(directory, name) for name in PROCESSES}
    except (OSError, RingError):
        return None
    return (
        Sample(step, time.monotonic(), render_s, jpeg_s, cpu_s) if recording and step >= 0 else None
    )


def process_cpu_s(directory: Path, name: str) -> float:
    """User and system time of a process of the session."""
    pid = int((directory / f"{name}.pid").read_text())
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_S


def result(first: Sample, last: Sample) -> Result:
    """Averages between two samples."""
    ticks = last.step - first.step
    per_tick = 1000.0 / ticks
    return Result(
        ticks,
        ticks / (last.wall_s - first.wall_s),
        (last.render_s - first.render_s) * per_tick,
        (last.jpeg_s - first.jpeg_s) * per_tick,
        {name: (last.cpu_s[name] - first.cpu_s[name]) * per_tick for name in PROCESSES},
    )


def report(results: list[Result]) -> None:
    """Print the table: the median over the episodes, with their range."""
    if not results:
        sys.exit("Nothing was recorded: run collect.py --task battery to see why.")

    def row(name: str, values: list[float], unit: str) -> None:
        middle = statistics.median(values)
        print(f"| {name} | {middle:.2f} {unit} | {min(values):.2f}-{max(values):.2f} |")

    print(f"{len(results)} episodes, {sum(r.ticks for r in results)} ticks\n")
    print("| what | median | range |\n| --- | --- | --- |")
    row("speed", [r.ticks_per_s for r in results], "ticks/s")
    row("rendering, CPU", [r.render_ms for r in results], "ms/tick")
    row("JPEG, CPU", [r.jpeg_ms for r in results], "ms/tick")
    row("world without rendering", [r.cpu_ms["world"] - r.render_ms for r in results], "ms/tick")
    row("recorder without JPEG", [r.cpu_ms["recorder"] - r.jpeg_ms for r in results], "ms/tick")
    for name in ("control", "session"):
        row(name, [r.cpu_ms[name] for r in results], "ms/tick")
    rest = [sum(r.cpu_ms.values()) - r.render_ms - r.jpeg_ms for r in results]
    row("everything but rendering and JPEG", rest, "ms/tick")


if __name__ == "__main__":
    main()
