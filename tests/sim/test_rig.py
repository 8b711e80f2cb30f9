"""The simulated rig without a clock: the same demonstration in whole ticks and in slices."""

from pathlib import Path

import numpy as np
import pytest

from sim.config import WorldConfig
from teleop.joints import JOINT_SERVO_IDS, SIDES

pytestmark = pytest.mark.sim

TICKS = 60
TICK_NS = 20_000_000
CLOSE_TICKS = 30
"""With slices the operator looks half a tick earlier at arms that are falling here."""


def leaders(rig: object) -> list[int]:
    """Where the leaders' servos are, in servo ticks."""
    return [
        rig.buses[f"leader_{side}"].servos[servo_id - 1].get("present_position")
        for side in SIDES
        for servo_id in JOINT_SERVO_IDS
    ]


def moved(folder: Path, slices: int) -> tuple[list[list[int]], int]:
    """Leader positions after each slice of a demonstration on limp leaders, and the last stage."""
    from sim.rig import SimulatedRig
    from sim.scenes.scene import Scene

    folder.mkdir()
    config = WorldConfig(str(folder), "battery", {}, ())
    rig = SimulatedRig(config, Scene("battery", 48, 64), lambda text: None, slices)
    rig.reset(3, TICKS)
    positions = []
    for index in range(1, TICKS * slices + 1):
        rig.advance(index * TICK_NS // slices)
        positions.append(leaders(rig))
    assert rig.finished
    assert rig.t_ns == TICKS * TICK_NS
    rig.close()
    assert not list(folder.iterdir())
    return positions, rig.stage


def test_slices_of_a_tick_lead_to_where_whole_ticks_do(tmp_path: Path) -> None:
    whole, stage = moved(tmp_path / "whole", 1)
    halves, same_stage = moved(tmp_path / "halves", 2)
    assert np.ptp(whole, axis=0).max() > 10 * CLOSE_TICKS
    assert np.abs(np.subtract(halves[1::2], whole)).max() <= CLOSE_TICKS
    assert stage == same_stage


def test_between_two_ticks_the_leaders_are_half_way(tmp_path: Path) -> None:
    halves, _ = moved(tmp_path / "halves", 2)
    moving = 0
    for before, middle, after in zip(halves[1::2], halves[2::2], halves[3::2], strict=False):
        for start, half, end in zip(before, middle, after, strict=True):
            assert abs(2 * half - start - end) <= 2  # each is rounded to a servo tick
            moving += abs(end - start) > 4
    assert moving > 50
