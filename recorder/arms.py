"""Which arms an episode holds: both pairs, or one of them.

Control always counts 14 joints and 4 buses; where a rig has one pair of arms the others are empty.
A file holds only the arms that are there, so its joint axis is 14 or 7 and its bus axis 4 or 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from teleop.joints import BUS_NAMES, JOINT_NAMES, ROLES, SIDES, Side


@dataclass(frozen=True, slots=True)
class Arms:
    """The arm pairs of an episode, and where their values stand in a tick."""

    sides: tuple[Side, ...] = SIDES

    def __post_init__(self) -> None:
        if not self.sides or tuple(side for side in SIDES if side in self.sides) != self.sides:
            known = ", ".join(SIDES)
            raise ValueError(f"sides must be one or more of {known}, in that order.")

    @property
    def joints(self) -> list[int]:
        """Columns of a tick's 14 joints that the file keeps."""
        return [JOINT_NAMES.index(name) for name in self.joint_names]

    @property
    def buses(self) -> list[int]:
        """Rows of a tick's 4 buses that the file keeps."""
        return [BUS_NAMES.index(name) for name in self.bus_names]

    @property
    def joint_names(self) -> tuple[str, ...]:
        """The joints in the file's order: left arm before right."""
        return tuple(name for name in JOINT_NAMES if name.startswith(_prefixes(self.sides)))

    @property
    def bus_names(self) -> tuple[str, ...]:
        """The buses in the file's order: leaders before followers."""
        return tuple(f"{role}_{side}" for role in ROLES for side in self.sides)


def arms_of(joint_names: Sequence[str]) -> Arms | None:
    """The arms that these are the joints of; None if they are not the joints of any."""
    for sides in (SIDES, *((side,) for side in SIDES)):
        if (arms := Arms(sides)).joint_names == tuple(joint_names):
            return arms
    return None


def _prefixes(sides: tuple[Side, ...]) -> tuple[str, ...]:
    return tuple(f"{side}_" for side in sides)
