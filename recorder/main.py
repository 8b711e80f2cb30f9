"""The recorder process: ``python -m recorder.main CONFIG.json --wake FD --edits FD --parent PID``.

Exit code 0 after everything was saved (control ended, or SIGTERM), 1 with one sentence otherwise.
"""

import argparse
import contextlib
import dataclasses
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from recorder import provenance
from recorder.cameras.camera import Camera
from recorder.cameras.opening import open_camera
from recorder.cameras.shared import SharedCamera
from recorder.changes import change_of
from recorder.config import RecorderConfig
from recorder.episode.finaliser import Finaliser
from recorder.episode.recover import recover_folder
from recorder.errors import RecorderError
from recorder.events import Events
from recorder.folder.guards import check_identity, check_space, check_writable, folder_lock
from recorder.folder.identity import FolderIdentity
from recorder.inbox import Inbox
from recorder.pictures.encode import EncodePool
from recorder.recorder import Inputs, Recorder
from recorder.scene import SceneReader
from recorder.status import RecorderState
from recorder.status_board import StatusBoard
from recorder.tick_stream import TickStream
from recorder.world_link import WorldLink
from teleop.config import ConfigError, build, read_json
from teleop.lockstep import WORLD_EVENTS, LockstepError
from teleop.memory import keep_freed_memory
from teleop.parent import die_with_parent
from teleop.tick import EVENT_RING

NICENESS: Final = 5
START_TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.05
REPORT_S: Final = 0.1
T = TypeVar("T")


class Stopped(Exception):  # noqa: N818  (not an error: somebody asked)
    """SIGTERM came before recording began."""


class StopRequest:
    """Remembers SIGTERM, and wakes the loop that waits on the eventfd."""

    def __init__(self, wake: int) -> None:
        self.requested = False
        self._wake = wake
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the session's affair

    def __call__(self) -> bool:
        return self.requested

    def _on_signal(self, *_: object) -> None:
        self.requested = True
        os.eventfd_write(self._wake, 1)


def main(arguments: list[str] | None = None) -> int:
    """Run the process; returns its exit code."""
    parser = argparse.ArgumentParser(prog="recorder", description="Record episodes from ticks.")
    parser.add_argument("config", type=Path, help="a RecorderConfig as JSON")
    parser.add_argument("--wake", type=int, required=True, help="eventfd written after each tick")
    parser.add_argument("--edits", type=int, help="socket that the session sends edits on")
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    options = parser.parse_args(arguments)
    stop = StopRequest(options.wake)
    die_with_parent(options.parent)
    os.nice(NICENESS)
    keep_freed_memory()
    try:
        config = build(RecorderConfig, read_json(options.config), options.config.name)
        return _run(config, Lines(options.wake, options.edits), stop)
    except (RecorderError, ConfigError, OSError) as error:
        sys.stderr.write(f"recorder: {error}\n")
        return 1


@dataclass(frozen=True, slots=True)
class Lines:
    """Descriptors that the session hands down.

    Attributes:
        wake: eventfd.
        edits: socket; None: nobody sends edits.
    """

    wake: int
    edits: int | None


def _run(config: RecorderConfig, lines: Lines, stop: StopRequest) -> int:
    with StatusBoard(config.runtime_dir) as board:
        try:
            check_writable(config.dataset_dir)
            with folder_lock(config.dataset_dir, config.lock_patience_s):
                _record(config, lines, stop, board)
        except Stopped:
            pass
        except (RecorderError, OSError) as error:
            known = isinstance(error, RecorderError)
            board.say(str(error) if known else f"Recording cannot go on: {error}.")
            board.state = RecorderState.FAILED
            board.publish()
            raise
        board.state = RecorderState.FINISHED
        board.publish()
        return 0


def _record(config: RecorderConfig, lines: Lines, stop: StopRequest, board: StatusBoard) -> None:
    recovered = recover_folder(config.dataset_dir, board.say)
    for saved in recovered:
        board.tell(change_of(saved))
    board.status["recovered"] = sum(saved.path is not None for saved in recovered)
    board.publish()
    check_identity(config.dataset_dir, FolderIdentity.of_config(config))
    check_space(config.dataset_dir, config.min_free_bytes)

    def woken() -> None:
        os.eventfd_write(lines.wake, 1)

    with contextlib.ExitStack() as stack:
        inputs = _open_inputs(config, lines, stop, board, stack)
        pool = EncodePool(config.recording, woken)
        stack.callback(pool.close)
        finaliser = Finaliser(woken)
        stack.callback(finaliser.close)
        recorder = Recorder(_with_provenance(config), inputs, board, pool, finaliser)
        gc.freeze()  # what is loaded now stays: no need to walk through it again and again
        stack.callback(recorder.close)
        recorder.run()
        while recorder.settle():
            board.publish()
            time.sleep(REPORT_S)


def _open_inputs(
    config: RecorderConfig,
    lines: Lines,
    stop: StopRequest,
    board: StatusBoard,
    stack: contextlib.ExitStack,
) -> Inputs:
    """Open what control and the world publish, as soon as they do."""
    folder = config.runtime_dir

    def waited(what: str, opener: Callable[[], T]) -> T:
        return _wait_for(what, opener, stop, board)

    cameras: list[Camera] = []
    stack.callback(_close_all, cameras)
    for index, camera in enumerate(config.cameras):
        cameras.append(waited(f"camera {camera.name}", partial(_open_camera, config, index)))
    sources = [("control", EVENT_RING)]
    scene = world = None
    if config.scene_ring:
        scene = reader = waited("the scene", lambda: SceneReader(folder))
        stack.callback(scene.close)
        sources.insert(0, ("world", WORLD_EVENTS))  # a fault before what comes of it
    if socket := config.world_socket:
        world = waited("the simulated world", lambda: WorldLink(socket, reader))
        stack.callback(world.close)
    ticks = waited("control", lambda: TickStream(folder, lines.wake, stop))
    events = [waited(name, partial(Events, folder / ring, name)) for name, ring in sources]
    edits = Inbox(lines.edits, board.say)
    for close in (*(each.close for each in events), ticks.close, edits.close):
        stack.callback(close)
    return Inputs(ticks, events, cameras, scene, world, edits)


def _open_camera(config: RecorderConfig, index: int) -> Camera:
    camera = config.cameras[index]
    # One after the other, as cameras without a common trigger.
    phase_ns = camera.period_ns * index // len(config.cameras)
    lockstep = config.world_socket is not None
    opened = open_camera(camera, config.runtime_dir, phase_ns, lockstep=lockstep)
    if config.share_frames and camera.kind != "simulated":
        return SharedCamera(opened, camera, config.runtime_dir)
    return opened


def _close_all(cameras: Sequence[Camera]) -> None:
    """Together: a device may take seconds to let go."""
    with ThreadPoolExecutor(max(len(cameras), 1), "close") as pool:
        list(pool.map(lambda camera: camera.close(), cameras))


def _wait_for(what: str, opener: Callable[[], T], stop: StopRequest, board: StatusBoard) -> T:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            return opener()
        except (FileNotFoundError, ProcessLookupError, LockstepError):
            if stop():
                raise Stopped from None
            if time.monotonic() > deadline:
                raise RecorderError(
                    f"Nothing has come from {what} for {START_TIMEOUT_S:.0f} s: see why it did not "
                    "start."
                ) from None
        board.publish()
        time.sleep(POLL_S)


def _with_provenance(config: RecorderConfig) -> RecorderConfig:
    software = config.software or provenance.software()
    return dataclasses.replace(config, software=software)


if __name__ == "__main__":
    sys.exit(main())
