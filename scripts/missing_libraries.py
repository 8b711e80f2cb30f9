"""Prints the Debian packages that are missing, one a line; nothing when all is well.

Not a look at a package list: it renders one frame with MuJoCo and loads the RealSense library, each
in a process of its own, because a broken driver may abort the process that calls it.

``--reasons`` adds why, on stderr. ``--quick`` only asks the loader for the GL libraries; the status
is 1 when there are none.
"""

import ctypes
import importlib.util
import subprocess
import sys
from typing import Final

from sim.cameras.gl import choose_gl
from sim.errors import RenderError

GL_PACKAGES: Final = ("libegl1", "libegl-mesa0", "libgl1-mesa-dri", "libopengl0")
GL_LIBRARIES: Final = ("libEGL.so.1", "libOSMesa.so.8", "libOSMesa.so.6")
USB_PACKAGES: Final = ("libusb-1.0-0", "libudev1")
USB_PROBE: Final = """
import ctypes, libusb_package
ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
import pyrealsense2
"""
USB_TIMEOUT_S: Final = 60


def report(reason: str) -> None:
    """Tell a person why something counts as missing."""
    if "--reasons" in sys.argv:
        sys.stderr.write(f"  {reason}\n")


def renders() -> bool:
    """Whether the simulated cameras give a picture."""
    try:
        choose_gl()
    except RenderError as error:
        report(str(error))
        return False
    return True


def realsense_loads() -> bool:
    """Whether the RealSense library finds libusb; true where there is no RealSense library."""
    if importlib.util.find_spec("pyrealsense2") is None:
        return True
    command = [sys.executable, "-c", USB_PROBE]
    probe = subprocess.run(
        command, capture_output=True, text=True, timeout=USB_TIMEOUT_S, check=False
    )
    if probe.returncode:
        report(f"pyrealsense2 does not load: {(probe.stderr.splitlines() or ['no reason'])[-1]}")
    return probe.returncode == 0


def loads(library: str) -> bool:
    """Whether the loader finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def main() -> int:
    """Print what is missing; the exit status says no more than that the question was answered."""
    if "--quick" in sys.argv:
        return 0 if any(loads(library) for library in GL_LIBRARIES) else 1
    missing = (() if renders() else GL_PACKAGES) + (() if realsense_loads() else USB_PACKAGES)
    sys.stdout.write("".join(f"{name}\n" for name in missing))
    return 0


if __name__ == "__main__":
    sys.exit(main())
