"""Several processes that train one model, started by torchrun: each has samples of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import torch
from torch import Tensor, distributed

from act.errors import ConfigError

LOOPBACK: Final = "lo"
PATIENCE: Final = timedelta(hours=1)
"""How long processes wait for each other, e.g. while the first one validates."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of how many processes this one is."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this one writes and talks."""
        return self.rank == 0

    def average(self, tensors: list[Tensor]) -> None:
        """Replace each by its mean over all processes, in one message."""
        if self.count == 1:
            return
        flat = torch.cat([each.detach().flatten() for each in tensors])
        distributed.all_reduce(flat)
        flat /= self.count
        sizes = [each.numel() for each in tensors]
        for each, mean in zip(tensors, torch.split(flat, sizes), strict=True):
            each.detach().copy_(mean.view_as(each))

    def any(self, mine: bool, device: torch.device) -> bool:
        """Whether it is so in one of them."""
        if self.count == 1:
            return mine
        flag = torch.tensor(float(mine), device=device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag)

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """The group that torchrun has started, if it has; its processes talk by NCCL or, without
    GPUs, Gloo: over loopback where all of them are on this machine.

    Raises:
        ConfigError: somebody else has set torchrun's variables, or it cannot be joined.
    """
    count = os.environ.get("WORLD_SIZE", "1")
    if count == "1":
        yield Ranks()
        return
    if os.environ.get("LOCAL_WORLD_SIZE") == count:
        for variable in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
            os.environ.setdefault(variable, LOOPBACK)
    try:
        backend = "nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=PATIENCE)
    except (ValueError, RuntimeError) as error:
        raise ConfigError(
            f"WORLD_SIZE is {count!r:.20}, but no group of processes can be joined: start them by "
            "torchrun, or unset WORLD_SIZE."
        ) from error
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size())
        distributed.barrier()  # whoever leaves first takes the lines of the others along
    finally:
        distributed.destroy_process_group()


def local_device(wanted: str) -> torch.device:
    """The device of this process: "auto" is a GPU where there is one, each process its own.

    Raises:
        ConfigError: there is no such device.
    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise ConfigError(f"There is no device {wanted!r}: cpu, cuda, or cuda:1.") from None
    if device.type == "cpu":
        return torch.device("cpu")
    if device.type != "cuda" or not torch.cuda.is_available():
        raise ConfigError(f"Device {wanted} cannot be used here: there is no GPU for PyTorch.")
    index = device.index if device.index is not None else int(os.environ.get("LOCAL_RANK", "0"))
    if index >= torch.cuda.device_count():
        raise ConfigError(
            f"There is no GPU {index} here: {torch.cuda.device_count()} in all, counted from 0."
        )
    torch.cuda.set_device(index)
    return torch.device("cuda", index)
