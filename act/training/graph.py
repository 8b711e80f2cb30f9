"""A function of batches replayed as one CUDA graph: a small model spends its time in launches."""

from collections.abc import Callable
from dataclasses import fields
from typing import Final

import torch

from act.data.dataset import Batch
from act.model import Losses

WARM_UP: Final = 3
"""Calls before it is captured, in which libraries choose their kernels and take their memory."""


class Graphed:
    """Calls a function of batches of one shape; from the fourth call on, as a graph.

    What it returns, and the gradients that it leaves, are overwritten by the next call.
    """

    def __init__(self, function: Callable[[Batch], Losses]) -> None:
        self._function = function
        self._calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, batch: Batch) -> Losses:
        self._calls += 1
        if self._calls <= WARM_UP:
            return self._warmed(batch)
        if self._graph is None:
            self._capture(batch)
        else:
            for each in fields(Batch):
                getattr(self._batch, each.name).copy_(getattr(batch, each.name))
        assert self._graph is not None
        self._graph.replay()
        return self._losses

    def _warmed(self, batch: Batch) -> Losses:
        """Apart from the default stream, as a capture asks for."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            losses = self._function(batch)
        torch.cuda.current_stream().wait_stream(stream)
        return losses

    def _capture(self, batch: Batch) -> None:
        self._batch = Batch(*(getattr(batch, each.name).clone() for each in fields(Batch)))
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._losses = self._function(self._batch)
