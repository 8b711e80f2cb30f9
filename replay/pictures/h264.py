"""H.264 in an mp4 file: the one encoder of videos, of camera videos and of the LeRobot export.

What every player and browser takes: yuv420p, BT.601 in its limited range, tagged so; no B-frames; a
constant rate, the first frame at 0; the index in front, so that it plays while it loads.
"""

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

import av
import cv2
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from recorder.cameras.camera import Image

CRF: Final = 23
CHROMA: Final = np.divide([[-37.797, -74.203, 112, 32640], [112, -93.786, -18.214, 32640]], 255)
"""From red, green, blue 0-255 to Cb and Cr 16-240 (ITU-R BT.601-7, 2.5.3)."""


class H264Writer:
    """Writes a video, a picture at a time. `with` closes it.

    It writes under the name that it is given: whoever wants a file whole or absent renames it
    afterwards (`replay.pictures.whole_file`).

    Args:
        width, height: of the pictures, in pixels. The format knows even sizes only: an odd side of
            the video is a pixel longer, the last column or row twice.
        fps: pictures per second, exactly.
        crf: constant quality, 0 (lossless) to 51.
        gop: a key frame at least every so many; None: every second of the video.
        threads: of the encoder.

    Attributes:
        frames: written so far.
        bytes: of the frames that have been encoded, as far as they have come out.

    Raises:
        OSError: from every method: the disk refuses.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: int,
        *,
        crf: int = CRF,
        gop: int | None = None,
        threads: int = 1,
    ) -> None:
        self.path, self.width, self.height = path, width, height
        self.frames = self.bytes = 0
        self._time_base = Fraction(1, fps)
        settings = {
            "preset": "veryfast",
            "crf": str(crf),
            "g": str(gop or fps),
            "bf": "0",
            "forced-idr": "1",  # a key frame that is asked for is one that a reader may start at
            "threads": str(threads),
            "x264-params": "chromaloc=1",  # as in a JPEG: in the middle of its four pixels
        }
        try:
            self._file = av.open(path, "w", format="mp4", options={"movflags": "faststart"})
            self._stream = self._file.add_stream("libx264", fps, options=settings)
        except av.FFmpegError as error:
            raise _as_os_error(error, path) from error
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base = self._time_base
        codec.colorspace, codec.color_range = Colorspace.ITU601, ColorRange.MPEG
        # What is in a JPEG is sRGB.
        codec.color_primaries, codec.color_trc = ColorPrimaries.BT709, ColorTrc.IEC61966_2_1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def write(self, image: Image, *, key_frame: bool = False) -> None:
        """Append a picture.

        Args:
            image: (H, W, 3) uint8, RGB, of the size that was told.
            key_frame: a reader can begin here.
        """
        if image.shape != (self.height, self.width, 3):
            raise ValueError(f"{image.shape} is no picture of {self.width}x{self.height}.")
        frame = av.VideoFrame.from_ndarray(_yuv420p(image), format="yuv420p")
        frame.pts, frame.time_base = self.frames, self._time_base
        frame.pict_type = PictureType.I if key_frame else PictureType.NONE
        self._mux(frame)
        self.frames += 1

    def close(self) -> None:
        """Finish the file; returns when it holds every frame."""
        self._mux(None)
        try:
            self._file.close()
        except av.FFmpegError as error:
            raise _as_os_error(error, self.path) from error

    def abandon(self) -> None:
        """Let go of the file, which is of no use then."""
        with contextlib.suppress(av.FFmpegError, OSError):
            self._file.close()

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self.bytes += packet.size
                self._file.mux(packet)
        except av.FFmpegError as error:
            raise _as_os_error(error, self.path) from error


def _as_os_error(error: av.FFmpegError, path: Path) -> OSError:
    return OSError(error.errno, error.strerror, str(path))


def _yuv420p(image: Image) -> Image:
    """(H * 3 / 2, W) of an RGB image: luma, then Cb and Cr at half the size.

    OpenCV's own takes a colour from the first of four pixels, which frays drawn lines.
    """
    image = _even(image)
    height, width = image.shape[:2]
    planes = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420), np.uint8)
    half = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    chroma = cv2.split(cv2.transform(half, CHROMA))
    planes[height:] = np.concatenate(chroma).reshape(-1, width)
    return planes


def _even(image: Image) -> Image:
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    return image
