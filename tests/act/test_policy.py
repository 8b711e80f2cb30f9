"""A checkpoint on disk becomes something that answers, in rad, or says in a sentence why not."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from act.checkpoints.checkpoint import META, Checkpoint, save
from act.config import WHOLE, ModelConfig, Part, TrainConfig
from act.data.dataset import Samples
from act.data.episode import Episode
from act.data.frames import seen
from act.data.stats import Stats
from act.errors import CheckpointError, ConfigError, EvaluationError
from act.model import ACT
from act.rollout.policy import Policy
from recorder.episode.reader import EpisodeReader

CAMERAS = ("cam_high", "cam_left_wrist")
HEIGHT, WIDTH = 48, 64
TINY = ModelConfig(
    CAMERAS,
    HEIGHT,
    WIDTH,
    chunk=5,
    hidden=32,
    feedforward=64,
    heads=2,
    encoder_layers=1,
    decoder_layers=1,
    vae_layers=1,
    backbone="small",
    backbone_width=4,
    backbone_norm="batch",
)
random = np.random.default_rng(3)
STATS = Stats(*(random.uniform(0.1, 2, 14).astype(np.float32) for _ in range(4)))
QPOS = random.normal(size=14)
Images = dict[str, npt.NDArray[np.uint8]]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two would wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def checkpoint(model: ModelConfig = TINY, precision: Any = "float32") -> Checkpoint:
    """Of a model whose batch norms have seen something."""
    torch.manual_seed(0)
    network = ACT(model).train()
    shape = 4, len(model.cameras), model.image_height, model.image_width, 3
    pictures = torch.randint(0, 255, shape, dtype=torch.uint8)
    with torch.no_grad():
        network(torch.randn(4, model.state_dim), pictures)
    train = TrainConfig(precision=precision)
    meta: dict[str, Any] = {name: kind() for name, kind in META.items()}
    return Checkpoint(model, train, STATS, dict(network.state_dict()), meta | {"task": "battery"})


def plain(of: Checkpoint, qpos: npt.NDArray[np.float64], images: Images) -> npt.NDArray[Any]:
    """What the model says, by its definition: normalised in, z = 0, restored."""
    network = ACT(of.model).eval()
    network.load_state_dict(of.weights)
    pictures = torch.from_numpy(np.stack([images[name] for name in of.model.cameras]))[None]
    joints = torch.from_numpy(((qpos - STATS.qpos_mean) / STATS.qpos_std).astype(np.float32))[None]
    with torch.no_grad():
        said = network(joints, pictures).actions[0].numpy()
    return np.asarray(said * STATS.action_std + STATS.action_mean)


def pictures(height: int = HEIGHT, width: int = WIDTH) -> Images:
    drawn = np.random.default_rng(1).integers(0, 255, (2, height, width, 3), np.uint8)
    return dict(zip(CAMERAS, drawn, strict=True))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy(checkpoint(), torch.device("cpu"))


def test_it_says_what_its_model_says_in_rad(policy: Policy) -> None:
    images = pictures()
    actions = policy.predict(QPOS, images)
    assert actions.shape == (policy.chunk, policy.joints) == (5, 14)
    assert actions.dtype == np.float32
    np.testing.assert_allclose(actions, plain(checkpoint(), QPOS, images), atol=1e-5)


def test_the_order_of_pictures_does_not_matter_but_their_names_do(policy: Policy) -> None:
    images = pictures()
    turned = dict(reversed(images.items()))
    np.testing.assert_array_equal(policy.predict(QPOS, turned), policy.predict(QPOS, images))


def test_it_repeats_itself_to_the_bit(policy: Policy) -> None:
    """Nothing is drawn: no dropout, z = 0, and batch statistics stay."""
    first = policy.predict(QPOS, pictures())
    for _ in range(3):
        np.testing.assert_array_equal(policy.predict(QPOS, pictures()), first)


@pytest.mark.parametrize(
    ("size", "crops"),
    [((48, 64), ()), ((24, 32), ()), ((24, 32), ((0.25, 0.5, 0.5, 0.5), WHOLE))],
)
def test_it_sees_what_it_has_learned_from(
    episodes: list[Episode], size: tuple[int, int], crops: tuple[Part, ...]
) -> None:
    """A step of an episode, as training batches it, and as the rig would show it: one answer."""
    height, width = size
    model = replace(TINY, cameras=("cam_0", "cam_1"), image_height=height, image_width=width)
    model = replace(model, crops=crops)
    samples = Samples(episodes, model, TrainConfig(validation=0), torch.device("cpu"))
    policy = Policy(replace(checkpoint(model), stats=samples.stats), torch.device("cpu"))
    network = ACT(model).eval()
    network.load_state_dict(policy.checkpoint.weights)
    step = 17
    batch = samples.batch(torch.tensor([step]))
    with torch.no_grad():
        said = network(batch.qpos, batch.images).actions[0].numpy()
    with EpisodeReader(episodes[0].path) as reader:
        qpos = reader.column("/observations/qpos")[step]
        images = {name: reader.image(name, step) for name in model.cameras}
    away = policy.predict(qpos, images) - samples.stats.restore_action(said)
    # Batches of small pictures come from the JPEG decoder's own reduction: within 3 of 255.
    assert np.abs(away / samples.stats.action_std).max() < (1e-4 if size == (48, 64) else 0.05)


@pytest.mark.parametrize("times", [2, 3])
def test_larger_pictures_are_scaled_as_the_dataset_does(policy: Policy, times: int) -> None:
    large = pictures(HEIGHT * times, WIDTH * times)
    small = {name: seen(image, WHOLE, (HEIGHT, WIDTH)) for name, image in large.items()}
    np.testing.assert_array_equal(policy.predict(QPOS, large), policy.predict(QPOS, small))


def test_bfloat16_stays_close(policy: Policy) -> None:
    reduced = Policy(checkpoint(precision="bfloat16"), torch.device("cpu"))
    away = reduced.predict(QPOS, pictures()) - policy.predict(QPOS, pictures())
    assert 0 < np.abs(away / STATS.action_std).max() < 0.05


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda images: images.pop("cam_high"), "sees through cam_high, cam_left_wrist"),
        (lambda images: images.clear(), "is given none"),
        (lambda images: images.update(cam_low=images["cam_high"]), "given cam_high, cam_left_wri"),
        (
            lambda images: images.update(cam_high=images["cam_high"][:-8]),
            r"cam_high gives pictures of 64x40 px.* takes 64x48 px",
        ),
        (
            lambda images: images.update(cam_high=np.zeros((96, 160, 3), np.uint8)),
            "of 160x96 px",
        ),
    ],
    ids=["missing", "none", "extra", "smaller", "of another shape"],
)
def test_other_cameras_are_refused(
    policy: Policy, change: Callable[[Images], object], said: str
) -> None:
    images = pictures()
    change(images)
    with pytest.raises(EvaluationError, match=said):
        policy.predict(QPOS, images)


def test_other_joints_are_refused(policy: Policy) -> None:
    with pytest.raises(EvaluationError, match="has 14 joints, and is given 7"):
        policy.predict(QPOS[:7], pictures())
    with pytest.raises(EvaluationError, match="moves 7"):
        Policy(checkpoint(replace(TINY, action_dim=7)), torch.device("cpu"))


def test_an_answer_that_is_no_number_never_gets_out(policy: Policy) -> None:
    """An arm that is not read, or a checkpoint that was spoilt: whoever asks has to hold."""
    with pytest.raises(EvaluationError, match="no finite number"):
        policy.predict(np.where(np.arange(14) == 3, np.nan, QPOS), pictures())
    spoilt = checkpoint()
    spoilt.weights["action_head.bias"] = torch.full((14,), torch.inf)
    with pytest.raises(EvaluationError, match="no finite number"):
        Policy(spoilt, torch.device("cpu"))


def test_it_loads_what_a_training_wrote(policy: Policy, tmp_path: Path) -> None:
    """The checkpoint itself, or the run's folder: its best one, or else its last."""
    written = save(tmp_path / "run" / "last", checkpoint())
    for path in (tmp_path / "run" / "last", tmp_path / "run"):
        loaded = Policy.load(path, "cpu", threads=1)
        assert loaded.checkpoint.identity == written.identity
        np.testing.assert_array_equal(
            loaded.predict(QPOS, pictures()), policy.predict(QPOS, pictures())
        )
        assert f"battery after 0 steps ({written.identity[:12]})" in loaded.about
    better = checkpoint()
    better.weights["action_head.bias"] = better.weights["action_head.bias"] + 1
    best = save(tmp_path / "run" / "best", better)
    assert Policy.load(tmp_path / "run", "cpu").checkpoint.identity == best.identity


def test_what_is_no_checkpoint_is_said(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nowhere"):
        Policy.load(tmp_path / "nowhere")
    save(tmp_path / "it", checkpoint())
    with pytest.raises(ConfigError, match="abacus"):
        Policy.load(tmp_path / "it", "abacus")


def test_it_knows_how_long_it_takes(policy: Policy) -> None:
    for _ in range(20):
        policy.predict(QPOS, pictures())
    latency = policy.latency()
    assert 0 < latency.p50 <= latency.p99 < 60_000
    assert "ms for 5 actions" in policy.about


@pytest.mark.gpu
def test_a_graph_on_a_gpu_says_the_same(policy: Policy) -> None:
    on_gpu = Policy(checkpoint(), torch.device("cuda"))
    for seed in range(3):
        qpos = np.random.default_rng(seed).normal(size=14)
        np.testing.assert_allclose(
            on_gpu.predict(qpos, pictures()), policy.predict(qpos, pictures()), atol=1e-2
        )
