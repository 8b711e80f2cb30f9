"""A session as records for other programs: one JSON object a line on standard output.

status   once a second and when the phase changes: `now_s` (CLOCK_MONOTONIC), `session`, `loop`,
         `arms`, `recording`, `takes`, as `tui.facts.facts` has them
take     a take is new, or has changed: as `TakeFacts`
message  the session says something, or the display does: `level` (info, warning, error), `text`,
         `time` (of the day, HH:MM:SS)
ended    last of all: `status` (the exit status), `text`

Units are in the fields' names: `_s`, `_ms`, `_hz`, `_mb`, `mb_s`, `_v`, `_degc`; the others are
counts, shares (0-1), or as `JointFacts` says. `loop` has `late_edges_ms` besides: where the bins of
`histogram` begin. Enums are their names in lower case; what is unknown, or no finite number, is
null; a part that is not there yet (`loop`, `arms`, `recording`) is null.

Lines on standard input are requests for the session, as `session.requests` has them:
``{"op": "discard"}``. Its end means nothing: the session goes on.
"""

import dataclasses
import json
import math
import os
import select
import sys
import time
from enum import Enum
from typing import Any, Final, TextIO

from session.status import Phase
from tui.facts.facts import Facts, Message
from tui.facts.loop import LATE_EDGES_MS
from tui.facts.viewer import Viewer
from tui.link import Ended, Link
from tui.plain.interrupts import Interrupts, to_its_end
from tui.plain.news import News

PERIOD_S: Final = 1.0
LOOK_S: Final = 0.1
READ_BYTES: Final = 4096
NO_REQUEST: Final = 'Not a request: {line!r}. Write one JSON object a line: {{"op": "hold"}}.'
DEAF: Final = "The session does not listen: the request was not sent."
LONGEST: Final = 4096
"""Bytes of a request: what it becomes on the session's socket must fit into one message."""
TOO_LONG: Final = f"A request of more than {LONGEST} bytes is none."


class JsonLines:
    """Shows one session until it ends.

    Args:
        requests: file descriptor of the requests' lines; None: there are none.
    """

    def __init__(
        self, link: Link, viewer: Viewer, out: TextIO = sys.stdout, requests: int | None = None
    ) -> None:
        self._link = link
        self._viewer = viewer
        self._out = out
        self._requests = None if requests is None else Lines(requests)
        self._news = News()
        self._shown_at = float("-inf")
        self._shown_phase: Phase | None = None

    def run(self) -> int:
        """Until the session ends; returns its exit status. Ctrl-C means what it does elsewhere."""
        interrupts = Interrupts()
        return to_its_end(lambda: self._run(interrupts))

    def say(self, text: str, level: str = "info") -> None:
        """A message of the display's own."""
        self._put(message_line(text, level))

    def _run(self, interrupts: Interrupts) -> int:
        while True:
            waited = [self._link.fileno(), *self._filenos()]
            ready, _, _ = select.select(waited, [], [], LOOK_S)
            if self._requests is not None and self._requests.fileno() in ready:
                self._forward(self._requests)
            self._show(self._viewer.look(time.monotonic()))
            while (said := self._link.hear()) is not None:
                if isinstance(said, Ended):
                    self._write("ended", plain(said))
                    return said.status
                self._write("message", plain(said))
            for _ in range(interrupts.take()):
                self.say(self._link.interrupt())
            self._link.say_alive(time.monotonic())

    def _filenos(self) -> list[int]:
        return [] if self._requests is None else [self._requests.fileno()]

    def _show(self, facts: Facts) -> None:
        phase = facts.session.phase
        for take in self._news.changed(facts.takes):
            self._write("take", plain(take))
        if facts.now_s - self._shown_at < PERIOD_S and phase is self._shown_phase:
            return
        self._shown_at, self._shown_phase = facts.now_s, phase
        status = plain(facts)
        if status["loop"] is not None:
            status["loop"]["late_edges_ms"] = LATE_EDGES_MS
        self._write("status", status)

    def _forward(self, requests: "Lines") -> None:
        for line in requests.read():
            if len(line) > LONGEST:
                self.say(TOO_LONG, "warning")
            elif (request := request_in(line)) is None:
                self.say(NO_REQUEST.format(line=line[:80].decode(errors="replace")), "warning")
            elif not (self._link.ask(request.pop("op"), **request) or self._link.gone):
                self.say(DEAF, "warning")
        if requests.ended:
            self._requests = None

    def _write(self, record: str, fields: dict[str, Any]) -> None:
        self._put(_line(record, fields))

    def _put(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()


class Lines:
    """Lines from a file descriptor, as they come. `ended`: there will be no more."""

    def __init__(self, fd: int) -> None:
        self.ended = False
        self._fd = fd
        self._rest = b""

    def fileno(self) -> int:
        """For `select`."""
        return self._fd

    def read(self) -> list[bytes]:
        """What can be read now, without blank lines. Call it when `fileno` can be read.

        A line without end counts as one as soon as it is too long.
        """
        try:
            got = os.read(self._fd, READ_BYTES)
        except OSError:
            got = b""
        self.ended = not got
        *lines, self._rest = (self._rest + got).split(b"\n")
        if len(self._rest) > LONGEST:
            lines.append(self._rest)
            self._rest = b""
        return [line for line in lines if line.strip()]


def message_line(text: str, level: str = "info") -> str:
    """A message that no session has said, as a record."""
    return _line("message", plain(Message(text, level, time.strftime("%H:%M:%S"))))


def stdin_of_requests() -> int | None:
    """Standard input, where it can be waited for; None: it is closed."""
    try:
        return sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):  # closed, or none at all
        return None


def request_in(line: bytes) -> dict[str, Any] | None:
    """The request in a line; None: it is none. What it asks is the session's to judge."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(request, dict) or not isinstance(request.get("op"), str):
        return None
    return request


def plain(value: Any) -> Any:
    """Facts as what JSON has: see the module's docstring."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if dataclasses.is_dataclass(value):
        names = (field.name for field in dataclasses.fields(value))
        return {name: plain(getattr(value, name)) for name in names}
    return value


def _line(record: str, fields: dict[str, Any]) -> str:
    return json.dumps({"record": record, **fields}, allow_nan=False)
