"""Which servo sits where on an ALOHA arm, and how it must be set up: the one table of the rig.

Source: the Interbotix motor configurations of the ViperX-300 (followers) and WidowX-250 (leaders)
that ALOHA uses. Leader wrists and grippers come in several versions, so more than one model is
accepted there; units follow the model that is found. A rig file may have a table of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from teleop.config import nearest
from teleop.joints import GRIPPER, Role
from teleop.registers import MODELS, NO_SECONDARY_ID, REVERSE_BIT, TICKS_PER_TURN, ServoModel

XL430: Final = "XL430-W250"
XC430: Final = "XC430-W150"
XM430: Final = "XM430-W350"
XM540: Final = "XM540-W270"

HIGHEST_TICKS: Final = TICKS_PER_TURN - 1
VELOCITY_LIMIT: Final = 131
"""Velocity register of ALOHA's arms, 0.229 rpm a count: pi rad/s."""

_BY_NAME: Final = {model.name: model for model in MODELS.values()}


@dataclass(frozen=True, slots=True)
class ServoSpec:
    """What servo `servo_id` of an arm must be.

    Attributes:
        models: names of the models accepted, the usual one first.
        drive_mode: 1 where it faces against its joint, so that every servo of a joint reads alike.
        secondary_id: the primary whose instructions it follows, or `NO_SECONDARY_ID`.
        min_ticks, max_ticks: its joint's range; goals are kept within it and the servo's own.
        velocity_limit: what its velocity limit register should hold, 0.229 rpm a count.
        current_limit_ma: the most it may draw where it limits current; None: as it is set.
    """

    servo_id: int
    joint: str
    models: tuple[str, ...]
    drive_mode: int = 0
    secondary_id: int = NO_SECONDARY_ID
    min_ticks: int = 0
    max_ticks: int = HIGHEST_TICKS
    velocity_limit: int = VELOCITY_LIMIT
    current_limit_ma: float | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError(f"servo {self.servo_id} ({self.joint}) needs one model at least.")
        for name in self.models:
            if name not in _BY_NAME:
                raise ValueError(f"servo model {name!r}. {nearest(name, _BY_NAME)}.")
        if self.drive_mode not in (0, REVERSE_BIT):
            raise ValueError(f"drive_mode must be 0 or {REVERSE_BIT}, not {self.drive_mode}.")
        if not 0 <= self.min_ticks < self.max_ticks <= HIGHEST_TICKS:
            raise ValueError(
                f"min_ticks {self.min_ticks} and max_ticks {self.max_ticks} must lie in "
                f"0-{HIGHEST_TICKS}, min_ticks the lower."
            )
        if not 1 <= self.velocity_limit <= 1023:
            raise ValueError(f"velocity_limit must be 1-1023, not {self.velocity_limit}.")
        self._check_current()

    def _check_current(self) -> None:
        if self.current_limit_ma is None:
            return
        for each in self.known_models:
            if each.current_unit_ma is None:
                raise ValueError(
                    f"the {each.name} has no current limit: leave current_limit_ma out."
                )
            most = each.register("current_limit").maximum * each.current_unit_ma
            if not 0 < self.current_limit_ma <= most:
                raise ValueError(
                    f"current_limit_ma of a {each.name} must be above 0 and at most {most:.0f}, "
                    f"not {self.current_limit_ma:g}."
                )

    @property
    def known_models(self) -> tuple[ServoModel, ...]:
        """The models accepted, the usual one first."""
        return tuple(_BY_NAME[name] for name in self.models)

    @property
    def shadow(self) -> bool:
        """Whether it only follows a primary, and takes no goals of its own."""
        return self.secondary_id != NO_SECONDARY_ID


FOLLOWER: Final = (
    ServoSpec(1, "waist", (XM540,)),
    ServoSpec(2, "shoulder", (XM540,), REVERSE_BIT, min_ticks=841, max_ticks=2867),
    ServoSpec(3, "shoulder_shadow", (XM540,), 0, 2, min_ticks=841, max_ticks=2867),
    ServoSpec(4, "elbow", (XM540,), REVERSE_BIT, min_ticks=898, max_ticks=3094),
    ServoSpec(5, "elbow_shadow", (XM540,), 0, 4, min_ticks=898, max_ticks=3094),
    ServoSpec(6, "forearm_roll", (XM540,)),
    ServoSpec(7, "wrist_angle", (XM540,), REVERSE_BIT, min_ticks=830, max_ticks=3504),
    ServoSpec(8, "wrist_rotate", (XM430,)),
    ServoSpec(9, GRIPPER, (XM430,)),
)
LEADER: Final = (
    ServoSpec(1, "waist", (XM430,)),
    ServoSpec(2, "shoulder", (XM430,), min_ticks=819, max_ticks=3345),
    ServoSpec(3, "shoulder_shadow", (XM430,), REVERSE_BIT, 2, min_ticks=819, max_ticks=3345),
    ServoSpec(4, "elbow", (XM430,), min_ticks=648, max_ticks=3094),
    ServoSpec(5, "elbow_shadow", (XM430,), REVERSE_BIT, 4, min_ticks=648, max_ticks=3094),
    ServoSpec(6, "forearm_roll", (XM430,)),
    ServoSpec(7, "wrist_angle", (XM430,), REVERSE_BIT, min_ticks=910, max_ticks=3447),
    ServoSpec(8, "wrist_rotate", (XL430, XC430, XM430)),
    ServoSpec(9, GRIPPER, (XC430, XL430, XM430)),
)
SERVOS: Final[dict[Role, tuple[ServoSpec, ...]]] = {"leader": LEADER, "follower": FOLLOWER}
"""The nine servos of an arm, by ID, where the rig file says nothing else."""


def check_servos(role: Role, specs: Sequence[ServoSpec]) -> None:
    """That a rig file's table of servos describes an arm that this driver knows.

    Raises:
        ValueError: it does not; names the first row that differs.
    """
    known = SERVOS[role]
    rows = f"[[rig.{role}_servos]]"
    if len(specs) != len(known):
        raise ValueError(f"{rows} must be the {len(known)} servos of an arm, not {len(specs)}.")
    for place, (spec, expected) in enumerate(zip(specs, known, strict=True), start=1):
        if (spec.servo_id, spec.joint) != (expected.servo_id, expected.joint):
            raise ValueError(
                f"{rows} number {place} must be servo {expected.servo_id} ({expected.joint}), "
                f"not {spec.servo_id} ({spec.joint}): IDs are 1-{len(known)} in this order."
            )
        if spec.secondary_id != expected.secondary_id:
            follows = f"{expected.secondary_id}" if expected.shadow else "left out"
            raise ValueError(f"{rows} {spec.joint}: secondary_id must be {follows}.")
    gripper = specs[-1]
    if role == "follower" and gripper.current_limit_ma is not None:
        raise ValueError(f"{rows} {GRIPPER}: gripper_current_ma is its current limit.")
    if role == "follower" and any(each.current_unit_ma is None for each in gripper.known_models):
        raise ValueError(f"{rows} {GRIPPER}: it must be a model that limits its current (XM430).")
