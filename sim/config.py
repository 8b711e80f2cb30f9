"""What the world process is started with, handed over as JSON."""

from dataclasses import dataclass
from typing import Literal

Quality = Literal["fast", "high"]


@dataclass(frozen=True, slots=True)
class WorldCamera:
    """One rendered camera; the name must be a camera of the scene."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """Which scene, which cameras, and where the rings and the socket go."""

    runtime_dir: str
    scene: str
    cameras: tuple[WorldCamera, ...]
    rate_hz: int = 50
    quality: Quality = "fast"
