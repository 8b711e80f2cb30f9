"""AdamW for a model, its learning rate, and what a checkpoint keeps of it."""

import math
from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn

from act.config import TrainConfig

BACKBONE: Final = "backbone."
MOMENTS: Final = ("exp_avg", "exp_avg_sq", "step")


def adamw(model: nn.Module, config: TrainConfig) -> torch.optim.AdamW:
    """One for the backbone's and the other parameters that are trained, each at their rate."""
    named = {name: each for name, each in model.named_parameters() if each.requires_grad}
    backbone = [each for name, each in named.items() if name.startswith(BACKBONE)]
    others = [each for name, each in named.items() if not name.startswith(BACKBONE)]
    groups = ((others, config.lr), (backbone, config.lr_backbone))
    return torch.optim.AdamW(
        [{"params": each, "lr": lr, "initial_lr": lr} for each, lr in groups if each],
        weight_decay=config.weight_decay,
        fused=True,
    )


def set_rate(optimiser: torch.optim.Optimizer, config: TrainConfig, step: int) -> None:
    """Let a step, counted from 0, be taken at its learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = group["initial_lr"] * rate(config, step)


def rate(config: TrainConfig, step: int) -> float:
    """Share of the learning rate at a step: up in a straight line, then as the schedule says."""
    if step < config.warmup_steps:
        return (step + 1) / (config.warmup_steps + 1)
    if config.schedule == "constant":
        return 1.0
    after = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, after))


def moments(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What it remembers of each parameter, named after it."""
    return {
        f"{kind}.{name}": optimiser.state[each][kind]
        for name, each in model.named_parameters()
        for kind in MOMENTS
        if each in optimiser.state
    }


def restore(model: nn.Module, optimiser: torch.optim.Optimizer, kept: Mapping[str, Tensor]) -> None:
    """Let it remember what `moments` gave."""
    for name, each in model.named_parameters():
        if f"step.{name}" in kept:
            state = {kind: torch.empty_like(each) for kind in ("exp_avg", "exp_avg_sq")}
            state["step"] = torch.empty((), device=each.device)
            for kind, tensor in state.items():
                tensor.detach().copy_(kept[f"{kind}.{name}"])
            optimiser.state[each] = {kind: it.detach() for kind, it in state.items()}
