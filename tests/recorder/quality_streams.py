"""Streams of an episode in which nothing is wrong, made from numbers alone, to plant faults in.

Two arms that move all the time but for half a second at either end, a camera as fast as the ticks
and one at 30 Hz that is out of step with them, both with a way to go and with jitter.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from recorder.checks.finding import Finding
from recorder.checks.kinds import Kind
from recorder.checks.streams import Array, PictureNumbers, Streams
from recorder.limits import QualityLimits
from recorder.quality import judge
from teleop.joints import BUS_NAMES, DOF, JOINT_NAMES, SERVOS_PER_ARM

STEPS = 600
FPS = 50
PERIOD_NS = 20_000_000
FIRST_TICK = 5000
LAG = 3
STILL = 25
FAST, SLOW = "cam_high", "cam_wrist"
RATES_HZ = (50.0, 30.0)
WAYS_MS = (4.0, 25.0)
JITTER_MS = 1.0


def clean(
    steps: int = STEPS,
    seed: int = 0,
    rates_hz: tuple[float, ...] = RATES_HZ,
    ways_ms: tuple[float, ...] = WAYS_MS,
    taken_s: Mapping[int, Array] | None = None,
    jitter_ms: float = JITTER_MS,
    **changes: Any,
) -> Streams:
    """An episode without a fault; `changes` go before what is usual here.

    Args:
        ways_ms: what pictures need from capture to arrival, a camera each.
        taken_s: by camera, when its pictures are really taken, since the first tick; without it as
            its rate says.
        jitter_ms: of that way; pictures come in their order though.
    """
    rng = np.random.default_rng(seed)
    tick_ns = (FIRST_TICK + np.arange(steps)) * PERIOD_NS
    taken_s = {**_on_time(tick_ns, rates_hz), **(taken_s or {})}
    action, qpos = _motion(steps, rng)
    usual: dict[str, Any] = {
        "fps": FPS,
        "joint_names": JOINT_NAMES,
        "bus_names": BUS_NAMES,
        "camera_names": (FAST, SLOW),
        "camera_rate_hz": rates_hz,
        "effort_limit": np.full(DOF, 1150.0),
        "tick": FIRST_TICK + np.arange(steps),
        "step": np.arange(steps),
        "tick_ns": tick_ns + rng.integers(0, 300_000, steps),
        "deadline_ns": tick_ns,
        "qpos": qpos.astype("f4"),
        "qvel": np.gradient(qpos, axis=0).astype("f4") * FPS if steps > 1 else qpos * 0,
        "effort": rng.normal(0, 200, (steps, DOF)).astype("f4"),
        "action": action.astype("f4"),
        "limited": np.zeros((steps, DOF), "u1"),
        **_buses(steps),
        **_pictures(tick_ns, rates_hz, ways_ms, taken_s, jitter_ms, rng),
    }
    return Streams(**{**usual, **changes})


def _motion(steps: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Actions, and positions that follow LAG ticks later; grippers open and close."""
    moving = np.clip(np.arange(steps) - STILL, 0, max(steps - 2 * STILL, 0))
    phases = moving[:, None] / FPS * np.linspace(1.0, 2.0, DOF)
    action = 0.4 * np.sin(phases)
    action[:, 6::7] = 0.5 - 0.4 * np.cos(phases[:, 6::7])
    late = np.maximum(np.arange(steps) - LAG, 0)
    return action, action[late] + rng.uniform(-0.001, 0.001, action.shape)


def _buses(steps: int) -> dict[str, Array]:
    buses = len(BUS_NAMES)
    seconds = np.arange(0, steps, FPS)
    return {
        "held": np.zeros((steps, buses, SERVOS_PER_ARM), "u1"),
        "servo_error": np.zeros((steps, buses, SERVOS_PER_ARM), "u1"),
        "lost": np.full((steps, buses), 7, "u4"),
        "retries": np.full((steps, buses), 9, "u4"),
        "rejected": np.full((steps, buses), 1, "u4"),
        "connected": np.ones((steps, buses), "u1"),
        "second_step": seconds,
        "hardware_error": np.zeros((len(seconds), buses, SERVOS_PER_ARM), "u1"),
    }


def every(rate_hz: float, start_s: float = -1.0, end_s: float = 3600.0) -> Array:
    """Times of pictures at a constant rate."""
    return np.arange(start_s, min(end_s, STEPS / FPS + 1), 1 / rate_hz)


def _on_time(tick_ns: Array, rates_hz: tuple[float, ...]) -> dict[int, Array]:
    """When cameras take their pictures that keep their rates, out of step with the ticks."""
    length_s = float(tick_ns[-1] - tick_ns[0]) / 1e9
    return {
        camera: (np.arange(-10, length_s * rate_hz + 1) + 1 / 3) / rate_hz
        for camera, rate_hz in enumerate(rates_hz)
    }


def _pictures(
    tick_ns: Array,
    rates_hz: tuple[float, ...],
    ways_ms: tuple[float, ...],
    taken_s: Mapping[int, Array],
    jitter_ms: float,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """What the recorder takes of cameras: of each the newest picture that has arrived."""
    steps, cameras = len(tick_ns), len(rates_hz)
    numbers = np.zeros((steps, cameras), "i8")
    capture_ns, arrival_ns = np.zeros_like(numbers), np.zeros_like(numbers)
    for camera, way_ms in enumerate(ways_ms):
        taken_ns = tick_ns[0] + np.rint(taken_s[camera] * 1e9).astype("i8")
        jitter_ns = np.abs(rng.normal(0, jitter_ms * 1e6, len(taken_ns))).astype("i8")
        arrived_ns = np.maximum.accumulate(taken_ns + round(way_ms * 1e6) + jitter_ns)
        newest = np.searchsorted(arrived_ns, tick_ns, side="right") - 1
        numbers[:, camera] = newest
        capture_ns[:, camera], arrival_ns[:, camera] = taken_ns[newest], arrived_ns[newest]
    return frames(tick_ns, numbers, capture_ns, arrival_ns, rates_hz) | {
        "frame_dropped": np.zeros(steps, "u1"),
        "undecodable": np.zeros((steps, cameras), bool),
        "pictures": PictureNumbers(
            brightness=rng.normal(120, 3, (steps, cameras)).astype("f4"),
            clipped=np.full((steps, cameras), 0.01, "f4"),
            sharpness=rng.normal(600, 60, (steps, cameras)).astype("f4"),
        ),
    }


def frames(
    tick_ns: Array,
    numbers: Array,
    capture_ns: Array,
    arrival_ns: Array,
    rates_hz: tuple[float, ...],
) -> dict[str, Any]:
    """The columns of pictures with these numbers and stamps (T, C), judged as the recorder does."""
    periods_ns = 1e9 / np.array(rates_hz)
    return {
        "frame_number": numbers,
        "frame_capture_ns": capture_ns,
        "frame_arrival_ns": arrival_ns,
        "frame_stale": (tick_ns[:, None] - capture_ns > 2 * periods_ns).astype("u1"),
        "frame_missing": np.zeros(numbers.shape, "u1"),
        "frame_crc32": (numbers * 2654435761 % 2**32).astype("u4"),
        "frame_skew_ns": np.ptp(capture_ns, axis=1),
    }


def stamped_on_arrival(streams: Streams) -> Streams:
    """As a camera's pictures are that does not tell when it takes them."""
    arrival_ns = streams.frame_arrival_ns
    shown = frames(
        streams.tick_ns, streams.frame_number, arrival_ns, arrival_ns, streams.camera_rate_hz
    )
    return replace(streams, **shown)


def put(values: Array, index: Any, value: Any) -> Array:
    """A copy with another value there."""
    changed = values.copy()
    changed[index] = value
    return changed


def found(streams: Streams, limits: QualityLimits | None = None) -> list[Finding]:
    """All findings."""
    return list(judge(streams, limits or QualityLimits()).findings)


def only(streams: Streams, kind: Kind, limits: QualityLimits | None = None) -> Finding:
    """The finding, if it is the only one, and of that kind."""
    (finding,) = found(streams, limits)
    assert finding.check == kind
    return finding
