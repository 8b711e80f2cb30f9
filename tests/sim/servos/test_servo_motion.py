"""How one emulated servo moves: profiles, modes, force, watchdog, and the registers that tell."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.servos.packets import Error
from sim.servos.servo import Servo
from teleop.registers import MODELS, ServoModel, model

XM430 = model(1020)
TICK_RAD = math.tau / 4096
STEP_NS = 20_000_000
VELOCITY_TICKS_S = 0.229 / 60 * 4096
ACCELERATION_TICKS_S2 = 214.577 / 3600 * 4096


class Shaft:
    """A servo whose shaft follows its set-point at once, unless it is blocked; time runs."""

    def __init__(self, kind: ServoModel = XM430, **eeprom: int) -> None:
        self.servo = Servo(1, kind, eeprom=eeprom)
        self.now_ns = self.heard_ns = 0
        self.rad = 0.0
        self.blocked = False

    def write(self, name: str, value: int) -> int:
        register = self.servo.model.register(name)
        data = value.to_bytes(register.size, "little", signed=value < 0)
        self.heard_ns = self.now_ns
        return self.servo.write(register.address, data)

    def read(self, name: str) -> int:
        register = self.servo.model.register(name)
        data = self.servo.read(register.address, register.size, self.now_ns)[1]
        return int.from_bytes(data, "little", signed=register.signed)

    def run(self, steps: int, *, heard: bool = True) -> list[float]:
        """Set-points in ticks of the next steps."""
        course = []
        for _ in range(steps):
            if heard:
                self.heard_ns = self.now_ns
            self.servo.advance(self.now_ns, self.heard_ns)
            course.append(self.servo.setpoint_rad / TICK_RAD + 2048)
            before = self.rad
            if self.servo.torque_on and not self.blocked:
                self.rad = self.servo.setpoint_rad
            self.servo.sense(self.rad, (self.rad - before) / (STEP_NS * 1e-9), 0.0)
            self.now_ns += STEP_NS
        return course


def moving_shaft(velocity: int, acceleration: int, **eeprom: int) -> Shaft:
    shaft = Shaft(**eeprom)
    shaft.run(1)
    shaft.write("torque_enable", 1)
    shaft.write("profile_acceleration", acceleration)
    shaft.write("profile_velocity", velocity)
    return shaft


def test_without_a_profile_the_goal_is_driven_to_at_once() -> None:
    shaft = Shaft()
    shaft.write("torque_enable", 1)
    shaft.write("goal_position", 3000)
    assert shaft.servo.setpoint_rad == pytest.approx((3000 - 2048) * TICK_RAD)
    assert shaft.run(1) == pytest.approx([3000])
    assert shaft.read("moving_status") & 0x30 == 0


@given(
    goal=st.integers(0, 4095),
    next_goal=st.integers(0, 4095),
    at_step=st.integers(1, 60),
    velocity=st.integers(1, 400),
    acceleration=st.integers(0, 400),
)
def test_a_profile_keeps_its_velocity_and_ends_at_the_goal(
    goal: int, next_goal: int, at_step: int, velocity: int, acceleration: int
) -> None:
    shaft = moving_shaft(velocity, acceleration)
    shaft.write("goal_position", goal)
    course = [2048.0, *shaft.run(at_step)]
    shaft.write("goal_position", next_goal)
    fastest = min(velocity, 200) * VELOCITY_TICKS_S  # the factory's velocity limit is 200
    longest_s = 2 * 4095 / fastest + 2 * (
        fastest / (acceleration * ACCELERATION_TICKS_S2) if acceleration else 0
    )
    course += shaft.run(math.ceil(longest_s * 1e9 / STEP_NS) + 2)
    steps = [abs(after - before) for before, after in itertools.pairwise(course)]
    assert max(steps) <= fastest * STEP_NS * 1e-9 + 1e-3
    assert course[-1] == pytest.approx(next_goal, abs=1e-6)
    assert shaft.read("moving") == 0
    assert shaft.read("moving_status") & 0x03 == 0x01


@pytest.mark.parametrize(
    ("acceleration", "goal", "kind"), [(0, 3000, 0x10), (2, 2200, 0x20), (50, 3000, 0x30)]
)
def test_moving_registers_tell_of_the_profile(acceleration: int, goal: int, kind: int) -> None:
    shaft = moving_shaft(100, acceleration)
    shaft.write("goal_position", goal)
    course = shaft.run(20)
    assert shaft.read("moving") == 1
    assert shaft.read("moving_status") == kind | 0x02 | (abs(goal - course[-1]) <= 20)
    assert shaft.read("position_trajectory") == round(course[-1])
    travelled = (course[-1] - course[-2]) / (STEP_NS * 1e-9) / VELOCITY_TICKS_S
    assert shaft.read("velocity_trajectory") == pytest.approx(travelled, abs=3)
    assert shaft.read("present_pwm") > 0
    shaft.run(500)
    assert (shaft.read("moving"), shaft.read("moving_status")) == (0, kind | 0x01)


def test_a_blocked_shaft_is_told_by_the_following_error() -> None:
    shaft = moving_shaft(100, 0)
    shaft.blocked = True
    shaft.write("goal_position", 3000)
    shaft.run(10)
    assert shaft.read("moving_status") & 0x09 == 0x08


def test_velocity_override_keeps_its_speed_but_not_past_the_position_limits() -> None:
    shaft = moving_shaft(200, 400, min_position_limit=1000, max_position_limit=3000)
    shaft.write("goal_position", 2990)
    before = shaft.run(14)
    shaft.write("profile_acceleration", 40)
    shaft.write("goal_position", 1500)
    after = shaft.run(200)
    assert after[1] - after[0] == pytest.approx(before[-1] - before[-2], rel=0.2)
    assert max(after) == pytest.approx(3000)
    assert after[-1] == pytest.approx(1500)


def test_a_timed_profile_takes_its_time() -> None:
    shaft = moving_shaft(1000, 250, drive_mode=4)
    shaft.write("goal_position", 3048)
    course = shaft.run(60)
    assert course[25] == pytest.approx(2548, abs=1)
    assert course[49] < 3047
    assert course[50] == pytest.approx(3048)


def test_a_profile_written_together_with_a_goal_counts_for_it() -> None:
    shaft = Shaft()
    shaft.run(1)
    shaft.write("torque_enable", 1)
    block = b"".join(value.to_bytes(4, "little") for value in (0, 50, 3000))
    assert shaft.servo.write(108, block) == Error.NONE
    course = shaft.run(2)
    assert course[0] == pytest.approx(2048)
    assert course[1] == pytest.approx(2048 + 50 * VELOCITY_TICKS_S * STEP_NS * 1e-9)


def test_torque_starts_a_profile_where_the_shaft_is() -> None:
    shaft = Shaft()
    shaft.write("profile_velocity", 50)
    shaft.rad = 1.0
    shaft.run(2)
    shaft.write("torque_enable", 1)
    assert shaft.run(1)[0] == pytest.approx(2048 + 1.0 / TICK_RAD, abs=1)


def test_velocity_mode_turns_at_its_goal_and_does_not_wind_up() -> None:
    shaft = Shaft(operating_mode=1)
    shaft.run(1)
    shaft.write("torque_enable", 1)
    shaft.write("profile_acceleration", 10)
    shaft.write("goal_velocity", -100)
    course = shaft.run(200)
    steps = [after - before for before, after in itertools.pairwise(course)]
    per_step = 100 * VELOCITY_TICKS_S * STEP_NS * 1e-9
    assert steps[0] > -0.1 * per_step
    assert steps[-1] == pytest.approx(-per_step)
    assert shaft.read("present_velocity") == pytest.approx(-100, abs=1)
    shaft.blocked = True
    shaft.run(200)
    assert abs(shaft.servo.setpoint_rad - shaft.rad) < 0.6
    shaft.write("goal_velocity", 0)
    shaft.run(200)
    assert shaft.read("velocity_trajectory") == 0


@pytest.mark.parametrize(
    ("mode", "goal", "value", "share"),
    [(0, "goal_current", -200, 200 * 2.69 / 2300), (16, "goal_pwm", 442, 442 / 885)],
)
def test_current_and_pwm_modes_push_one_way_with_a_share_of_the_force(
    mode: int, goal: str, value: int, share: float
) -> None:
    shaft = Shaft(operating_mode=mode)
    shaft.blocked = True
    shaft.write("torque_enable", 1)
    shaft.run(1)
    assert shaft.servo.torque_share == 0
    shaft.write(goal, value)
    shaft.run(1)
    assert math.copysign(1, shaft.servo.setpoint_rad) == math.copysign(1, value)
    assert shaft.servo.torque_share == pytest.approx(share)


def test_goal_current_bounds_force_in_current_based_position_mode_only() -> None:
    servo = Servo(9, XM430)
    servo.set("goal_current", 200)
    assert servo.torque_share == 1.0
    servo.set("operating_mode", 5)
    servo.set("goal_current", 200)
    assert servo.torque_share == pytest.approx(0.538 / 2.3)
    servo.set("current_limit", 100)
    assert servo.torque_share == pytest.approx(0.269 / 2.3)
    servo.set("pwm_limit", 0)
    assert servo.torque_share == 0.0


def test_the_position_gain_is_stiffness() -> None:
    shaft = Shaft()
    shaft.write("position_p_gain", 400)
    assert shaft.servo.stiffness == 0.5


@pytest.mark.parametrize("velocity", [0, 50])
def test_the_watchdog_stops_the_servo_and_takes_no_goals_until_it_is_cleared(
    velocity: int,
) -> None:
    shaft = moving_shaft(velocity, 0)
    assert shaft.write("bus_watchdog", 5) == Error.NONE
    shaft.write("goal_position", 3000)
    shaft.blocked = velocity == 0  # so that it stops short of its goal in both cases
    shaft.run(20)
    assert shaft.read("bus_watchdog") == 5
    shaft.run(5, heard=False)
    assert shaft.read("bus_watchdog") == 5
    shaft.run(1, heard=False)
    assert shaft.read("bus_watchdog") == 255
    stopped = shaft.run(20)
    assert max(stopped) - min(stopped) < 1
    assert stopped[0] < 2999
    assert shaft.servo.torque_on
    for name in ("goal_position", "goal_velocity", "goal_pwm", "goal_current"):
        assert shaft.write(name, 100) == Error.DATA_RANGE, name
    assert shaft.write("led", 1) == Error.NONE
    assert shaft.write("bus_watchdog", 5) == Error.DATA_RANGE
    assert shaft.write("bus_watchdog", 0) == Error.NONE
    assert shaft.run(5)[-1] == pytest.approx(stopped[-1])
    shaft.blocked = False
    assert shaft.write("goal_position", 3000) == Error.NONE
    assert shaft.run(200)[-1] == pytest.approx(3000)


def test_the_watchdog_sleeps_while_torque_is_off_and_wakes_on_a_cut_cable() -> None:
    shaft = Shaft()
    shaft.write("bus_watchdog", 1)
    shaft.run(50, heard=False)
    assert shaft.read("bus_watchdog") == 1
    shaft.write("torque_enable", 1)
    shaft.run(5)
    assert shaft.read("bus_watchdog") == 1
    shaft.servo.silent = True
    shaft.run(5)  # the bus is busy, but this servo hears nothing of it
    assert shaft.servo.get("bus_watchdog") == 255


names = st.sampled_from(sorted(name for name in XM430.registers if "indirect" not in name))
values = st.integers(-(1 << 31), (1 << 31) - 1) | st.integers(-5000, 5000) | st.integers(0, 20)


@given(
    kind=st.sampled_from(list(MODELS.values())),
    orders=st.lists(st.tuples(names, values, st.integers(0, 5)), max_size=30),
)
def test_whatever_is_written_the_servo_keeps_to_its_limits(
    kind: ServoModel, orders: list[tuple[str, int, int]]
) -> None:
    shaft = Shaft(kind, min_position_limit=1000, max_position_limit=3000)
    for name, value, steps in [("torque_enable", 1, 1), *orders]:
        register = kind.registers.get(name)
        if register is None or name in ("min_position_limit", "max_position_limit"):
            continue
        raw = (value % (1 << 8 * register.size)).to_bytes(register.size, "little")
        shaft.servo.write(register.address, raw)
        course = shaft.run(steps)
        for register in kind.registers.values():
            if register.writable and register.name not in ("secondary_id", "bus_watchdog"):
                assert register.minimum <= shaft.servo.get(register.name) <= register.maximum
        assert 0.0 <= shaft.servo.torque_share <= 1.0
        if shaft.servo.get("operating_mode") == 3:
            zero = shaft.servo.get("homing_offset")
            offset = zero if abs(zero) <= 1024 else 0
            sign = -1 if shaft.servo.get("drive_mode") & 1 else 1
            turned = [sign * (ticks - 2048) + 2048 + offset for ticks in course]
            assert all(1000 - 0.01 <= ticks % 4096 <= 3000 + 0.01 for ticks in turned)
