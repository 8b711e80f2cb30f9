"""The dashboard without a terminal, and the far end of its session's socket: this test.

The socket, the rings and the session's configuration are what a session would have made.
"""

import asyncio
import contextlib
import dataclasses
import math
import os
import select
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
from textual import _wait
from textual.pilot import Pilot

from recorder.status import Verdict
from session import runtime_dir
from session.clients import SOCKET
from session.config import Purpose, SessionConfig, load_rig, load_task
from session.keys import KeysConfig
from session.launch import CONFIG
from session.status import SESSION_DTYPE, STATUS_RING, Phase, TakeState
from teleop.config import write_json
from teleop.lockstep import LockstepError, Message, receive, send
from teleop.ring import RingWriter
from teleop.tick import EVENT_RING_SLOTS, TICK_DTYPE, TICK_RING, Outcome, empty_tick
from tui.dashboard.app import Dashboard
from tui.facts.viewer import Viewer
from tui.link import Link

SETTLE_S = 2.0
"""In which the dashboard certainly looks."""
_wait.SLEEP_GRANULARITY = 0.004
"""In which Textual's pilot looks whether all is done: five times as often as it usually does."""
FRESH_NS = 10**12
"""So long no status is old, wherever the dashboard's clock has got to."""
AGAIN_S = 0.5
LATER_S = 3.0
"""After which no press is a repeated one."""


class Bench:
    """A session as far as a dashboard can see: in this process, or attached to from another one.

    Attributes:
        ahead_s: of the dashboard's clock before the system's.

    Args:
        listening: `collect.py --attach` finds it, where `folder` is what runtime directories are
            made in.
    """

    def __init__(
        self,
        folder: Path,
        purpose: Purpose = "record",
        keys: KeysConfig | None = None,
        listening: bool = False,
    ) -> None:
        self._closing = contextlib.ExitStack()
        if listening:
            folder = self._listen(folder / f"{runtime_dir.PREFIX}bench")
        rig = dataclasses.replace(load_rig("sim"), keys=keys or KeysConfig())
        config = SessionConfig(
            rig_file=rig,
            task=load_task("battery"),
            episodes=0 if purpose != "record" else 3,
            seed=1,
            out=str(folder / "data"),
            runtime_dir=str(folder),
            purpose=purpose,
        )
        write_json(folder / CONFIG, config)
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._closing.callback(theirs.close)
        self._ours.setblocking(False)
        self._status = RingWriter(folder / STATUS_RING, SESSION_DTYPE, 4)
        self._ticks = RingWriter(folder / TICK_RING, TICK_DTYPE, EVENT_RING_SLOTS)
        self.ahead_s = 0.0
        self.link, self.viewer = Link(theirs), Viewer(folder)
        self._record = np.zeros((), SESSION_DTYPE)
        self.be(Phase.PREPARING)

    def _listen(self, directory: Path) -> Path:
        """Be there for a client to attach to; returns our runtime directory."""
        directory.mkdir()
        self._closing.callback(os.close, runtime_dir.hold(directory))
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._closing.callback(self._listener.close)
        self._listener.bind(os.fspath(directory / SOCKET))
        self._listener.listen(1)
        self._listener.settimeout(30)
        return directory

    def accept(self) -> None:
        """Wait for a client to attach."""
        self._ours.close()
        self._ours, _ = self._listener.accept()
        self._ours.setblocking(False)

    def clock(self) -> float:
        """The dashboard's."""
        return time.monotonic() + self.ahead_s

    # -- what the session does

    def be(self, phase: Phase, prompt: str = "", episode: int = 7) -> None:
        """Publish this phase."""
        record = self._record
        record["phase"], record["prompt"], record["episode"] = phase, prompt.encode(), episode
        record["heartbeat_ns"] = time.monotonic_ns() + FRESH_NS
        record["episodes"], record["attempt"], record["kind"] = 3, 1, 1
        self._status.append(record)
        tick = empty_tick()
        tick["number"], tick["t_ns"] = len(self._ticks), time.monotonic_ns()
        tick["deadline_ns"] = tick["t_ns"]
        for field in ("leader", "qpos", "qvel", "effort", "action"):
            tick[field] = 0.0
        self._ticks.append(tick)

    def fall_silent(self) -> None:
        """Say nothing any more."""
        self._record["heartbeat_ns"] = time.monotonic_ns()
        self._status.append(self._record)

    def have_take(self, episode: int = 6, verdict: Verdict = Verdict.OK, reason: str = "") -> None:
        """There is a newest take, and it is this one."""
        take = self._record["take"][0]
        take["episode"], take["verdict"], take["reason"] = episode, verdict, reason.encode()
        take["state"] = TakeState.REJECTED if verdict is Verdict.REJECT else TakeState.ACCEPTED
        take["outcome"], take["steps"] = Outcome.UNLABELLED, 100
        self._record["takes"] = 1
        self.be(Phase(int(self._record["phase"])))

    def say(self, text: str, level: str = "info") -> None:
        """A line for everybody."""
        send(self._ours, {"event": "log", "level": level, "text": text})

    def end(self, status: int, text: str) -> None:
        """The last words."""
        send(self._ours, {"event": "ended", "status": status, "text": text})

    def vanish(self) -> None:
        """Be gone without a word."""
        self._ours.close()

    def everything_asked(self) -> list[Message]:
        """What the dashboard has asked since the last call."""
        asked = []
        while select.select([self._ours], [], [], 0)[0]:
            try:
                asked.append(receive(self._ours))
            except LockstepError:  # it is gone
                break
        return asked

    def asked(self) -> list[Message]:
        """The same without "alive"."""
        return [message for message in self.everything_asked() if message != {"op": "alive"}]

    def close(self) -> None:
        """Let go of everything."""
        self._ours.close()
        self._closing.close()


class Operator:
    """Somebody who looks at the dashboard and presses its keys."""

    def __init__(self, bench: Bench, app: Dashboard, pilot: Pilot[Any]) -> None:
        self.bench, self.app, self.pilot = bench, app, pilot
        self.bells = 0
        app.bell = self._count_bell  # type: ignore[method-assign]

    async def wait(self) -> None:
        """Let the dashboard look, and no press be a repeated one."""
        self.bench.ahead_s += LATER_S
        await self.look()

    async def look(self) -> None:
        """Until the dashboard has looked, and drawn what it saw."""
        begun_s = self.bench.clock()
        while self.app.is_running and self._looked_at_s() < begun_s:
            assert self.bench.clock() < begun_s + SETTLE_S
            await asyncio.sleep(0.01)
        await self.pilot.pause()

    def _looked_at_s(self) -> float:
        return -math.inf if self.app._facts is None else self.app._facts.now_s

    async def press(self, *keys: str, after_s: float = 0.0) -> list[Message]:
        """Press keys, `after_s` after the last; what was asked for them."""
        self.bench.ahead_s += after_s
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.bench.asked()

    async def press_again(self, key: str) -> list[Message]:
        """Press a key the second time, and wait until it is clear that it is not held."""
        asked = await self.press(key, after_s=AGAIN_S)
        self.bench.ahead_s += AGAIN_S
        await self.look()
        return asked + self.bench.asked()

    def screen(self) -> str:
        """What is to be read."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    def _count_bell(self) -> None:
        self.bells += 1


def operate(
    bench: Bench, script: Callable[[Operator], Awaitable[None]], size: tuple[int, int] = (120, 40)
) -> Dashboard:
    """Run the dashboard with somebody who follows `script`; the dashboard after it."""

    async def run() -> Dashboard:
        app = Dashboard(bench.link, bench.viewer, bench.clock)
        async with app.run_test(size=size) as pilot:
            operator = Operator(bench, app, pilot)
            await operator.wait()
            await script(operator)
        return app

    return asyncio.run(run())
