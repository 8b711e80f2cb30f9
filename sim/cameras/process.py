"""A renderer of real time: some of the cameras, each at its own rate.

    python -m sim.cameras.process CONFIG.json --cameras A,B --start-ns NS --parent PID

CONFIG.json is the world's. A picture shows the newest state that the world has published, and is
stamped with that state's time; it arrives when it is rendered. Every camera has slots at its rate,
counted from NS, in which all cameras begin one after the other; a slot that could not be made is a
gap in the frames' numbers.
"""

import argparse
import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sim.cameras.render import Renderer
from sim.cameras.rings import frame_writer
from sim.config import WorldCamera, WorldConfig
from sim.errors import SimError
from sim.scenes.scene import Scene
from sim.schedule import Schedule
from teleop.config import ConfigError, build, read_json
from teleop.lockstep import SCENE_RING
from teleop.memory import keep_freed_memory
from teleop.parent import die_with_parent
from teleop.ring import EmptyRingError, OverrunError, RingReader, RingWriter

NICENESS: Final = 10
"""Below the recorder's."""
RING_S: Final = 0.6
"""What the rings hold: nobody acknowledges frames, and encoding may lag behind for a while."""
MIN_SLOTS: Final = 8


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera, its slots, and where its frames go."""

    name: str
    schedule: Schedule
    ring: RingWriter


def main(arguments: list[str] | None = None) -> int:
    """Entry of the process; it renders until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m sim.cameras.process")
    parser.add_argument("config", type=Path)
    parser.add_argument("--cameras", type=lambda names: names.split(","), required=True)
    parser.add_argument("--start-ns", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    options = parser.parse_args(arguments)
    die_with_parent(options.parent)
    os.nice(NICENESS)
    keep_freed_memory()
    try:
        config = build(WorldConfig, read_json(options.config), str(options.config))
        _render(config, options.cameras, options.start_ns)
    except (ConfigError, SimError, OSError) as error:
        sys.stderr.write(f"{error}\n")
    return 2


def _render(config: WorldConfig, names: list[str], start_ns: int) -> None:
    runtime = Path(config.runtime_dir)
    scene = Scene(config.scene, config.cameras[0].height, config.cameras[0].width)
    renderer = Renderer(scene, config.quality)
    states = RingReader(runtime / SCENE_RING)
    cameras = [
        _open(runtime, camera, start_ns + round(index / len(config.cameras) * _period_ns(camera)))
        for index, camera in enumerate(config.cameras)
        if camera.name in names
    ]
    while True:
        camera = min(cameras, key=lambda each: each.schedule.due_ns)
        time.sleep(max(0, camera.schedule.due_ns - time.monotonic_ns()) / 1e9)
        number = camera.schedule.take(time.monotonic_ns())
        with contextlib.suppress(EmptyRingError, OverrunError):  # the world has not begun yet
            _take(camera, number, states, scene, renderer)


def _open(runtime: Path, camera: WorldCamera, start_ns: int) -> Camera:
    slots = max(MIN_SLOTS, round(RING_S * camera.rate_hz))
    ring = frame_writer(runtime, camera, slots)
    return Camera(camera.name, Schedule(start_ns, _period_ns(camera)), ring)


def _take(
    camera: Camera, number: int, states: RingReader, scene: Scene, renderer: Renderer
) -> None:
    """Render what the camera sees of the newest state, into its ring."""
    state = states.newest()
    scene.restore(state["state"])
    frame = camera.ring.begin()
    frame["number"], frame["capture_ns"] = number, state["t_ns"]
    renderer.render(camera.name, frame["image"])
    frame["arrival_ns"] = time.monotonic_ns()
    camera.ring.commit()


def _period_ns(camera: WorldCamera) -> int:
    return round(1e9 / camera.rate_hz)


if __name__ == "__main__":
    sys.exit(main())
