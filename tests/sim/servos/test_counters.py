"""What a bus counts of its replies is what a host misses of them."""

from collections.abc import Iterator

import pytest
from bus_host import IDS, Host

from sim.config import WireConfig
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from teleop.packets import StatusParser

MS = 1_000_000
NOISE = bytes(range(1, 9))


@pytest.fixture
def host() -> Iterator[Host]:
    """A line with wire time and 1 ms of latency: replies arrive in pieces of 62 bytes."""
    host = Host(ServoBus(aloha_servos("follower"), wire=WireConfig(True, 1.0)))
    yield host
    host.close()


@pytest.mark.parametrize(
    ("at_ms", "spoilt"),
    [(0.1, 0), (0.9, 1), (1.5, 1), (2.2, 1), (3.5, 0)],
    ids=["before", "in the third", "in the sixth", "in the last", "after"],
)
def test_noise_that_falls_into_a_reply_spoils_that_one(
    host: Host, at_ms: float, spoilt: int
) -> None:
    """Pieces end within the third (62) and sixth (124) reply of 21 bytes, and the ninth (186)."""
    heard = host.sync_read(126, 10, IDS)
    heard += host.later(round(at_ms * MS))
    host.bus.say(NOISE)
    heard += host.receive() + host.later(10 * MS)
    assert len(StatusParser().feed(heard)) == len(IDS) - spoilt
    counters = host.bus.counters
    assert (counters.replies, counters.spoilt_replies) == (len(IDS), spoilt)
    assert (counters.noise_bursts, counters.lost_replies) == (1, 0)


def test_every_reply_of_a_fault_is_counted_once(host: Host) -> None:
    whole = {1: [], 2: [5], 3: [-3], 4: [0, 0]}

    def disturb(servo_id: int, packet: bytes, now_ns: int) -> list[tuple[int, bytes]]:
        cuts = whole.get(servo_id, [0])
        return [(0, packet[cut:] if cut >= 0 else packet[:cut]) for cut in cuts]

    host.bus.disturb = disturb
    heard = host.sync_read(126, 10, IDS) + host.later(20 * MS)
    answered = [status.servo_id for status in StatusParser().feed(heard)]
    assert answered == [4, 4, 5, 6, 7, 8, 9]
    counters = host.bus.counters
    assert (counters.replies, counters.lost_replies, counters.spoilt_replies) == (9, 1, 2)
