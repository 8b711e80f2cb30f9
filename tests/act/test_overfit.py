"""The whole way, by the commands that a user types: what was demonstrated is learned by heart and
done again, from the same scenes. Some minutes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.episode.reader import EpisodeReader
from session.processes import environment

ROOT = Path(__file__).resolve().parents[2]
ENTRY = "import sys; from act.entry import {0}; sys.exit({0}())"
SEEDS = range(3)


def do(*words: str) -> None:
    """Run it to its end; it must end well."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment() | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.sim
def test_three_demonstrations_are_learned_by_heart_and_done_again(tmp_path: Path) -> None:
    demos, runs, out = (str(tmp_path / name) for name in ("demos", "runs", "rollouts"))
    seeds = ["--seed", str(SEEDS.start), "--episodes", str(len(SEEDS)), "--headless"]
    task = ["--task", "transfer_cube", "--rig", "sim-small"]
    do("collect.py", *task, *seeds, "--new", "--out", demos)
    learn = ["--overfit", "3", "--steps", "700", "--preset", "small", "--threads", "1"]
    do("-c", ENTRY.format("train"), demos, *learn, "--name", "heart", "--out", runs)
    run = os.path.join(runs, "transfer_cube", "heart")
    do("-c", ENTRY.format("run"), run, *task, *seeds, "--threads", "1", "--out", out)
    done = []
    for number, seed in enumerate(SEEDS):
        with EpisodeReader(Path(out) / "transfer_cube" / f"episode_{number}.hdf5") as episode:
            assert episode.facts.seed == seed
            done.append(episode.facts.success == "success")
    assert done.count(True) >= 2, done
