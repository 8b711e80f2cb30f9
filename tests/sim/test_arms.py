"""An arm's servos on the real scene, and a leader's in a hand."""

import numpy as np
import pytest

from sim.arms import FollowerArm, LeaderArm
from sim.scenes.scene import Scene
from sim.servos.aloha import aloha_servos
from sim.servos.servo import Servo
from teleop.gripper import GRIPPERS

pytestmark = pytest.mark.sim

GRIPPER_ID = 9
TICK_RAD = 2 * np.pi / 4096
FASTEST_COUNTS = 5000


class Rig:
    """One follower arm of the scene, holding where it is, its gripper set up as ALOHA's."""

    def __init__(self, goal_current_ma: float = 540.0) -> None:
        self.scene, self.servos = Scene("battery"), aloha_servos("follower")
        self.arm = FollowerArm(self.scene, "left", self.servos)
        self.gripper = self.servos[GRIPPER_ID - 1]
        self.gripper.set("operating_mode", 5)
        self.gripper.set("goal_current", round(goal_current_ma / 2.69))
        for servo in self.servos:
            servo.set("goal_position", servo.get("present_position"))
            servo.set("torque_enable", 1)
        self.t_ns = 0

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.arm.drive(self.t_ns, self.t_ns)
            self.scene.step()
            self.arm.sense()
            self.t_ns += 20_000_000

    def open_gripper_to(self, opening: float) -> None:
        goal_rad = float(GRIPPERS["tonyzhaozh"].follower_rad(opening))
        self.gripper.set("goal_position", 2048 + round(goal_rad / TICK_RAD))

    def push_finger(self, force_n: float) -> None:
        self.scene.data.joint("left/left_finger").qfrc_applied[0] = force_n


def pushed_gripper(opening: float, force_n: float) -> Servo:
    """The gripper servo of an arm that drives to `opening` while `force_n` opens its finger."""
    rig = Rig()
    rig.open_gripper_to(opening)
    rig.run(50)
    rig.push_finger(force_n)
    for _ in range(50):
        rig.run(1)
        assert abs(rig.gripper.get("present_velocity")) < FASTEST_COUNTS
    return rig.gripper


@pytest.mark.parametrize(
    ("opening", "force_n", "reach_rad"), [(0.97, 15.0, 1.40), (0.0, -200.0, -1.23)]
)
def test_a_finger_pushed_past_its_stop_reads_as_the_end_of_its_reach(
    opening: float, force_n: float, reach_rad: float
) -> None:
    gripper = pushed_gripper(opening, force_n)
    angle_rad = (gripper.get("present_position") - 2048) * TICK_RAD
    assert angle_rad == pytest.approx(reach_rad, abs=0.01)


@pytest.mark.parametrize("current_ma", [540.0, 270.0])
def test_goal_current_is_what_the_gripper_squeezes_with(current_ma: float) -> None:
    """540 mA stand for 12 N."""
    rig = Rig(current_ma)
    rig.open_gripper_to(0.5)
    rig.run(50)
    rig.push_finger(60.0)  # something in the fingers that they cannot close on
    rig.open_gripper_to(0.0)
    rig.run(50)
    force_n = rig.scene.joint_forces("left")[6]
    assert force_n == pytest.approx(-12 * current_ma / 540, rel=0.01)
    assert rig.gripper.get("present_current") == -rig.gripper.get("goal_current")
    assert rig.gripper.get("hardware_error_status") == 0


def hanging_elbow(rig: Rig) -> tuple[list[int], float]:
    """Currents of the elbow's two servos in mA counts, and how far it sags, rad."""
    rig.run(50)
    at = rig.scene.joint_positions("left")[2]
    currents = [servo.get("present_current") for servo in rig.servos[3:5]]
    return currents, at


def test_a_pair_shares_its_load_until_one_of_it_fails() -> None:
    rig = Rig()
    (first, second), held_rad = hanging_elbow(rig)
    assert first == second != 0
    rig.servos[3].fail(0x20)
    (first, second), alone_rad = hanging_elbow(rig)
    assert first == 0
    assert abs(alone_rad - held_rad) > 0.01  # half as stiff
    rig.servos[4].fail(0x20)
    _, limp_rad = hanging_elbow(rig)
    assert abs(limp_rad - held_rad) > 0.3


def test_pwm_limit_and_position_gain_weaken_a_joint() -> None:
    rig = Rig()
    rig.run(50)
    held_rad = rig.scene.joint_positions("left")[1]
    for servo in rig.servos[1:3]:
        servo.set("position_p_gain", 200)
    rig.run(50)
    soft_rad = rig.scene.joint_positions("left")[1]
    for servo in rig.servos[1:3]:
        servo.set("goal_pwm", 20)
    rig.run(50)
    weak_rad = rig.scene.joint_positions("left")[1]
    assert abs(soft_rad - held_rad) > 0.01
    assert abs(weak_rad - soft_rad) > 0.1


def test_a_reset_scene_knows_nothing_of_earlier_limits() -> None:
    rig = Rig()
    fresh = Scene("battery")
    rig.servos[0].set("goal_pwm", 100)
    rig.servos[0].set("position_p_gain", 100)
    rig.run(2)
    rig.scene.reset(3)
    fresh.reset(3)
    for field in ("actuator_forcerange", "actuator_gainprm", "actuator_biasprm"):
        assert np.array_equal(getattr(rig.scene.model, field), getattr(fresh.model, field)), field


def test_a_profile_bounds_a_leader_under_torque() -> None:
    servos = aloha_servos("leader")
    arm = LeaderArm(servos, np.zeros(7))
    waist = servos[0]
    waist.set("torque_enable", 1)
    waist.set("profile_velocity", 20)
    waist.set("goal_position", 3000)
    for tick in range(50):
        arm.advance(0.02, None, tick * 20_000_000, tick * 20_000_000)
    assert waist.get("present_position") == pytest.approx(2048 + 20 * 0.229 / 60 * 4096, abs=30)


def test_a_hand_cannot_turn_a_leader_past_one_turn() -> None:
    """Its encoders forget whole turns when torque goes on: the arm would start a turn away."""
    servos = aloha_servos("leader")
    arm = LeaderArm(servos, np.zeros(7))
    forearm = servos[5]
    for beyond_rad in (3.3, -3.3):
        arm.advance(0.02, np.full(7, beyond_rad), 0, 0)
        turned = forearm.get("present_position")
        assert 0 <= turned <= 4095
        forearm.set("torque_enable", 1)
        assert forearm.get("present_position") == turned
        forearm.set("torque_enable", 0)
