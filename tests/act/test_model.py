"""The network: what it may look at, what it trains, and its loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from act.config import PRESETS, ModelConfig, Preset, changed, model_config
from act.errors import ConfigError
from act.model import ACT, Prediction, loss
from tests.act.golden import formula

INPUTS = formula.inputs()
QPOS, IMAGES, ACTIONS, IS_PAD = (INPUTS[x] for x in ("qpos", "images", "actions", "is_pad"))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(**changes: Any) -> ModelConfig:
    """The small backbone, in which norms are trained."""
    defaults = {"backbone": "small", "backbone_width": 4, "backbone_norm": "batch"}
    return formula.small(**defaults | changes)


def made(config: ModelConfig) -> ACT:
    """In eval mode, its norms with statistics that are not 0 and 1."""
    torch.manual_seed(0)
    network = ACT(config).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None
            assert part.running_var is not None
            part.running_mean.uniform_(-0.3, 0.3)
            part.running_var.uniform_(0.5, 2)
    return network


@torch.no_grad()
def predicted(network: ACT, images: Tensor = IMAGES, **more: Tensor) -> Tensor:
    return network(QPOS, images, **more).actions


def far(a: Tensor, b: Tensor) -> float:
    return float((a - b).detach().abs().max())


@pytest.mark.parametrize(
    ("pictures", "wanted"),
    [
        ((480, 640), (120, 160)),
        ((360, 640), (90, 160)),
        ((720, 1280), (90, 160)),
        ((640, 480), (120, 90)),
        ((48, 64), (48, 64)),
    ],
)
def test_pictures_keep_their_shape_within_the_size_of_a_preset(
    pictures: tuple[int, int], wanted: tuple[int, int]
) -> None:
    small = model_config(PRESETS["small"], ("top",), pictures)
    assert (small.image_height, small.image_width) == wanted
    as_they_are = model_config(PRESETS["paper"], ("top",), pictures)
    assert (as_they_are.image_height, as_they_are.image_width) == pictures


@pytest.mark.parametrize("preset", ["paper", "reference", "fast", "small"])
def test_every_preset_predicts_a_chunk_and_trains_all_that_it_uses(preset: Preset) -> None:
    config = model_config(PRESETS[preset], ("top",), (64, 96))
    smaller = {"hidden": 32, "feedforward": 64, "chunk": 7, "image_height": 64, "image_width": 96}
    network = ACT(changed(config, **smaller, heads=4, action_dim=9, state_dim=5)).train()
    qpos, actions = torch.randn(2, 5), torch.randn(2, 7, 9)
    images = torch.randint(0, 256, (2, 1, 64, 96, 3), dtype=torch.uint8)
    is_pad = torch.zeros(2, 7, dtype=torch.bool)
    prediction = network(qpos, images, actions, is_pad)
    assert prediction.actions.shape == (2, 7, 9)
    loss(prediction, actions, is_pad, kind="l1", mean="valid", kl_weight=10).total.backward()
    without = [
        n for n, each in network.named_parameters() if each.requires_grad == (each.grad is None)
    ]
    assert not without  # several processes wait for the gradient of everything that has one


def test_layers_that_are_never_heard_are_kept_and_not_trained() -> None:
    network = ACT(tiny(decoder_output="first"))
    assert "decoder.1.linear1.weight" in network.state_dict()
    still = {name for name, each in network.named_parameters() if not each.requires_grad}
    assert still
    assert all(name.startswith(("decoder.1.", "pad_head.")) for name in still)


def test_a_camera_that_is_masked_is_not_looked_at() -> None:
    network = made(tiny())
    mask = torch.tensor([[True, False], [True, True]])
    black = IMAGES.clone()
    black[0, 1] = 0
    assert far(predicted(network), predicted(network, black)) > 1e-3
    assert torch.equal(
        predicted(network, camera_mask=mask)[0], predicted(network, black, camera_mask=mask)[0]
    )
    assert far(predicted(network, camera_mask=mask)[1], predicted(network)[1]) < 1e-5


def test_a_mask_that_hides_nothing_changes_nothing() -> None:
    network = made(tiny())
    every = torch.ones(2, 2, dtype=torch.bool)
    assert far(predicted(network), predicted(network, camera_mask=every)) < 1e-5


def test_a_masked_camera_is_as_good_as_no_such_camera() -> None:
    both, one = made(tiny()), ACT(tiny(cameras=("left",))).eval()
    one.load_state_dict(both.state_dict())
    mask = torch.tensor([[True, False], [True, False]])
    assert far(predicted(both, camera_mask=mask), predicted(one, IMAGES[:, :1])) < 1e-5


def test_a_mask_works_where_gradients_are_wanted() -> None:
    network = made(tiny())
    mask = torch.tensor([[True, False], [True, True]])
    answer = network(QPOS, IMAGES, camera_mask=mask).actions
    assert far(answer, predicted(network, camera_mask=mask)) < 1e-5


def test_padding_says_nothing_about_the_style() -> None:
    network = made(tiny())
    other = ACTIONS.masked_fill(IS_PAD[..., None], 7.0)
    mu, again = (network(QPOS, IMAGES, each, IS_PAD).mu for each in (ACTIONS, other))
    assert far(mu, again) < 1e-5


def test_the_style_matters_and_is_drawn_where_it_is_not_given() -> None:
    network = made(tiny())
    first, second = (network(QPOS, IMAGES, ACTIONS, IS_PAD).actions for _ in range(2))
    assert far(first, second) > 1e-4
    assert far(first, predicted(network)) > 1e-4


def test_without_a_cvae_actions_say_nothing() -> None:
    network = made(tiny(vae=False))
    prediction = network(QPOS, IMAGES, ACTIONS, IS_PAD)
    assert prediction.mu is None
    assert far(prediction.actions, predicted(network)) < 1e-5
    losses = loss(prediction, ACTIONS, IS_PAD, kind="l1", mean="valid", kl_weight=10)
    assert losses.kl == 0
    assert losses.total == losses.reconstruction


@pytest.mark.parametrize("vae", [True, False])
def test_half_the_precision_is_nearly_as_good(vae: bool) -> None:
    network = made(tiny(vae=vae))
    faster = network.for_inference(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16):
        answers = [predicted(network), predicted(faster)]
        prediction = network(QPOS, IMAGES, ACTIONS, IS_PAD)
    for each in answers:
        assert each.dtype == torch.float32
        assert far(each, predicted(network)) < 0.05
    assert prediction.mu is None or prediction.mu.dtype == torch.float32


@pytest.mark.parametrize("change", [{}, {"backbone_norm": "frozen"}, {"backbone": "resnet18"}])
def test_the_faster_form_says_the_same(change: dict[str, Any]) -> None:
    network = made(tiny(**change))
    faster = network.for_inference()
    assert far(predicted(faster), predicted(network)) < 1e-5
    assert not any(isinstance(part, nn.BatchNorm2d) for part in faster.modules())


@pytest.mark.slow
def test_compiles_into_one_graph() -> None:
    network = made(tiny(vae_layers=1, encoder_layers=1))
    whole = torch.compile(network, backend="eager", fullgraph=True)
    arguments = (QPOS, IMAGES, ACTIONS, IS_PAD)
    with torch.autocast("cpu", torch.bfloat16):
        compiled = whole(*arguments, eps=INPUTS["eps"])
        plain = network(*arguments, eps=INPUTS["eps"])
    assert far(compiled.actions, plain.actions) < 0.05


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"\(48, 64, 3\) and must be \(96, 128, 3\)"):
        predicted(ACT(tiny()), IMAGES[:, :, :48, :64])


def test_a_network_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="heads"):
        ACT(tiny(heads=7))


def test_weights_begin_as_the_references() -> None:
    torch.manual_seed(0)
    network = ACT(tiny(hidden=128, queries="learned"))
    wide = network.encoder[0].linear1.weight.detach()
    assert wide.abs().max() == pytest.approx((6 / sum(wide.shape)) ** 0.5, rel=0.01)  # xavier
    assert network.queries.detach().std() == pytest.approx(1, rel=0.1)
    assert not network.encoder[0].self_attn.in_proj_bias.any()


def test_fixed_queries_are_no_weights() -> None:
    network = ACT(tiny(queries="sinusoidal"))
    assert "queries" not in network.state_dict()
    assert torch.equal(network.queries[0, :4], torch.tensor([0.0, 1, 0, 1]))


def losses_of(error: Tensor, is_pad: Tensor, kind: Any, mean: Any) -> float:
    prediction = Prediction(error, None, None)
    return loss(
        prediction, torch.zeros_like(error), is_pad, kind=kind, mean=mean, kl_weight=0
    ).reconstruction.item()


@pytest.mark.parametrize(
    ("kind", "mean", "expected"),
    [("l1", "valid", 2.5), ("l1", "all", 1.25), ("l2", "valid", 6.5), ("l2", "all", 3.25)],
)
def test_reconstruction(kind: str, mean: str, expected: float) -> None:
    error = torch.tensor([[[2.0], [-3], [50], [60]]])
    is_pad = torch.tensor([[False, False, True, True]])
    assert losses_of(error, is_pad, kind, mean) == expected


def test_nothing_but_padding_is_no_loss() -> None:
    assert losses_of(torch.ones(1, 3, 2), torch.ones(1, 3, dtype=torch.bool), "l1", "valid") == 0


def test_divergence_is_that_of_normal_distributions() -> None:
    mu, logvar = torch.randn(5, 8), torch.randn(5, 8)
    posterior = torch.distributions.Normal(mu, (logvar / 2).exp())
    prior = torch.distributions.Normal(torch.zeros(5, 8), torch.ones(5, 8))
    expected = torch.distributions.kl_divergence(posterior, prior).sum(1).mean()
    prediction = Prediction(torch.zeros(5, 1, 1), mu, logvar)
    losses = loss(
        prediction,
        torch.zeros(5, 1, 1),
        torch.zeros(5, 1, dtype=torch.bool),
        kind="l1",
        mean="all",
        kl_weight=3,
    )
    assert losses.kl == pytest.approx(expected.item(), rel=1e-5)
    assert losses.total == pytest.approx(3 * expected.item(), rel=1e-5)
