"""Trainings that are interrupted, killed, or fed nonsense."""

import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed

from act.checkpoints.checkpoint import load
from act.config import TrainConfig
from act.data.dataset import Batch, Samples
from act.errors import TrainingError
from act.model import Losses
from act.training.cli import main
from act.training.guard import IN_A_ROW, Guard
from act.training.learner import Learner
from act.training.optimiser import rate
from recorder.typed import program
from tests.act.train_bench import TINY, losses, rows, traces, words

REPOSITORY = Path(__file__).parents[2]
STEPS = 70
LOCALHOST = "127.0.0.1"
RANDOM = words(f"--steps {STEPS} --dropout .1 --vae --shift-px 2 --jitter .1 --ema .9 --lr 1e-3")


def same(run: Path, other: Path) -> bool:
    """Whether two runs are the same in every bit that is learnt."""
    assert losses(run) == losses(other)
    assert len(rows(run)) == STEPS
    for name in ("best", "last"):
        assert load(run / name).identity == load(other / name).identity
    return traces(run) == traces(other)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """The command chooses them for its process, and this one lives on."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def learn(episodes: Path, out: Path, *arguments: str) -> int:
    """Train something tiny here; its run is `out`."""
    place = ["--out", str(out.parent.parent), "--name", out.name]
    return main([str(episodes), *TINY, *place, *arguments])


@pytest.fixture(scope="module")
def uninterrupted(episode_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all that is random in it."""
    out = tmp_path_factory.mktemp("runs") / "battery" / "whole"
    assert learn(episode_folder, out, *RANDOM) == 0
    return out


@pytest.mark.parametrize(("number", "step"), [(signal.SIGINT, 1), (signal.SIGTERM, 57)])
def test_what_was_stopped_goes_on_as_if_it_had_not_been(
    uninterrupted: Path,
    episode_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    step: int,
) -> None:
    run = tmp_path / "battery" / "cut"
    learned = Learner.__call__

    def signalled(learner: Learner, batch: Batch) -> tuple[Losses, float]:
        if learner.step == step:
            os.kill(os.getpid(), number)
        return learned(learner, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "__call__", signalled)
        assert learn(episode_folder, run, *RANDOM) == 128 + number
    command = program("act-train")
    assert capsys.readouterr().err == (f"act-train: Stopped. To go on: {command} --resume {run}\n")
    assert load(run / "last", to_go_on=True).meta["step"] == step + 1
    assert main(["--resume", str(run)]) == 0
    assert same(run, uninterrupted)


KILLED_AT = 60
KILLS_ITSELF = f"""
import os, signal, sys
from act.training.learner import Learner
from act.training.cli import main

def killed(learner, batch, learned=Learner.__call__):
    if learner.step == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
    return learned(learner, batch)

Learner.__call__ = killed
sys.exit(main(sys.argv[1:]))
"""


def test_what_was_killed_goes_on_as_if_it_had_not_been(
    uninterrupted: Path, episode_folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "battery" / "cut"
    place = ["--out", str(tmp_path), "--name", "cut"]
    command = [sys.executable, "-c", KILLS_ITSELF, str(episode_folder), *TINY, *RANDOM, *place]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(rows(run)) == KILLED_AT
    assert load(run / "last").meta["step"] == 50
    (run / ".curves.png.1.new").write_bytes(b"half a picture")
    assert main(["--resume", str(run)]) == 0
    assert same(run, uninterrupted)


def test_it_learns_and_says_how_well(
    episode_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "battery" / "learnt"
    assert learn(episode_folder, run, "--overfit", "2", "--steps", "150", "--lr", "3e-3") == 0
    told = rows(run)
    assert told[-1]["validation"] < 0.5 * told[0]["total"]
    best = load(run / "best")
    assert best.train.validation == best.train.shift_px == 0
    assert len(best.meta["episodes"]) == 2
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    measured = json.loads((run / "metrics.json").read_text())
    assert [each["horizon"] for each in measured["open_loop"]] == [1, 10]
    assert all(len(each["hold_still"]) == 14 for each in measured["open_loop"])
    said = capsys.readouterr().out
    for expected in ("2 episodes", "on episodes that were learned from", "steps ahead", "Trained:"):
        assert expected in said, expected


class Poisoned:
    """Makes the actions of some episodes no numbers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *episodes: int) -> None:
        gather = Samples._gathered

        def gathered(samples: Samples, *arguments: Any) -> Batch:
            batch = gather(samples, *arguments)
            bad = torch.isin(batch.episode, torch.tensor(episodes))
            return replace(batch, actions=batch.actions.where(~bad[:, None, None], math.nan))

        monkeypatch.setattr(Samples, "_gathered", gathered)


@pytest.mark.parametrize("norm", ["batch", "frozen"])
def test_a_bad_step_is_skipped_and_its_episodes_named(
    norm: str,
    episode_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Poisoned(monkeypatch, 2)
    run = tmp_path / "battery" / "odd"
    line = words(f"--steps 12 --batch 1 --validation 0 --backbone-norm {norm}")
    assert learn(episode_folder, run, *line) == 0
    skipped = [row for row in rows(run) if row.get("skipped")]
    assert 0 < len(skipped) < 12
    said = capsys.readouterr().out
    named = f"the loss was no number with {episode_folder / 'episode_2.hdf5'}."
    assert said.count(f"Skipped a step: {named}") == len(skipped)
    assert "episode_1" not in said
    load(run / "last", to_go_on=True)  # in which every number is one


def test_a_training_of_bad_steps_ends(
    episode_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Poisoned(monkeypatch, 0, 1, 2, 3)
    run = tmp_path / "battery" / "bad"
    assert learn(episode_folder, run, "--steps", "99") == 1
    assert capsys.readouterr().err.startswith(
        "act-train: The loss was no number 10 times in a row, so the training ended. Look at "
    )
    assert not run.exists()


def test_the_guard_names_what_all_bad_steps_share() -> None:
    guard = Guard([Path(f"episode_{i}") for i in range(9)])
    for other in range(1, IN_A_ROW):
        assert guard.fault(math.nan, 1.0, [0, other % 8 + 1])
    with pytest.raises(TrainingError, match=r"Look at episode_0; or"):
        guard.fault(1.0, math.inf, [0, 3])


def test_the_guard_forgets_after_a_good_step() -> None:
    guard = Guard([Path("episode_0")])
    for _ in range(5):
        assert all(guard.fault(math.nan, 1.0, [0]) for _ in range(IN_A_ROW - 1))
        assert guard.fault(1.0, 1.0, [0]) == ""


def test_the_rate_rises_and_falls() -> None:
    config = TrainConfig(steps=1000, warmup_steps=100)
    rates = [rate(config, step) for step in range(1001)]
    assert rates[0] > 0
    assert max(rates) == rates[100] == 1
    assert rates[:101] == sorted(rates[:101])
    assert rates[100:] == sorted(rates[100:], reverse=True)
    assert rates[1000] == 0
    constant = replace(config, schedule="constant")
    assert rate(constant, 999) == 1


def test_a_full_disk_leaves_the_last_checkpoint(
    small_disk: Path, episode_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = small_disk / "battery" / "full"
    assert learn(episode_folder, run, "--steps", "60") == 0
    before = load(run / "last").identity
    filling = small_disk / "filling"
    with suppress(OSError):  # at the very end, it writes what there is room for
        filling.write_bytes(bytes(shutil.disk_usage(small_disk).free))
    assert main(["--resume", str(run), "--steps", "90"]) == 1
    said = capsys.readouterr().err
    assert "No space left on device" in said
    assert f"To go on: {program('act-train')} --resume {run}" in said
    assert len(said.splitlines()) == 1
    assert load(run / "last", to_go_on=True).identity == before
    filling.unlink()
    assert main(["--resume", str(run), "--steps", "90"]) == 0
    assert load(run / "last").meta["step"] == 90


def test_a_full_disk_before_the_first_checkpoint(
    small_disk: Path, episode_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    free = shutil.disk_usage(small_disk).free
    (small_disk / "filling").write_bytes(bytes(free - (64 << 10)))
    run = small_disk / "battery" / "full"
    assert learn(episode_folder, run, "--steps", "2") == 1
    said = capsys.readouterr().err
    assert said == f"act-train: Cannot write the checkpoint {run}/best: No space left on device.\n"
    assert not run.exists()


def test_too_little_memory_is_a_sentence(
    episode_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "battery" / "large"
    large = words("--batch 60000 --backbone-width 256 --image-size 48x64")
    assert learn(episode_folder, run, *large) == 1
    assert "There is not enough memory on cpu for batches of 60000" in capsys.readouterr().err
    assert not run.exists()


def test_two_processes_learn_what_one_does_from_their_batches_together(
    episode_folder: Path, tmp_path: Path
) -> None:
    """One action and frozen norms: so means over halves of a batch are those of the batch."""
    plain = words("--steps 30 --chunk 1 --backbone-norm frozen --lr 1e-3")
    assert learn(episode_folder, tmp_path / "battery" / "one", *plain, "--batch", "8") == 0
    command = [sys.executable, "-m", "act.training.cli", str(episode_folder), *TINY, *plain]
    meeting, variables = torchrun_on_loopback(2)
    processes = [
        subprocess.Popen(
            [*command, "--out", str(tmp_path), "--name", "two"],
            cwd=REPOSITORY,
            env=os.environ | variables | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert "Trained:" in said[0]
    assert said[1] == ""
    one, two = (losses(tmp_path / "battery" / name) for name in ("one", "two"))
    assert one == pytest.approx(two, rel=1e-4)
    del meeting


def torchrun_on_loopback(count: int) -> tuple[distributed.TCPStore, dict[str, str]]:
    """What torchrun gives its processes on one machine: where they meet, and how they know. It
    would listen to everybody."""
    listening = socket.create_server((LOCALHOST, 0))
    port = listening.getsockname()[1]
    store = distributed.TCPStore(
        LOCALHOST, port, is_master=True, wait_for_workers=False, master_listen_fd=listening.detach()
    )
    return store, {
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": LOCALHOST,
        "MASTER_PORT": str(port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
    }


def test_others_variables_are_a_sentence(
    episode_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "many")
    assert main([str(episode_folder)]) == 2
    assert capsys.readouterr().err.startswith("act-train: WORLD_SIZE is 'many', but no group")
