"""Snapshots as files: each device's picture as it is, and all of them labelled in one."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from bringup.camera_look import Look
from bringup.errors import BringupError
from recorder.cameras.camera import Image
from recorder.cameras.webcam_address import without_password

SHEET: Final = "all_cameras.png"
TILE_WIDTH: Final = 480
TILE_HEIGHT: Final = 360
LABEL_HEIGHT: Final = 52
GAP: Final = 8
MANY: Final = 4
"""Devices that two columns are good for."""
BACKGROUND: Final = (250, 250, 248)
EMPTY: Final = (205, 205, 205)
INK: Final = (40, 40, 44)
NUMBER_SCALE, LABEL_SCALE = 1.2, 0.42
"""Of OpenCV's Hershey typeface, which is about 22 pixels high at 1."""
LABEL_CHARACTERS: Final = 58
NAME_CHARACTERS: Final = 100
"""A file's name may have 255."""


def snapshot_name(identity: str, kind: str) -> str:
    """The file name of a device's snapshot: the same one each time."""
    leaf = without_password(identity).removeprefix("/dev/v4l/").removeprefix("http://")
    return f"{kind}_{re.sub(r'[^A-Za-z0-9._-]+', '_', leaf).strip('._')[-NAME_CHARACTERS:]}.png"


def make_folder(folder: Path) -> None:
    """See that snapshots can be written there, before the cameras are opened.

    Raises:
        BringupError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, PermissionError(0, "Permission denied"))


def write_snapshots(looks: Sequence[Look], folder: Path) -> dict[int, Path]:
    """Write the picture of each device that gave one, and the sheet of all; paths by number.

    Raises:
        BringupError: a file cannot be written.
    """
    written: dict[int, Path] = {}
    for look in looks:
        if look.image is not None:
            found = look.device.found
            path = folder / snapshot_name(found.identity, found.kind)
            if path in written.values():
                path = path.with_stem(f"{path.stem}_{look.device.number}")
            _write(path, look.image)
            written[look.device.number] = path
    _write(folder / SHEET, sheet(looks))
    return written


def sheet(looks: Sequence[Look]) -> Image:
    """(H, W, 3) RGB: a tile a device, its number, name and identity above it."""
    columns = 2 if len(looks) <= MANY else 3
    rows = -(-len(looks) // columns)
    height, width = LABEL_HEIGHT + TILE_HEIGHT + GAP, TILE_WIDTH + GAP
    picture: Image = np.full((rows * height + GAP, columns * width + GAP, 3), BACKGROUND, np.uint8)
    for index, look in enumerate(looks):
        top = GAP + index // columns * height
        left = GAP + index % columns * width
        _label(picture, look, (left, top))
        tile = _tile(look.image)
        picture[top + LABEL_HEIGHT :, left:][:TILE_HEIGHT, :TILE_WIDTH] = tile
    return picture


def _tile(image: Image | None) -> Image:
    """The picture as large as it fits, or an empty tile that says so."""
    tile: Image = np.full((TILE_HEIGHT, TILE_WIDTH, 3), EMPTY, np.uint8)
    if image is None:
        _text(tile, "no picture", (TILE_WIDTH // 2 - 70, TILE_HEIGHT // 2), 0.8)
        return tile
    scale = min(TILE_WIDTH / image.shape[1], TILE_HEIGHT / image.shape[0])
    size = max(1, int(image.shape[1] * scale)), max(1, int(image.shape[0] * scale))
    fitted = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    left, top = (TILE_WIDTH - size[0]) // 2, (TILE_HEIGHT - size[1]) // 2
    tile[top : top + size[1], left : left + size[0]] = fitted
    return tile


def _label(picture: Image, look: Look, corner: tuple[int, int]) -> None:
    left, top = corner
    found, number = look.device.found, str(look.device.number)
    _text(picture, number, (left, top + 38), NUMBER_SCALE, thickness=2)
    indent = left + 22 * len(number) + 14
    title = " ".join(part for part in (look.device.camera, found.name) if part) or found.kind
    _text(picture, _shortened(title), (indent, top + 20), LABEL_SCALE)
    _text(picture, _shortened(without_password(found.identity)), (indent, top + 40), LABEL_SCALE)


def _shortened(text: str) -> str:
    """Without its middle where there is no room; what is not ASCII cannot be drawn."""
    text = text.encode("ascii", "replace").decode()
    if len(text) <= LABEL_CHARACTERS:
        return text
    half = (LABEL_CHARACTERS - 3) // 2
    return f"{text[:half]}...{text[-half:]}"


def _text(
    picture: Image, text: str, origin: tuple[int, int], scale: float, thickness: int = 1
) -> None:
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, text, origin, font, scale, INK, thickness, cv2.LINE_AA)


def _write(path: Path, image: Image) -> None:
    """Write an RGB picture as PNG, whole or not at all."""
    encoded, content = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    building = path.with_name(f".{path.name}.part")
    try:
        if not encoded:
            raise OSError(0, "OpenCV cannot encode it")
        building.write_bytes(content.tobytes())
        building.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        building.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> BringupError:
    return BringupError(
        f"Cannot write {path}: {error.strerror}; choose another folder with --snapshots."
    )
