"""How recording does, in the words of the progress line: the recorder's status as a value."""

from dataclasses import dataclass
from typing import Final

from recorder.cameras.camera import CameraState
from recorder.durations import in_words
from recorder.status import NONE, Verdict
from teleop.ring import Record

BUSY_SHARE: Final = 0.25
"""Of the encoders' queue: from there on it is shown."""


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera. `rate_hz`: as it arrives, NaN while unknown; `silent_s`: None: no frame yet."""

    name: str
    state: CameraState
    rate_hz: float
    silent_s: float | None


@dataclass(frozen=True, slots=True)
class RecordingView:
    """What the recorder says at one moment.

    Attributes:
        skew_ms: between the cameras' pictures in the newest step; None while unknown.
        queue, room: steps that wait for their JPEGs, and how many may.
        disk_left_s: of recording.
        last_saved: number and verdict of the newest file; None before the first.
    """

    cameras: tuple[CameraView, ...]
    skew_ms: float | None
    queue: int
    room: int
    dropped: int
    disk_left_s: float
    last_saved: tuple[int, Verdict] | None


def recording_of(status: Record) -> RecordingView:
    """The view of a record of `recorder.status.STATUS_DTYPE`."""
    skew_ns, saved = int(status["skew_ns"]), int(status["last_saved_episode"])
    return RecordingView(
        cameras=tuple(_camera(status, index) for index in range(int(status["cameras"]))),
        skew_ms=None if skew_ns == NONE else skew_ns * 1e-6,
        queue=int(status["encode_queue"]),
        room=int(status["encode_room"]),
        dropped=int(status["dropped_steps"]),
        disk_left_s=float(status["disk_left_s"]),
        last_saved=None if saved == NONE else (saved, Verdict(int(status["last_saved_verdict"]))),
    )


def recording_parts(view: RecordingView) -> list[str]:
    """The parts of the line: trouble first, as a narrow terminal cuts off what is last; rates and
    disk always, the rest where there is something to say."""
    parts = [
        f"{each.name} {each.state.name} {_silence(each)}".rstrip()
        for each in view.cameras
        if each.state is not CameraState.LIVE
    ]
    if view.queue > BUSY_SHARE * view.room:
        parts.append(f"encoding behind {view.queue}/{view.room}")
    if view.dropped:
        parts.append(f"{view.dropped} steps without pictures of their own")
    if view.cameras:
        rates = list(map(_rate, view.cameras))
        parts.append(f"cameras {' '.join(rates if len(set(rates)) > 1 else rates[:1])} Hz")
    if view.skew_ms:
        parts.append(f"skew {view.skew_ms:.0f} ms")
    if view.room:
        parts.append(f"disk {in_words(view.disk_left_s)}")
    if view.last_saved is not None and view.last_saved[1] is not Verdict.UNKNOWN:
        number, verdict = view.last_saved
        parts.append(f"last: {number} {verdict.name.lower()}")
    return parts


def _camera(status: Record, index: int) -> CameraView:
    silent_ns = int(status["camera_silent_ns"][index])
    return CameraView(
        name=status["camera_name"][index].decode(errors="replace"),
        state=CameraState(int(status["camera_state"][index])),
        rate_hz=float(status["camera_rate_hz"][index]),
        silent_s=None if silent_ns == NONE else silent_ns * 1e-9,
    )


def _rate(camera: CameraView) -> str:
    live = camera.state is CameraState.LIVE and camera.rate_hz > 0
    return f"{camera.rate_hz:.0f}" if live else "-"


def _silence(camera: CameraView) -> str:
    return "" if camera.silent_s is None else in_words(camera.silent_s)
