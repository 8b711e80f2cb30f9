"""The features of a set: what its columns and videos are called, and what shape they have."""

from dataclasses import dataclass
from typing import Any, Final

from replay.export.lerobot.rig import Rig
from replay.export.lerobot.settings import Settings

VECTORS: Final = {
    "observation.state": "/observations/qpos",
    "observation.velocity": "/observations/qvel",
    "observation.effort": "/observations/effort",
    "action": "/action",
}
"""Features that are (T, J) float32, and where an episode file has them."""
EXTRAS: Final = ("observation.velocity", "observation.effort")
COUNTERS: Final = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
"""Features of one number, which LeRobot adds to every set."""
CHANNELS: Final = 3


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one set.

    Attributes:
        vectors: as `VECTORS`, those that are wanted.
        cameras: camera by feature.
    """

    rig: Rig
    settings: Settings
    vectors: dict[str, str]
    cameras: dict[str, str]

    def described(self) -> dict[str, dict[str, Any]]:
        """As ``meta/info.json`` has them."""
        described = {key: self._picture(camera) for key, camera in self.cameras.items()}
        joints = self.rig.joint_names
        for key in self.vectors:
            described[key] = {
                "dtype": "float32",
                "shape": [len(joints)],
                "names": list(joints),
            }
        for key, dtype in COUNTERS.items():
            described[key] = {"dtype": dtype, "shape": [1], "names": None}
        return described

    def _picture(self, camera: str) -> dict[str, Any]:
        width, height = self.rig.sizes[camera]
        picture: dict[str, Any] = {
            "dtype": "video" if self.settings.images == "video" else "image",
            "shape": [height, width, CHANNELS],
            "names": ["height", "width", "channels"],
        }
        if self.settings.images == "video":
            picture["info"] = {
                "video.height": height,
                "video.width": width,
                "video.codec": "h264",
                "video.pix_fmt": "yuv420p",
                "video.fps": self.rig.fps,
                "video.channels": CHANNELS,
                "video.is_depth_map": False,  # as readers up to 0.4 ask, and those after it
                "is_depth_map": False,
                "has_audio": False,
            }
        return picture


def features(rig: Rig, settings: Settings) -> Features:
    """The features of a set of such episodes."""
    left_out = () if settings.velocity_and_effort else EXTRAS
    return Features(
        rig,
        settings,
        {key: path for key, path in VECTORS.items() if key not in left_out},
        {f"observation.images.{camera}": camera for camera in rig.sizes},
    )
