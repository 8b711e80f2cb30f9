"""A contact sheet: all cameras of an episode at a few moments, in one picture, its joints below."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Image
from recorder.episode.reader import EpisodeReader
from recorder.quality import Judgement
from replay.errors import PictureError
from replay.pictures import heading, timeline
from replay.pictures.canvas import FAINT, INK, blank, fitted, text
from replay.pictures.layout import Place, fit
from replay.pictures.story import Story, check_drawable, story_of
from replay.pictures.tile import damaged, picture, size_of
from replay.pictures.traces import traces
from replay.pictures.whole_file import check_place, whole_file

MOMENTS: Final = 6
TILE_WIDTH: Final = 320
MAX_TILE_HEIGHT: Final = 400
"""Of pictures taller than that, the tile is narrower, in the middle of its place."""
GAP: Final = 6
MARGIN: Final = 18
LABEL_WIDTH: Final = 34
TIME_HEIGHT: Final = 28
SMALL: Final = 17
TRACES_HEIGHT: Final = 290
TRACES_GAP: Final = 14


def check_sheet_path(path: Path) -> None:
    """See that a sheet could be written there, before the work is done.

    Raises:
        PictureError: another ending than .png or .jpg, a folder of that name, or no folder for
            it.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise PictureError(f"{path}: a contact sheet is written as .png or .jpg.")
    check_place(path)


def write_contact_sheet(
    episode: EpisodeReader, path: Path, judgement: Judgement | None = None
) -> bool:
    """Write the sheet as PNG or JPEG, by the name's ending.

    The file is whole or absent, and replaces one that is there: whether it has is returned.

    Args:
        judgement: what the checks have found; None: they are run here, but look at no picture.

    Raises:
        PictureError: as `check_sheet_path`, it cannot be drawn, or not be written.
    """
    check_sheet_path(path)
    replaced = path.exists()
    drawn = cv2.cvtColor(contact_sheet(episode, judgement=judgement), cv2.COLOR_RGB2BGR)
    encoded, content = cv2.imencode(path.suffix.lower(), drawn)
    try:
        if not encoded:
            raise OSError(0, "OpenCV cannot encode it")
        with whole_file(path) as building:
            building.write_bytes(content.tobytes())
    except OSError as error:
        raise PictureError(f"Cannot write {path}: {error.strerror}.") from error
    return replaced


def contact_sheet(
    episode: EpisodeReader, moments: int = MOMENTS, judgement: Judgement | None = None
) -> Image:
    """Cameras as rows, moments from the first step to the last as columns, joints and findings
    below: (H, W, 3), RGB.

    Raises:
        PictureError: the episode has no step, no rate or no camera.
    """
    check_drawable(episode)
    story = story_of(episode, judgement)
    cameras = episode.facts.camera_names
    steps = np.unique(np.linspace(0, episode.steps - 1, moments).round().astype(int))
    heights = [_tile_height(episode, camera) for camera in cameras]
    inner = LABEL_WIDTH + moments * (TILE_WIDTH + GAP) - GAP
    top = MARGIN + heading.HEIGHT + TIME_HEIGHT
    below = top + sum(heights) + GAP * len(heights) + TRACES_GAP
    strip = _strip(story, episode, inner)
    sheet = blank(inner + 2 * MARGIN, below + strip.shape[0] + MARGIN)
    heading.heading(
        sheet, episode, story.verdict, MARGIN, MARGIN, inner, aside=_length(sheet, episode)
    )
    _times(sheet, steps, episode.facts.fps)
    for camera, height in zip(cameras, heights, strict=True):
        _camera_name(sheet, camera, top, height)
        for column, step in enumerate(steps):
            left = _left(column)
            tile = sheet[top : top + height, left : left + TILE_WIDTH]
            _fill(tile, picture(episode, camera, int(step)))
        top += height + GAP
    sheet[below : below + strip.shape[0], MARGIN : MARGIN + inner] = strip
    return sheet


def _left(column: int) -> int:
    return MARGIN + LABEL_WIDTH + column * (TILE_WIDTH + GAP)


def _tile_height(episode: EpisodeReader, camera: str) -> int:
    width, height = size_of(episode, camera)
    return max(1, min(MAX_TILE_HEIGHT, round(height * TILE_WIDTH / width)))


def _fill(tile: Image, image: Image | None) -> None:
    """Draw the picture as large as it fits."""
    height, width = tile.shape[:2]
    if image is None:
        tile[:] = damaged(width, height)
        return
    place = fit((image.shape[1], image.shape[0]), Place(0, 0, width, height))
    shown = cv2.resize(image, (place.width, place.height), interpolation=cv2.INTER_AREA)
    tile[place.top : place.top + place.height, place.left : place.left + place.width] = shown


def _length(sheet: Image, episode: EpisodeReader) -> int:
    """Write how long it is, at the right of the title's second line; returns the room it takes."""
    words = f"{episode.steps} steps   {episode.steps / episode.facts.fps:.1f} s"
    at = (sheet.shape[1] - MARGIN, MARGIN + heading.SECOND_LINE)
    return text(sheet, words, at, heading.DETAIL, FAINT, align="right") + heading.DETAIL


def _times(sheet: Image, steps: npt.NDArray[np.int_], fps: int) -> None:
    baseline = MARGIN + heading.HEIGHT + TIME_HEIGHT - 9
    for column, step in enumerate(steps):
        text(sheet, f"{step / fps:.2f} s", (_left(column), baseline), SMALL, FAINT)


def _camera_name(sheet: Image, camera: str, top: int, height: int) -> None:
    """The name, read upwards, left of its row."""
    label = blank(height, LABEL_WIDTH)
    text(label, fitted(camera, height, SMALL), (2, LABEL_WIDTH - 13), SMALL, INK)
    turned = cv2.rotate(label, cv2.ROTATE_90_COUNTERCLOCKWISE)
    sheet[top : top + height, MARGIN : MARGIN + LABEL_WIDTH] = turned


def _strip(story: Story, episode: EpisodeReader, width: int) -> Image:
    """The joints, if they can be read, and the time line."""
    line = timeline.timeline(story.marks, episode.steps, episode.facts.fps, width)
    if story.motion is None:
        return line
    drawn = traces(story.motion, story.marks, width, TRACES_HEIGHT).image
    return np.concatenate((drawn, blank(width, TRACES_GAP), line))
