"""Tables of what the servos last said, against the same told servo by servo."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teleop.bus import BusReading
from teleop.packets import Status
from teleop.plausible import IMPOSSIBLE_RAD, UNSEEN_RAD_PER_TICK
from teleop.readings import GRIPPER_WAY_RAD, Readings
from teleop.units import position_rad

JUMP_RAD = 0.5

positions = st.integers(1900, 2200) | st.integers(-(2**31), 2**31 - 1)
replies = st.none() | st.just("refused") | positions
"""Of a servo in a tick: silent, an error without data, or where it says it is."""
near = st.integers(1900, 2200)
tick_of_arm = st.lists(replies, min_size=9, max_size=9) | st.lists(near, min_size=9, max_size=9)
ticks = st.lists(st.lists(tick_of_arm, min_size=2, max_size=2), min_size=1, max_size=12)


def reading(said: Any) -> Any:
    """The same as a bus would hand it on; all nine intact as one piece."""
    heard = BusReading()
    parts = {}
    for servo_id, position in enumerate(said, 1):
        if position == "refused":
            heard.replies[servo_id] = Status(servo_id, 7, b"")
        elif position is not None:
            parts[servo_id] = struct.pack("<hii", servo_id, 2 * servo_id, position)
            heard.replies[servo_id] = Status(servo_id, 0, parts[servo_id])
    if len(parts) == 9:
        heard = BusReading()
        heard.whole = b"".join(parts.values()), bytes(9)
    return heard


class Servo:
    """One servo's story."""

    def __init__(self, servo_id: int) -> None:
        self.jump_rad = GRIPPER_WAY_RAD if servo_id == 9 else JUMP_RAD
        self.angle = None
        self.unseen = 0
        self.held = True
        self.rejected = 0

    def hear(self, said: Any) -> None:
        if said is None or said == "refused":
            self.held = True
            self.unseen += 1
            return
        angle = float(position_rad(said))
        reach = self.jump_rad + UNSEEN_RAD_PER_TICK * self.unseen
        near = self.angle is None or abs(angle - self.angle) <= reach
        self.held = not (near and abs(angle) <= IMPOSSIBLE_RAD)
        if self.held:
            self.rejected += 1
        else:
            self.angle, self.unseen = angle, 0


@given(ticks)
@settings(max_examples=200)
def test_every_servo_has_its_own_story(sequence: Any) -> None:
    table = Readings(2, JUMP_RAD)
    servos = [[Servo(servo_id) for servo_id in range(1, 10)] for _ in range(2)]
    for tick in sequence:
        table.take([reading(said) for said in tick])
        for arm, said in zip(servos, tick, strict=True):
            for servo, word in zip(arm, said, strict=True):
                servo.hear(word)
        angles = [[np.nan if s.angle is None else s.angle for s in arm] for arm in servos]
        np.testing.assert_array_equal(table.angle_rad, angles)
        assert table.held.tolist() == [[s.held for s in arm] for arm in servos]
        assert table.rejected.tolist() == [sum(s.rejected for s in arm) for arm in servos]
        assert table.ok.tolist() == [not any(s.held for s in arm) for arm in servos]


@given(ticks)
def test_what_is_not_believed_leaves_speed_and_effort_too(sequence: Any) -> None:
    table = Readings(2, JUMP_RAD)
    for tick in sequence:
        before = np.array(table.effort_counts), np.array(table.velocity_counts)
        table.take([reading(said) for said in tick])
        after = np.array(table.effort_counts), np.array(table.velocity_counts)
        for now, old in zip(after, before, strict=True):
            np.testing.assert_array_equal(now[table.held], old[table.held])
        assert (after[0][~table.held] == np.argwhere(~table.held)[:, 1] + 1).all()


def test_one_arm_may_be_taken_alone() -> None:
    table = Readings(3, JUMP_RAD)
    everybody = [2048] * 9
    table.take([reading(everybody)] * 3)
    table.take([reading([None] * 9)], first=1)
    assert table.ok.tolist() == [True, False, True]
    assert not table.held[[0, 2]].any()


def test_servos_that_are_not_expected_are_no_reason_for_alarm() -> None:
    table = Readings(1, JUMP_RAD)
    table.expected[0, 7] = False
    said = [2048] * 7 + [None, 2048]
    table.take([reading(said)])
    assert table.ok.tolist() == [True]
    assert np.argwhere(table.held).tolist() == [[0, 7]]


def test_who_answers_again_is_marked_until_looked_into() -> None:
    table = Readings(1, JUMP_RAD)
    for said in ([2048] * 9, [None, *[2048] * 8], [2048] * 9, [2048] * 9):
        table.take([reading(said)])
    assert np.argwhere(table.returned).tolist() == [[0, 0]]


def test_the_worse_of_the_two_pairs_counts_and_what_was_never_read_does_not() -> None:
    table = Readings(1, JUMP_RAD)
    assert table.pair_gap_rad(0) == 0.0
    table.take([reading([2048, 2048, 2060, 2048, 2148, 2048, 2048, 2048, 2048])])
    assert table.pair_gap_rad(0) == pytest.approx(100 * 2 * np.pi / 4096)
    table.believe(0)
    assert table.pair_gap_rad(0) == 0.0
