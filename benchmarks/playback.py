"""Do recorded successes succeed again when they are played back in their scenes?

    .venv/bin/python benchmarks/playback.py [--episodes 20] [--task battery] [--folder EPISODES]

Records episodes on the simulated rig (or takes those of a folder), plays each at several speeds in
its restored scene, and prints how many of the recorded successes succeeded again, and how closely
the followers followed. Recording takes half a minute an episode, playing some two seconds.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
SPEEDS: Final = (0.5, 1.0, 2.0)


def main() -> None:
    """Record, play, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--task", default="battery")
    parser.add_argument("--folder", type=Path, help="play these instead of recording any")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="playback-") as folder:
        episodes = options.folder or record(Path(folder), options.task, options.episodes)
        print("| speed | played to the end | succeeded again | rms, rad | worst joint, rad |")
        print("| --- | --- | --- | --- | --- |")
        for speed in SPEEDS:
            print(row(speed, play(episodes, speed)), flush=True)


def record(folder: Path, task: str, episodes: int) -> Path:
    """The folder of the episodes."""
    command = [sys.executable, ROOT / "collect.py", "--task", task, "--rig", "sim", "--headless"]
    command += ["--episodes", str(episodes), "--seed", "0", "--out", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / task


def play(episodes: Path, speed: float) -> list[dict[str, Any]]:
    """The report of every playback."""
    command = [sys.executable, "-m", "replay", episodes, "--on", "sim", "--json"]
    command += ["--speed", str(speed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if "ticks" in line]


def row(speed: float, reports: list[dict[str, Any]]) -> str:
    """One row of the table."""
    successes = [report for report in reports if report["recorded"] == "success"]
    again = sum(bool(report["succeeded"]) for report in successes)
    complete = sum(report["complete"] for report in reports)
    rms = statistics.median(report["rms_rad"] for report in reports)
    worst = max(abs(report["largest_rad"]) for report in reports)
    return (
        f"| {speed:g} | {complete} of {len(reports)} | {again} of {len(successes)} | {rms:.4f} | "
        f"{worst:.3f} |"
    )


if __name__ == "__main__":
    main()
