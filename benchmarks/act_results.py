"""The table of docs/results.md, from nothing: record, train, evaluate; what is done is kept.

    .venv/bin/python benchmarks/act_results.py WORK [--preset small] [--tasks ...] [--jobs 1] ...

For each task: `collect.py` records demonstrations on the simulated rig with small pictures,
`act-train` learns from them, `act-eval` counts on seeds that nobody has demonstrated. Each is the
command that a user would type, run as a process of its own, and timed: wall clock, and the CPU time
of all its processes. WORK/results.json has everything; the same command again goes on where the
last one stopped. On a machine with a GPU: --preset fast --jobs N, with N about its CPU's cores.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import json
import os
import platform
import resource
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TASKS = ("transfer_cube", "insertion", "battery")
ENTRY = "import sys; from act.entry import {0}; sys.exit({0}())"
PAPER = {"transfer_cube": "86 %", "insertion": "32 %", "battery": "96 % (real rig)"}
"""Scripted demonstrations in simulation, battery on hardware (Zhao et al. 2023, tables 1 and 2)."""
DEMOS = {"transfer_cube": 50, "insertion": 50, "battery": 100}
ONE = "--threads 1"
THREE = f"{ONE} --cameras cam_high cam_left_wrist cam_right_wrist --steps 8000"
TRAIN = {"transfer_cube": ONE, "insertion": ONE, "battery": THREE}
"""What is done for a task unless --demos or --train say otherwise, found for preset `small`."""


@dataclass
class Step:
    """One command that has come to its end."""

    wall_s: float
    cpu_s: float
    words: list[str]
    load: float = field(default_factory=lambda: os.getloadavg()[0])


def main() -> int:
    """Do what is left to do, and print the table."""
    options = _parse()
    options.work.mkdir(parents=True, exist_ok=True)
    path = options.work / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    for task in options.tasks:
        row = results.setdefault(f"{task} {options.name}", {"task": task, "machine": _machine()})
        for what, do in (("record", _record), ("train", _train), ("evaluate", _evaluate)):
            if what not in row:
                print(f"{task}: {what} ...", flush=True)
                row[what] = do(task, options)
                path.write_text(json.dumps(results, indent=1) + "\n")
    print(*_table(results), sep="\n")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    add = parser.add_argument
    add("work", type=Path, help="folder for demonstrations, runs and rollouts")
    add("--tasks", nargs="+", default=TASKS, choices=TASKS)
    add("--demos", type=int, help="demonstrations a task (default: 50, battery 100)")
    add("--seeds", type=int, default=50, help="rollouts a task (default: 50)")
    add("--jobs", type=int, default=1, help="sessions at a time (default: 1)")
    add("--preset", default="small")
    add("--name", default="results", help="of the run (default: results)")
    add("--train", help="options of act-train, one string (default: as found for `small`)")
    add("--evaluate", default="", help="options of act-eval, one string")
    return parser.parse_args()


def _record(task: str, options: argparse.Namespace) -> dict[str, Any]:
    """Seeds from 0 on, some in each session."""
    demos = options.demos or DEMOS[task]
    shares = [demos * (job + 1) // options.jobs for job in range(options.jobs)]
    commands = []
    for job, (first, end) in enumerate(zip([0, *shares[:-1]], shares, strict=True)):
        if end > first:
            out = options.work / "demos" / f"part_{job}"
            words = [sys.executable, "collect.py", "--task", task, "--rig", "sim-small"]
            words += ["--seed", str(first), "--episodes", str(end - first), "--new"]
            commands.append([*words, "--headless", "--out", str(out)])
    return asdict(_run(commands, options.work / f"record_{task}.log"))


def _train(task: str, options: argparse.Namespace) -> dict[str, Any]:
    demos = map(str, sorted((options.work / "demos").glob(f"part_*/{task}")))
    words = [sys.executable, "-c", ENTRY.format("train"), *demos, "--preset", options.preset]
    more = TRAIN[task] if options.train is None else options.train
    words += ["--name", options.name, "--out", str(options.work / "runs"), *more.split()]
    return asdict(_run([words], options.work / f"train_{task}_{options.name}.log"))


def _evaluate(task: str, options: argparse.Namespace) -> dict[str, Any]:
    out = options.work / "rollouts" / f"{task}_{options.name}"
    words = [sys.executable, "-c", ENTRY.format("evaluate")]
    words += [str(options.work / "runs" / task / options.name), "--task", task]
    words += ["--seeds", str(options.seeds), "--jobs", str(options.jobs), "--out", str(out)]
    step = _run([[*words, *options.evaluate.split()]], options.work / f"evaluate_{task}.log")
    return asdict(step) | {"report": json.loads((out / "report.json").read_text())}


def _run(commands: list[list[str]], log: Path) -> Step:
    """Side by side, to their end."""
    began_s, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with log.open("ab") as said:
        running = [
            subprocess.Popen(each, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            for each in commands
        ]
        codes = [each.wait() for each in running]
    if any(codes):
        sys.exit(f"It ended with {codes}; {log} says why. The same command goes on from there.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    words = [" ".join(word for word in each if "\n" not in word) for each in commands[:1]]
    return Step(time.monotonic() - began_s, cpu_s, words)


def _machine() -> str:
    try:
        import torch

        gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    except ImportError:
        gpu = "no PyTorch"
    return f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, {gpu}"


def _table(results: dict[str, Any]) -> list[str]:
    """As docs/results.md has it."""
    lines = [
        "| run | stages reached | success | 95 % | training, wall (CPU) | paper |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in results.items():
        if "evaluate" not in row:
            continue
        report, train = row["evaluate"]["report"], row["train"]
        count = len(report["rollouts"])
        stages = ", ".join(f"{stage} {n}" for stage, n in report["reached"].items())
        low, high = report["wilson_95"]
        times = f"{train['wall_s'] / 60:.1f} min ({train['cpu_s'] / 60:.1f})"
        lines.append(
            f"| {name} | {stages} | {report['successes']}/{count} | {low:.0%} to {high:.0%} | "
            f"{times} | {PAPER[row['task']]} |"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
