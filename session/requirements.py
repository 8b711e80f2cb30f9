"""What must be installed, looked up before it is imported. Needs the standard library only."""

import importlib.util
from typing import Final

PACKAGES: Final = ("numpy", "h5py", "cv2", "fastcrc", "dynamixel_sdk", "serial", "textual")
"""Imported whatever the rig. MuJoCo is asked for where the simulated rig starts."""


def missing_packages() -> list[str]:
    """The names that cannot be imported."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]
