"""A test-pattern camera: for benchmarks, and where a picture is needed that tells its own number.

What it shows is a pure function of time, and so is when: frame k is taken at ``phase + k * period``
of the session's clock, simulated or monotonic, and there at once. No thread, no memory of its own
but one texture.

Not simulated: exposure, transport, lost frames.
"""

from typing import Final

import cv2
import numpy as np

from recorder.camera import Frame, Image
from recorder.config import CameraConfig

SPEED_PX: Final = 3
"""A frame, to the left."""
_SEED: Final = 12
_MARGIN_SHARE: Final = 0.1
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

    def picture(self, number: int) -> Image:
        """Frame `number`: (H, W, 3) RGB, the caller's own."""
        left = number * SPEED_PX % self._width
        image = np.ascontiguousarray(self._texture[:, left : left + self._width])
        _draw_number(image, number)
        return image

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


def _draw_number(image: Image, number: int) -> None:
    """White digits on a black bar, as large as they fit."""
    height, width = image.shape[:2]
    text = str(number)
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)
    margin = round(_MARGIN_SHARE * width)
    scale = min((width - 2 * margin) / text_width, height / 8 / text_height)
    bar = round(text_height * scale) + 2
    cv2.rectangle(image, (0, 0), (width, bar + 2), (0, 0, 0), cv2.FILLED)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(image, text, (margin, bar), font, scale, (255, 255, 255), max(1, round(scale)))
