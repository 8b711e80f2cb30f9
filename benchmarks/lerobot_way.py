"""LeRobot's way of saving, through its own published interface. Only for a Python that has it.

Options are those of its `lerobot-record`: videos, four threads a camera that write pictures, its
default encoder; `streaming` switches its encoding while recording on and leaves the rest.
"""

import logging
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # type: ignore[import-not-found]

RATE_HZ = 50
JOINTS = 14
CAMERAS = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
THREADS_A_CAMERA = 4
LAST_WORDS = re.compile(r"Episode finished with (\d+) dropped frame")


class LeRobot:
    """See `ways_of_saving.Way`."""

    def __init__(self, folder: Path, streaming: bool) -> None:
        self._heard = _Warnings()
        logging.getLogger().addHandler(self._heard)
        self._dataset = LeRobotDataset.create(
            "benchmark/episode",
            RATE_HZ,
            _features(),
            root=folder / "lerobot",
            image_writer_threads=THREADS_A_CAMERA * len(CAMERAS),
            streaming_encoding=streaming,
        )

    @property
    def dropped(self) -> int:
        """What it has said of frames that it dropped."""
        return self._heard.dropped

    @property
    def version(self) -> str:
        """LeRobot's."""
        return version("lerobot")

    def add(self, pictures: dict[str, np.ndarray], joints: np.ndarray) -> None:
        """See `Way`."""
        frame: dict[str, Any] = {f"observation.images.{name}": pictures[name] for name in CAMERAS}
        values = {"observation.state": joints, "action": joints, "task": "benchmark"}
        self._dataset.add_frame(frame | values)

    def save(self) -> None:
        """The episode, and the footers without which nothing of the dataset can be read."""
        self._dataset.save_episode()
        self._dataset.finalize()


class _Warnings(logging.Handler):
    """Hears how many frames were dropped: LeRobot tells it in its log alone."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        if found := LAST_WORDS.search(record.getMessage()):
            self.dropped += int(found[1])


def _features() -> dict[str, dict[str, Any]]:
    joints = {
        "dtype": "float32",
        "shape": (JOINTS,),
        "names": [f"joint_{i}" for i in range(JOINTS)],
    }
    picture = {"dtype": "video", "shape": (480, 640, 3), "names": ["height", "width", "channels"]}
    cameras = {f"observation.images.{name}": picture for name in CAMERAS}
    return {"observation.state": joints, "action": dict(joints), **cameras}
