"""What a session is told of the policy that leads in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from recorder.config import CameraConfig
from teleop.joints import SIDES, Side

POLICY_FILE: Final = "policy.json"


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """A trained policy, and how it is to lead.

    Attributes:
        checkpoint: its folder.
        name: what the operator is told.
        about: what the episodes say of it, JSON: whose checkpoint, how it was executed.
        module: the program that predicts, run as ``python -m``; it is given a `PolicyProcess`.
        options: for that program.
        evaluating: the simulated scene starts as it does to judge a policy.
    """

    checkpoint: str
    name: str
    about: str
    module: str = "act.rollout.process"
    options: Mapping[str, str] = field(default_factory=dict)
    evaluating: bool = False


@dataclass(frozen=True, slots=True)
class PolicyProcess:
    """What the predicting process is started with, handed over as JSON.

    Attributes:
        sides: the arm pairs that the rig has.
        world_socket: the simulated world to keep step with; None: the wall clock.
        steady: cameras that may give the same picture for ever, as rendered ones do.
    """

    runtime_dir: str
    checkpoint: str
    cameras: tuple[CameraConfig, ...]
    rate_hz: int
    sides: tuple[Side, ...] = SIDES
    options: Mapping[str, str] = field(default_factory=dict)
    world_socket: str | None = None
    steady: bool = False
