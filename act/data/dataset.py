"""The samples of one training: which there are, in which order they come, and batches of them.

A sample is a step t of an episode: its pictures and joints, and the chunk of k actions from t on.
Their order is a pure function of the seed and the step: resuming a training needs no other state.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from act.config import ModelConfig, TrainConfig
from act.data.episode import Episode
from act.data.frames import Keep, Plan, Progress, ahead, frames_of
from act.data.stats import Stats, of_episodes
from act.errors import DataError
from recorder.printable import printable

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B samples on the training device; N cameras, k actions, D joints.

    Attributes:
        qpos: (B, D) float32, normalised.
        images: (B, N, H, W, 3) uint8 RGB.
        camera_mask: (B, N) bool; False: the episode has no such camera.
        actions: (B, k, D) float32, normalised; what stands where they are padded is masked.
        is_pad: (B, k) bool; True: the episode has ended.
        episode: (B,) int64, index into `Samples.episodes`.
    """

    qpos: torch.Tensor
    images: torch.Tensor
    camera_mask: torch.Tensor
    actions: torch.Tensor
    is_pad: torch.Tensor
    episode: torch.Tensor


def split(count: int, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Episodes to train on and to validate with, at least one of each if there are two and a share.

    With seed 1 and a share of 0.2 it is the reference's split (`np.random.permutation`).
    """
    order = np.random.RandomState(seed).permutation(count).tolist()
    kept = count if share <= 0 or count < 2 else max(1, min(count - 1, int(count * (1 - share))))
    return order[:kept], order[kept:]


def order(
    groups: Sequence[Indices],
    batch: int,
    seed: int,
    *,
    first_step: int = 0,
    one_per_group: bool = False,
    rank: int = 0,
    world: int = 1,
) -> Iterator[torch.Tensor]:
    """The samples (batch,) of each step from `first_step` on, for ever, in epochs without a short
    last batch. Where an epoch has fewer samples than a batch, it repeats them.

    Args:
        groups: the samples of each episode.
        one_per_group: an epoch has one random sample of each; else it has them all.
        rank, world: this process, and how many share each step; they get different samples.
    """
    count = len(groups) if one_per_group else sum(map(len, groups))
    steps = max(1, count // (batch * world))
    step = first_step
    while True:
        epoch, within = divmod(step, steps)
        random = np.random.default_rng((seed, epoch))
        chosen = [random.choice(each) for each in groups] if one_per_group else groups
        samples = np.resize(random.permutation(np.hstack(chosen)), steps * batch * world)
        for batches in samples.reshape(steps, world, batch)[within:]:
            yield torch.from_numpy(batches[rank].copy())
            step += 1


class Samples:
    """All samples of some episodes, split in two. Close it when done.

    Attributes:
        episodes: as they were given; `Batch.episode` counts in them.
        train_episodes, validation_episodes: which of them, as indices.
        train_index, validation_index: their samples (S,), for `batch`.
        stats: of the training episodes.
        remarks: what to tell the user, a sentence each.

    Args:
        device: batches come on it.
        keep: where the pictures are to lie; `auto`: by the memory that is free.
        stats: what a training that is resumed has used; None: as the episodes have them.

    Raises:
        DataError: joints are not those of the model, a picture cannot be read, there is no room, or
            no step to learn from.
    """

    def __init__(
        self,
        episodes: Sequence[Episode],
        model: ModelConfig,
        train: TrainConfig,
        device: torch.device,
        *,
        keep: Keep = "auto",
        stats: Stats | None = None,
        progress: Progress = lambda done, total: None,
    ) -> None:
        self.episodes, self._parts = list(episodes), model.parts
        self._image_size = (model.image_height, model.image_width)
        self._train, self._chunk, self._device = train, model.chunk, device
        self._check_joints(model)
        parts = split(len(self.episodes), train.validation, train.seed)
        self.train_episodes, self.validation_episodes = parts
        measured = range(len(self.episodes)) if train.stats == "all" else self.train_episodes
        self.stats = stats or of_episodes(
            [self.episodes[i].qpos for i in measured], [self.episodes[i].action for i in measured]
        )
        plan = self._plan()
        self._frames, said = frames_of(plan, device, keep, progress)
        self.remarks = [said, *self._about_still_joints()]
        groups = [np.flatnonzero(plan.episode == i) for i in range(len(self.episodes))]
        self._groups = [groups[i] for i in self.train_episodes if len(groups[i])]
        self.train_index, self.validation_index = (
            torch.from_numpy(np.hstack([np.empty(0, np.int64), *(groups[i] for i in part)]))
            for part in parts
        )
        self._place_joints(plan)

    def order(self, first_step: int = 0, rank: int = 0, world: int = 1) -> Iterator[torch.Tensor]:
        """The training samples of each step from `first_step` on: see `order`."""
        return order(
            self._groups,
            self._train.batch,
            self._train.seed,
            first_step=first_step,
            one_per_group=self._train.sampling == "one_per_episode",
            rank=rank,
            world=world,
        )

    def batch(self, indices: torch.Tensor) -> Batch:
        """These samples. Blocks until their pictures are there.

        Raises:
            DataError: a picture cannot be read.
        """
        return self._begin(indices)()

    def prefetch(self, indices: Iterable[torch.Tensor]) -> Generator[Batch]:
        """A batch of each, in this order; the next ones are being made meanwhile.

        Raises:
            DataError: a picture cannot be read.
        """
        return ahead(self._begin, indices)

    def close(self) -> None:
        """Let threads and files go."""
        self._frames.close()

    def _check_joints(self, model: ModelConfig) -> None:
        for each in self.episodes:
            joints, actions = each.qpos.shape[1], each.action.shape[1]
            if (joints, actions) != (model.state_dim, model.action_dim):
                told = f"{each.path} has {joints} joints and {actions} actions, the model"
                raise DataError(printable(f"{told} {model.state_dim} and {model.action_dim}."))

    def _plan(self) -> Plan:
        """A sample at every `frame_stride`-th step at which there is an action still."""
        last = [each.steps - max(0, self._train.action_offset) for each in self.episodes]
        steps = [np.arange(0, end, self._train.frame_stride) for end in last]
        if not any(len(steps[i]) for i in self.train_episodes):
            raise DataError(f"No episode is longer than an offset of {self._train.action_offset}.")
        episode = np.repeat(np.arange(len(steps)), [len(each) for each in steps])
        return Plan(self.episodes, episode, np.hstack(steps), self._parts, self._image_size)

    def _place_joints(self, plan: Plan) -> None:
        """Joints of all episodes one after the other, where batches are gathered."""
        lengths = np.array([each.steps for each in self.episodes])
        self._episode, self._step = self._placed(plan.episode), self._placed(plan.step)
        self._length, self._base = self._placed(lengths), self._placed(lengths.cumsum() - lengths)
        qpos = np.concatenate([each.qpos for each in self.episodes])
        action = np.concatenate([each.action for each in self.episodes])
        self._qpos = self._placed(self.stats.normalise_qpos(qpos))
        self._action = self._placed(self.stats.normalise_action(action))
        # The reference pads with zeros before it normalises.
        rest = self.stats.normalise_action(np.zeros_like(action[:1]))
        self._padding = self._placed(rest * (self._train.loss_mean == "all"))
        mask = [[name in each.sizes for name in self._parts] for each in self.episodes]
        self._mask = self._placed(np.array(mask))

    def _placed(self, values: npt.NDArray[np.generic]) -> torch.Tensor:
        return torch.from_numpy(values).to(self._device)

    def _begin(self, indices: torch.Tensor) -> Callable[[], Batch]:
        wait = self._frames.begin(indices)

        def finish() -> Batch:
            images = wait()
            if images.device != self._device and self._device.type == "cuda":
                images = images.pin_memory()
            return self._gathered(indices, images.to(self._device, non_blocking=True))

        return finish

    def _gathered(self, indices: torch.Tensor, images: torch.Tensor) -> Batch:
        here = indices.to(self._device)
        episode, step = self._episode[here], self._step[here]
        start = (step + self._train.action_offset).clamp(min=0)
        steps = start[:, None] + torch.arange(self._chunk, device=self._device)
        last = self._length[episode][:, None] - 1
        base, is_pad = self._base[episode], steps > last
        actions = self._action[base[:, None] + steps.minimum(last)]
        return Batch(
            qpos=self._qpos[base + step],
            images=images,
            camera_mask=self._mask[episode],
            actions=torch.where(is_pad[..., None], self._padding, actions),
            is_pad=is_pad,
            episode=episode,
        )

    def _about_still_joints(self) -> list[str]:
        names = self.episodes[0].joint_names or [f"joint {i}" for i in range(256)]
        still = ", ".join(names[joint] for joint in self.stats.still())
        told = "Hardly moving (deviation raised to 0.01)"
        return [f"{told}: {still}."] if still else []
