"""The episode being recorded: steps go in, are encoded beside the loop, and come out journaled."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from recorder.align import NO_TIME, AlignedFrame, Step
from recorder.camera import Image, Record
from recorder.config import CameraConfig
from recorder.encode import EncodePool
from recorder.header import EpisodeHeader
from recorder.journal import JournalWriter
from recorder.schema import checksum, step_dtype
from teleop.tick import Outcome

MAX_QUEUE: Final = 32
"""Steps waiting for their images, 0.6 s at 50 Hz and 118 MB at four 640x480 cameras; when it is
full, recording waits for the oldest and ticks pile up in their ring (82 s) instead."""
NO_FRAME: Final = -1


@dataclass(frozen=True, slots=True)
class Settled:
    """What one camera contributes to a step on record.

    Attributes:
        torn: its image was overwritten before it was encoded, and another stands in for it.
    """

    aligned: AlignedFrame
    jpeg: bytes
    torn: bool = False


class OpenEpisode:
    """Journals the steps of one episode in order.

    Attributes:
        last: the newest step taken in, None before the first.
        stale_steps: per camera, how many steps had a stale frame.

    Raises:
        JournalError: from every method, when the journal cannot be written.
    """

    def __init__(self, path: Path, header: EpisodeHeader, pool: EncodePool) -> None:
        self.number = header.number
        self.last: Step | None = None
        self.stale_steps = [0] * len(header.cameras)
        self._cameras = header.cameras
        self._dtype = step_dtype(len(header.cameras), header.state_size)
        self._pool = pool
        self._queue: deque[tuple[Step, Future[list[bytes]]]] = deque()
        self._journaled: list[Settled | None] = [None] * len(header.cameras)
        self._steps_taken = 0
        self._journal = JournalWriter(path, header)

    @property
    def path(self) -> Path:
        """The journal."""
        return self._journal.path

    @property
    def steps_journaled(self) -> int:
        """Steps that are safe against the death of any process."""
        return self._journal.steps

    @property
    def journal_bytes(self) -> int:
        """Length of the journal."""
        return self._journal.bytes

    @property
    def missing_steps(self) -> int:
        """Steps that control counted up to the newest one and that never came here."""
        return int(self.last.tick["step"]) + 1 - self._steps_taken if self.last else 0

    def queued(self) -> int:
        """Steps waiting for their images."""
        return len(self._queue)

    def append(self, step: Step) -> None:
        """Take in a step. Waits only when MAX_QUEUE steps are waiting for their images."""
        images = [
            _image(frame, camera)
            for frame, camera in zip(step.frames, self._cameras, strict=True)
            if not frame.repeat
        ]
        self._queue.append((step, self._pool.submit(images)))
        self.last = step
        self._steps_taken += 1
        for index, frame in enumerate(step.frames):
            self.stale_steps[index] += frame.stale
        if len(self._queue) > MAX_QUEUE:
            self._journal_oldest()
        self.journal_encoded()

    def free_ns(self, t_ns: int) -> int:
        """The time up to which frames are used up, if `t_ns` is the newest tick's."""
        return int(self._queue[0][0].tick["t_ns"]) - 1 if self._queue else t_ns

    def note(self, t_ns: int, text: str) -> None:
        """Put something that the operator was told into the episode."""
        self._journal.append_event(t_ns, text)

    def journal_encoded(self) -> None:
        """Journal the steps whose images are done, oldest first. Does not wait."""
        while self._queue and self._queue[0][1].done():
            self._journal_oldest()

    def finish(self, outcome: Outcome) -> None:
        """Wait for the last images, journal them, and end the journal.

        If that fails, the episode is to be abandoned, as after any failure.
        """
        while self._queue:
            self._journal_oldest()
        self._journal.finish(outcome)

    def abandon(self) -> None:
        """Close the journal as it is, after it could not be written."""
        self._journal.close()

    def _journal_oldest(self) -> None:
        step, encoding = self._queue.popleft()
        encoded = iter(encoding.result())
        settled = [
            self._settle(aligned, encoded, last, camera)
            for aligned, last, camera in zip(
                step.frames, self._journaled, self._cameras, strict=True
            )
        ]
        self._journaled = list(settled)
        jpegs = [each.jpeg for each in settled]
        frames = tuple(each.aligned for each in settled)
        self._journal.append_step(self._record(replace(step, frames=frames), jpegs), jpegs)

    def _settle(
        self,
        aligned: AlignedFrame,
        encoded: Iterator[bytes],
        last: Settled | None,
        camera: CameraConfig,
    ) -> Settled:
        """What goes on record: the image just encoded, or the last one where there is no new one.

        An image that its source overwrote while it was encoded is nobody's: the last one stands in.
        """
        if not aligned.repeat:
            jpeg = next(encoded)
            if aligned.frame is None or aligned.frame.is_whole():
                return Settled(aligned, jpeg)
        elif last and not last.torn:
            return Settled(aligned, last.jpeg)
        if last and last.aligned.frame:
            frame = last.aligned.frame
            torn = replace(aligned, frame=frame, repeat=True, stale=True, missing=True)
            return Settled(torn, last.jpeg, torn=True)
        nothing = AlignedFrame(None, NO_TIME, repeat=False, stale=True, missing=True)
        black = self._pool.submit([_image(nothing, camera)]).result()[0]
        return Settled(nothing, black, torn=True)

    def _record(self, step: Step, jpegs: list[bytes]) -> Record:
        record = np.zeros((), self._dtype)
        record["tick"] = step.tick
        record["scene_ns"], record["state"] = NO_TIME, np.nan
        if step.scene:
            record["scene_ns"], record["stage"] = step.scene.t_ns, step.scene.stage
            record["state"] = step.scene.state
        for row, aligned, jpeg in zip(record["frames"], step.frames, jpegs, strict=True):
            _fill(row, aligned, jpeg)
        return record


def _image(aligned: AlignedFrame, camera: CameraConfig) -> Image:
    if aligned.frame is None:  # black, and marked as missing: a row must always decode
        return np.zeros((camera.height, camera.width, 3), np.uint8)
    return aligned.frame.image


def _fill(row: np.void, aligned: AlignedFrame, jpeg: bytes) -> None:
    frame = aligned.frame
    row["number"] = frame.number if frame else NO_FRAME
    row["capture_ns"] = frame.capture_ns if frame else NO_TIME
    row["arrival_ns"] = frame.arrival_ns if frame else NO_TIME
    row["repeat"], row["stale"] = aligned.repeat, aligned.stale
    row["missing"] = aligned.missing
    row["jpeg_bytes"], row["crc32"] = len(jpeg), checksum(jpeg)
