"""Motion profiles: they end at the goal, keep to their velocity, and have the manual's shapes."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.servos.profile import Profile, ProfileKind, timed_profile, velocity_profile

ticks = st.integers(-20_000, 20_000)
velocities = st.floats(-20_000, 20_000)
fastest = st.floats(1, 16_000)
accelerations = st.floats(200, 1e6)
spans_s = st.floats(0.02, 33)


def samples(profile: Profile, count: int = 101) -> list[tuple[float, float]]:
    return [profile.at(profile.duration_s * index / (count - 1)) for index in range(count)]


def check_is_smooth(profile: Profile) -> None:
    """The position is what its velocity adds up to: trapezoids over a fine grid."""
    count = 2001
    step_s = profile.duration_s / (count - 1)
    points = samples(profile, count)
    travelled = sum((v0 + v1) / 2 * step_s for (_, v0), (_, v1) in itertools.pairwise(points))
    size = 1 + max(abs(velocity) for _, velocity in points) * profile.duration_s
    assert travelled == pytest.approx(profile.goal - profile.start, abs=0.01 * size)


@given(ticks, velocities, ticks, fastest, accelerations)
def test_a_velocity_profile_starts_as_it_is_keeps_its_limits_and_ends_at_rest_at_the_goal(
    start: int, velocity: float, goal: int, limit: float, acceleration: float
) -> None:
    profile = velocity_profile(start, velocity, goal, limit, acceleration)
    points = samples(profile)
    if profile.duration_s > 0:
        assert points[0] == pytest.approx((start, velocity), abs=1e-3)
    assert points[-1] == pytest.approx((goal, 0.0), abs=1e-3)
    assert profile.at(profile.duration_s + 1) == (goal, 0.0)
    assert all(abs(v) <= max(limit, abs(velocity)) + 1e-6 for _, v in points)
    step_s = profile.duration_s / (len(points) - 1)
    for (_, before), (_, after) in itertools.pairwise(points):
        assert abs(after - before) <= acceleration * step_s * (1 + 1e-6) + 1e-3


@given(ticks, velocities, ticks, fastest, accelerations)
def test_position_and_velocity_of_a_profile_agree(
    start: int, velocity: float, goal: int, limit: float, acceleration: float
) -> None:
    check_is_smooth(velocity_profile(start, velocity, goal, limit, acceleration))


@given(ticks, ticks, fastest)
def test_without_acceleration_it_is_a_rectangle(start: int, goal: int, limit: float) -> None:
    profile = velocity_profile(start, 0.0, goal, limit, 0.0)
    assert profile.kind == ProfileKind.RECTANGLE
    assert profile.duration_s == pytest.approx(abs(goal - start) / limit)
    assert all(abs(v) == pytest.approx(limit) for _, v in samples(profile)[:-1] if goal != start)
    assert profile.at(profile.duration_s) == (goal, 0.0)


def test_trapezoid_where_the_velocity_is_reached_and_triangle_where_it_is_not() -> None:
    trapezoid = velocity_profile(0, 0, 1000, 500, 1000)
    assert (trapezoid.kind, trapezoid.duration_s) == (ProfileKind.TRAPEZOID, pytest.approx(2.5))
    triangle = velocity_profile(0, 0, -100, 500, 1000)
    assert triangle.kind == ProfileKind.TRIANGLE
    assert triangle.duration_s == pytest.approx(2 * math.sqrt(0.1))
    assert triangle.at(triangle.duration_s / 2)[0] == pytest.approx(-50)


@given(ticks, velocities, ticks, spans_s, st.floats(0, 33))
def test_a_timed_profile_takes_its_time_and_ends_at_rest_at_the_goal(
    start: int, velocity: float, goal: int, span_s: float, accelerate_s: float
) -> None:
    profile = timed_profile(start, velocity, goal, span_s, accelerate_s)
    assert profile.duration_s == pytest.approx(span_s)
    assert profile.accelerate_s <= span_s / 2
    assert profile.at(span_s * (1 + 1e-9)) == pytest.approx((goal, 0.0), abs=0.1)
    check_is_smooth(profile)


@pytest.mark.parametrize(
    ("accelerate_s", "kind"),
    [(0, ProfileKind.RECTANGLE), (0.3, ProfileKind.TRAPEZOID), (0.5, ProfileKind.TRIANGLE)],
)
def test_the_shape_of_a_timed_profile_follows_from_its_times(
    accelerate_s: float, kind: ProfileKind
) -> None:
    profile = timed_profile(100, 0, 1100, 1.0, accelerate_s)
    assert profile.kind == kind
    assert profile.at(0.5)[0] == pytest.approx(600)
    assert profile.peak_velocity == pytest.approx(1000 / (1 - accelerate_s))
