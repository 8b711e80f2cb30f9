"""Peg and socket: where they start, and what counts as inserted."""

import numpy as np
import pytest
from posing import grip, judge, put

from session.config import load_task
from sim.scenes.insertion import (
    HALF_LENGTH_M,
    PEG_HALF_M,
    PIN_HALF_LENGTH_M,
    SOCKET_HALF_M,
)
from sim.scenes.scene import Scene

pytestmark = pytest.mark.sim

AIR_M = 0.15
PEG_ON_TABLE_M, SOCKET_ON_TABLE_M = PEG_HALF_M - 0.0001, SOCKET_HALF_M - 0.0001
AT_PIN_M = HALF_LENGTH_M - PIN_HALF_LENGTH_M


@pytest.fixture
def scene() -> Scene:
    return Scene("insertion")


def arrange(
    scene: Scene,
    *hands: str,
    peg_m: float = AIR_M,
    socket_m: float = AIR_M,
    depth_m: float = -0.03,
    aside_m: float = 0.0,
) -> None:
    """The peg so deep in the socket and so far beside its axis, held by these hands."""
    scene.reset(0)
    socket_x = -HALF_LENGTH_M
    peg_x, peg_y = socket_x + 2 * HALF_LENGTH_M - depth_m, 0.5 + aside_m
    put(scene, "socket", socket_x, 0.5, socket_m)
    put(scene, "peg", peg_x, peg_y, peg_m)
    if "left" in hands:
        grip(scene, "left", SOCKET_HALF_M, socket_x - 0.02, 0.5, socket_m)
    if "right" in hands:
        grip(scene, "right", PEG_HALF_M, peg_x + 0.02, peg_y, peg_m)


BOTH = ("left", "right")


@pytest.mark.parametrize(
    ("hands", "where", "stage"),
    [
        ((), {"peg_m": PEG_ON_TABLE_M, "socket_m": SOCKET_ON_TABLE_M}, "none"),
        (("right",), {"peg_m": PEG_ON_TABLE_M, "socket_m": SOCKET_ON_TABLE_M}, "none"),
        (("left",), {}, "none"),
        (BOTH, {"peg_m": PEG_ON_TABLE_M, "socket_m": SOCKET_ON_TABLE_M}, "touched"),
        (BOTH, {"socket_m": SOCKET_ON_TABLE_M}, "touched"),
        (BOTH, {"peg_m": PEG_ON_TABLE_M}, "touched"),
        (BOTH, {}, "lifted"),
        (BOTH, {"depth_m": AT_PIN_M - 0.001}, "lifted"),  # in the opening, touching nothing
        (BOTH, {"depth_m": 0.0005, "aside_m": 0.012}, "contact"),  # against the rim
        (BOTH, {"depth_m": 0.01, "aside_m": SOCKET_HALF_M - 0.0139}, "contact"),  # along a wall
        (BOTH, {"depth_m": AT_PIN_M + 0.0005}, "inserted"),
    ],
)
def test_stages(scene: Scene, hands: tuple[str, ...], where: dict[str, float], stage: str) -> None:
    arrange(scene, *hands, **where)
    assert {judge(scene) for _ in range(5)} == {stage}


def test_parts_that_touch_on_the_table_are_not_in_contact(scene: Scene) -> None:
    """Pushing one against the other along the table is no progress."""
    arrange(
        scene, *BOTH, peg_m=PEG_ON_TABLE_M, socket_m=SOCKET_ON_TABLE_M, depth_m=0.0005, aside_m=0.02
    )
    assert judge(scene) == "touched"


def test_they_start_all_over_the_task_s_ranges_and_at_rest(scene: Scene) -> None:
    start = load_task("insertion").start
    places: dict[str, list[np.ndarray]] = {name: [] for name in start}
    for seed in range(60):
        scene.reset(seed, start)
        for name, half in (("peg", PEG_HALF_M), ("socket", SOCKET_HALF_M)):
            position = scene.object_pose(name).position
            assert position[2] == pytest.approx(half, abs=1e-4)
            places[name].append(position[:2])
    for name, found in places.items():
        low, high = np.transpose([start[name].x_m, start[name].y_m])
        shares = (np.array(found) - low) / (high - low)
        assert -0.01 < shares.min() < 0.1
        assert 0.9 < shares.max() < 1.01
