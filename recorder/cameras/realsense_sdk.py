"""The RealSense library (pyrealsense2): how it is loaded, and what it finds plugged in.

It is imported when a RealSense is asked for, not before, and by nobody else. It is untyped: what it
gives is `Any` under the names below. It writes no log of its own accord; ``LRS_LOG_LEVEL=debug`` in
the environment makes it write one, into a file in the working folder.
"""

import contextlib
import ctypes
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from recorder.errors import CameraError

Context = Any
"""rs.context: what sees the devices of one host."""
Device = Any
"""rs.device: talks to one camera; making one asks the camera itself, which takes a while."""
Sensor = Any
"""rs.sensor: a part of a device that has streams and options of its own."""
StreamFrame = Any
"""rs.frame: one image, in the library's memory, until the last reference to it goes."""


@cache
def sdk() -> Any:
    """The module pyrealsense2.

    It needs libusb-1.0; the one that comes with the package libusb-package is there first, so that
    the system needs none.

    Raises:
        CameraError: it is not installed, or does not load.
    """
    with contextlib.suppress(ImportError, OSError):
        path = import_module("libusb_package").get_library_path()
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    try:
        return import_module("pyrealsense2")
    except ImportError as error:
        raise CameraError(
            f"The RealSense library pyrealsense2 does not load ({error}): run scripts/install "
            "again, or install pyrealsense2 and the system's libusb-1.0-0."
        ) from None


@cache
def shared_context() -> Context:
    """One for the process: each has a thread that looks for devices. See `sdk` for errors."""
    return sdk().context()


def devices_of(context: Context) -> Iterator[Device | str]:
    """Every RealSense of `context`, or why it cannot be asked.

    Asks each camera itself: some tenths of a second each, with the interpreter's lock held.
    """
    plugged = context.query_devices()
    for index in range(len(plugged)):
        try:
            device = plugged[index]
            info(device, "serial_number")
        except RuntimeError as error:
            yield str(error)
        else:
            yield device


def info(device: Device, what: str) -> str:
    """One entry of rs.camera_info, e.g. "serial_number"; "" where the device does not tell."""
    key = getattr(sdk().camera_info, what)
    return str(device.get_info(key)) if device.supports(key) else ""
