"""Which servo sits where on an ALOHA arm, and how it must be set up: the one table of the rig.

Source: the Interbotix motor configurations of the ViperX-300 (followers) and WidowX-250 (leaders)
that ALOHA uses. Leader wrists and grippers come in several versions, so more than one model is
accepted there; units follow the model that is found.
"""

from dataclasses import dataclass
from typing import Final

from teleop.joints import Role
from teleop.registers import NO_SECONDARY_ID, REVERSE_BIT

XL430: Final = 1060
XC430: Final = 1070
XM430: Final = 1020
XM540: Final = 1120


@dataclass(frozen=True, slots=True)
class ServoSpec:
    """What servo `servo_id` of an arm must be.

    Attributes:
        models: model numbers accepted, the usual one first.
        secondary_id: the primary whose instructions it follows, or `NO_SECONDARY_ID`.
    """

    servo_id: int
    joint: str
    models: tuple[int, ...]
    drive_mode: int = 0
    secondary_id: int = NO_SECONDARY_ID

    @property
    def shadow(self) -> bool:
        """Whether it only follows a primary, and takes no goals of its own."""
        return self.secondary_id != NO_SECONDARY_ID


FOLLOWER: Final = (
    ServoSpec(1, "waist", (XM540,)),
    ServoSpec(2, "shoulder", (XM540,), REVERSE_BIT),
    ServoSpec(3, "shoulder_shadow", (XM540,), 0, 2),
    ServoSpec(4, "elbow", (XM540,), REVERSE_BIT),
    ServoSpec(5, "elbow_shadow", (XM540,), 0, 4),
    ServoSpec(6, "forearm_roll", (XM540,)),
    ServoSpec(7, "wrist_angle", (XM540,), REVERSE_BIT),
    ServoSpec(8, "wrist_rotate", (XM430,)),
    ServoSpec(9, "gripper", (XM430,)),
)
LEADER: Final = (
    ServoSpec(1, "waist", (XM430,)),
    ServoSpec(2, "shoulder", (XM430,)),
    ServoSpec(3, "shoulder_shadow", (XM430,), REVERSE_BIT, 2),
    ServoSpec(4, "elbow", (XM430,)),
    ServoSpec(5, "elbow_shadow", (XM430,), REVERSE_BIT, 4),
    ServoSpec(6, "forearm_roll", (XM430,)),
    ServoSpec(7, "wrist_angle", (XM430,), REVERSE_BIT),
    ServoSpec(8, "wrist_rotate", (XL430, XC430, XM430)),
    ServoSpec(9, "gripper", (XC430, XL430, XM430)),
)
SERVOS: Final[dict[Role, tuple[ServoSpec, ...]]] = {"leader": LEADER, "follower": FOLLOWER}
"""The nine servos of an arm, by ID."""
