"""What is at the other end of the serial ports, so that nobody takes one for another."""

from enum import IntEnum

from session.config import RigFile


class RigKind(IntEnum):
    """A real rig, the simulated one, or emulated servos behind a real rig's ports."""

    REAL = 0
    SIMULATED = 1
    """With a world: physics, rendered cameras, an operator. The session starts it."""
    EMULATED = 2
    """Programs answer for the servos, and whoever tries that has started them."""

    @property
    def banner(self) -> str:
        """What every display of it begins with; "" for real arms."""
        return {RigKind.SIMULATED: "SIMULATED RIG", RigKind.EMULATED: "EMULATED ARMS"}.get(self, "")


def kind_of(rig_file: RigFile) -> RigKind:
    """The kind of rig that a rig file describes, as its ports are just now."""
    if rig_file.rig.simulated:
        return RigKind.SIMULATED
    return RigKind.EMULATED if rig_file.emulated else RigKind.REAL
