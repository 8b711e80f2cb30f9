"""A stand-in for control and the world: it publishes ticks, frames and scenes in real rings, and
runs the real recorder as a process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recorder.align import AlignedFrame, Step
from recorder.cameras.camera import CameraAbout, Frame
from recorder.config import (
    CameraConfig,
    EpisodePlan,
    RecorderConfig,
    RecordingConfig,
    plan_path,
)
from recorder.edits import Edit, encode
from recorder.episode.finalise import finalise
from recorder.journal.header import EpisodeHeader
from recorder.open_episode import OpenEpisode
from recorder.pictures.encode import EncodePool
from recorder.scene import SceneState
from recorder.status import EVENT_RING, SAVED_RING, STATUS_RING, RecorderState
from teleop.config import write_json
from teleop.joints import BUS_NAMES, DOF, ROLES, SIDES, Side, arm_slice
from teleop.lockstep import SCENE_RING, WORLD_EVENTS, frame_ring
from teleop.ring import RingError, RingReader, RingWriter
from teleop.tick import (
    BUSES,
    EVENT_DTYPE,
    EVENT_RING_SLOTS,
    NO_EPISODE,
    TICK_RING,
    Outcome,
    Realtime,
    State,
    empty_tick,
)
from teleop.tick import EVENT_RING as CONTROL_EVENTS

WIDTH, HEIGHT = 64, 48
PERIOD_NS = 20_000_000
FIRST_TICK = 100
STATE_SIZE = 5
PATIENCE_S = 60.0
REPOSITORY = Path(__file__).parents[2]


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Red, green and blue thirds on a brightness that tells the frame's number."""
    image = np.full((height, width, 3), number % 64, np.uint8)
    for channel in range(3):
        image[:, channel * width // 3 : (channel + 1) * width // 3, channel] = 220
    return image


def make_tick(
    number: int, episode: int = NO_EPISODE, step: int = -1, sides: tuple[Side, ...] = SIDES
) -> Any:
    """A tick whose values tell its number, and the bus; NaN and nothing of arms not there."""
    tick = empty_tick()
    tick["number"], tick["t_ns"], tick["deadline_ns"] = number, *[number * PERIOD_NS] * 2
    tick["state"] = State.FOLLOWING if episode != NO_EPISODE else State.WAITING
    tick["episode"], tick["step"] = episode, step
    for offset, field in enumerate(("leader", "qpos", "qvel", "effort", "action")):
        tick[field] = number + offset / 10 + np.arange(DOF) / 100
    tick["bus_ok"] = tick["connected"] = True
    for offset, field in enumerate(("lost", "retries", "rejected")):
        tick[field] = 10 * np.arange(BUSES) + offset
    tick["held"][:, 3] = tick["servo_error"][1] = 1
    tick["realtime"] = Realtime.FIFO
    tick["temperature_degc"] = number % 100
    tick["voltage_v"] = 12.0
    for side in set(SIDES) - set(sides):
        _take_away(tick, side)
    return tick


def _take_away(tick: Any, side: Side) -> None:
    """As control leaves an arm pair that its rig does not have."""
    for field in ("leader", "qpos", "qvel", "effort", "action"):
        tick[field][arm_slice(side)] = np.nan
    for bus in (BUS_NAMES.index(f"{role}_{side}") for role in ROLES):
        for field in ("bus_ok", "connected", "held", "temperature_degc", "voltage_v"):
            tick[field][bus] = 0


def make_header(
    number: int = 0,
    cameras: int | tuple[CameraConfig, ...] = 2,
    state_size: int = STATE_SIZE,
    seed: int | None = 7,
    **facts: Any,
) -> EpisodeHeader:
    """A header with so many small cameras, or with these; `facts` go before what is usual here."""
    if isinstance(cameras, int):
        names = [f"cam_{i}" for i in range(cameras)]
        cameras = tuple(CameraConfig(name, "simulated", WIDTH, HEIGHT) for name in names)
    header = EpisodeHeader(
        episode_id=f"id-{number}",
        number=number,
        task="battery",
        prompt="Insert the battery.",
        scene=None if seed is None else "battery",
        seed=seed,
        started_utc="2025-01-01T00:00:00.000+00:00",
        rig_name="sim",
        simulated=True,
        time_base="simulated",
        rate_hz=50,
        effort_unit="mA",
        recording=RecordingConfig(),
        cameras=cameras,
        about=tuple(CameraAbout("simulated") for _ in cameras),
        state_size=state_size,
        software="{}",
        servos="",
        quality="fast",
        faults="faults.toml",
    )
    return replace(header, **facts)


def make_step(
    number: int,
    step: int,
    cameras: int = 2,
    episode: int = 0,
    state_size: int = STATE_SIZE,
    sides: tuple[Side, ...] = SIDES,
) -> Step:
    """A step with fresh frames, and a scene if there is a state."""
    tick = make_tick(number, episode, step, sides)
    t_ns = int(tick["t_ns"])
    frames = tuple(
        AlignedFrame(Frame(picture(number), number, t_ns, t_ns), 0, False, False, False)
        for _ in range(cameras)
    )
    scene = SceneState(t_ns, 1, np.full(state_size, float(number)))
    return Step(tick, frames, scene if state_size else None)


def make_episode(
    folder: Path,
    steps: int = 120,
    number: int = 0,
    change: Callable[[int, Any], object] = lambda step, tick: None,
    **facts: Any,
) -> Path:
    """An episode file, made the way the recorder makes it.

    `change` is called with each step and its tick; `facts` go to `make_header`.
    """
    pool = EncodePool(RecordingConfig(), lambda: None)
    path = folder / f"episode_{number}.journal"
    header = make_header(number, **facts)
    episode = OpenEpisode(path, header, pool)
    shape = {"cameras": len(header.cameras), "state_size": header.state_size}
    for step in range(steps):
        made = make_step(FIRST_TICK + step, step, **shape, sides=header.sides)
        change(step, made.tick)
        episode.append(made)
    episode.note(PERIOD_NS, "the arm has bumped \0 into something")
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    saved = finalise(path, recovered=False)
    assert saved.path
    assert not path.exists()
    return saved.path


def calm(step: int, tick: Any) -> None:
    """For `change`: arms that move as arms do, grippers too, and buses without a fault."""
    for field, behind in (("leader", 0), ("action", 0), ("qpos", 3)):
        tick[field] = 0.3 * np.sin(max(step - behind, 0) / 15) * np.arange(1, DOF + 1) / DOF
        tick[field][[6, 13]] = 0.5 - 0.4 * np.cos(max(step - behind, 0) / 15)
    tick["qvel"], tick["effort"] = 0.0, 100.0
    tick["held"], tick["servo_error"], tick["temperature_degc"] = False, 0, 35
    tick["lost"] = tick["retries"] = tick["rejected"] = 0


def jumping(step: int, tick: Any) -> None:
    """Calm, but for one joint that cannot have been where it says it was."""
    calm(step, tick)
    tick["qpos"][2] += 2.0 * (step in range(60, 160, 2))


class FakeRig:
    """Publishes what control and the world would, one tick at a time, and runs the recorder."""

    def __init__(self, runtime: Path, dataset: Path, cameras: int, **config: Any) -> None:
        runtime.mkdir(exist_ok=True)
        self.runtime, self.dataset = runtime, dataset
        size = config.pop("size", (WIDTH, HEIGHT))
        kind = config.pop("kind", "simulated")
        usual: dict[str, Any] = {
            "cameras": tuple(CameraConfig(f"cam_{i}", kind, *size) for i in range(cameras)),
            "rig_name": "sim",
            "simulated": True,
            "time_base": "simulated",
            "scene_ring": True,
            "min_free_bytes": 1,
        }
        self.config = RecorderConfig(runtime, dataset, **{**usual, **config})
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)
        self.edits, self._edits_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ticks = RingWriter(runtime / TICK_RING, empty_tick().dtype, 256)
        self.events = RingWriter(runtime / CONTROL_EVENTS, EVENT_DTYPE, EVENT_RING_SLOTS)
        self.world_events = RingWriter(runtime / WORLD_EVENTS, EVENT_DTYPE, 16)
        self.size = size
        frame = [
            ("number", "<u8"),
            ("capture_ns", "<i8"),
            ("arrival_ns", "<i8"),
            ("image", "u1", (size[1], size[0], 3)),
        ]
        self.frames = [
            RingWriter(runtime / frame_ring(camera.name), frame, 8)
            for camera in self.config.cameras
            if camera.kind == "simulated"
        ]
        scene = [
            ("number", "<u8"),
            ("t_ns", "<i8"),
            ("stage", "u1"),
            ("state", "<f8", (STATE_SIZE,)),
        ]
        self.scene = RingWriter(runtime / SCENE_RING, scene, 8)
        self.number = 0
        self.recorder: subprocess.Popen[bytes] | None = None
        self.limits: Callable[[], None] | None = None

    def start(self, wait: bool = True) -> None:
        """Start the recorder and wait until it is ready."""
        for ring in (STATUS_RING, EVENT_RING, SAVED_RING):
            (self.runtime / ring).unlink(missing_ok=True)
        path = self.runtime / "recorder.json"
        write_json(path, self.config)
        command = [sys.executable, "-m", "recorder.main", str(path)]
        inherited = (self.wake, self._edits_end.fileno())
        command += ["--wake", str(inherited[0]), "--edits", str(inherited[1])]
        command += ["--parent", str(os.getpid())]
        self.recorder = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            pass_fds=inherited,
            start_new_session=True,
            stderr=subprocess.PIPE,
            preexec_fn=self.limits,
        )
        if wait:
            self.wait_for(lambda status: status["state"] == RecorderState.READY)

    def status(self) -> Any:
        """The newest status of the recorder."""
        with RingReader(self.runtime / STATUS_RING) as ring:
            return ring.newest()

    def said(self) -> list[str]:
        """Everything the recorder has told the operator."""
        with RingReader(self.runtime / EVENT_RING) as ring:
            return [ring.read(i)["text"].item().decode() for i in range(len(ring))]

    def ask(self, *edits: Edit) -> None:
        """Send edits as the session does."""
        for edit in edits:
            self.edits.send(encode(edit))
        os.eventfd_write(self.wake, 1)

    def told(self) -> list[Any]:
        """What has become of episodes and edits, in order."""
        with RingReader(self.runtime / SAVED_RING) as ring:
            return [ring.read(i) for i in range(len(ring))]

    def done(self, serial: int) -> Any:
        """What came of an edit, once the recorder says that all up to it are done."""
        self.wait_for(lambda status: status["edits_done"] >= serial)
        return next(each for each in self.told() if each["edit"] == serial)

    def wait_for(self, condition: Callable[[Any], Any]) -> Any:
        """Wait until the recorder's status meets a condition."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self.recorder is not None
            assert self.recorder.poll() is None, self.recorder.stderr.read()  # type: ignore[union-attr]
            try:
                status = self.status()
                if condition(status):
                    return status
            except (FileNotFoundError, RingError):
                pass
            time.sleep(0.005)
        raise AssertionError(f"The recorder did not get there: {self.status()}, {self.said()}")

    def publish_frames(self) -> None:
        """Frames and scene of the current tick."""
        t_ns = self.number * PERIOD_NS
        for ring in self.frames:
            slot = ring.begin()
            slot["number"], slot["capture_ns"], slot["arrival_ns"] = self.number, t_ns, t_ns
            slot["image"] = picture(self.number, *self.size)
            ring.commit()
        slot = self.scene.begin()
        slot["number"], slot["t_ns"], slot["stage"] = self.number, t_ns, self.number % 3
        slot["state"] = self.number
        self.scene.commit()

    def tick(self, episode: int = NO_EPISODE, step: int = -1, **fields: Any) -> None:
        """Publish one tick, with frames, and wait until the recorder has taken it in."""
        self.publish_frames()
        self.publish_tick(episode, step, **fields)
        self.wait_for(lambda status: status["state"] == RecorderState.FAILED or not self.behind())

    def behind(self) -> bool:
        """Whether the recorder has ticks to read still (by the world's measure: the newest)."""
        status = self.status()
        return bool(status["tick_lag"] or status["heartbeat_ns"] < self.published_ns)

    def publish_tick(self, episode: int = NO_EPISODE, step: int = -1, **fields: Any) -> None:
        """Publish one tick, and wake the recorder."""
        tick = make_tick(self.number, episode, step, self.config.sides)
        for name, value in fields.items():
            tick[name] = value
        self.ticks.append(tick)
        self.published_ns = time.monotonic_ns()
        os.eventfd_write(self.wake, 1)
        self.number += 1

    def plan(self, number: int) -> None:
        """Leave the plan of an episode where the recorder looks for it."""
        write_json(
            plan_path(self.runtime, number),
            EpisodePlan(number, "battery", "Insert the battery.", "battery", 7),
        )

    def record(self, number: int, steps: int, first: int = 0) -> None:
        """Publish the ticks of an episode, without its end."""
        if not first:
            self.plan(number)
        for step in range(first, steps):
            self.tick(number, step)

    def end(self, number: int, outcome: Outcome = Outcome.SUCCESS) -> None:
        """Publish the tick after an episode."""
        self.tick(last_episode=number, outcome=outcome)

    def kill(self, with_signal: int = signal.SIGKILL) -> int:
        """End the recorder; returns its exit code."""
        assert self.recorder is not None
        self.recorder.send_signal(with_signal)
        code = self.recorder.wait(PATIENCE_S)
        assert self.recorder.stderr
        self.recorder.stderr.close()
        self.recorder = None
        return code

    def close(self) -> None:
        """End what is running and let the rings go."""
        if self.recorder:
            self.kill()
        for ring in (self.ticks, self.events, self.world_events, self.scene, *self.frames):
            ring.close()
        os.close(self.wake)
        self.edits.close()
        self._edits_end.close()
