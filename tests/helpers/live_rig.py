"""A rig in the test's own process, on the emulated arms of a tiny world: time passes as told."""

from pathlib import Path
from typing import Any

from control_harness import TinyWorld

from teleop.clock import LockstepClock
from teleop.joints import ROLES, SIDES
from teleop.lockstep import WORLD_SOCKET, connect
from teleop.rig import Rig
from teleop.rig_config import ArmConfig, ControlConfig, RigConfig

TIMEOUT_S = 0.2
"""Patience for what does not answer. What answers does so much sooner, unless the machine is
busy; then it is asked again, which none of these tests minds."""


class LiveRig:
    """The rig, and the world under it. Use as a context manager.

    `sides` are those that have arms; the world has all four in any case.
    """

    def __init__(
        self, runtime: Path, world: TinyWorld, sides: Any = SIDES, mend: bool = True, **rig: Any
    ) -> None:
        self.world = world
        self._connection = connect(runtime / WORLD_SOCKET, "control")
        self.clock = LockstepClock(self._connection, 0.02, 1000, lambda: False)
        arms = tuple(
            ArmConfig(side, role, str(runtime / f"{role}_{side}"))
            for role in ROLES
            for side in sides
        )
        self.config = RigConfig("test", False, arms, **rig)
        control = ControlConfig(self.config, str(runtime), mend=mend)
        try:
            self.rig = Rig(control, lambda: self.clock.now_ns, TIMEOUT_S)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> "LiveRig":
        return self

    def __exit__(self, *_: object) -> None:
        self.rig.close()
        self._connection.close()

    def arm(self, name: str) -> Any:
        return next(arm for arm in self.rig.arms if arm.name == name)

    def tick(self) -> Any:
        """A period goes by; what the arms say then."""
        self.clock.wait_for_tick(recording=False, idle=False)
        return self.rig.observe()

    def register(self, bus: str, servo_id: int, name: str) -> int:
        return int(self.world.order(register=[bus, servo_id, name]))

    def registers(self, bus: str, name: str) -> list[int]:
        """Of all nine servos."""
        return [self.register(bus, servo_id, name) for servo_id in range(1, 10)]
