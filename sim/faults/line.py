"""What scripted faults do to the bytes that servos send: lost, cut, spoilt, doubled, late, noise.

Noise and flipped bits may hit any byte, headers and lengths included, as on a real line. The answer
to a fast read is one packet of several servos: a fault of any one of them spoils it whole.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

from sim.faults.script import Fault, Kind
from sim.servos.packets import BROADCAST_ID

Sent = list[tuple[int, bytes]]
"""What goes out for a packet: extra delay (ns) and bytes."""


class LineFaults:
    """The faults at work on one bus now: to be its `disturb`.

    Args:
        faults: in the order of the file, each with the source of its chances.
    """

    def __init__(self, faults: Sequence[tuple[Fault, Random]]) -> None:
        self._faults = faults

    def __call__(self, servo_id: int, packet: bytes, now_ns: int) -> Sent:
        """What really goes out in place of a status packet."""
        sent: Sent = [(0, packet)]
        for fault, random in self._faults:
            hit = servo_id == BROADCAST_ID or fault.concerns(servo_id)
            if hit and random.random() < fault.share:
                spoil = LINE_KINDS[fault.kind]
                sent = [
                    (before_ns + delay_ns, data)
                    for before_ns, whole in sent
                    for delay_ns, data in spoil(fault, whole, random)
                ]
        return sent


def _lost(fault: Fault, packet: bytes, random: Random) -> Sent:
    return []


def _truncated(fault: Fault, packet: bytes, random: Random) -> Sent:
    return [(0, packet[: -fault.bytes])]


def _corrupted(fault: Fault, packet: bytes, random: Random) -> Sent:
    damaged = bytearray(packet)
    for at in random.sample(range(len(packet)), min(fault.bytes, len(packet))):
        damaged[at] ^= 1 << random.randrange(8)
    return [(0, bytes(damaged))]


def _duplicated(fault: Fault, packet: bytes, random: Random) -> Sent:
    return [(0, packet), (0, packet)]


def _late(fault: Fault, packet: bytes, random: Random) -> Sent:
    return [(round(fault.delay_ms * 1e6), packet)]


def _noise(fault: Fault, packet: bytes, random: Random) -> Sent:
    return [(0, random.randbytes(fault.bytes) + packet)]


LINE_KINDS: Final[Mapping[Kind, Callable[[Fault, bytes, Random], Sent]]] = {
    "lost": _lost,
    "truncated": _truncated,
    "corrupted": _corrupted,
    "duplicated": _duplicated,
    "late": _late,
    "noise": _noise,
}
