"""Which GL backend can render here, found out before mujoco is first imported.

MuJoCo binds to the backend named in MUJOCO_GL at its import, for the life of the process, and a
broken one may abort it; so each candidate is tried in a process of its own.
"""

import importlib.util
import os
import subprocess
import sys
from typing import Final

from sim.errors import RenderError

BACKENDS: Final = ("egl", "osmesa")
ENVIRONMENT_KEY: Final = "MUJOCO_GL"

_PACKAGES: Final = (
    "apt install libegl1 libegl-mesa0 libgl1-mesa-dri libopengl0 (for egl), "
    "or libosmesa6 libopengl0 (for osmesa)"
)
_PROBE_TIMEOUT_S: Final = 60
_PROBE: Final = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 3"/><geom size="1"/></worldbody></mujoco>')
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 48, 64) as renderer:
    renderer.update_scene(data)
    raise SystemExit(0 if renderer.render().mean() > 0 else 3)
"""


class GraphicsError(RenderError):
    """No GL on this machine gives a picture, or mujoco is missing."""


def choose_gl() -> str:
    """The backend to put into MUJOCO_GL before mujoco is first imported.

    One the user set is honoured when it works. Blocks for about a second per backend tried.

    Raises:
        GraphicsError: mujoco is not installed, or no backend renders a picture.
    """
    if importlib.util.find_spec("mujoco") is None:
        raise GraphicsError(
            "The simulated rig needs mujoco, which is not installed: run scripts/install, "
            "or pip install -c constraints.txt -e '.[sim]'."
        )
    chosen = os.environ.get(ENVIRONMENT_KEY, "").strip().lower()
    if chosen:
        if _renders(chosen):
            return chosen
        raise GraphicsError(
            f"{ENVIRONMENT_KEY}={chosen} is set, but rendering with it fails here: unset it to "
            f"let {' or '.join(BACKENDS)} be found, or install its packages: {_PACKAGES}."
        )
    for backend in BACKENDS:
        if _renders(backend):
            return backend
    raise GraphicsError(
        "Cameras cannot be rendered: neither EGL nor OSMesa gives a picture. "
        f"Install the packages: {_PACKAGES}."
    )


def _renders(backend: str) -> bool:
    """Whether a small picture rendered with `backend` in a process of its own is not blank."""
    try:
        probe = subprocess.run(
            [sys.executable, "-c", _PROBE],
            env={**os.environ, ENVIRONMENT_KEY: backend},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return probe.returncode == 0
