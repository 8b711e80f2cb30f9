"""Which pictures of a stream are old, from when they were read and how long that slept."""

import pytest

from recorder.cameras.live_edge import LiveEdge

MS = 1_000_000
PERIOD_NS = 20 * MS


def followed(edge: LiveEdge, from_ns: int, gaps_ms: list[float], slept: float) -> int:
    """Reads pictures after such gaps, of which that share was slept; the time of the last."""
    for gap_ms in gaps_ms:
        from_ns += round(gap_ms * MS)
        edge.arrived(from_ns, round(slept * gap_ms * MS))
    return from_ns


@pytest.mark.parametrize("period_ms", [5, 17, 20, 33, 59, 400])
def test_at_any_rate_its_pictures_are_new_and_its_period_is_learned(period_ms: int) -> None:
    edge = LiveEdge(PERIOD_NS, 0)
    now_ns = followed(edge, 0, [period_ms] * 20, 0.9)
    for _ in range(20):
        now_ns = followed(edge, now_ns, [period_ms], 0.9)
        assert not edge.behind
        assert edge.late_ns == 0
    assert edge.period_ns == period_ms * MS


def test_a_network_that_delivers_by_threes_costs_no_picture() -> None:
    edge, now_ns = LiveEdge(PERIOD_NS, 0), 0
    for gap_ms in (58, 1, 1) * 20:
        now_ns = followed(edge, now_ns, [gap_ms], 0.9)
        assert not edge.behind


def test_after_a_stop_pictures_are_old_until_one_had_to_be_waited_for() -> None:
    edge = LiveEdge(PERIOD_NS, 0)
    now_ns = followed(edge, 0, [20] * 20, 0.9)
    now_ns = followed(edge, now_ns, [1000], 1.0)  # stopped while it was waiting
    assert edge.late_ns == 980 * MS
    now_ns = followed(edge, now_ns, [3] * 20, 0.0)
    assert edge.behind
    assert edge.late_ns == 640 * MS
    followed(edge, now_ns, [3] * 38 + [15], 0.9)
    assert not edge.behind
    assert edge.late_ns == 0


def test_a_reader_that_never_has_to_wait_is_ever_later() -> None:
    edge = LiveEdge(PERIOD_NS, 0)
    followed(edge, 0, [30] * 20, 0.0)
    assert edge.behind
    assert edge.late_ns == 200 * MS


def test_after_a_freeze_of_the_camera_one_picture_is_in_doubt() -> None:
    edge = LiveEdge(PERIOD_NS, 0)
    now_ns = followed(edge, 0, [20] * 20 + [700], 1.0)
    assert edge.behind
    followed(edge, now_ns, [20], 0.9)
    assert edge.late_ns == 0
