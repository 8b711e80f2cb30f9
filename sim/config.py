"""What the world process is started with, handed over as JSON."""

from dataclasses import dataclass
from typing import Final, Literal

Quality = Literal["fast", "high"]

TICK_S: Final = 0.02
"""Length of a tick of the simulated rig."""


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
    quality: Quality = "fast"
