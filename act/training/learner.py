"""A model that learns from batches, at some step of its training."""

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import torch
from torch import Tensor, nn

from act.checkpoints.checkpoint import RAW, Checkpoint
from act.config import ModelConfig, TrainConfig
from act.data.augment import shift_and_jitter
from act.data.dataset import Batch
from act.model import ACT, Losses, Prediction, loss
from act.training.graph import Graphed
from act.training.optimiser import adamw, moments, restore, set_rate
from act.training.ranks import Ranks

EPS_SEED = 0
"""Of z in validation: the same each time."""


class Learner:
    """The model, its average, its optimiser, and how many steps they have done.

    Args:
        backbone: weights that its backbone begins with, if any.
        masked: some samples lack a camera.
        graph: on a GPU, launch a step's kernels as one CUDA graph.
        compiled: let torch.compile fuse them.
    """

    def __init__(
        self,
        model: ModelConfig,
        train: TrainConfig,
        device: torch.device,
        ranks: Ranks,
        *,
        backbone: dict[str, Tensor] | None = None,
        masked: bool = False,
        graph: bool = True,
        compiled: bool = False,
    ) -> None:
        torch.manual_seed(train.seed)
        self.config, self.device, self.ranks, self._masked = train, device, ranks, masked
        self.step = 0
        self.model = ACT(model)
        if backbone is not None:
            self.model.backbone.load_state_dict(backbone)
        self.model.to(device)
        self.average = copy.deepcopy(self.model).requires_grad_(False) if train.ema else None
        self.optimiser = adamw(self.model, train)
        self._trained = [each for each in self.model.parameters() if each.requires_grad]
        self._statistics = [
            each
            for part in self.model.modules()
            if isinstance(part, nn.BatchNorm2d)
            for each in part.buffers()
        ]
        self._generator = torch.Generator(device)
        self._bfloat16 = computes_in_bfloat16(train, device)
        if compiled:
            self.model.compile(dynamic=False)
        self._gradients: Callable[[Batch], Losses] = self._backward
        if device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high" if self._bfloat16 else "highest")
            self._gradients = Graphed(self._backward) if graph else self._backward

    def __call__(self, batch: Batch) -> tuple[Losses, float]:
        """Learn from a batch; returns the losses and the norm of their gradient. Where one of them
        is no number, only the step is counted."""
        self._seed()
        set_rate(self.optimiser, self.config, self.step)
        config, images = self.config, batch.images
        if config.shift_px or config.jitter:
            images = shift_and_jitter(images, self._generator, config.shift_px, config.jitter)
        before = [each.clone() for each in self._statistics]
        self.model.train()
        losses = self._gradients(replace(batch, images=images))
        gradients = [each.grad for each in self._trained if each.grad is not None]
        self.ranks.average([*gradients, *losses])
        norm = float(nn.utils.clip_grad_norm_(self._trained, config.clip_norm or math.inf))
        if math.isfinite(norm) and math.isfinite(float(losses.total)):
            self.optimiser.step()
            self._follow()
        else:
            for each, was in zip(self._statistics, before, strict=True):
                each.copy_(was)
        self.step += 1
        return losses, norm

    def _seed(self) -> None:
        """Let all that is random in this step follow from its number."""
        number = self.step * self.ranks.count + self.ranks.rank
        seed = (self.config.seed * 0x9E3779B1 + number) & 0xFFFFFFFF  # all that a CPU takes
        torch.manual_seed(seed)
        self._generator.manual_seed(seed)

    def _backward(self, batch: Batch) -> Losses:
        """The losses; their gradients are in the parameters."""
        self.optimiser.zero_grad(set_to_none=True)
        losses = self._losses(self.model, batch, posterior=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        return Losses(*(each.detach() for each in losses))

    def _losses(
        self, model: ACT, batch: Batch, *, posterior: bool, eps: Tensor | None = None
    ) -> Losses:
        given = (batch.actions, batch.is_pad) if posterior else ()
        mask = batch.camera_mask if self._masked else None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16):
            prediction = model(batch.qpos, batch.images, *given, eps=eps, camera_mask=mask)
        return loss(
            prediction,
            batch.actions,
            batch.is_pad,
            kind=self.config.loss,
            mean=self.config.loss_mean,
            kl_weight=self.config.kl_weight,
        )

    def _follow(self) -> None:
        """The average follows the model; at first closely: its first weights are worth nothing."""
        if self.average is None:
            return
        decay = min(self.config.ema, (1 + self.step) / (10 + self.step))
        old, new = (
            [each for each in it.state_dict().values() if each.is_floating_point()]
            for it in (self.average, self.model)
        )
        torch._foreach_lerp_(old, new, 1 - decay)

    @property
    def to_use(self) -> ACT:
        """The model that is worth keeping."""
        return self.average or self.model

    @torch.no_grad()
    def predict(self, batch: Batch) -> Tensor:
        """Normalised actions (B, k, D), as the policy is used: z = 0."""
        mask = batch.camera_mask if self._masked else None
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bfloat16):
            prediction: Prediction = self.to_use.eval()(batch.qpos, batch.images, camera_mask=mask)
        return prediction.actions

    @torch.no_grad()
    def validate(self, batches: Iterable[Batch]) -> dict[str, float | None]:
        """Reconstruction losses as the policy is used (z = 0), and with z of the posterior, drawn
        the same each time; None where one is no number."""
        model = self.to_use.eval()
        generator = torch.Generator().manual_seed(EPS_SEED)
        sums, count = dict.fromkeys(("validation", "posterior")[: 1 + model.config.vae], 0.0), 0
        for batch in batches:
            size = len(batch.qpos)
            eps = torch.randn(size, model.config.latent, generator=generator).to(self.device)
            for name in sums:
                losses = self._losses(model, batch, posterior=name == "posterior", eps=eps)
                sums[name] += float(losses.reconstruction) * size
            count += size
        means = {name: total / count for name, total in sums.items()}
        return {name: mean if math.isfinite(mean) else None for name, mean in means.items()}

    def weights(self) -> dict[str, Tensor]:
        """Those to use, on the CPU."""
        return {name: each.cpu() for name, each in self.to_use.state_dict().items()}

    def to_go_on(self) -> dict[str, Tensor]:
        """What `restore` needs besides, on the CPU."""
        kept = moments(self.model, self.optimiser)
        if self.average is not None:
            kept |= {f"{RAW}.{name}": each for name, each in self.model.state_dict().items()}
        return {name: each.cpu() for name, each in kept.items()}

    def restore(self, earlier: Checkpoint) -> None:
        """Be where a checkpoint was made."""
        kept = earlier.training
        raw = {name: kept.get(f"{RAW}.{name}", each) for name, each in earlier.weights.items()}
        self.model.load_state_dict(raw)
        if self.average is not None:
            self.average.load_state_dict(earlier.weights)
        restore(self.model, self.optimiser, kept)
        self.step = earlier.meta["step"]


def computes_in_bfloat16(config: TrainConfig, device: torch.device) -> bool:
    """Whether matrices and convolutions are; "auto": where the device does so in hardware."""
    if config.precision != "auto":
        return config.precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
