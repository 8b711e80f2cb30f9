"""A follower arm's servos on the real scene."""

import numpy as np
import pytest

from sim.arms import FollowerArm
from sim.scenes.scene import Scene
from sim.servos.aloha import aloha_servos
from sim.servos.servo import Servo
from teleop.gripper import GRIPPERS

pytestmark = pytest.mark.sim

GRIPPER_ID = 9
TICK_RAD = 2 * np.pi / 4096
FASTEST_COUNTS = 5000


def pushed_gripper(opening: float, force_n: float) -> Servo:
    """The gripper servo of an arm that drives to `opening` while `force_n` opens its finger."""
    scene, servos = Scene("battery"), aloha_servos("follower")
    arm = FollowerArm(scene, "left", servos)
    gripper = servos[GRIPPER_ID - 1]
    for servo in servos:
        servo.set("goal_position", servo.get("present_position"))
        servo.set("torque_enable", 1)
    goal_rad = float(GRIPPERS["tonyzhaozh"].follower_rad(opening))
    gripper.set("goal_position", 2048 + round(goal_rad / TICK_RAD))
    for tick in range(100):
        if tick == 50:
            scene.data.joint("left/left_finger").qfrc_applied[0] = force_n
        arm.drive()
        scene.step()
        arm.sense()
        assert abs(gripper.get("present_velocity")) < FASTEST_COUNTS
    return gripper


@pytest.mark.parametrize(
    ("opening", "force_n", "reach_rad"), [(0.97, 15.0, 1.40), (0.0, -200.0, -1.23)]
)
def test_a_finger_pushed_past_its_stop_reads_as_the_end_of_its_reach(
    opening: float, force_n: float, reach_rad: float
) -> None:
    gripper = pushed_gripper(opening, force_n)
    angle_rad = (gripper.get("present_position") - 2048) * TICK_RAD
    assert angle_rad == pytest.approx(reach_rad, abs=0.01)
