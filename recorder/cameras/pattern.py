"""A test-pattern camera: for benchmarks, and where a picture is needed that tells its own number.

What it shows is a pure function of time, and so is when: frame k is taken at ``phase + k * period``
of the session's clock, simulated or monotonic, and there at once. No thread, no memory of its own
but one texture.

Not simulated: exposure, transport, lost frames.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import CameraAbout, CameraHealth, CameraState, Frame, Image
from recorder.config import CameraConfig

SPEED_PX: Final = 3
"""A frame, to the left."""
_SEED: Final = 12
_EDGE_PX: Final = 2
_MAX_DIGITS: Final = 12
"""Monotonic time at 50 Hz has nine after a month."""
_GLYPH_PX: Final = (20, 22)
"""Of a digit of OpenCV's Hershey font at scale 1."""
_STRENGTH: Final = 40.0
"""Of the noise: JPEGs of 640x480 at quality 90 then have about 85 kB, the order of a real one."""


class PatternCamera:
    """Coloured shapes and noise that move, with the frame's number drawn in (see `Camera`)."""

    def __init__(self, config: CameraConfig, phase_ns: int = 0) -> None:
        self.name = config.name
        self._period_ns = config.period_ns
        self._phase_ns = phase_ns
        self._texture = _texture(config.height, config.width)
        self._width = config.width
        self._digits = _digits(config.height, config.width)
        self._about = CameraAbout(
            "pattern",
            device="test picture",
            width=config.width,
            height=config.height,
            rate_hz=config.rate_hz,
        )
        self._last: Frame | None = None

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        """See `Camera`: the frame of the period that `t_ns` lies in."""
        number = (t_ns - self._phase_ns) // self._period_ns
        if number < 0:
            return None
        if self._last is None or self._last.number != number:
            taken_ns = self._phase_ns + number * self._period_ns
            self._last = Frame(self.picture(number), number, taken_ns, taken_ns)
        return self._last

    def has_passed(self, t_ns: int) -> bool:
        """See `Camera`: any of its pictures can be made again."""
        del t_ns
        return False

    def picture(self, number: int) -> Image:
        """Frame `number`: (H, W, 3) RGB, the caller's own."""
        left = number * SPEED_PX % self._width
        image = np.ascontiguousarray(self._texture[:, left : left + self._width])
        height, width = self._digits.shape[1:3]
        image[: height + 2 * _EDGE_PX] = 0
        for place, digit in enumerate(str(number)):
            across = _EDGE_PX + place * width
            room = image[_EDGE_PX : _EDGE_PX + height, across : across + width]
            room[...] = self._digits[int(digit), : room.shape[0], : room.shape[1]]
        return image

    def health(self, t_ns: int) -> CameraHealth:
        """See `Camera`: it never fails."""
        silent_ns = (t_ns - self._phase_ns) % self._period_ns
        return CameraHealth(CameraState.LIVE, 1e9 / self._period_ns, silent_ns=silent_ns)

    def about(self) -> CameraAbout:
        """See `Camera`."""
        return self._about

    def close(self) -> None:
        """Nothing to let go."""


def _texture(height: int, width: int) -> Image:
    """(H, 2 W, 3): the pattern and its repetition, of which a frame shows W columns."""
    across = np.linspace(0.0, 2.0 * np.pi, width, endpoint=False)
    down = np.linspace(0.0, np.pi, height)[:, None]
    waves = [np.sin(n * across + phase) * np.sin(down) for n, phase in ((1, 0), (3, 1), (5, 2))]
    smooth = 128.0 + 90.0 * np.stack(waves, axis=-1)
    noise = np.random.default_rng(_SEED).normal(0.0, _STRENGTH, (height, width, 3))
    pattern = np.clip(smooth + cv2.GaussianBlur(noise, (0, 0), 1.0), 0, 255).astype(np.uint8)
    return np.concatenate([pattern, pattern], axis=1)


def _digits(height: int, width: int) -> npt.NDArray[np.uint8]:
    """(10, h, w, 3): white digits on black, so large that MAX_DIGITS of them fit side by side.

    Drawn once: drawing the number into each picture took longer than all the rest of it.
    """
    cell_width = max(1, (width - 2 * _EDGE_PX) // _MAX_DIGITS)
    cell_height = max(1, min(height // 8, 2 * cell_width))
    cells = np.zeros((10, cell_height, cell_width, 3), np.uint8)
    scale = min(cell_height / _GLYPH_PX[1], cell_width / _GLYPH_PX[0])
    for digit, cell in enumerate(cells):
        corner = (0, cell_height - 1)
        thickness = max(1, round(2 * scale))
        white = (255, 255, 255)
        cv2.putText(cell, str(digit), corner, cv2.FONT_HERSHEY_SIMPLEX, scale, white, thickness)
    return cells
