"""A camera that is plugged in, as a search for devices finds it."""

from dataclasses import dataclass

from recorder.config import CameraKind


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """One device; it was not opened, or only to ask what it is.

    Attributes:
        identity: what a rig file names it by: `serial` of a RealSense, `device` of a webcam.
        name: what it calls itself.
        modes: what it delivers in colour, e.g. "640x480@60"; empty where it does not tell.
        usb: how it is connected, e.g. "3.2", "2.1"; "" if unknown.
        fault: why it cannot be used, a sentence; "" if nothing is known against it.
    """

    kind: CameraKind
    identity: str
    name: str = ""
    firmware: str = ""
    usb: str = ""
    modes: tuple[str, ...] = ()
    fault: str = ""
