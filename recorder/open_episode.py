"""The episode being recorded: steps go in, are encoded beside the loop, and come out journaled."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from recorder.align import NO_TIME, AlignedFrame, Step, align_frame
from recorder.cameras.camera import UNKNOWN, Frame, Record
from recorder.config import CameraConfig
from recorder.episode.schema import checksum, step_dtype
from recorder.journal.header import EpisodeHeader
from recorder.journal.writer import JournalWriter
from recorder.pictures.encode import EncodePool, Picture, encode
from teleop.tick import Outcome

MAX_QUEUE: Final = 32
"""Steps waiting for their images, 0.6 s at 50 Hz and 118 MB at four 640x480 cameras."""
MAX_BACKLOG: Final = 4 * MAX_QUEUE
"""Steps waiting to be journaled, those that were dropped included."""
NO_FRAME: Final = -1


@dataclass(frozen=True, slots=True)
class Coded:
    """The newest image of a camera that was encoded whole, and whose frame it is."""

    frame: Frame
    picture: Picture


@dataclass(frozen=True, slots=True)
class Settled:
    """What one camera contributes to a step on record."""

    aligned: AlignedFrame
    picture: Picture


class OpenEpisode:
    """Journals the steps of one episode in order.

    Attributes:
        last: the newest step taken in, None before the first.
        stale_steps: per camera, how many steps had a stale frame.
        dropped_steps: how many went on record without pictures of their own.
        longest_jpegs: on record so far, of each camera, bytes.

    Raises:
        JournalError: from every method, when the journal cannot be written.
    """

    def __init__(self, path: Path, header: EpisodeHeader, pool: EncodePool) -> None:
        self.number = header.number
        self.last: Step | None = None
        self.stale_steps = [0] * len(header.cameras)
        self.dropped_steps = 0
        self.longest_jpegs = [0] * len(header.cameras)
        self._cameras = header.cameras
        self._dtype = step_dtype(len(header.cameras), header.state_size)
        self._pool = pool
        self._queue: deque[tuple[Step, int, Future[list[Picture]]]] = deque()
        self._encoding = 0
        self._coded: list[Coded | None] = [None] * len(header.cameras)
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

    @property
    def is_behind(self) -> bool:
        """No more images can be taken: a step that comes now is to be dropped, or has to wait."""
        return self._encoding >= MAX_QUEUE

    def append(self, step: Step) -> None:
        """Take in a step. Waits only where more wait for their images than memory is meant for."""
        while self._encoding > MAX_QUEUE or len(self._queue) > MAX_BACKLOG:
            self._journal_oldest()
        fresh = [
            each.frame.image
            for each in step.frames
            if each.frame is not None and not each.repeat and not each.missing
        ]
        self._queue.append((step, len(self._queue), self._pool.submit(fresh)))
        self._encoding += bool(fresh)
        self.last = step
        self._steps_taken += 1
        for index, frame in enumerate(step.frames):
            self.stale_steps[index] += frame.stale
        self.journal_encoded()

    def free_ns(self, t_ns: int) -> int:
        """The time up to which frames are used up, if `t_ns` is the newest tick's."""
        return int(self._queue[0][0].tick["t_ns"]) - 1 if self._queue else t_ns

    def check_journal(self) -> None:
        """That the journal is still where it was begun."""
        self._journal.check()

    def note(self, t_ns: int, text: str) -> None:
        """Put something that the operator was told into the episode."""
        self._journal.append_event(t_ns, text)

    def journal_encoded(self) -> None:
        """Journal the steps whose images are done, oldest first. Does not wait."""
        while self._queue and self._queue[0][2].done():
            self._journal_oldest()

    def end(self, outcome: Outcome) -> None:
        """Wait for the last images, journal them, and end the journal; `close` it then.

        If that fails, the episode is to be closed as it is, as after any failure.
        """
        while self._queue:
            self._journal_oldest()
        self._journal.end(outcome)

    def close(self) -> None:
        """Close the journal as it is; takes as long as the disk does, and may be called from
        another thread when nothing else is."""
        self._journal.close()

    def _journal_oldest(self) -> None:
        step, queued, encoding = self._queue.popleft()
        pictures = encoding.result()
        self._encoding -= bool(pictures)
        self._keep_whole(step, iter(pictures))
        step, settled = self._settle(step)
        self.dropped_steps += step.dropped
        self._journaled = list(settled)
        jpegs = [each.picture.jpeg for each in settled]
        self.longest_jpegs = list(map(max, self.longest_jpegs, map(len, jpegs)))
        self._journal.append_step(self._record(step, queued, settled), jpegs)

    def _keep_whole(self, step: Step, pictures: Iterator[Picture]) -> None:
        """Note which images were still whole after they were encoded: the others are nobody's."""
        for index, aligned in enumerate(step.frames):
            if aligned.frame is None or aligned.repeat or aligned.missing:
                continue
            picture = next(pictures)
            if aligned.frame.is_whole():
                self._coded[index] = Coded(aligned.frame, picture)

    def _settle(self, step: Step) -> tuple[Step, list[Settled]]:
        """What goes on record: of every camera the image the step was given, or, where one of them
        is gone, of every camera the one of the row before."""
        wanted = zip(step.frames, self._coded, strict=True)
        whole = not step.dropped and all(
            aligned.frame is None or (coded is not None and _same(aligned.frame, coded.frame))
            for aligned, coded in wanted
        )
        settled = [self._settled(step, index, whole) for index in range(len(step.frames))]
        frames = tuple(each.aligned for each in settled)
        return replace(step, frames=frames, dropped=not whole), settled

    def _settled(self, step: Step, index: int, whole: bool) -> Settled:
        aligned, coded, last = step.frames[index], self._coded[index], self._journaled[index]
        before = last.aligned.frame if last else None
        if whole and aligned.frame is not None and coded is not None:
            repeat = before is not None and _same(aligned.frame, before)
            return Settled(replace(aligned, repeat=repeat), coded.picture)
        camera = self._cameras[index]
        t_ns = int(step.tick["t_ns"])
        stands_in = align_frame(t_ns, None, camera.period_ns, last.aligned if last else None)
        return Settled(stands_in, last.picture if last else self._black(camera))

    def _black(self, camera: CameraConfig) -> Picture:
        """For a camera that has given nothing yet: a row must always decode."""
        image = np.zeros((camera.height, camera.width, 3), np.uint8)
        return encode(image, self._pool.config)

    def _record(self, step: Step, queued: int, settled: list[Settled]) -> Record:
        record = np.zeros((), self._dtype)
        record["tick"] = step.tick
        record["scene_ns"], record["state"] = NO_TIME, np.nan
        if step.scene:
            record["scene_ns"], record["stage"] = step.scene.t_ns, step.scene.stage
            record["state"] = step.scene.state
        record["skew_ns"], record["dropped"] = step.skew_ns, step.dropped
        record["encode_queue"] = queued
        for row, each in zip(record["frames"], settled, strict=True):
            _fill(row, each.aligned, each.picture)
        return record


def _same(frame: Frame, other: Frame) -> bool:
    return frame.number == other.number


def _fill(row: np.void, aligned: AlignedFrame, picture: Picture) -> None:
    frame = aligned.frame
    row["number"] = frame.number if frame else NO_FRAME
    row["capture_ns"] = frame.capture_ns if frame else NO_TIME
    row["arrival_ns"] = frame.arrival_ns if frame else NO_TIME
    row["sensor_ns"] = frame.sensor_ns if frame else NO_TIME
    row["exposure_us"] = frame.exposure_us if frame else UNKNOWN
    row["age_ns"] = aligned.age_ns
    row["repeat"], row["stale"] = aligned.repeat, aligned.stale
    row["missing"] = aligned.missing
    row["jpeg_bytes"], row["crc32"] = len(picture.jpeg), checksum(picture.jpeg)
    row["brightness"], row["clipped"] = picture.stats.brightness, picture.stats.clipped
    row["sharpness"] = picture.stats.sharpness
