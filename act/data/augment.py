"""Pictures a little moved and lit otherwise, so that a policy does not learn a camera's exact place
and light by heart. On the device where they lie; every picture by numbers of its own."""

import torch

LUMA = (0.299, 0.587, 0.114)
"""Of red, green and blue: ITU-R BT.601."""


def shift_and_jitter(
    images: torch.Tensor, generator: torch.Generator, shift_px: int, jitter: float
) -> torch.Tensor:
    """Pictures (B, N, H, W, 3) uint8 as they would be with another camera: each moved by up to
    `shift_px` (its edge is repeated), its brightness, contrast and saturation changed by up to the
    share `jitter`. The same generator state gives the same pictures.
    """
    pictures = images.flatten(0, 1)
    if shift_px:
        pictures = _shifted(pictures, generator, shift_px)
    if jitter:
        pictures = _jittered(pictures, generator, jitter)
    return pictures.view_as(images)


def _shifted(pictures: torch.Tensor, generator: torch.Generator, most_px: int) -> torch.Tensor:
    count, height, width, _ = pictures.shape
    by = torch.randint(
        -most_px, most_px + 1, (2, count, 1), generator=generator, device=generator.device
    ).to(pictures.device)
    rows = (torch.arange(height, device=by.device) + by[0]).clamp(0, height - 1)
    columns = (torch.arange(width, device=by.device) + by[1]).clamp(0, width - 1)
    which = torch.arange(count, device=by.device)[:, None, None]
    return pictures[which, rows[:, :, None], columns[:, None, :]]


def _jittered(pictures: torch.Tensor, generator: torch.Generator, share: float) -> torch.Tensor:
    draws = torch.rand(3, len(pictures), generator=generator, device=generator.device)
    factors = (1 + share * (2 * draws - 1)).to(pictures.device)
    brightness, contrast, saturation = factors[..., None, None, None]
    bright = pictures * brightness
    grey = (bright * bright.new_tensor(LUMA)).sum(-1, keepdim=True)
    coloured = torch.lerp(grey, bright, saturation)
    mean = grey.mean((1, 2), keepdim=True)  # what its luma is after the saturation, too
    return torch.lerp(mean, coloured, contrast).round().clamp(0, 255).to(torch.uint8)
