"""A video of an episode: all cameras, the joints below with a cursor, findings on a time line."""

from contextlib import closing
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.quality import Judgement
from replay.errors import PictureError
from replay.export.threads import in_threads
from replay.pictures.h264 import H264Writer
from replay.pictures.screen import HEIGHT, WIDTH, Screen
from replay.pictures.story import check_drawable, story_of
from replay.pictures.whole_file import check_place, whole_file
from replay.progress import progress_bar

THREADS: Final = 2
DRAWING: Final = 2
"""Threads of the encoder, and of what it is given: either is half of the work, and somebody waits
for it."""


def check_video_path(path: Path) -> None:
    """See that a video could be written there, before the work is done.

    Raises:
        PictureError: another ending than .mp4, a folder of that name, or no folder for it.
    """
    if path.suffix.lower() != ".mp4":
        raise PictureError(f"{path}: a video is written as .mp4.")
    check_place(path)


def write_video(episode: EpisodeReader, path: Path, judgement: Judgement | None = None) -> bool:
    """Write the video, as fast as the recording was: a picture a step, `WIDTH` by `HEIGHT`.

    Where the file is damaged, the video says so. The file is whole or absent, and replaces one that
    is there: whether it has is returned.

    Args:
        judgement: what the checks have found; None: they are run here, but look at no picture.

    Raises:
        PictureError: as `check_video_path`, it cannot be drawn, or not be written.
    """
    check_video_path(path)
    check_drawable(episode)
    replaced = path.exists()
    screen = Screen(episode, story_of(episode, judgement))
    try:
        with (
            whole_file(path) as building,
            H264Writer(building, WIDTH, HEIGHT, episode.facts.fps, threads=THREADS) as video,
            progress_bar("video", episode.steps) as done,
            closing(in_threads(screen.draw, range(episode.steps), DRAWING)) as drawn,
        ):
            for image in drawn:
                video.write(image)
                done(1)
    except OSError as error:
        raise PictureError(f"Cannot write {path}: {error.strerror}.") from error
    return replaced
