"""What a webcam is named by: a path or a URL, and what may be said of it."""

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from recorder.config import CameraConfig
from recorder.errors import CameraError

SCHEMES: Final = ("http", "https", "rtsp")
BY_ID: Final = "/dev/v4l/by-id"


def fault(config: CameraConfig, what: str) -> CameraError:
    """The error that says `what` of a webcam."""
    return CameraError(f"Camera {config.name} ({without_password(config.device)}) {what}.")


def is_url(device: str) -> bool:
    """Whether it is one, and not a path."""
    return "://" in device


def without_password(device: str) -> str:
    """As it may be shown and recorded: of a URL, what stands before the host's @ and what comes
    after ? or # are left out. Where an @ comes after those, nobody can tell whether it ends a
    password or is in one: nothing of it is shown then. A path stays as it is."""
    if not is_url(device):
        return device
    scheme, rest = device.split("://", 1)
    place, *secret = re.split(r"[?#]", rest, maxsplit=1)
    if secret and "@" in secret[0]:
        return f"{scheme}://..."
    return f"{scheme}://{place.rsplit('@', 1)[-1]}{'?...' if secret else ''}"


def check_address(config: CameraConfig) -> None:
    """That there may be a webcam; nothing is opened.

    Raises:
        CameraError: what `device` says is no address, is not there, or may not be opened.
    """
    device = config.device
    if is_url(device):
        scheme = urlsplit(device).scheme
        if scheme not in SCHEMES:
            raise fault(config, f"has a URL of {scheme}: only {', '.join(SCHEMES)} are read")
    elif not device.startswith("/"):
        raise fault(
            config,
            "has no path or URL for its device: an index or a name may be another camera after the "
            f"next start, so give its link under {BY_ID}",
        )
    elif not Path(device).is_char_device():
        raise fault(config, f"is not there: plug it in, or see what there is under {BY_ID}")
    elif not os.access(device, os.R_OK | os.W_OK):
        raise fault(config, "may not be opened by this user: add the user to the group video")
