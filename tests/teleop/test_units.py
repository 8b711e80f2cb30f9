import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop import units
from teleop.registers import model
from teleop.servos import LEADER, SERVOS


def test_positions() -> None:
    np.testing.assert_allclose(
        units.position_rad([2048, 3072, 0]), [0, math.pi / 2, -math.pi], atol=1e-12
    )
    assert units.position_ticks([0.0, math.pi / 2]).tolist() == [2048, 3072]


@given(st.integers(-100_000, 100_000))
def test_ticks_survive_the_way_there_and_back(ticks: Any) -> None:
    assert units.position_ticks(units.position_rad(ticks)) == ticks


def test_velocity_effort_and_voltage_by_model() -> None:
    assert units.velocity_unit_rad_s(model(1020)) * 131 == pytest.approx(math.pi, rel=1e-3)
    assert units.effort_unit(model(1020)) == 2.69
    assert units.effort_unit(model(1060)) == 1.0
    assert units.current_counts(model(1020), 540) == 200
    with pytest.raises(ValueError, match="XL430"):
        units.current_counts(model(1060), 540)
    assert float(units.voltage_v(121)) == pytest.approx(12.1)


def test_the_servo_table_is_complete() -> None:
    for servos in SERVOS.values():
        assert [spec.servo_id for spec in servos] == list(range(1, 10))
        assert [spec.servo_id for spec in servos if spec.shadow] == [3, 5]
    for primary, shadow in ((LEADER[1], LEADER[2]), (LEADER[3], LEADER[4])):
        assert shadow.secondary_id == primary.servo_id
        assert primary.drive_mode != shadow.drive_mode
