"""What the world process is started with, handed over as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Quality = Literal["fast", "high"]

TICK_S: Final = 0.02
"""Length of a tick of the simulated rig."""


JOINT_STOP_RAD: Final = 3.14
"""Where joints that could turn all around are stopped: within the one turn that encoders tell."""


TABLE_X_M: Final = (-0.61, 0.61)
TABLE_Y_M: Final = (0.12, 0.88)
"""The table's edges: x from the left arm to the right one, y away from the operator."""


@dataclass(frozen=True, slots=True)
class StartRange:
    """Where an object of the scene may start: each uniform between its two ends, on the table.

    Table frame of `sim.scenes.table_mjcf`; the heading turns about the vertical.
    """

    x_m: tuple[float, ...]
    y_m: tuple[float, ...]
    heading_deg: tuple[float, ...] = (0.0, 0.0)

    def __post_init__(self) -> None:
        for name in ("x_m", "y_m", "heading_deg"):
            ends = getattr(self, name)
            if len(ends) != 2 or ends[0] > ends[1]:
                raise ValueError(f"{name} must be two numbers, the lower first, not {list(ends)}.")
        for name, edges in (("x_m", TABLE_X_M), ("y_m", TABLE_Y_M), ("heading_deg", (-180, 180))):
            ends = getattr(self, name)
            if ends[0] < edges[0] or ends[1] > edges[1]:
                raise ValueError(f"{name} must lie in {list(edges)}, not {list(ends)}.")

    def contains(self, other: "StartRange") -> bool:
        """Whether every start of `other` is one of this range too."""
        return all(
            getattr(self, name)[0] <= getattr(other, name)[0]
            and getattr(other, name)[1] <= getattr(self, name)[1]
            for name in ("x_m", "y_m", "heading_deg")
        )


@dataclass(frozen=True, slots=True)
class OperatorConfig:
    """How the scripted operator demonstrates.

    `miss_share`: of the episodes, in which it misses its first grasp and recovers as a person does.
    """

    miss_share: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.miss_share <= 1.0:
            raise ValueError(f"miss_share must be 0-1, not {self.miss_share}.")


@dataclass(frozen=True, slots=True)
class WireConfig:
    """What the serial line costs; only in real time, for in lock-step time stands still meanwhile.

    `wire_time`: bytes take the time of the line speed and servos their return delay.
    `usb_latency_ms`: what the USB adapter holds replies back for (FTDI: 1 set low, 16 by default).
    """

    wire_time: bool = False
    usb_latency_ms: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.usb_latency_ms <= 255.0:
            raise ValueError(f"usb_latency_ms must be 0-255, not {self.usb_latency_ms}.")


@dataclass(frozen=True, slots=True)
class WorldCamera:
    """One rendered camera; the name must be a camera of the scene.

    `rate_hz` counts in real time only: in lock-step every tick has a frame.
    """

    name: str
    width: int
    height: int
    rate_hz: float = 50.0


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """Which scene, where its objects start, which cameras, and where rings and socket go.

    `realtime`: the wall clock instead of lock-step. `faults`: a file of scripted faults.
    """

    runtime_dir: str
    scene: str
    start: Mapping[str, StartRange]
    cameras: tuple[WorldCamera, ...]
    operator: OperatorConfig = field(default_factory=OperatorConfig)
    quality: Quality = "fast"
    realtime: bool = False
    wire: WireConfig = field(default_factory=WireConfig)
    faults: str | None = None
