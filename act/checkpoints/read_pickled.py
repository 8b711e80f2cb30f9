"""Reading weights that torch.save has written and anybody may have made: none is larger than its
file."""

import stat
import zipfile
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from act.errors import CheckpointError

MAX_BYTES: Final = 2 << 30
"""Of a file: several times the paper's model."""
MOST_UNPACKED: Final = 4
"""Times the file's size: names may share what they stand for."""


def require_ordinary(path: Path, most_bytes: int = MAX_BYTES) -> int:
    """The size of a file that may be opened, bytes.

    Raises:
        CheckpointError: it is a pipe, a device or a folder, or too long; without its stop.
        OSError: it is not there.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        raise CheckpointError(f"{path} is no ordinary file")
    if about.st_size > most_bytes:
        raise CheckpointError(
            f"{path} has {about.st_size} bytes, and {most_bytes} would be the most"
        )
    return about.st_size


def read_pickled(path: Path) -> dict[str, Tensor]:
    """Weights by their names there. Nothing of the file is executed.

    Raises:
        CheckpointError: it is anything else, or claims to unpack to far more; without its stop.
        OSError: it cannot be read.
    """
    room = MOST_UNPACKED * require_ordinary(path)
    try:
        _require_plain(path, room)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (CheckpointError, OSError):
        raise
    except Exception as error:  # a hostile file may make it raise anything
        raise CheckpointError(f"{path} is broken, or holds more than weights") from error
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and _is_plain(each) for name, each in content.items()
    ):
        raise CheckpointError(f"{path} does not hold the weights of one network")
    if sum(each.nbytes for each in content.values()) > room:
        raise CheckpointError(f"{path} claims to hold far more weights than there are in it")
    return content


def _is_plain(value: object) -> bool:
    if not isinstance(value, Tensor) or value.is_quantized:
        return False
    return value.layout is torch.strided and value.device.type == "cpu"


def _require_plain(path: Path, room: int) -> None:
    """Torch's zip files are not compressed, and begin with their first member."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\3\4":  # as torch tells them from its older files
            return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    if any(each.compress_type != zipfile.ZIP_STORED for each in members):
        raise CheckpointError(f"{path} is compressed, which torch.save never does")
    if sum(each.file_size for each in members) > room:
        raise CheckpointError(f"{path} claims to unpack to far more than its size")
    if min((each.header_offset for each in members), default=1):  # torch would find others
        raise CheckpointError(f"{path} is broken: it says twice what is in it")
