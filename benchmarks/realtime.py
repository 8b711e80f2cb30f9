"""Are ticks on time against the wall clock? Beside a bare sleeper: what the machine can do.

    python benchmarks/realtime.py [--task battery] [--rig sim-realtime] [--episodes N] [--seed S]

Records as ``collect.py --realtime`` does. The sleeper is a process that does nothing but sleep to
the same 50 Hz deadlines, scheduled as control is, at the same time.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import json
import os
import select
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sleeper import start as start_sleeper
from recorder.episode.reader import EpisodeReader
from session import runtime_dir
from session.config import SessionConfig, SimulationMode, load_rig, load_task
from session.launch import launch
from teleop.config import ConfigError
from teleop.lockstep import WORLD_STATUS, LockstepError, receive
from teleop.ring import RingError, RingReader
from teleop.tick import NO_EPISODE, TICK_RING

LATE_NS = 5_000_000
POLL_S = 0.5


@dataclass
class Seen:
    """What was read from the session's rings while it ran.

    `late_ns` and `recording` by tick number; `policies` by process.
    """

    late_ns: dict[int, int] = field(default_factory=dict)
    recording: dict[int, bool] = field(default_factory=dict)
    missed: int = 0
    lost: int = 0
    retries: int = 0
    slices: int = 0
    skipped_slices: int = 0
    policies: dict[str, bool] = field(default_factory=dict)
    read: int = 0


def main() -> None:
    """Record, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="battery")
    parser.add_argument("--rig", default="sim-realtime")
    parser.add_argument("--episodes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    try:
        rig_file, task = load_rig(options.rig), load_task(options.task)
    except ConfigError as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        config = SessionConfig(
            rig_file,
            task,
            options.episodes,
            options.seed,
            folder,
            str(runtime_dir.create()),
            mode=SimulationMode(realtime=True),
        )
        seen, sleeper = measure(config)
        report(seen, sleeper)
        for path in sorted(config.dataset_dir.glob("*.hdf5")):
            report_cameras(path)


def measure(config: SessionConfig) -> tuple[Seen, dict[str, Any]]:
    """Run a session and a sleeper beside it; what both have seen."""
    directory = Path(config.runtime_dir)
    connection = launch(config)
    seen = Seen()
    with start_sleeper() as sleeper:
        while not ended(connection):
            look(directory, seen)
        output, _ = sleeper.communicate()
    return seen, json.loads(output)


def ended(connection: Any) -> bool:
    """Whether the session says that it is over; hears what it says otherwise."""
    until_s = time.monotonic() + POLL_S
    while (left_s := until_s - time.monotonic()) > 0:
        if not select.select([connection], [], [], left_s)[0]:
            return False
        try:
            message = receive(connection)
        except LockstepError:
            return True
        if message.get("event") == "ended":
            return True
        print(message.get("text", ""), file=sys.stderr)
    return False


def look(directory: Path, seen: Seen) -> None:
    """Take in the ticks since the last look, the world's status, and how all are scheduled."""
    try:
        with RingReader(directory / TICK_RING) as ring:
            for tick in ticks_since(ring, seen.read):
                take(tick, seen)
            seen.read = len(ring)
        with RingReader(directory / WORLD_STATUS) as ring:
            status = ring.newest()
            seen.slices = int(status["slices"])
            seen.skipped_slices = int(status["skipped_slices"])
        for name in ("control", "world"):
            pid = int((directory / f"{name}.pid").read_text())
            policy = os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK
            seen.policies[name] = policy == os.SCHED_FIFO
    except (OSError, RingError, ValueError):
        return


def ticks_since(ring: RingReader, first: int) -> Iterator[Any]:
    """Records from `first` on."""
    for index in range(max(first, ring.oldest()), len(ring)):
        yield ring.read(index)


def take(tick: Any, seen: Seen) -> None:
    """One tick record; those outside the loop (checking, the last word) have no deadline."""
    number = int(tick["number"])
    if number == 0 or number in seen.late_ns:
        return
    seen.late_ns[number] = int(tick["t_ns"] - tick["deadline_ns"])
    seen.recording[number] = int(tick["episode"]) != NO_EPISODE
    seen.missed = int(tick["missed"])
    seen.lost, seen.retries = int(tick["lost"].sum()), int(tick["retries"].sum())


def report(seen: Seen, sleeper: dict[str, Any]) -> None:
    """Print how late ticks were."""
    if not seen.late_ns:
        sys.exit("Nothing was recorded: run collect.py --realtime to see why.")
    print("| who | FIFO | ticks | > 5 ms late | p50 ms | p99 ms | max ms | missed |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    fifo = seen.policies.get("control", False)
    during = [late for number, late in seen.late_ns.items() if seen.recording[number]]
    row("control", fifo, list(seen.late_ns.values()), seen.missed)
    row("control, recording", fifo, during, "")
    row("bare sleeper", sleeper["fifo"], sleeper["late_ns"], sleeper["missed"])
    world = "SCHED_FIFO" if seen.policies.get("world") else "normal scheduling"
    print(
        f"\nreplies lost {seen.lost}, asked again {seen.retries}; world: {world}, "
        f"{seen.slices} slices of 10 ms, {seen.skipped_slices} left out\n"
    )


def row(name: str, fifo: bool, late_ns: list[int], missed: int | str) -> None:
    """One row of the table."""
    late_ms = np.array(late_ns or [0]) / 1e6
    share = np.mean(late_ms > LATE_NS / 1e6)
    p50, p99 = np.percentile(late_ms, (50, 99))
    granted = "yes" if fifo else "NO"
    print(
        f"| {name} | {granted} | {len(late_ns)} | {share:.2%} | {p50:.2f} | {p99:.2f} | "
        f"{late_ms.max():.2f} | {missed} |"
    )


def report_cameras(path: Path) -> None:
    """Print what the cameras delivered, as the episode has it."""
    with EpisodeReader(path) as episode:
        numbers = episode.column("/tandem/frame_number")
        captured = episode.column("/tandem/frame_capture_ns")
        arrived = episode.column("/tandem/frame_arrival_ns")
        ages_ms = (episode.column("/tandem/tick_ns")[:, None] - captured) / 1e6
        names, steps, outcome = episode.facts.camera_names, episode.steps, episode.facts.success
    print(f"{path.stem}: {steps} steps, {outcome}")
    print("| camera | frames | Hz | slots left out | ms to arrive, p50 | age at tick ms, p50/p99 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for index, name in enumerate(names):
        first = np.unique(numbers[:, index], return_index=True)[1]
        span_s = (captured[first[-1], index] - captured[first[0], index]) / 1e9
        gaps = int(numbers[first[-1], index] - numbers[first[0], index]) + 1 - len(first)
        transit_ms = np.median(arrived[first, index] - captured[first, index]) / 1e6
        p50, p99 = np.percentile(ages_ms[:, index], (50, 99))
        print(
            f"| {name} | {len(first)} | {(len(first) - 1) / span_s:.1f} | {gaps} | "
            f"{transit_ms:.1f} | {p50:.1f}/{p99:.1f} |"
        )


if __name__ == "__main__":
    main()
