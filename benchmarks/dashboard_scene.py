"""The dashboard at pictures of a scene: a simulated take in lock-step, with its own four cameras.

Most of a scene stands still, and thumbnails are sent where they change; of the pattern cameras'
pictures every pixel changes every time, which is the worst that can come.
"""

import contextlib
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.dashboard_beside import PATIENCE_S, SETTLE_S, Client, Stretch, attached, measure
from session.config import SimulationMode
from session.configure import configure
from session.launch import launch
from teleop.lockstep import send
from teleop.ring import RingError, RingReader
from teleop.tick import TICK_RING

SEED: Final = 7


def watch_take(folder: Path, client: Client) -> Stretch:
    """Record one take, and measure while it is recorded."""
    out = folder / f"{client.size}-{client.colours}"
    config = configure("battery", "sim", episodes=1, seed=SEED, out=out, mode=SimulationMode())
    ring = Path(config.runtime_dir) / TICK_RING
    stretch = Stretch(client)
    with launch(config) as connection, attached(Path(config.out), client) as terminal:
        give_up_s = time.monotonic() + PATIENCE_S
        while not _is_recording(ring):
            if time.monotonic() > give_up_s:
                sys.exit("Nothing is recorded on the simulated rig.")
            time.sleep(0.1)
        time.sleep(SETTLE_S)
        measure(stretch, {}, terminal, lambda: _is_recording(ring))
        send(connection, {"op": "quit"})
        terminal.wait(PATIENCE_S)
    return stretch


def _is_recording(ring: Path) -> bool:
    with contextlib.suppress(OSError, RingError), RingReader(ring) as ticks:
        return int(ticks.newest()["step"]) >= 0
    return False
