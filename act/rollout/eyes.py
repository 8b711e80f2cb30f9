"""What a policy sees at a tick: of each camera the newest picture, unless that is too old."""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from act.errors import EvaluationError
from recorder.cameras.simulated import SimulatedCamera
from recorder.config import CameraConfig
from session.policy import PolicyProcess

Image = npt.NDArray[np.uint8]
OLD_NS: Final = 300_000_000
OLD_PERIODS: Final = 5
FROZEN_NS: Final = 1_000_000_000
"""So long a real camera does not give the same picture: each has noise of its own."""
SAMPLED: Final = 16
"""Of the rows and columns of a picture, one in so many is compared."""


class Eyes:
    """The cameras that a policy needs, by their rings.

    Raises:
        EvaluationError: the rig has not all of them; from `look` also: one gives nothing new.
    """

    def __init__(self, config: PolicyProcess, needed: Iterable[str]) -> None:
        there = {camera.name: camera for camera in config.cameras}
        if missing := [name for name in needed if name not in there]:
            raise EvaluationError(
                f"The policy needs {', '.join(missing)}, and the rig has {', '.join(there)} only."
            )
        self._configs = {name: there[name] for name in needed}
        self._folder, self._steady = Path(config.runtime_dir), config.steady
        self._cameras: dict[str, SimulatedCamera] = {}
        self._seen: dict[str, tuple[int, bytes]] = {}
        self._since_ns: int | None = None

    def look(self, t_ns: int) -> dict[str, Image] | None:
        """Copies (H, W, 3) RGB by camera; None: there is none yet, or one was just overwritten."""
        self._since_ns = t_ns if self._since_ns is None else self._since_ns
        looked = {name: self._image(config, t_ns) for name, config in self._configs.items()}
        images = {name: image for name, image in looked.items() if image is not None}
        return images if len(images) == len(looked) else None

    def _image(self, config: CameraConfig, t_ns: int) -> Image | None:
        name = config.name
        camera = self._camera(config)
        frame = camera.newest_arrived_before(t_ns) if camera else None
        arrival_ns = frame.arrival_ns if frame is not None else self._since_ns
        patience_ns = max(OLD_NS, OLD_PERIODS * config.period_ns)
        if arrival_ns is not None and t_ns - arrival_ns > patience_ns:
            raise EvaluationError(
                f"{name} has given no picture for {(t_ns - arrival_ns) / 1e9:.1f} s."
            )
        if frame is None:
            return None
        image = frame.image.copy()
        if not frame.is_whole():
            return None
        self._check_alive(name, image, t_ns)
        return image

    def _check_alive(self, name: str, image: Image, t_ns: int) -> None:
        """A camera that hangs may go on sending, always the same."""
        sample = image[::SAMPLED, ::SAMPLED].tobytes()
        since_ns, before = self._seen.get(name, (t_ns, b""))
        self._seen[name] = (since_ns if sample == before else t_ns, sample)
        if not self._steady and t_ns - self._seen[name][0] > FROZEN_NS:
            raise EvaluationError(f"{name} has given the same picture for a second: it is frozen.")

    def _camera(self, config: CameraConfig) -> SimulatedCamera | None:
        if config.name not in self._cameras:
            with contextlib.suppress(FileNotFoundError):  # the recorder has not shared it yet
                self._cameras[config.name] = SimulatedCamera(self._folder, config)
        return self._cameras.get(config.name)
