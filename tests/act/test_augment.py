"""Pictures that are shifted and lit otherwise: each by numbers of its own, and always the same."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from act.data.augment import shift_and_jitter


def pictures(seed: int = 0, shape: tuple[int, ...] = (3, 2, 12, 16, 3)) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)


def augmented(images: torch.Tensor, seed: int, shift_px: int, jitter: float) -> torch.Tensor:
    return shift_and_jitter(images, torch.Generator().manual_seed(seed), shift_px, jitter)


@settings(max_examples=30)
@given(st.integers(0, 1 << 30), st.integers(0, 20), st.sampled_from([0.0, 0.1, 0.9]))
def test_the_same_seed_gives_the_same_pictures_as_uint8(
    seed: int, shift_px: int, jitter: float
) -> None:
    images = pictures()
    before = images.clone()
    one = augmented(images, seed, shift_px, jitter)
    assert one.dtype == torch.uint8
    assert one.shape == images.shape
    assert torch.equal(one, augmented(images, seed, shift_px, jitter))
    assert torch.equal(images, before)


def test_nothing_asked_changes_nothing() -> None:
    assert torch.equal(augmented(pictures(), 1, 0, 0.0), pictures())


@settings(max_examples=30)
@given(st.integers(0, 1 << 30), st.integers(1, 5))
def test_a_shift_moves_each_picture_and_repeats_its_edge(seed: int, most_px: int) -> None:
    images = pictures(shape=(2, 2, 6, 8, 3))
    pairs = zip(
        augmented(images, seed, most_px, 0).flatten(0, 1), images.flatten(0, 1), strict=True
    )
    for shifted, image in pairs:
        margin = ((most_px, most_px), (most_px, most_px), (0, 0))
        padded = np.pad(image.numpy(), margin, mode="edge")
        windows = [
            padded[down : down + 6, right : right + 8]
            for down in range(2 * most_px + 1)
            for right in range(2 * most_px + 1)
        ]
        assert any(np.array_equal(shifted.numpy(), window) for window in windows)


def test_pictures_of_one_sample_are_changed_apart() -> None:
    same = pictures(shape=(1, 1, 12, 16, 3)).expand(4, 3, -1, -1, -1).contiguous()
    for shift_px, jitter in ((5, 0.0), (0, 0.3)):
        changed = augmented(same, 3, shift_px, jitter).flatten(0, 1).flatten(1)
        assert len({tuple(each.tolist()) for each in changed}) > 8


def test_jitter_is_within_its_share_and_of_all_three_kinds() -> None:
    grey = torch.full((1, 200, 4, 4, 3), 100, dtype=torch.uint8)
    levels = augmented(grey, 1, 0, 0.2).float()
    assert levels.min() >= 80
    assert levels.max() <= 120
    assert levels.mean((2, 3, 4)).std() > 5, "brightness"
    coloured = torch.tensor([150, 100, 50], dtype=torch.uint8).expand(1, 200, 4, 4, 3)
    share = augmented(coloured, 1, 0, 0.2).float()
    assert ((share[..., 0] - share[..., 2]) / share[..., 0]).std() > 0.05, "saturation"
    halves = torch.tensor([60, 140], dtype=torch.uint8)[:, None, None].expand(1, 200, 2, 4, 3)
    rows = augmented(halves, 1, 0, 0.2).float().mean((3, 4))
    assert ((rows[..., 1] - rows[..., 0]) / rows.mean(-1)).std() > 0.05, "contrast"


def test_black_stays_black_and_white_does_not_wrap_round() -> None:
    assert not augmented(torch.zeros(1, 50, 4, 4, 3, dtype=torch.uint8), 1, 3, 0.5).any()
    white = torch.full((1, 50, 4, 4, 3), 255, dtype=torch.uint8)
    assert augmented(white, 1, 0, 0.4).min() >= 255 * 0.6 - 1
