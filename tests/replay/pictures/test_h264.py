"""The encoder: what comes out is what went in, as every player expects it."""

from collections.abc import Iterable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from replay.pictures.h264 import H264Writer
from tests.helpers.disk_limits import no_file_longer_than

COLOURS = [(220, 30, 30), (30, 220, 30), (30, 30, 220), (255, 255, 255), (0, 0, 0), (128, 90, 60)]


def stripes(width: int, height: int, turn: int = 0) -> np.ndarray:
    """Upright stripes of the colours, as many pixels each."""
    edges = np.arange(width) * len(COLOURS) // width
    row = np.array(COLOURS, np.uint8)[(edges + turn) % len(COLOURS)]
    return np.tile(row, (height, 1, 1))


def write(path: Path, images: Iterable[np.ndarray]) -> None:
    """A video of 128x96 pixels."""
    with H264Writer(path, 128, 96, 50) as video:
        for image in images:
            video.write(image)


def decoded(path: Path) -> list[np.ndarray]:
    """All frames, by the matrix that the file names."""
    with av.open(path) as file:
        return [
            cv2.cvtColor(frame.to_ndarray(format="yuv420p"), cv2.COLOR_YUV2RGB_I420)
            for frame in file.decode(video=0)
        ]


def test_colours_come_back(tmp_path: Path) -> None:
    images = [stripes(192, 96, turn) for turn in range(6)]
    with H264Writer(tmp_path / "a.mp4", 192, 96, 50) as video:
        for image in images:
            video.write(image)
    assert video.frames == 6
    for image, seen in zip(images, decoded(tmp_path / "a.mp4"), strict=True):
        for middle in range(16, 192, 32):
            assert seen[48, middle].astype(int) == pytest.approx(image[48, middle], abs=6)


def test_the_file_says_what_players_ask(tmp_path: Path) -> None:
    with H264Writer(tmp_path / "a.mp4", 64, 48, 30, gop=10) as video:
        for step in range(25):
            video.write(stripes(64, 48), key_frame=step == 7)
    with av.open(tmp_path / "a.mp4") as file:
        stream = file.streams.video[0]
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt, codec.has_b_frames) == ("h264", "yuv420p", False)
        assert codec.colorspace == Colorspace.ITU601
        assert codec.color_range == ColorRange.MPEG
        assert codec.color_primaries == ColorPrimaries.BT709
        assert codec.color_trc == ColorTrc.IEC61966_2_1
        assert (stream.average_rate, stream.frames) == (30, 25)
        frames = list(file.decode(stream))
    assert [frame.time for frame in frames] == pytest.approx([step / 30 for step in range(25)])
    assert [step for step, frame in enumerate(frames) if frame.key_frame] == [0, 7, 17]
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (1, 1)])
def test_an_odd_side_is_a_pixel_longer(tmp_path: Path, size: tuple[int, int]) -> None:
    with H264Writer(tmp_path / "a.mp4", *size, 50) as video:
        video.write(np.full((size[1], size[0], 3), 200, np.uint8))
    (seen,) = decoded(tmp_path / "a.mp4")
    assert seen.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert abs(seen.astype(int) - 200).max() < 4


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with H264Writer(tmp_path / "a.mp4", 64, 48, 50) as video:
        video.write(stripes(64, 48))
        with pytest.raises(ValueError, match="no picture of 64x48"):
            video.write(stripes(48, 64))


@pytest.mark.parametrize("size", [0, 100, 3000])
def test_a_full_disk_is_told(tmp_path: Path, size: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (20, 96, 128, 3), np.uint8)
    with pytest.raises(OSError, match="too large"), no_file_longer_than(size):
        write(tmp_path / "a.mp4", noise)


def test_no_folder_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="No such file"),
        H264Writer(tmp_path / "no" / "a.mp4", 64, 48, 50) as video,
    ):
        video.write(stripes(64, 48))
