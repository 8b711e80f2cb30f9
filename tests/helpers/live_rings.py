"""The rings of a session, written as its processes write them, without any process."""

from dataclasses import replace
from pathlib import Path

from recorder.status import NONE, STATUS_DTYPE
from recorder.status import STATUS_RING as RECORDER_STATUS
from session.config import SessionConfig, load_rig, load_task
from session.launch import CONFIG
from session.status import SESSION_DTYPE
from session.status import STATUS_RING as SESSION_STATUS
from teleop.config import write_json
from teleop.ring import RingWriter
from teleop.tick import TICK_DTYPE, TICK_RING, empty_tick

SECOND_NS = 1_000_000_000
PERIOD_NS = 20_000_000


def config(runtime: Path, **changes: object) -> SessionConfig:
    """A session of three battery episodes on the simulated rig; `changes`: fields of it."""
    plain = SessionConfig(
        rig_file=load_rig("sim"),
        task=load_task("battery"),
        episodes=3,
        seed=0,
        out=str(runtime / "data"),
        runtime_dir=str(runtime),
    )
    return replace(plain, **changes)


class LiveRings:
    """A runtime directory: configuration, status, ticks, recorder. Fields go in by name; the same
    field of the last record stays as it was."""

    def __init__(self, runtime: Path, **changes: object) -> None:
        self.config = config(runtime, **changes)
        write_json(runtime / CONFIG, self.config)
        self._runtime = runtime
        self.session = RingWriter(runtime / SESSION_STATUS, SESSION_DTYPE, 4)
        self.recorder = RingWriter(runtime / RECORDER_STATUS, STATUS_DTYPE, 4)
        self.ticks = self.new_ticks()
        self.tick_now = empty_tick()

    def new_ticks(self, slots: int = 4096) -> RingWriter:
        """Control was started anew: its ring replaces the old one."""
        self.ticks = RingWriter(self._runtime / TICK_RING, TICK_DTYPE, slots)
        return self.ticks

    def tick(self, t_ns: int, late_ns: int = 0, **fields: object) -> None:
        """One tick at `t_ns`."""
        tick = self.tick_now
        tick["number"], tick["t_ns"], tick["deadline_ns"] = t_ns // PERIOD_NS, t_ns, t_ns - late_ns
        for name, value in fields.items():
            tick[name] = value
        self.ticks.append(tick)

    def run(self, count: int, start_ns: int = 0, **fields: object) -> int:
        """So many ticks 20 ms apart; returns when the next one is due."""
        for number in range(count):
            self.tick(start_ns + number * PERIOD_NS, **fields)
        return start_ns + count * PERIOD_NS

    def say(self, **fields: object) -> None:
        """A record of the session's status."""
        status = self.session.begin()
        status[...] = 0
        status["episode"] = -1
        for name, value in fields.items():
            status[name] = value
        self.session.commit()

    def record(self, **fields: object) -> None:
        """A record of the recorder's status; arrays are filled from their front."""
        status = self.recorder.begin()
        status[...] = 0
        for name in ("episode", "skew_ns", "last_saved_episode", "camera_silent_ns"):
            status[name] = NONE
        status["camera_age_ns"] = NONE
        for name, value in fields.items():
            if isinstance(value, list):
                status[name][: len(value)] = value
            else:
                status[name] = value
        self.recorder.commit()

    def close(self) -> None:
        """Let go of the files."""
        for writer in (self.session, self.recorder, self.ticks):
            writer.close()
