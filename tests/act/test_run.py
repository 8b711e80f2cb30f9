"""`act-run`: what it says and refuses before anything moves, and what it records."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from session_harness import short_task, small_rig
from tiny_policy import tiny_policy

from act.checkpoints.checkpoint import load
from act.errors import EvaluationError
from act.rollout import run_cli
from act.rollout.execution import ExecutionConfig
from act.rollout.led_session import Pilot
from act.rollout.policy import Latency
from act.rollout.run_cli import in_real_time
from recorder.episode.reader import EpisodeReader
from session.processes import environment
from teleop.tick import Led


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_policy(tmp_path_factory.mktemp("runs") / "best")


def run(folder: Path, checkpoint: Path, *more: str) -> tuple[int, str, str]:
    """Exit status and what it says, on a rig with one small camera and a task with little time."""
    rig, task = small_rig(folder, 0.5, cameras=1), short_task(folder, 40)
    words = [checkpoint, "--rig", rig, "--task", task, "--seed", "3", "--threads", "1", *more]
    done = subprocess.run(
        [sys.executable, "-m", "act.rollout.run_cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=folder,
        env=environment(),
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.sim
def test_it_says_what_leads_and_records_it_apart_from_demonstrations(
    checkpoint: Path, tmp_path: Path
) -> None:
    status, told, said = run(tmp_path, checkpoint, "--headless", "--execute", "5")
    assert (status, said) == (0, "")
    identity = load(checkpoint).identity
    lines = told.splitlines()
    assert lines[0] == f"Policy: transfer_cube after 0 steps ({identity[:12]}), {checkpoint}"
    assert lines[1] == "Execution: chunks of 20 ticks, each run for 5 open loop."
    assert lines[2].startswith("A new chunk every 5 ticks without ensembling")
    assert lines[3].startswith("Predictions take ")
    assert "led by the policy transfer_cube after 0 steps" in lines[4]
    with EpisodeReader(tmp_path / "rollouts" / "sim" / "battery" / "episode_0.hdf5") as episode:
        policy = json.loads(episode.facts.policy or "")
        assert set(episode.column("/tandem/led")) == {Led.POLICY}
        assert (policy["identity"], policy["execute"], policy["evaluating"]) == (identity, 5, False)
        assert episode.facts.seed == 3


def test_programs_read_records_only(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a task that is none is told before a session starts."""
    assert run_cli.main([str(checkpoint), "--threads", "1", "--json", "--task", "batery"]) == 2
    said = capsys.readouterr()
    records = [json.loads(line) for line in said.out.splitlines()]
    assert any("Execution: chunks of 20 ticks" in str(record) for record in records)
    assert "Unknown task 'batery'. Did you mean 'battery'?" in said.err


@pytest.mark.parametrize(
    ("execution", "p99_ms", "means"),
    [
        ({}, 19.0, "within a tick of 20 ms"),
        ({}, 41.0, "3 ticks of 20 ms, in which the chunk before is executed"),
        ({"execute": 1}, 339.0, "17 ticks"),
        ({"ensemble_every": 1}, 19.0, "within a tick"),
        ({"ensemble_every": 3}, 59.0, "3 ticks"),
    ],
)
def test_what_a_latency_means(
    checkpoint: Path, execution: dict[str, Any], p99_ms: float, means: str
) -> None:
    pilot = Pilot.find(checkpoint, ExecutionConfig(**execution), "cpu", 1)
    assert means in in_real_time(pilot, Latency(p99_ms / 2, p99_ms), 50)


@pytest.mark.parametrize(
    ("execution", "p99_ms", "sentence"),
    [
        ({}, 361.0, "takes 361 ms here, and its 20 actions last 400 ms: the arms would hold"),
        ({"ensemble_every": 1}, 21.0, "there is none every 1. Use --ensemble-every 2 or more"),
        ({"ensemble_every": 3}, 61.0, "Use --ensemble-every 4 or more, or --execute."),
    ],
)
def test_a_latency_that_real_time_does_not_allow(
    checkpoint: Path, execution: dict[str, Any], p99_ms: float, sentence: str
) -> None:
    pilot = Pilot.find(checkpoint, ExecutionConfig(**execution), "cpu", 1)
    with pytest.raises(EvaluationError, match=r"^A prediction takes") as refused:
        in_real_time(pilot, Latency(p99_ms / 2, p99_ms), 50)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--rig", "sim-smal"], "Unknown rig 'sim-smal'. Did you mean 'sim-small'?"),
        (["--rig", "aloha", "--realtime"], "--realtime is for the simulated rig"),
        (["--execute", "0"], "How often a chunk is asked for, or obeyed, is 1 tick or more."),
        (["--ensemble-decay", "2"], "The decay of ensembling is 2"),
        (["--episodes", "0"], "--episodes must be 1-"),
        (["--seed", "-1"], "--seed must be 0-"),
        (["--episode", "2"], "did you mean --episodes?"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_moves(
    checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) if "--episode" in options else contextlib.nullcontext():
        assert run_cli.main([str(checkpoint), "--threads", "1", *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_rig_that_the_policy_does_not_see_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tiny_policy(tmp_path / "policy", cameras=("cam_high", "cam_top"))
    assert run_cli.main([str(policy), "--rig", "sim"]) == 2
    said = capsys.readouterr()
    assert "The policy cannot lead on rig 'sim': it needs cam_top, and the rig has" in said.err
    assert said.out == ""


def test_no_checkpoint_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli.main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"act-run: There is no checkpoint in {tmp_path}.")
