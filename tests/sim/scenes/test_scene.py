"""The scene: repeatable resets, exact states, servos that feel like servos, honest stages."""

import numpy as np
import pytest

from sim.config import TICK_S, StartRange
from sim.errors import SceneError
from sim.scenes import battery
from sim.scenes import battery_mjcf as parts
from sim.scenes.arm_mjcf import FINGER_MIN_M
from sim.scenes.scene import START_RAD, Scene, stage_history
from teleop.joints import ARM_JOINTS, JOINTS_PER_ARM, SIDES

pytestmark = pytest.mark.sim

START = np.append(START_RAD, FINGER_MIN_M)
LIMP = (False,) * JOINTS_PER_ARM
RANGES = {
    "remote": StartRange((-0.11, -0.02), (0.43, 0.57), (-12.0, 12.0)),
    "battery": StartRange((0.11, 0.21), (0.41, 0.59), (-18.0, 18.0)),
}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene("battery")


def run(scene: Scene, ticks: int) -> None:
    for _ in range(ticks):
        scene.step()


def put_cell(scene: Scene, x: float, z: float) -> None:
    """Lays the cell level at (x, 0, z) in the remote's frame, its axis along the slot."""
    remote = scene.object_pose("remote")
    turn = (np.cos(remote.heading / 2), 0.0, 0.0, np.sin(remote.heading / 2))
    scene.data.joint("battery_joint").qpos[:] = (*remote.point((x, 0.0, z)), *turn)
    scene.data.joint("battery_joint").qvel[:] = 0.0


def test_reset_depends_on_nothing_but_seed_and_ranges(scene: Scene) -> None:
    scene.reset(7, RANGES)
    first = scene.state()
    scene.set_targets("left", START + 0.3)
    scene.set_torque("right", LIMP)
    run(scene, 40)
    scene.reset(8, RANGES)
    assert not np.array_equal(scene.state(), first)
    scene.reset(7, RANGES)
    assert np.array_equal(scene.state(), first)
    assert np.array_equal(Scene("battery").state(), Scene("battery").state())


def test_objects_start_all_over_their_ranges_and_never_beyond(scene: Scene) -> None:
    starts = {name: [] for name in RANGES}
    for seed in range(60):
        scene.reset(seed, RANGES)
        for name, poses in starts.items():
            pose = scene.object_pose(name)
            poses.append((*pose.position[:2], np.degrees(pose.heading)))
    for name, poses in starts.items():
        low, high = np.transpose([RANGES[name].x_m, RANGES[name].y_m, RANGES[name].heading_deg])
        shares = (np.array(poses) - low) / (high - low)
        assert shares.min() > -0.01
        assert shares.max() < 1.01
        assert np.ptp(shares, axis=0).min() > 0.85


def test_an_object_starts_where_it_does_whatever_the_others_ranges(scene: Scene) -> None:
    scene.reset(7, RANGES)
    battery_start = scene.object_pose("battery").position
    scene.reset(7, {"battery": RANGES["battery"]})
    assert scene.object_pose("battery").position == pytest.approx(battery_start, abs=1e-4)
    assert scene.object_pose("remote").position[:2] == pytest.approx((-0.065, 0.5), abs=1e-4)


def test_a_range_for_an_object_that_is_not_there_names_the_nearest(scene: Scene) -> None:
    with pytest.raises(SceneError, match=r"'remot' to place\. Did you mean 'remote'"):
        scene.reset(7, {"remot": RANGES["remote"]})


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_reset_leaves_arms_in_the_start_pose_and_objects_at_rest(scene: Scene, seed: int) -> None:
    scene.reset(seed, RANGES)
    for side in SIDES:
        assert np.array_equal(scene.joint_positions(side), START)
        assert not scene.joint_velocities(side).any()
    before = [scene.object_pose(name).position for name in ("remote", "battery")]
    run(scene, 50)
    after = [scene.object_pose(name).position for name in ("remote", "battery")]
    assert np.abs(np.subtract(after, before)).max() < 1e-5


def test_restored_state_goes_on_bit_for_bit_in_another_scene(scene: Scene) -> None:
    scene.reset(3)
    scene.set_targets("left", START + np.array([0.2, 0.2, -0.2, 0.3, 0.2, 0.4, 0.01]))
    scene.set_torque("right", (True, True, True, True, False, True, True))
    run(scene, 5)
    stored = scene.state()
    run(scene, 20)
    other = Scene("battery")
    other.restore(stored)
    assert np.array_equal(other.state(), stored)
    run(other, 20)
    assert np.array_equal(other.state(), scene.state())


def test_refuses_a_state_of_another_length(scene: Scene) -> None:
    with pytest.raises(SceneError, match=str(scene.state_size)):
        scene.restore(np.zeros(scene.state_size + 1))
    with pytest.raises(SceneError):
        stage_history("battery", np.zeros((2, 5)))


def test_unknown_task_names_the_nearest() -> None:
    with pytest.raises(SceneError, match="Did you mean 'battery'"):
        Scene("batery")


@pytest.mark.parametrize("joint", range(len(ARM_JOINTS)), ids=ARM_JOINTS)
def test_step_response_is_a_servo_s(scene: Scene, joint: int) -> None:
    """63 % of 0.3 rad in 50-90 ms, overshoot below 5 %."""
    scene.reset(1)
    run(scene, 100)
    start = scene.joint_positions("left")[joint]
    goal = START.copy()
    goal[joint] += 0.3
    scene.set_targets("left", goal)
    travel = []
    for _ in range(75):
        scene.step()
        travel.append(scene.joint_positions("left")[joint] - start)
    final = travel[-1]
    times = np.arange(1, len(travel) + 1) * TICK_S
    rise_s = np.interp(
        0.63 * final, travel[: int(np.argmax(travel)) + 1], times[: np.argmax(travel) + 1]
    )
    assert 0.28 < final < 0.32
    assert 0.05 <= rise_s <= 0.09
    assert max(travel) < 1.05 * final


def test_limp_arm_sinks_and_holds_again_with_torque(scene: Scene) -> None:
    scene.reset(0)
    scene.set_torque("left", LIMP)
    run(scene, 25)
    assert np.abs(scene.joint_positions("left") - START)[:6].max() > 0.3
    assert not scene.joint_forces("left").any()
    assert np.abs(scene.joint_positions("right") - START)[:6].max() < 0.05
    scene.set_torque("left", (True,) * JOINTS_PER_ARM)
    run(scene, 100)
    assert np.abs(scene.joint_positions("left") - START)[:6].max() < 0.05


def test_goals_beyond_the_range_stop_at_the_limit(scene: Scene) -> None:
    scene.reset(0)
    scene.set_targets("right", START + np.array([0, 0, 0, 0, 9.0, 0, 1.0]))
    run(scene, 150)
    positions = scene.joint_positions("right")
    assert positions[4] == pytest.approx(np.radians(128), abs=0.03)
    assert positions[6] == pytest.approx(0.057, abs=0.001)


def test_seated_only_after_lying_untouched_in_place(scene: Scene) -> None:
    scene.reset(5)
    scene.data.joint("spring_joint").qpos[:] = parts.SPRING_M - 0.003  # room for the cell
    put_cell(scene, parts.SEAT_X_M, parts.SEAT_Z_M)
    stages = []
    for _ in range(40):
        scene.step()
        stages.append(scene.stage())
    assert stages[-1] == battery.SEATED == scene.best_stage == len(scene.stage_names) - 1
    assert battery.SEATED not in stages[: battery.SEATED_TICKS - 1]


def test_cell_lying_on_top_of_the_slot_is_not_seated(scene: Scene) -> None:
    scene.reset(5)
    put_cell(scene, parts.SEAT_X_M + 0.003, parts.SEAT_Z_M + 0.012)
    for _ in range(60):
        scene.step()
        assert scene.stage() < battery.SEATED


def test_nothing_is_achieved_at_the_start(scene: Scene) -> None:
    scene.reset(4)
    scene.step()
    assert scene.stage() == battery.NONE
    assert scene.best_stage == battery.NONE
