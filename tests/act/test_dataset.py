"""Which samples there are, in which order, and that a batch holds what the formulae say."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from act.checkpoints.config_json import is_part
from act.config import WHOLE, ModelConfig, TrainConfig
from act.data.dataset import Batch, Samples, order, split
from act.data.episode import Episode
from act.data.frames import box
from act.data.stats import Stats, of_episodes
from act.errors import DataError
from recorder.episode.reader import EpisodeReader

CPU = torch.device("cpu")
CAMERAS = ("cam_0", "cam_1")
MEAN_DIFFERENCE = 3
"""Of 255: the test picture has hard, saturated edges."""


def samples_of(episodes: Sequence[Episode], **changes: Any) -> Samples:
    of_model: dict[str, Any] = {"chunk": 10, "cameras": CAMERAS, "crops": ()}
    of_model |= {"image_height": 24, "image_width": 32}
    keep, stats = changes.pop("keep", "auto"), changes.pop("stats", None)
    model = {name: changes.pop(name, value) for name, value in of_model.items()}
    dims = {"state_dim": episodes[0].qpos.shape[1], "action_dim": episodes[0].action.shape[1]}
    train = TrainConfig(**{"validation": 0.25, "batch": 8, **changes})
    return Samples(episodes, ModelConfig(**model, **dims), train, CPU, keep=keep, stats=stats)


def in_memory(lengths: Sequence[int], joints: int = 3) -> list[Episode]:
    """Episodes without pictures."""
    random = np.random.default_rng(len(lengths))
    return [
        Episode(
            path=Path(f"episode_{i}.hdf5"),
            identity=str(i),
            task="battery",
            prompt="",
            label="success",
            simulated=True,
            fps=50,
            joint_names=(),
            sizes={},
            qpos=random.normal(0, 1, (length, joints)).astype(np.float32),
            action=random.normal(0, 1, (length, joints + 1)).astype(np.float32),
        )
        for i, length in enumerate(lengths)
    ]


def of_reference(
    episode: Episode, step: int, chunk: int, offset: int, stats: Stats
) -> tuple[np.ndarray, np.ndarray]:
    """Actions and is_pad as the reference makes them: from a step on, padded with zeros to the
    episode's length and more, then normalised, then cut."""
    action = episode.action[max(0, step + offset) :]
    padded = np.zeros((len(action) + chunk, action.shape[1]), np.float32)
    padded[: len(action)] = action
    is_pad = np.ones(len(padded), bool)
    is_pad[: len(action)] = False
    normalised = (padded - stats.action_mean) / stats.action_std
    return normalised[:chunk], is_pad[:chunk]


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(2, 30), min_size=1, max_size=4),
    chunk=st.integers(1, 12),
    offset=st.integers(-3, 1),
    stride=st.integers(1, 3),
    loss_mean=st.sampled_from(["valid", "all"]),
)
def test_chunks_are_those_of_the_reference(
    lengths: list[int], chunk: int, offset: int, stride: int, loss_mean: str
) -> None:
    episodes = in_memory(lengths)
    samples = samples_of(
        episodes,
        cameras=(),
        chunk=chunk,
        action_offset=offset,
        frame_stride=stride,
        loss_mean=loss_mean,
        validation=0,
    )
    batch = samples.batch(samples.train_index)
    steps = [
        (i, step)
        for i in samples.train_episodes
        for step in range(0, lengths[i] - max(0, offset), stride)
    ]
    assert batch.episode.tolist() == [i for i, _ in steps]
    for row, (i, step) in enumerate(steps):
        actions, is_pad = of_reference(episodes[i], step, chunk, offset, samples.stats)
        if loss_mean == "valid":
            actions[is_pad] = 0
        assert np.array_equal(batch.is_pad[row].numpy(), is_pad)
        assert not is_pad.all()
        assert np.array_equal(batch.actions[row].numpy(), actions)
        qpos = (episodes[i].qpos[step] - samples.stats.qpos_mean) / samples.stats.qpos_std
        assert np.array_equal(batch.qpos[row].numpy(), qpos)


@given(st.integers(0, 60), st.sampled_from([0.0, 0.04, 0.1, 0.2, 0.5, 1.0]), st.integers(0, 99))
def test_a_split_is_by_episode_and_seed(count: int, share: float, seed: int) -> None:
    train, validation = split(count, share, seed)
    assert sorted(train + validation) == list(range(count))
    assert (train, validation) == split(count, share, seed)
    if count > 1:
        assert bool(validation) == (share > 0)
        assert train
        assert len(validation) <= max(1, np.ceil(count * share))


def test_the_split_of_the_reference_can_be_had() -> None:
    train, validation = split(50, 0.2, seed=1)
    expected = np.random.RandomState(1).permutation(50).tolist()
    assert (train, validation) == (expected[:40], expected[40:])


GROUPS = st.lists(st.integers(1, 9), min_size=1, max_size=5)


def _groups(lengths: list[int]) -> list[np.ndarray]:
    ends = np.cumsum(lengths)
    return [np.arange(end - length, end) for end, length in zip(ends, lengths, strict=True)]


@given(GROUPS, st.integers(1, 6), st.integers(0, 3), st.booleans(), st.integers(0, 40))
def test_a_training_that_is_resumed_goes_on_with_the_same_samples(
    lengths: list[int], batch: int, seed: int, one_per_group: bool, first: int
) -> None:
    def take(first_step: int, count: int) -> list[list[int]]:
        made = order(
            _groups(lengths), batch, seed, first_step=first_step, one_per_group=one_per_group
        )
        return [each.tolist() for each in itertools.islice(made, count)]

    assert take(0, first + 5)[first:] == take(first, 5)


@given(GROUPS, st.integers(1, 4), st.integers(1, 3), st.integers(0, 3))
def test_an_epoch_has_each_sample_once_whoever_takes_it(
    lengths: list[int], batch: int, world: int, seed: int
) -> None:
    count = sum(lengths)
    steps = max(1, count // (batch * world))
    taken = [
        each.tolist()
        for rank in range(world)
        for each in itertools.islice(
            order(_groups(lengths), batch, seed, rank=rank, world=world), steps
        )
    ]
    assert {len(each) for each in taken} == {batch}
    every = list(itertools.chain(*taken))
    assert set(every) <= set(range(count))
    if count >= batch * world:
        assert len(set(every)) == len(every)
    else:
        assert set(every) == set(range(count))


def test_one_per_episode_takes_one_of_each_and_others_the_next_time() -> None:
    made = order(_groups([50] * 8), 4, 0, one_per_group=True)
    epochs = [torch.cat([next(made), next(made)]).tolist() for _ in range(5)]
    assert all(sorted(at // 50 for at in epoch) == list(range(8)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 5


def test_epochs_and_seeds_differ() -> None:
    def first_epochs(seed: int) -> list[list[int]]:
        made = order(_groups([64]), 64, seed)
        return [next(made).tolist() for _ in range(2)]

    assert len({tuple(each) for seed in (0, 1) for each in first_epochs(seed)}) == 4


def test_pictures_are_those_of_the_file_scaled_by_area(episodes: list[Episode]) -> None:
    samples = samples_of(episodes, frame_stride=5)
    batch = samples.batch(samples.train_index)
    assert batch.images.dtype == torch.uint8
    assert batch.images.shape[1:] == (2, 24, 32, 3)
    assert batch.camera_mask.all()
    rows = zip(batch.images.numpy(), _steps(samples, 5), strict=True)
    for images, (episode, step) in rows:
        with EpisodeReader(episodes[episode].path) as file:
            whole = [file.image(camera, step) for camera in CAMERAS]
        area = [cv2.resize(each, (32, 24), interpolation=cv2.INTER_AREA) for each in whole]
        assert np.abs(images.astype(int) - area).mean() <= MEAN_DIFFERENCE
        assert images[:, 12, 4].argmax(axis=-1).tolist() == [0, 0], "the left third is red"


@pytest.mark.parametrize("size", [(24, 32), (12, 16), (20, 30)])
def test_a_crop_is_that_part_of_the_picture(episodes: list[Episode], size: tuple[int, int]) -> None:
    """Of cam_0 the lower right quarter, of cam_1 all: however the JPEG is decoded."""
    crops = ((0.5, 0.5, 0.5, 0.5), WHOLE)
    of_size = {"image_height": size[0], "image_width": size[1]}
    samples = samples_of(episodes, frame_stride=9, crops=crops, **of_size)
    rows = zip(samples.batch(samples.train_index).images.numpy(), _steps(samples, 9), strict=True)
    for (cropped, all_of_it), (episode, step) in rows:
        with EpisodeReader(episodes[episode].path) as file:
            first, second = (file.image(camera, step) for camera in CAMERAS)
        height, width = first.shape[0] // 2, first.shape[1] // 2
        for mine, wanted in ((cropped, first[height:, width:]), (all_of_it, second)):
            area = cv2.resize(wanted, size[::-1], interpolation=cv2.INTER_AREA)
            assert np.abs(mine.astype(int) - area).mean() <= MEAN_DIFFERENCE


@given(st.tuples(*[st.floats(0, 0.98)] * 2), st.data(), st.integers(1, 999), st.integers(1, 999))
def test_a_part_lies_within_its_picture(
    corner: tuple[float, float], data: st.DataObject, width: int, height: int
) -> None:
    wide, high = (data.draw(st.floats(0.02, 1 - at)) for at in corner)
    part = (*corner, wide, high)
    assert is_part(part)
    left, top, across, down = box(part, width, height)
    assert 0 <= left <= left + across <= width
    assert 0 <= top <= top + down <= height
    assert abs(across - wide * width) <= 1 + 1e-9  # both edges are rounded; the product too


def _steps(samples: Samples, stride: int) -> list[tuple[int, int]]:
    lengths = [each.steps for each in samples.episodes]
    return [(i, t) for i in samples.train_episodes for t in range(0, lengths[i], stride)]


@pytest.mark.parametrize("size", [(48, 64), (24, 32), (20, 30), (96, 128)])
def test_kept_or_read_as_needed_they_are_the_same(
    episodes: list[Episode], size: tuple[int, int]
) -> None:
    of_size = {"image_height": size[0], "image_width": size[1]}
    resident = samples_of(episodes, **of_size, keep="resident")
    streamed = samples_of(episodes, **of_size, keep="streamed")
    wanted = list(itertools.islice(resident.order(), 12))
    batches = list(streamed.prefetch(wanted))
    assert len(batches) == 12
    for indices, ahead in zip(wanted, batches, strict=True):
        here = resident.batch(indices)
        for name in Batch.__slots__:
            assert torch.equal(getattr(here, name), getattr(ahead, name)), name
    streamed.close()
    assert "lie in memory" in resident.remarks[0]
    assert "decoded as they are needed" in streamed.remarks[0]


def test_progress_is_told_to_the_end(episodes: list[Episode]) -> None:
    told: list[tuple[int, int]] = []
    model = ModelConfig(CAMERAS, 24, 32)
    Samples(episodes, model, TrainConfig(), CPU, progress=lambda *counts: told.append(counts))
    count = sum(each.steps for each in episodes)
    assert told[-1] == (count, count)
    assert len(told) > 1
    assert told == sorted(told)


def test_pictures_that_do_not_fit_are_read_as_needed_or_refused(episodes: list[Episode]) -> None:
    huge = {"image_height": 1 << 18, "image_width": 1 << 18}
    samples = samples_of(episodes, **huge)
    assert "decoded as they are needed: more than the" in samples.remarks[0]
    samples.close()
    with pytest.raises(DataError, match=r"^280 pictures .* do not fit into the .* may be taken\.$"):
        samples_of(episodes, **huge, keep="resident")


def test_statistics_are_of_the_training_episodes_or_of_all_or_given(
    episodes: list[Episode],
) -> None:
    def qpos_mean(**changes: Any) -> np.ndarray:
        return samples_of(episodes, cameras=(), **changes).stats.qpos_mean

    train, _ = split(len(episodes), 0.25, 0)
    of_training = of_episodes(*_joints([episodes[i] for i in train]))
    of_all = of_episodes(*_joints(episodes))
    assert np.array_equal(qpos_mean(), of_training.qpos_mean)
    assert np.array_equal(qpos_mean(stats=of_all), of_all.qpos_mean)
    every = Samples(
        episodes, ModelConfig(()), TrainConfig(validation=0.25, stats="all"), CPU
    ).stats.qpos_mean
    assert np.array_equal(every, of_all.qpos_mean)
    assert not np.array_equal(of_all.qpos_mean, of_training.qpos_mean)


def _joints(episodes: Sequence[Episode]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [each.qpos for each in episodes], [each.action for each in episodes]


def test_joints_that_stand_still_are_told_by_name(episodes: list[Episode]) -> None:
    still = [
        replace(each, qpos=each.qpos * ([0.0] + [1.0] * 13), action=each.action)
        for each in episodes
    ]
    remarks = samples_of(still, cameras=()).remarks
    assert remarks[1:] == ["Hardly moving (deviation raised to 0.01): left_waist."]


def test_a_camera_that_an_episode_lacks_is_masked_and_black(episodes: list[Episode]) -> None:
    lacking = [replace(episodes[0], sizes={"cam_1": (64, 48)}), *episodes[1:]]
    samples = samples_of(lacking, validation=0)
    batch = samples.batch(samples.train_index)
    is_lacking = batch.episode == 0
    assert torch.equal(batch.camera_mask[:, 0], ~is_lacking)
    assert batch.camera_mask[:, 1].all()
    assert not batch.images[is_lacking, 0].any()
    assert batch.images[is_lacking, 1].float().mean() > 20


def test_an_offset_beyond_every_episode_is_refused() -> None:
    with pytest.raises(DataError, match=r"^No episode is longer than an offset of 5\.$"):
        samples_of(in_memory([4, 5]), cameras=(), action_offset=5)
    short_too = samples_of(in_memory([4, 9]), cameras=(), action_offset=5, validation=0)
    assert short_too.batch(next(short_too.order())).episode.tolist() == [1] * 8


def test_joints_that_the_model_does_not_have_are_refused(episodes: list[Episode]) -> None:
    with pytest.raises(DataError, match=r"has 14 joints and 14 actions, the model 7 and 7\.$"):
        Samples(episodes, ModelConfig((), state_dim=7, action_dim=7), TrainConfig(), CPU)


def test_more_files_than_may_be_open_are_read(
    episodes: list[Episode], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("act.data.frames.MAX_OPEN", 2)
    resident, streamed = (samples_of(episodes, keep=keep) for keep in ("resident", "streamed"))
    wanted = list(itertools.islice(resident.order(), 6))
    for indices, batch in zip(wanted, streamed.prefetch(wanted), strict=True):
        assert torch.equal(resident.batch(indices).images, batch.images)
    streamed.close()
