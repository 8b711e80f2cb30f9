"""What a frame of the RealSense library becomes: an image of our own, with its stamps."""

import time

import numpy as np

from recorder.cameras.camera import UNKNOWN, Image
from recorder.cameras.realsense_sdk import StreamFrame, sdk
from recorder.cameras.realsense_stamps import Domain, Stamps, capture_ns, sensor_ns
from recorder.cameras.source import Grab


def grab(frame: StreamFrame, exposure_unit_us: int) -> Grab:
    """A copy of the image, which needs the frame no more: the library has few places for them.

    Args:
        exposure_unit_us: of the exposure in the metadata; 0 if that tells nothing true.
    """
    image: Image = np.array(frame.get_data(), dtype=np.uint8)
    stamps = _stamps_of(frame)
    wall_ns, arrival_ns = time.time_ns(), time.monotonic_ns()
    told = _told(frame, "actual_exposure") if exposure_unit_us else UNKNOWN
    return Grab(
        image=image,
        number=frame.get_frame_number(),
        capture_ns=capture_ns(stamps, arrival_ns, wall_ns),
        arrival_ns=arrival_ns,
        sensor_ns=sensor_ns(stamps),
        exposure_us=UNKNOWN if told == UNKNOWN else told * exposure_unit_us,
    )


def domain_of(frame: StreamFrame) -> Domain:
    """Which clock its timestamp is of."""
    domains = sdk().timestamp_domain
    domain = frame.get_frame_timestamp_domain()
    if domain == domains.global_time:
        return Domain.GLOBAL
    return Domain.SYSTEM if domain == domains.system_time else Domain.HARDWARE


def _stamps_of(frame: StreamFrame) -> Stamps:
    return Stamps(
        timestamp_ms=frame.get_timestamp(),
        domain=domain_of(frame),
        frame_us=_told(frame, "frame_timestamp"),
        sensor_us=_told(frame, "sensor_timestamp"),
        received_ms=_told(frame, "time_of_arrival"),
    )


def _told(frame: StreamFrame, what: str) -> int:
    """One entry of the frame's metadata, rs.frame_metadata_value; UNKNOWN where it has none."""
    key = getattr(sdk().frame_metadata_value, what)
    return int(frame.get_frame_metadata(key)) if frame.supports_frame_metadata(key) else UNKNOWN
