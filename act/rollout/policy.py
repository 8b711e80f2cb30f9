"""A trained policy: from what the rig senses now to the next k actions.

In bfloat16 on a CPU that has it, `small` takes two thirds of float32's time, and its actions differ
by a hundredth of a joint's deviation.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from act.checkpoints.checkpoint import Checkpoint, load
from act.checkpoints.runs import find
from act.data.frames import Image, misfit, seen
from act.errors import EvaluationError
from act.model import ACT
from act.training.learner import computes_in_bfloat16
from act.training.ranks import local_device
from recorder.printable import printable

WARM_UP: Final = 3
REMEMBERED: Final = 1000


class Latency(NamedTuple):
    """Of the latest predictions, ms."""

    p50: float
    p99: float


class Policy:
    """Ready to predict: its first, slow predictions are over.

    Raises:
        EvaluationError: it does not move the joints that it senses, or answers nonsense.
    """

    def __init__(self, checkpoint: Checkpoint, device: torch.device) -> None:
        self.checkpoint, self._config = checkpoint, checkpoint.model
        self.chunk, self.cameras = self._config.chunk, self._config.cameras
        self.joints = self._config.state_dim
        if self._config.action_dim != self.joints:
            raise EvaluationError(
                f"The policy senses {self.joints} joints, but moves {self._config.action_dim}."
            )
        bfloat16 = computes_in_bfloat16(checkpoint.train, device)
        self._device, self._dtype = device, torch.bfloat16 if bfloat16 else torch.float32
        model = ACT(self._config)
        model.load_state_dict(checkpoint.weights)
        self._model = model.for_inference(self._dtype).to(device)
        self._answer: Callable[[Tensor, Tensor], Tensor] = self._normalised
        if device.type == "cuda":
            self._answer = self._captured()
        self._took_ms: deque[float] = deque(maxlen=REMEMBERED)
        self.rehearse(WARM_UP)
        self._took_ms = deque(list(self._took_ms)[-1:], REMEMBERED)

    @classmethod
    def load(cls, path: Path, device: str = "auto", threads: int | None = None) -> "Policy":
        """From a checkpoint, or a run that has some (`act.checkpoints.runs.find`).

        Args:
            threads: of this process, for all that PyTorch does on a CPU; None: as many as cores.

        Raises:
            CheckpointError: there is none that can be used.
            ConfigError: there is no such device.
            EvaluationError: as the class.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(load(find(path)), local_device(device))

    def predict(
        self, qpos: npt.NDArray[np.floating], images: Mapping[str, npt.NDArray[np.uint8]]
    ) -> npt.NDArray[np.float32]:
        """Blocks for the time that `latency` tells.

        Args:
            qpos: (D,) rad, grippers 0-1.
            images: (H, W, 3) RGB of each of its cameras, as large as those it learned from, or
                larger.

        Returns:
            (k, D) actions, rad, grippers 0-1: its first row is for now.

        Raises:
            EvaluationError: these are not its joints or cameras, or it does not answer in numbers.
        """
        if qpos.shape != (self.joints,):
            raise EvaluationError(f"The policy has {self.joints} joints, and is given {qpos.size}.")
        return self._timed(qpos, lambda: self._pictures(images))

    def rehearse(self, count: int) -> None:
        """Predict so often, for `latency`, of black pictures."""
        black = np.zeros((len(self.cameras), *self._size, 3), np.uint8)
        for _ in range(count):
            self._timed(self.checkpoint.stats.qpos_mean, lambda: black)

    def _timed(
        self, qpos: npt.NDArray[np.floating], pictures: Callable[[], Image]
    ) -> npt.NDArray[np.float32]:
        began = time.perf_counter()
        images = torch.from_numpy(pictures())[None]
        stats = self.checkpoint.stats
        joints = torch.from_numpy(stats.normalise_qpos(qpos.astype(np.float32)))[None]
        actions = stats.restore_action(self._answer(joints, images)[0].cpu().numpy())
        if not np.isfinite(actions).all():
            raise EvaluationError("The policy's answer is no finite number for every joint.")
        self._took_ms.append((time.perf_counter() - began) * 1e3)
        return actions

    @property
    def about(self) -> str:
        """One line: what it is, and how fast."""
        meta, dtype = self.checkpoint.meta, str(self._dtype).removeprefix("torch.")
        return printable(
            f"{meta['task']} after {meta['step']} steps ({self.checkpoint.identity[:12]}), in "
            f"{dtype} on {self._device}: {self.latency().p50:.1f} ms for {self.chunk} actions"
        )

    def latency(self) -> Latency:
        """How long the latest predictions took."""
        return Latency(*np.percentile(self._took_ms, (50, 99)).tolist())

    @property
    def _size(self) -> tuple[int, int]:
        return self._config.image_height, self._config.image_width

    def _pictures(self, images: Mapping[str, npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
        """(N, H, W, 3) of its cameras, in their order, at its size."""
        if set(images) != set(self.cameras):
            wanted, given = ", ".join(self.cameras), ", ".join(sorted(images)) or "none"
            raise EvaluationError(f"The policy sees through {wanted}, and is given {given}.")
        for name, image in images.items():
            height, width, _ = image.shape
            if why := misfit(self._config, name, width, height):
                raise EvaluationError(
                    f"{name} gives pictures of {why}: set the camera to that, or to a multiple."
                )
        parts = self._config.parts
        return np.stack([seen(images[name], part, self._size) for name, part in parts.items()])

    @torch.inference_mode()
    def _normalised(self, qpos: Tensor, images: Tensor) -> Tensor:
        """(1, k, D) with z = 0."""
        reduced = self._dtype is not torch.float32
        with torch.autocast(self._device.type, self._dtype, enabled=reduced):
            actions: Tensor = self._model(qpos, images).actions
        return actions

    def _captured(self) -> Callable[[Tensor, Tensor], Tensor]:
        """The same as one CUDA graph: launching its kernels one by one takes longer than they."""
        pictures = 1, len(self.cameras), *self._size, 3
        qpos = torch.zeros(1, self.joints, device=self._device)
        images = torch.zeros(pictures, dtype=torch.uint8, device=self._device)
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._normalised(qpos, images)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            actions = self._normalised(qpos, images)

        def replay(new_qpos: Tensor, new_images: Tensor) -> Tensor:
            qpos.copy_(new_qpos)
            images.copy_(new_images)
            graph.replay()
            return actions

        return replay
