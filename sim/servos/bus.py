"""An arm's emulated servo bus: half-duplex TTL behind a USB adapter, on a pseudo-terminal.

Bytes go both ways here; `sim.servos.instructions` has what servos do with an instruction, and
`sim.servos.wire` what the line and the adapter cost. Both say what is not simulated; beside that,
the echo some adapters give is not.
"""

from __future__ import annotations

import contextlib
import os
import tty
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sim.config import WireConfig
from sim.errors import SimError
from sim.servos.instructions import Reply, ServoChain
from sim.servos.packets import Instruction, InstructionParser
from sim.servos.servo import Servo
from sim.servos.wire import Delayed, Wire, line_baud

_READ_CHUNK: Final = 4096
_MAX_BACKLOG: Final = 65_536
"""Reply bytes kept for a host that does not read; past that, whole answers are dropped."""

Disturb = Callable[[int, bytes, int], Sequence[Delayed]]
"""Gets a status packet: (servo ID, bytes, now in ns); returns what really goes out, and how late.

A fast read's packet, which several servos make together, has ID 0xFE. What comes late holds up the
rest of the same answer.
"""


@dataclass(slots=True)
class BusCounters:
    """What a bus has seen since it was made.

    Attributes:
        packets: intact ones from the host.
        dropped_bytes: of replies that the host did not take.
        replies: status packets that servos have sent.
        lost_replies: of these, those that a fault let vanish.
        spoilt_replies: of these, those of which a fault left something, but not the whole packet in
            one piece.
        noise_bursts: times that noise reached the host, whatever else was under way then.
    """

    packets: int = 0
    crc_errors: int = 0
    junk_bytes: int = 0
    dropped_bytes: int = 0
    replies: int = 0
    lost_replies: int = 0
    spoilt_replies: int = 0
    noise_bursts: int = 0


class ServoBus:
    """One bus of servos on a pty. Single-threaded: poll `fileno()`, then call `service`.

    The host's side stays open here too, so that a host may come and go; only `unplug` makes it see
    a hang-up. Servos hear a host that has set its port to their line speed; a new pty has 38400.

    Attributes:
        port: the path a host opens: the pty, or `link` where one is given, which then leads to the
            present pty for as long as the adapter is plugged in, as udev's names do.
        disturb: a place for faults: what becomes of each status packet.
        heard_ns: when servos last heard an intact instruction, for their watchdogs; 0: never.
    """

    def __init__(
        self, servos: Sequence[Servo], *, wire: WireConfig | None = None, link: Path | None = None
    ) -> None:
        self.servos = tuple(servos)
        self.disturb: Disturb | None = None
        self.heard_ns = 0
        self._chain = ServoChain(self.servos)
        self._wire = Wire(wire or WireConfig())
        self._link = link
        self._counters = BusCounters()
        self._baud = 0
        self._parser = InstructionParser()
        self._backlog = bytearray()
        self._master = self._slave = -1
        self.plug()

    # ---- the plug -----------------------------------------------------------------------------

    def plug(self) -> None:
        """Connects the adapter to a new pty: `fileno()` changes, and `port` where it is no link.

        Raises:
            SimError: `link` is the name of something else.
        """
        self.unplug()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._pty = os.ttyname(self._slave)
        self.port = self._pty if self._link is None else str(self._link)
        if self._link is not None:
            _replace_link(self._link, self._pty)

    def unplug(self) -> None:
        """Pulls the adapter: the host sees a hang-up; the servos keep their state."""
        if self._master < 0:
            return
        if self._link is not None:
            _remove_link(self._link, self._pty)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        self._parser.forget()
        self._backlog.clear()
        self._wire.clear()

    def close(self) -> None:
        """Ends the bus. Harmless when repeated."""
        self.unplug()

    def fileno(self) -> int:
        """The descriptor to poll for instructions; -1 while unplugged."""
        return self._master

    @property
    def counters(self) -> BusCounters:
        """Totals so far."""
        parser = self._parser
        return replace(self._counters, crc_errors=parser.crc_errors, junk_bytes=parser.junk_bytes)

    # ---- instructions in, replies out ---------------------------------------------------------

    @property
    def due_ns(self) -> int | None:
        """When `service` must be called for replies that come later; None: none are under way."""
        return self._wire.due_ns

    def service(self, now_ns: int, *, drain: bool = True) -> int:
        """Answers every complete instruction that has arrived; returns how many packets that was.

        `now_ns` is the servos' time (boot times, `realtime_tick`, replies that are due). Never
        blocks: replies that the host does not take wait for the next call, up to a bound.

        Only with `drain` is it certain that nothing written before the call is left: the kernel
        hands bytes through a pty in the background, and a read that finds none waits for that.
        Whoever polls the descriptor anyway saves that read.
        """
        if self._master < 0:
            return 0
        handled = 0
        while data := self._receive():
            handled += self._hear(data, now_ns)
            if not drain:
                break
        if self._wire.due_ns is not None:
            self._backlog += self._wire.take(now_ns)
        self._flush()
        return handled

    def say(self, data: bytes) -> None:
        """Sends the host `data` now: noise on the line. Nobody hears it while unplugged."""
        if self._master >= 0 and self._has_room(len(data)):
            self._counters.noise_bursts += 1
            self._counters.spoilt_replies += self._wire.within_packet
            self._backlog += data
            self._flush()

    def _hear(self, data: bytes, now_ns: int) -> int:
        baud = line_baud(self._master)
        if baud != self._baud:  # what is left of a packet at another rate will never be one
            self._baud = baud
            self._parser.forget()
        self._wire.hear(len(data), baud, now_ns)
        packets = self._parser.feed(data)
        for packet in packets:
            if packet.intact:
                self._counters.packets += 1
                if packet.instruction != Instruction.STATUS and self._chain.hears(baud):
                    self.heard_ns = now_ns
            if replies := self._chain.execute(packet, baud, now_ns):
                self._answer(replies, now_ns)
        return len(packets)

    def _answer(self, replies: Sequence[Reply], now_ns: int) -> None:
        if not self._has_room(sum([len(reply.packet) for reply in replies])):
            return
        self._counters.replies += len(replies)
        if self.disturb is not None:
            self._wire.send((reply.delay_ns, self._disturbed(reply, now_ns)) for reply in replies)
        elif self._wire.instant:
            self._backlog += b"".join([reply.packet for reply in replies])
        else:
            self._wire.send((reply.delay_ns, [(0, reply.packet)]) for reply in replies)

    def _disturbed(self, reply: Reply, now_ns: int) -> Sequence[Delayed]:
        """What goes out in place of a reply, counted where that is not the whole of it."""
        if self.disturb is None:  # what disturbed the replies before has had enough
            return [(0, reply.packet)]
        parts = self.disturb(reply.servo_id, reply.packet, now_ns)
        sent = b"".join([data for _, data in parts])
        if not sent:
            self._counters.lost_replies += 1
        elif reply.packet not in sent:
            self._counters.spoilt_replies += 1
        return parts

    def _has_room(self, size: int) -> bool:
        """Whether so much more may wait for the host; counts it as dropped where not."""
        if len(self._backlog) + self._wire.waiting_bytes + size <= _MAX_BACKLOG:
            return True
        self._counters.dropped_bytes += size
        return False

    def _receive(self) -> bytes:
        try:
            return os.read(self._master, _READ_CHUNK)
        except BlockingIOError:
            return b""

    def _flush(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._backlog:
                sent = os.write(self._master, self._backlog)
                del self._backlog[:sent]


def _replace_link(link: Path, target: str) -> None:
    """Has `link` lead to `target` at once, whatever link a dead process left there."""
    if link.exists() and not link.is_symlink():
        raise SimError(f"{link} is in the way of a port's name: move it elsewhere.")
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)


def _remove_link(link: Path, target: str) -> None:
    with contextlib.suppress(OSError):
        if os.readlink(link) == target:
            link.unlink()
