"""Episodes for the viewer, and the viewer under a pilot, with a clock that stands still."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from textual import events

from replay.inspect.checked import Checked
from replay.viewer.app import Viewer
from tests.recorder.fake_rig import make_episode

STEPS = 200
LIMITED = range(60, 70)
HELD = range(100, 130)
JUMP = 150
PATIENCE = 200
Size = tuple[int, int]


def calm(step: int, tick: Any) -> None:
    """Arms that move as arms do; limits change one command for a while, and servos are well."""
    for field, late in (("leader", 0), ("action", 0), ("qpos", 3)):
        tick[field] = 0.4 * np.sin((step - late) / 25 + np.arange(14) / 4)
        tick[field][6::7] = 0.5 + tick[field][6::7] / 2
    if step in LIMITED:
        tick["leader"][0] += 0.2
        tick["limited"][0] = 2
    tick["effort"], tick["qvel"] = 50.0, 0.0
    tick["held"] = tick["servo_error"] = 0
    tick["temperature_degc"] = 40


def troubled(step: int, tick: Any) -> None:
    """A servo that does not answer for a while, and a joint that jumps."""
    calm(step, tick)
    tick["held"][2, 3] = step in HELD
    tick["qpos"][9] += step == JUMP


def make(
    folder: Path, number: int = 0, change: Callable[[int, Any], None] = calm, **facts: Any
) -> Path:
    """An episode of 4 s."""
    return make_episode(folder, facts.pop("steps", STEPS), number, change, **facts)


class Spectator:
    """Whoever sits before the viewer.

    Attributes:
        now_s: of the clock, which moves when told.
    """

    def __init__(self, paths: Sequence[Path], checked: Mapping[Path, Checked]) -> None:
        self.now_s = 0.0
        self.app = Viewer(paths, checked, clock=lambda: self.now_s)
        self.pilot: Any = None

    async def press(self, *keys: str) -> None:
        """One key after the other, each answered. Not by the pilot, which waits for an idle
        processor after each: only Enter has consequences that take some turns."""
        for key in keys:
            self.now_s += 1e-3
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await self.pilot.pause(None if key == "enter" else 0)
        await self.settle()

    async def wait(self, seconds: float) -> None:
        """So much later, at once."""
        self.now_s += seconds
        await self.settle()

    async def settle(self) -> None:
        """Until what is to be seen is drawn, in the size that it is meant to have."""
        for _ in range(PATIENCE):
            await self.pilot.pause(0)
            self.app.look()
            if self._is_drawn():
                await self.pilot.pause(0)
                return
        raise AssertionError("The viewer does not come to rest.")

    def _is_drawn(self) -> bool:
        board = self.app.board
        shown = [part for part in board.parts.values() if part.display]
        if board.size != self.app.size or not shown:
            return False
        sizes = [(part.styles.width, part.styles.height, part) for part in shown]
        return all(
            width and height and (width.value, height.value) == tuple(part.size)
            for width, height, part in sizes
        )

    @property
    def lines(self) -> list[str]:
        """What stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def screen(self) -> str:
        """The same as one text."""
        return "\n".join(self.lines)

    @property
    def step(self) -> int:
        """Where the viewer stands, as it says itself."""
        line = next(line for line in self.lines if " step " in line and " / " in line)
        return int(line.partition("step ")[2].split()[0])


def watch(
    paths: Sequence[Path],
    what: Callable[[Spectator], Coroutine[Any, Any, None]],
    size: Size = (120, 40),
    checked: Mapping[Path, Checked] | None = None,
) -> Spectator:
    """Open episodes, do something before the screen, and see that nothing has broken."""
    spectator = Spectator(paths, checked or {})

    async def run() -> None:
        async with spectator.app.run_test(size=size) as pilot:
            spectator.pilot = pilot
            await spectator.settle()
            await what(spectator)
        assert spectator.app.failure is None

    try:
        asyncio.run(run())
    finally:
        spectator.app.close()
    return spectator
