"""The ablations: what is varied, what is kept of it, and that nothing is done twice.

Training and rollouts are callables, and stand-ins here: the first has its own tests, and the
second minutes a policy.
"""

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from act.checkpoints.checkpoint import META, load, save
from act.checkpoints.config_json import checked
from act.config import PRESETS, ModelConfig, TrainConfig, model_config
from act.data.episode import Episode
from act.errors import ConfigError, EvaluationError
from act.rollout.ablate import (
    BASELINE,
    PICTURE,
    RECORD,
    TABLE,
    Training,
    ablate,
    paper_variants,
    trainer,
)
from act.rollout.evaluate import EvaluationReport, Rollout
from act.rollout.execution import ExecutionConfig
from act.training.cli import Setting
from act.training.plan import Plan
from act.training.ranks import Ranks

SEEDS = range(1000, 1010)
STAGES = ("none", "lifted", "connected")
MOTION = np.random.default_rng(0).normal(size=(43, 14)).astype(np.float32)
EPISODE = Episode(
    path=Path("episode_0.hdf5"),
    identity="it",
    task="insertion",
    prompt="",
    label="success",
    simulated=True,
    fps=50,
    joint_names=(),
    sizes={},
    qpos=MOTION,
    action=MOTION,
)


def plan_of(preset: Any = "small", **train: Any) -> Plan:
    recipe = PRESETS[preset]
    model = model_config(recipe, ("cam_high",), (240, 320))
    config = replace(recipe.train, **train)
    return Plan("insertion", [EPISODE], model, config, {"episodes": ["episode_0.hdf5"]})


class Bench:
    """Somebody who trains and evaluates, and remembers; and stops or fails where told to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trained, self.rolled_out = folder, list[str](), list[tuple[str, str]]()
        self.said: list[str] = []
        self.stops_in = self.fails_in = self.interrupted_in = ""

    def learn(self, plan: Plan, folder: Path) -> int:
        self.trained.append(folder.name)
        if folder.name == self.stops_in:
            return 130
        folder.mkdir(exist_ok=True)
        return 0

    def roll_out(self, run: Path, execution: ExecutionConfig, out: Path) -> EvaluationReport:
        assert run.is_dir()
        report = EvaluationReport("insertion", "sim", {}, "", STAGES, SEEDS)
        if run.name == self.fails_in:
            return replace(report, trouble="The rig did not start.")
        if run.name == self.interrupted_in:
            return replace(report, signal=signal.SIGINT)
        self.rolled_out.append((run.name, execution.describe(100)))
        successes = len(self.rolled_out)
        rollouts = tuple(
            Rollout(seed, n < successes, 2 if n < successes else 1, 300, "", out.name)
            for n, seed in enumerate(SEEDS)
        )
        return replace(report, rollouts=rollouts)

    def run(self, **train: Any) -> int:
        variants, plan = paper_variants(100, 50, sweep=(10, 100)), plan_of(**train)
        return ablate(self.folder, plan, variants, self.learn, self.roll_out, self.said.append)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_all_that_the_paper_left_out_is_left_out_once() -> None:
    variants = {it.name: it for it in paper_variants(100, 50)}
    assert list(variants) == [
        BASELINE,
        "ensembling, older most",
        "ensembling, newer most",
        "no chunking",
        "chunk 10",
        "chunk 50",
        "chunk 200",
        "chunk 400",
        "no CVAE",
        "L2 loss",
        "5 Hz",
    ]
    plans = {name: it.training.of(plan_of()) for name, it in variants.items()}
    assert plans["no chunking"].model.chunk == 1
    assert [name for name, it in plans.items() if it.train.loss == "l2"] == ["L2 loss"]
    assert [name for name, it in plans.items() if not it.model.vae] == ["no CVAE"]
    assert variants["5 Hz"].training.stride == variants["5 Hz"].execution.control_stride == 10
    names = {it.training.name for it in variants.values()}
    assert len(names) == len(variants) - 2  # ensembling is not trained for


@pytest.mark.parametrize("preset", ["paper", "small", "fast"])
def test_every_variant_can_be_trained_and_executed(preset: str) -> None:
    plan = plan_of(preset)
    for variant in paper_variants(plan.model.chunk, 50):
        varied = variant.training.of(plan)
        checked(varied.model)
        checked(varied.train)
        variant.execution.execution(varied.model.chunk)


def test_ensembling_and_the_baseline_share_a_training(bench: Bench) -> None:
    assert bench.run() == 0
    assert bench.trained == [BASELINE, "chunk-1", "chunk-10", "no-cvae", "l2", "slow-leaders"]
    assert [name for name, _ in bench.rolled_out].count(BASELINE) == 3
    assert len({how for name, how in bench.rolled_out if name == BASELINE}) == 3


def test_what_is_done_is_not_done_again(bench: Bench, tmp_path: Path) -> None:
    """Ctrl-C in a training, then in rollouts, then a rig that fails: four calls are as one."""
    bench.stops_in = "no-cvae"
    assert bench.run() == 130
    bench.stops_in, bench.interrupted_in = "", "no-cvae"
    assert bench.run() == 130
    bench.interrupted_in, bench.fails_in = "", "l2"
    with pytest.raises(EvaluationError, match=r"did not start\. To go on, give the same"):
        bench.run()
    bench.fails_in = ""
    assert bench.run() == 0
    assert bench.trained.count("no-cvae") == 2
    assert all(bench.trained.count(name) == 1 for name in (BASELINE, "l2", "slow-leaders"))
    whole = Bench(tmp_path / "whole")
    whole.folder.mkdir()
    whole.run()
    assert bench.rolled_out == whole.rolled_out
    assert (tmp_path / TABLE).read_text() == (whole.folder / TABLE).read_text()
    assert bench.run() == 0
    assert bench.rolled_out == whole.rolled_out


def test_the_table_says_who_reached_what(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    lines = (tmp_path / TABLE).read_text().splitlines()
    assert (
        lines[0] == "| variant | chunk | lifted | connected | success | 95 % interval | rollouts |"
    )
    assert lines[2] == "| baseline | 100 | 100 | 10 | 10 | 2 to 40 | 10 |"
    assert len(lines) == 2 + 8
    rows = json.loads((tmp_path / RECORD).read_text())["rows"]
    assert rows[0]["reached"] == {"lifted": 10, "connected": 1}
    assert rows[1]["execution"]["ensemble_every"] == 1
    assert [row["chunk"] for row in rows[:5]] == [100, 100, 100, 1, 10]
    assert bench.said[-1 - len(lines) : -1] == lines


def test_the_picture_is_one(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    image = cv2.imread(str(tmp_path / PICTURE))
    assert image is not None
    assert image.shape[0] > 300
    assert image.std() > 10
    assert sorted(it.name for it in tmp_path.iterdir() if it.is_file()) == sorted(
        [RECORD, TABLE, PICTURE]
    )


def test_a_folder_of_another_ablation_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    bench.run()
    before = (tmp_path / RECORD).read_bytes()
    with pytest.raises(ConfigError, match="something else: choose another --name"):
        bench.run(steps=200)
    assert (tmp_path / RECORD).read_bytes() == before


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "7", '{"rows": [1]}', '{"rows": [{"reached": []}]}', "[" * 10**5]
)
def test_a_broken_record_is_a_sentence(bench: Bench, tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    with pytest.raises(ConfigError, match="choose another --name"):
        bench.run()
    assert not bench.trained


def test_a_training_that_was_interrupted_is_gone_on_with(
    episodes: list[Episode], tmp_path: Path
) -> None:
    """Two of its four steps are done; a third call finds it finished."""
    model = ModelConfig(
        ("cam_0",), 24, 32, chunk=5, hidden=16, feedforward=16, heads=2, encoder_layers=1
    )
    model = replace(model, decoder_layers=1, vae=False, backbone="small", backbone_norm="batch")
    meta: dict[str, Any] = {name: kind() for name, kind in META.items()}
    meta |= {"threads": 1, "episodes": ["episode_0.hdf5"]}
    plan = Plan("battery", episodes, model, TrainConfig(steps=2, batch=4), meta)
    said: list[str] = []
    train = trainer(Setting(torch.device("cpu"), Ranks(), said.append, threads=1))
    last = tmp_path / "baseline" / "last"
    assert train(plan, last.parent) == 0
    done = load(last, to_go_on=True)
    save(last, replace(done, train=replace(done.train, steps=4)))
    assert train(plan, last.parent) == 0
    finished = load(last)
    assert finished.meta["step"] == 4
    assert finished.identity != done.identity
    said.clear()
    assert train(plan, last.parent) == 0
    assert not said
    assert load(last).identity == finished.identity


def test_slow_leaders_are_read_so_seldom() -> None:
    plan = plan_of()
    (slow,) = Training("slow", stride=10).of(plan).episodes
    assert slow.action.dtype == np.float32
    np.testing.assert_array_equal(slow.action[::10], MOTION[::10])
    np.testing.assert_allclose(slow.action[5], (MOTION[0] + MOTION[10]) / 2, atol=1e-6)
    np.testing.assert_array_equal(slow.action[40:], MOTION[[40] * 3])
    assert slow.qpos is MOTION
    assert Training("as it was").of(plan).episodes == plan.episodes
