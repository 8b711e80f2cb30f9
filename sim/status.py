"""What the world tells the others: a status block and events in words."""

from pathlib import Path
from typing import Final

import numpy as np

from sim.rig import SimulatedRig
from teleop.lockstep import WORLD_EVENTS, WORLD_STATUS, Message
from teleop.ring import RingWriter
from teleop.tick import EVENT_DTYPE, EVENT_RING_SLOTS

WORLD_DTYPE: Final = np.dtype(
    [
        ("best_stage", "u1"),
        ("last_stage", "u1"),
        ("best_name", "S24"),
        ("cpu_render_ns", "<i8"),  # of this process: in real time others render
        ("warnings", "<i8"),  # of MuJoCo, since the world began
        ("realtime", "?"),
        ("fifo", "?"),  # scheduled by SCHED_FIFO
        ("slices", "<i8"),  # of a tick, in real time: taken, and left out because they were late
        ("skipped_slices", "<i8"),
    ]
)


class WorldBoard:
    """Writes both rings."""

    def __init__(self, runtime: Path) -> None:
        self._status = RingWriter(runtime / WORLD_STATUS, WORLD_DTYPE, 4)
        self._events = RingWriter(runtime / WORLD_EVENTS, EVENT_DTYPE, EVENT_RING_SLOTS)

    def publish(self, rig: SimulatedRig, **fields: int) -> None:
        """How far the task has come, and `fields` of WORLD_DTYPE; the others are zero."""
        status = self._status.begin()
        status[...] = 0
        scene = rig.scene
        status["best_stage"] = scene.best_stage
        status["last_stage"] = len(scene.stage_names) - 1
        status["warnings"] = scene.warnings
        status["best_name"] = scene.stage_names[scene.best_stage].encode()
        for name, value in fields.items():
            status[name] = value
        self._status.commit()

    def say(self, text: str, t_ns: int) -> None:
        """Tell the operator, and the episode that is recorded."""
        event = self._events.begin()
        event["t_ns"], event["tick"] = t_ns, 0
        event["text"] = text.encode()[: EVENT_DTYPE["text"].itemsize]
        self._events.commit()


def score(rig: SimulatedRig) -> Message:
    """The answer to who asks how far the task is."""
    scene = rig.scene
    return {
        "stage": int(rig.stage),
        "best": int(scene.best_stage),
        "stages": list(scene.stage_names),
    }
