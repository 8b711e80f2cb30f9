"""The simulated rig: the scene, four emulated buses, the arms between them, and an operator.

It has no clock and no sockets: `sim.lockstep_world` and `sim.realtime_world` say when time goes on.
What it does not simulate is said where it would be: `sim.servos`, `sim.arms`, `sim.scenes`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sim.arms import FollowerArm, LeaderArm
from sim.config import TICK_S, WorldConfig
from sim.faults.faults import Faults
from sim.faults.script import load_faults
from sim.linkage import leader_angle
from sim.operators.operator import Operator
from sim.scenes.scene import Scene
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from teleop.joints import ARM_DOF, BUS_NAMES, ROLES, SIDES, Side, arm_slice
from teleop.rig_config import PoseConfig

TICK_NS: Final = round(1e9 * TICK_S)
DONE_TICKS: Final = 25
"""Where nobody demonstrates, the task is done when it has been in its last stage for so long."""
Hands = Mapping[Side, npt.NDArray[np.float64]]
NOBODY: Final[Hands] = {}


class SimulatedRig:
    """Everything that the laws of nature do; control sees of it the buses' ports only.

    Attributes:
        buses: by name, to be served by whoever has the clock.
        t_ns: the time reached.
        stage: of the task, now.
        finished: the demonstration is over, or was given up.

    Args:
        slices: equal parts of a tick of 20 ms, one for each `advance`.
        say: hears of every scripted fault that begins or ends.

    Raises:
        ConfigError: the script of faults is wrong.
    """

    def __init__(
        self, config: WorldConfig, scene: Scene, say: Callable[[str], None], slices: int = 1
    ) -> None:
        self.scene = scene
        self._config = config
        self._slices = slices
        self._count = 0
        servos = {(role, side): aloha_servos(role) for role in ROLES for side in SIDES}
        self.buses = {
            name: ServoBus(nine, wire=config.wire, link=Path(config.runtime_dir) / f"port-{name}")
            for name, nine in zip(BUS_NAMES, servos.values(), strict=True)
        }
        resting = np.array([*PoseConfig().leader_rest_rad, leader_angle(0.5)])
        self._leaders = {side: LeaderArm(servos["leader", side], resting) for side in SIDES}
        self._followers = {
            side: FollowerArm(scene, side, servos["follower", side]) for side in SIDES
        }
        script = load_faults(Path(config.faults)) if config.faults else None
        self._faults = Faults(script, self.buses, say) if script else None
        self._demonstration: Demonstration | None = None
        self._judging: int | None = None  # ticks that are left, where nobody demonstrates
        self._done_ticks = 0
        self.t_ns = 0
        self.stage = 0
        self.finished = False

    def start(self, now_ns: int) -> None:
        """Time begins; called once, before the first byte on a bus is answered."""
        self.t_ns = now_ns
        if self._faults is not None:
            self._faults.rig_started(now_ns)

    def reset(
        self,
        seed: int,
        max_steps: int,
        meanwhile: Callable[[], object] = lambda: None,
        operator: bool = True,
    ) -> None:
        """The scene and an operator at their start; followers must hold their start pose by then.

        It takes 10 ms and more, in which `meanwhile` is called every 1 ms.

        Args:
            max_steps: ticks after which the operator gives up, or it is over without one.
            operator: somebody demonstrates; else the scene is for whatever leads the followers.
        """
        self.scene.reset(seed, self._config.start, meanwhile)
        self.stage = 0
        self.finished = False
        self._judging, self._done_ticks = None if operator else max_steps, 0
        self._demonstration = None
        if operator:
            person = Operator(self.scene, seed, self._config.operator)
            self._demonstration = Demonstration(person, max_steps, self._slices)
        for leader in self._leaders.values():
            leader.settle()
        for follower in self._followers.values():
            follower.sense()

    def restore(self, state: npt.NDArray[np.float64]) -> None:
        """The scene as it was stored, and nobody at the leaders; goals stay as the servos have
        them, so followers should hold the pose that the scene was stored in.

        Raises:
            SceneError: it is not a state of this scene.
        """
        self.scene.restore(state)
        self.stage = 0
        self.finished = False
        self._demonstration = self._judging = None
        for follower in self._followers.values():
            follower.sense()

    def advance(self, now_ns: int) -> None:
        """Go on by a tick, or by one of its slices.

        Args:
            now_ns: the time reached thereby, the same that the buses are served with.
        """
        self.t_ns = now_ns
        if self._faults is not None and self._count % self._slices == 0:
            self._faults.advance(now_ns)
        for side, follower in self._followers.items():
            follower.drive(now_ns, self.buses[f"follower_{side}"].heard_ns)
        self.scene.step(self._slices)
        self._count += 1
        if self._count % self._slices == 0:
            self.stage = self.scene.stage()
            self._judge()
        self._move_leaders()
        for follower in self._followers.values():
            follower.sense()

    def close(self) -> None:
        """Let go of the ports."""
        for bus in self.buses.values():
            bus.close()

    def _judge(self) -> None:
        """Where nobody demonstrates: the task is done and stays so, or has had its time."""
        if self._judging is None:
            return
        self._judging -= 1
        done = self.stage == len(self.scene.stage_names) - 1
        self._done_ticks = self._done_ticks + 1 if done else 0
        self.finished = self.finished or self._done_ticks >= DONE_TICKS or self._judging <= 0

    def _move_leaders(self) -> None:
        """The operator works from the moment the leaders go limp until they are held again."""
        limp = all(leader.limp for leader in self._leaders.values())
        hands = self._hands(limp)
        for side, leader in self._leaders.items():
            heard_ns = self.buses[f"leader_{side}"].heard_ns
            leader.advance(TICK_S / self._slices, hands.get(side), self.t_ns, heard_ns)

    def _hands(self, limp: bool) -> Hands:
        demonstration = self._demonstration
        if demonstration is None:
            return NOBODY
        if not limp:
            if demonstration.ticks:
                self._demonstration = None
            return NOBODY
        if not demonstration.ticks and self._faults is not None:
            self._faults.episode_started(self.t_ns)
        hands = demonstration.hands()
        self.finished = self.finished or demonstration.over
        return hands


class Demonstration:
    """An operator on limp leaders; asked for its hands once a slice.

    A person moves smoothly, an operator says every 20 ms where its hands are: in the slices between
    the hands are on the straight way there.

    Attributes:
        ticks: of 20 ms, since it began.
    """

    def __init__(self, operator: Operator, max_steps: int, slices: int) -> None:
        self.ticks = 0
        self._operator = operator
        self._max_steps = max_steps
        self._slices = slices
        self._slice = 0
        self._before: npt.NDArray[np.float64] | None = None
        self._target: npt.NDArray[np.float64] | None = None

    @property
    def over(self) -> bool:
        """The operator has finished, or gives up."""
        return self._operator.finished or self.ticks >= self._max_steps

    def hands(self) -> Hands:
        """(7,) where each hand puts its leader's joints in the coming slice."""
        if self._slice == 0 or self._target is None:
            self._before, self._target = self._target, _leader_joints(self._operator.tick())
            self.ticks += 1
        self._slice = (self._slice + 1) % self._slices
        where = self._target
        if self._slice and self._before is not None:
            share = self._slice / self._slices
            where = (1.0 - share) * self._before + share * self._target
        return {side: where[arm_slice(side)] for side in SIDES}


def _leader_joints(readings: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
    """Operator readings (14,) as joint angles, the grippers' as their servos'."""
    joints = readings.copy()
    for side in SIDES:
        gripper = arm_slice(side).start + ARM_DOF
        joints[gripper] = leader_angle(joints[gripper])
    return joints
