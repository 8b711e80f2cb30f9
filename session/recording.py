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


def why_not_start(status: Record, cameras: Sequence[CameraConfig]) -> str:
    """Why no episode may begin although the recorder is ready; "" if one may."""
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


def why_stop(status: Record, cameras: Sequence[CameraConfig], policy: CameraPolicy) -> str:
    """Why the episode that is recorded must not go on; "" if it may."""
    if status["disk_stop"]:
        return "The disk is nearly full: what is recorded still fits, more would not."
    if policy.on_loss == "mark":
        return ""
    lost = [
        camera.name
        for camera, silent_ns in zip(cameras, status["camera_silent_ns"], strict=False)
        if silent_ns == NONE or silent_ns > policy.pause_after_s * NS_PER_S
    ]
    if not lost:
        return ""
    return f"No picture from {', '.join(lost)} for {policy.pause_after_s:g} s."
