"""The video files of one camera: its episodes one after the other, each from a key frame on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import av

from recorder.cameras.camera import Image
from replay.errors import ExportError
from replay.export.lerobot.places import VIDEO, Place, place, rolls_over
from replay.export.lerobot.settings import GOP, Settings
from replay.pictures.h264 import H264Writer


@dataclass(frozen=True, slots=True)
class Film:
    """Where an episode is: frames `first` to `end` of a file, `end` not included."""

    place: Place
    first: int
    end: int


class Films:
    """Writes them, an episode at a time. `with` closes the last.

    Args:
        key: the feature, which names their folder.
        size: width and height in pixels.
    """

    def __init__(
        self, folder: Path, key: str, size: tuple[int, int], fps: int, settings: Settings
    ) -> None:
        self._folder, self._key, self._settings = folder, key, settings
        self._size, self._fps = size, fps
        self._files = 0
        self._writer: H264Writer | None = None
        self._starts: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        elif self._writer:
            self._writer.abandon()

    def begin_episode(self, frames: int) -> Film:
        """Where the next episode goes; a new file is begun if it would not fit, as the frames so
        far let expect."""
        if not self._writer or self._is_full(self._writer, frames):
            self.close()
            self._writer = self._open()
            self._files += 1
        first = self._writer.frames
        self._starts.append(first)
        return Film(self._place(self._files - 1), first, first + frames)

    def append(self, image: Image) -> None:
        """The next picture of the episode that was begun."""
        assert self._writer
        self._writer.write(image, key_frame=self._writer.frames == self._starts[-1])

    def close(self) -> None:
        """Finish the current file, and see that it holds what was put in.

        Raises:
            ExportError: it does not.
        """
        if self._writer:
            self._writer.close()
            check_film(self._writer.path, self._fps, self._writer.frames, self._starts)
        self._writer, self._starts = None, []

    def _is_full(self, writer: H264Writer, frames: int) -> bool:
        coming = writer.bytes / writer.frames * frames
        return rolls_over(writer.bytes, coming, self._settings.video_mb)

    def _open(self) -> H264Writer:
        path = self._place(self._files).path(self._folder, VIDEO, self._key)
        crf = self._settings.crf
        return H264Writer(path, *self._size, self._fps, crf=crf, gop=GOP)

    def _place(self, number: int) -> Place:
        return place(number, self._settings.files_per_chunk)


def check_film(path: Path, fps: int, frames: int, starts: list[int]) -> None:
    """Count what is in a file: a frame more or less would shift all that follow, and no reader
    would notice.

    Args:
        frames: that were put in.
        starts: of episodes: frames that a reader must be able to begin at.

    Raises:
        ExportError: other frames, at other times, or no key frame at a start.
    """
    try:
        with av.open(str(path)) as film:
            base = film.streams.video[0].time_base or 0
            packets = [(packet.pts, packet.is_keyframe) for packet in film.demux(video=0)]
    except av.FFmpegError as error:
        raise ExportError(f"{path} cannot be read back: {error.strerror}.") from error
    there = [(pts * base * fps, key) for pts, key in packets if pts is not None]
    times = [time for time, _ in there]
    if times != list(range(frames)):
        raise ExportError(f"{path} holds {len(times)} frames for {frames}, or at other times.")
    if not all(there[start][1] for start in starts):
        raise ExportError(f"{path} has an episode that does not begin with a key frame.")
