"""RealSense time stamps: what becomes of every domain, and of stamps that cannot be true."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.cameras.camera import UNKNOWN
from recorder.cameras.realsense_stamps import (
    OLDEST_NS,
    Domain,
    Stamps,
    capture_ns,
    clock_of,
    sensor_ns,
)

ARRIVAL_NS = 5_000_000_000_000
WALL_NS = 1_800_000_000_000_000_000
"""The wall clock at the arrival."""
FINE_NS = 1000
"""A double holds milliseconds since 1970 to less than a microsecond."""


def ago_ms(age_ms: float) -> float:
    return WALL_NS / 1e6 - age_ms


@given(
    st.builds(
        Stamps,
        timestamp_ms=st.floats(0.0, 4e12),
        domain=st.sampled_from(Domain),
        frame_us=st.integers(UNKNOWN, 1 << 33),
        sensor_us=st.integers(UNKNOWN, 1 << 33),
        received_ms=st.integers(UNKNOWN, 4 * 10**12),
    )
)
def test_no_stamp_gives_a_capture_that_cannot_be(stamps: Stamps) -> None:
    assert ARRIVAL_NS - OLDEST_NS <= capture_ns(stamps, ARRIVAL_NS, WALL_NS) <= ARRIVAL_NS


def test_global_time_is_brought_to_the_middle_of_the_exposure() -> None:
    stamps = Stamps(ago_ms(9.0), Domain.GLOBAL, frame_us=70_000, sensor_us=66_000)
    assert abs(capture_ns(stamps, ARRIVAL_NS, WALL_NS) - (ARRIVAL_NS - 13_000_000)) < FINE_NS
    assert sensor_ns(stamps) == 66_000_000


def test_a_difference_that_is_no_exposure_is_left_out() -> None:
    for sensor_us in (71_000, 70_000 - 300_000):
        stamps = Stamps(ago_ms(9.0), Domain.GLOBAL, frame_us=70_000, sensor_us=sensor_us)
        assert abs(capture_ns(stamps, ARRIVAL_NS, WALL_NS) - (ARRIVAL_NS - 9_000_000)) < FINE_NS


def test_where_global_time_errs_the_arrival_in_the_library_is_taken() -> None:
    """Into the future, and by a turn of the device's 32-bit clock."""
    for age_ms in (-3.0, 4_294_967.0):
        stamps = Stamps(ago_ms(age_ms), Domain.GLOBAL, received_ms=round(ago_ms(2.0)))
        assert abs(capture_ns(stamps, ARRIVAL_NS, WALL_NS) - (ARRIVAL_NS - 2_000_000)) <= 1_000_000


def test_a_hardware_clock_is_kept_as_it_is_and_compared_with_nothing() -> None:
    stamps = Stamps(123.456, Domain.HARDWARE)
    assert capture_ns(stamps, ARRIVAL_NS, WALL_NS) == ARRIVAL_NS
    assert sensor_ns(stamps) == 123_456_000
    assert sensor_ns(Stamps(ago_ms(1.0), Domain.SYSTEM)) == UNKNOWN


def test_only_global_time_tells_of_the_device() -> None:
    assert {domain: clock_of(domain) for domain in Domain} == {
        Domain.GLOBAL: "device",
        Domain.SYSTEM: "arrival",
        Domain.HARDWARE: "arrival",
    }
