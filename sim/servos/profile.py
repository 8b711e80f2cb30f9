"""A servo's motion profile: where its set-point is between an old goal and a new one.

Pure arithmetic in ticks and seconds. A profile accelerates evenly from the velocity it starts with
to a peak, keeps that, and brakes evenly to a stop at the goal (e-manual, profile velocity 112). A
profile that starts at speed goes on from there: the manual's velocity override.
"""

import math
from dataclasses import dataclass
from enum import IntEnum


class ProfileKind(IntEnum):
    """Bits 5 and 4 of moving status (123)."""

    NONE = 0x00
    RECTANGLE = 0x10
    TRIANGLE = 0x20
    TRAPEZOID = 0x30


@dataclass(frozen=True, slots=True)
class Profile:
    """One move. Positions in ticks, velocities in ticks/s, both signed."""

    kind: ProfileKind
    start: float
    start_velocity: float
    peak_velocity: float
    goal: float
    accelerate_s: float
    cruise_s: float
    brake_s: float

    @property
    def duration_s(self) -> float:
        """From start to standstill at the goal."""
        return self.accelerate_s + self.cruise_s + self.brake_s

    def at(self, elapsed_s: float) -> tuple[float, float]:
        """Position and velocity at a time since the start; at rest at the goal after the end."""
        left_s = self.duration_s - elapsed_s
        if left_s <= 0:
            return self.goal, 0.0
        if left_s < self.brake_s:
            velocity = self.peak_velocity * left_s / self.brake_s
            return self.goal - velocity * left_s / 2, velocity
        if elapsed_s >= self.accelerate_s:
            braking = self.peak_velocity * self.brake_s / 2
            return (
                self.goal - braking - self.peak_velocity * (left_s - self.brake_s),
                self.peak_velocity,
            )
        gained = (self.peak_velocity - self.start_velocity) * elapsed_s / self.accelerate_s
        velocity = self.start_velocity + gained
        return self.start + (self.start_velocity + velocity) * elapsed_s / 2, velocity


def velocity_profile(
    start: float, velocity: float, goal: float, fastest: float, acceleration: float
) -> Profile:
    """The quickest move that keeps to a velocity and an acceleration.

    Args:
        velocity: what it starts with; one above `fastest` is braked to it first.
        fastest: ticks/s, above 0.
        acceleration: ticks/s^2; 0 is infinite and makes a rectangle.
    """
    distance = goal - start
    if acceleration == 0:
        peak = math.copysign(fastest, distance)
        cruise_s = abs(distance) / fastest
        return Profile(ProfileKind.RECTANGLE, start, peak, peak, goal, 0.0, cruise_s, 0.0)
    stopping = velocity * abs(velocity) / (2 * acceleration)
    direction = -1.0 if distance < stopping else 1.0
    along, speed = direction * distance, direction * velocity
    reachable = math.sqrt(max(0.0, acceleration * along + speed * speed / 2))
    peak = min(fastest, reachable)
    accelerate_s = abs(peak - speed) / acceleration
    brake_s = peak / acceleration
    spent = (peak + speed) / 2 * accelerate_s + peak / 2 * brake_s
    cruise_s = max(0.0, along - spent) / peak if peak == fastest else 0.0
    return Profile(
        ProfileKind.TRAPEZOID if peak == fastest else ProfileKind.TRIANGLE,
        start,
        velocity,
        direction * peak,
        goal,
        accelerate_s,
        cruise_s,
        brake_s,
    )


def timed_profile(
    start: float, velocity: float, goal: float, span_s: float, accelerate_s: float
) -> Profile:
    """The move that takes `span_s`, above 0, of which `accelerate_s` at either end.

    Half of the span is the most that accelerating can take: then the profile is a triangle.
    """
    accelerate_s = min(accelerate_s, span_s / 2)
    peak = (goal - start - velocity * accelerate_s / 2) / (span_s - accelerate_s)
    cruise_s = span_s - 2 * accelerate_s
    if accelerate_s == 0:
        kind = ProfileKind.RECTANGLE
    else:
        kind = ProfileKind.TRAPEZOID if cruise_s > 0 else ProfileKind.TRIANGLE
    return Profile(kind, start, velocity, peak, goal, accelerate_s, cruise_s, accelerate_s)
