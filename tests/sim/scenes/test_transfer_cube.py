"""The cube: where it starts, and what counts as handed over."""

import numpy as np
import pytest
from posing import grip, judge, put

from session.config import load_task
from sim.scenes.scene import Scene
from sim.scenes.transfer_cube import HALF_M, HELD_TICKS

pytestmark = pytest.mark.sim

AIR_M, TABLE_M = 0.15, HALF_M - 0.0001
LONG = 3 * HELD_TICKS


@pytest.fixture
def scene() -> Scene:
    return Scene("transfer_cube")


def arrange(scene: Scene, height: float, *hands: str) -> None:
    """The cube in the middle at a height, held by these hands, the others away."""
    scene.reset(0)
    put(scene, "cube", 0.0, 0.5, height)
    for side in hands:
        grip(scene, side, HALF_M, 0.0, 0.5, height)


@pytest.mark.parametrize(
    ("height", "hands", "stage"),
    [
        (TABLE_M, (), "none"),
        (AIR_M, (), "none"),
        (TABLE_M, ("right",), "touched"),
        (AIR_M, ("right",), "lifted"),
        (AIR_M, ("left", "right"), "attempted transfer"),
        (TABLE_M, ("left", "right"), "attempted transfer"),
        (TABLE_M, ("left",), "attempted transfer"),
    ],
)
def test_every_stage_short_of_the_last_stays_what_it_is(
    scene: Scene, height: float, hands: tuple[str, ...], stage: str
) -> None:
    """Above all a cube that the right hand has not let go of, or that lies on the table."""
    arrange(scene, height, *hands)
    assert {judge(scene) for _ in range(LONG)} == {stage}


def test_transferred_once_the_left_hand_has_held_it_alone_for_a_while(scene: Scene) -> None:
    arrange(scene, AIR_M, "left")
    stages = [judge(scene) for _ in range(HELD_TICKS)]
    assert stages == ["attempted transfer"] * (HELD_TICKS - 1) + ["transferred"]
    arrange(scene, AIR_M, "left", "right")
    assert judge(scene) == "attempted transfer"


def test_a_flicker_of_the_right_hand_s_touch_is_no_success(scene: Scene) -> None:
    arrange(scene, AIR_M, "left")
    alone = scene.data.qpos.copy()
    stages = []
    for _ in range(4):
        scene.data.qpos[:] = alone
        stages += [judge(scene) for _ in range(HELD_TICKS - 1)]
        grip(scene, "right", HALF_M, 0.0, 0.5, AIR_M)
        stages.append(judge(scene))
    assert set(stages) == {"attempted transfer"}


def test_one_finger_does_not_hold_it(scene: Scene) -> None:
    arrange(scene, AIR_M)
    grip(scene, "left", HALF_M + 0.006, 0.0, 0.506, AIR_M)
    assert {judge(scene) for _ in range(LONG)} == {"attempted transfer"}


def test_it_starts_all_over_the_task_s_range_and_at_rest(scene: Scene) -> None:
    start = load_task("transfer_cube").start
    places = []
    for seed in range(60):
        scene.reset(seed, start)
        cube = scene.object_pose("cube")
        assert cube.position[2] == pytest.approx(HALF_M, abs=1e-4)
        places.append(cube.position[:2])
    low, high = np.transpose([start["cube"].x_m, start["cube"].y_m])
    shares = (np.array(places) - low) / (high - low)
    assert -0.01 < shares.min() < 0.1
    assert 0.9 < shares.max() < 1.01
