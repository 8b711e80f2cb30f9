"""What the recorder's status says about starting an episode, and about going on with one. Pure."""

from collections.abc import Sequence
from typing import Final

from recorder.cameras.camera import CameraState
from recorder.config import CameraConfig
from recorder.durations import in_words
from recorder.status import NONE
from session.config import CameraPolicy
from teleop.ring import Record

NS_PER_S: Final = 1_000_000_000
UNHEARD_S: Final = 3.0
"""Of a recorder that tells 25 times a second what it does: so long a disk may stall it. Nothing is
lost meanwhile but pictures."""
LEAST_PERIODS: Final = 3
"""Of a very slow camera, before it counts as lost."""


def why_not_start(status: Record, cameras: Sequence[CameraConfig], now_ns: int) -> str:
    """Why no episode may begin although the recorder is ready; "" if one may.

    Args:
        status: of the recorder (STATUS_DTYPE).
        now_ns: CLOCK_MONOTONIC.
    """
    if unheard := _unheard(status, now_ns):
        return unheard
    dark = [
        camera.name
        for camera, state in zip(cameras, status["camera_state"], strict=False)
        if state != CameraState.LIVE
    ]
    if dark:
        return (
            f"No picture from {', '.join(dark)}: see to cable and power. No episode starts before "
            "every camera gives pictures."
        )
    if status["disk_low"]:
        return (
            f"The disk has room for {in_words(float(status['disk_left_s']))} more: too little for "
            "a whole episode. Make room."
        )
    return ""


def why_stop(
    status: Record, cameras: Sequence[CameraConfig], policy: CameraPolicy, now_ns: int | None
) -> str:
    """Why the episode that is recorded must not go on; "" if it may.

    Args:
        now_ns: CLOCK_MONOTONIC; None in lock-step, where the world waits for the recorder.
    """
    if now_ns is not None and (unheard := _unheard(status, now_ns)):
        return unheard
    if status["disk_stop"]:
        return "The disk is nearly full: what is recorded still fits, more would not."
    if policy.on_loss == "mark":
        return ""
    lost = [
        camera.name
        for camera, silent_ns in zip(cameras, status["camera_silent_ns"], strict=False)
        if silent_ns == NONE or silent_ns > _patience_ns(camera, policy)
    ]
    if not lost:
        return ""
    return f"No picture from {', '.join(lost)} for {policy.pause_after_s:g} s."


def _unheard(status: Record, now_ns: int) -> str:
    silent_s = (now_ns - int(status["heartbeat_ns"])) / NS_PER_S
    return "The recorder is not heard of." if silent_s > UNHEARD_S else ""


def _patience_ns(camera: CameraConfig, policy: CameraPolicy) -> float:
    return max(policy.pause_after_s * NS_PER_S, LEAST_PERIODS * camera.period_ns)
