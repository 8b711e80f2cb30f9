"""What is only so on a GPU: a step as one CUDA graph."""

from pathlib import Path

import pytest
import torch

from act.checkpoints.checkpoint import load
from act.training.cli import main
from tests.act.train_bench import TINY, losses, words

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def _gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU for PyTorch")


def learn(episodes: Path, out: Path, line: str) -> dict[int, float]:
    """The losses of a tiny training."""
    name = f"run-{len(list(out.rglob('last')))}"
    assert main([str(episodes), *TINY, "--out", str(out), "--name", name, *words(line)]) == 0
    return losses(out / "battery" / name)


def test_a_graph_learns_what_its_launches_do(episode_folder: Path, tmp_path: Path) -> None:
    line = "--steps 60 --vae --dropout .1 --shift-px 2 --ema .9 --lr 1e-3"
    graph = learn(episode_folder, tmp_path, line)
    launches = learn(episode_folder, tmp_path, f"{line} --no-graph")
    first, last = list(graph)[:20], list(graph)[-20:]
    assert [graph[i] for i in first] == pytest.approx([launches[i] for i in first], rel=0.02)
    means = [sum(each[i] for i in last) for each in (graph, launches)]
    assert means[0] == pytest.approx(means[1], rel=0.1)
    assert means[0] < 0.9 * sum(graph[i] for i in first)


def test_dropout_is_drawn_anew_in_every_replay(episode_folder: Path, tmp_path: Path) -> None:
    line = "--steps 30 --dropout .5 --lr 0 --lr-backbone 0 --overfit 1 --batch 16"
    found = learn(episode_folder, tmp_path, line)
    assert len({found[step] for step in list(found)[5:]}) > 20


def test_it_goes_on(episode_folder: Path, tmp_path: Path) -> None:
    learn(episode_folder, tmp_path, "--steps 40 --ema .9 --precision bfloat16")
    run = tmp_path / "battery" / "run-0"
    assert main(["--resume", str(run), "--steps", "60"]) == 0
    assert load(run / "last").meta["step"] == 60
    assert main(["--resume", str(run), "--steps", "70", "--device", "cpu"]) == 0
    assert list(losses(run)) == list(range(1, 71))
