"""A contact sheet: all cameras of an episode at a few moments, in one picture."""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from recorder.cameras.camera import Image
from recorder.episode.reader import EpisodeReader
from replay.errors import PictureError

MOMENTS: Final = 6
TILE_WIDTH: Final = 320
MAX_TILE_HEIGHT: Final = 2 * TILE_WIDTH
"""Of pictures taller than that, the tile is narrower, in the middle of its place."""
GAP: Final = 6
MARGIN: Final = 18
LABEL_WIDTH: Final = 34
TITLE_HEIGHT: Final = 58
TIME_HEIGHT: Final = 30
BACKGROUND: Final = (250, 250, 248)
INK: Final = (40, 40, 44)
FAINT: Final = (120, 120, 126)
KINDS: Final = {"simulated": "simulated rig", "emulated": "emulated arms", "real": "real rig"}


def check_sheet_path(path: Path) -> None:
    """See that a sheet could be written there, before the work is done.

    Raises:
        PictureError: another ending than .png or .jpg, or no such folder.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise PictureError(f"{path}: a contact sheet is written as .png or .jpg.")
    if not path.absolute().parent.is_dir():
        raise PictureError(f"Cannot write {path}: there is no folder {path.parent}.")


def write_contact_sheet(episode: EpisodeReader, path: Path) -> None:
    """Write the sheet as PNG or JPEG, by the name's ending.

    Raises:
        PictureError: as `check_sheet_path`, or it cannot be written.
        EpisodeError: an image does not decode.
    """
    check_sheet_path(path)
    picture = cv2.cvtColor(contact_sheet(episode), cv2.COLOR_RGB2BGR)
    encoded, content = cv2.imencode(path.suffix.lower(), picture)
    try:
        if not encoded:
            raise OSError(0, "OpenCV cannot encode it")
        path.write_bytes(content.tobytes())
    except OSError as error:
        raise PictureError(f"Cannot write {path}: {error.strerror}.") from error


def contact_sheet(episode: EpisodeReader, moments: int = MOMENTS) -> Image:
    """Cameras as rows, moments from the first step to the last as columns: (H, W, 3), RGB."""
    cameras = episode.facts.camera_names
    steps = np.unique(np.linspace(0, episode.steps - 1, moments).round().astype(int))
    rows = [[_tile(episode.image(camera, int(step))) for step in steps] for camera in cameras]
    heights = [row[0].shape[0] for row in rows]
    width = 2 * MARGIN + LABEL_WIDTH + len(steps) * (TILE_WIDTH + GAP) - GAP
    height = MARGIN + TITLE_HEIGHT + TIME_HEIGHT + sum(heights) + GAP * len(rows) + MARGIN - GAP
    sheet: Image = np.full((height, width, 3), BACKGROUND, np.uint8)
    _title(sheet, episode)
    _times(sheet, steps, episode.facts.fps)
    top = MARGIN + TITLE_HEIGHT + TIME_HEIGHT
    for camera, row, row_height in zip(cameras, rows, heights, strict=True):
        _camera_name(sheet, camera, top, row_height)
        for column, tile in enumerate(row):
            left = _left(column)
            sheet[top : top + row_height, left : left + TILE_WIDTH] = tile
        top += row_height + GAP
    return sheet


def _left(column: int) -> int:
    return MARGIN + LABEL_WIDTH + column * (TILE_WIDTH + GAP)


def _tile(image: Image) -> Image:
    """(h, TILE_WIDTH, 3): the picture as large as it fits."""
    height, width = image.shape[:2]
    scale = min(TILE_WIDTH / width, MAX_TILE_HEIGHT / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    tile: Image = np.full((size[1], TILE_WIDTH, 3), BACKGROUND, np.uint8)
    left = (TILE_WIDTH - size[0]) // 2
    tile[:, left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return tile


def _title(sheet: Image, episode: EpisodeReader) -> None:
    facts = episode.facts
    kind = KINDS.get(facts.arms_kind, facts.arms_kind)
    seconds = episode.steps / facts.fps
    _text(sheet, f"{facts.task}  {episode.path.stem}", (MARGIN, MARGIN + 20), 24, INK, bold=True)
    detail = f"{kind}   {episode.steps} steps   {seconds:.1f} s   {facts.success}"
    _text(sheet, f"{facts.prompt}   {detail}", (MARGIN, MARGIN + 46), 17, FAINT)


def _times(sheet: Image, steps: npt.NDArray[np.int_], fps: int) -> None:
    baseline = MARGIN + TITLE_HEIGHT + TIME_HEIGHT - 9
    for column, step in enumerate(steps):
        _text(sheet, f"{step / fps:.2f} s", (_left(column), baseline), 17, FAINT)


def _camera_name(sheet: Image, camera: str, top: int, height: int) -> None:
    """The name, read upwards, left of its row."""
    label: Image = np.full((LABEL_WIDTH, height, 3), BACKGROUND, np.uint8)
    _text(label, camera, (2, LABEL_WIDTH - 13), 17, INK)
    turned = cv2.rotate(label, cv2.ROTATE_90_COUNTERCLOCKWISE)
    sheet[top : top + height, MARGIN : MARGIN + LABEL_WIDTH] = turned


def _text(
    image: Image,
    text: str,
    origin: tuple[int, int],
    size: int,
    colour: tuple[int, int, int],
    bold: bool = False,
) -> None:
    """Draw text with its baseline at `origin`; `size` in pixels."""
    if hasattr(cv2, "FontFace"):  # OpenCV 5 brings a real typeface
        weight = 600 if bold else 400
        cv2.putText(image, text, origin, colour, cv2.FontFace("sans"), size, weight)
    else:
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(image, text, origin, font, size / 32, colour, 1 + bold, cv2.LINE_AA)
