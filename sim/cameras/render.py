"""Pictures of a scene from its four cameras, rendered offscreen.

Set MUJOCO_GL to what `sim.cameras.gl.choose_gl` says before anything imports mujoco. Not simulated:
see `table_mjcf`; frames are exact instants, without exposure time.
"""

from typing import Final

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.config import Quality
from sim.errors import RenderError
from sim.scenes.scene import Scene
from sim.scenes.table_mjcf import CAMERA_NAMES

_HIGH_SAMPLES: Final = 4


class Renderer:
    """Renders the four cameras of a Scene offscreen, at the scene's image size.

    "fast" leaves out anti-aliasing and shadows, which cost nine tenths of the time in software
    GL; "high" has both. Belongs to the thread that made it.

    Raises:
        RenderError: there is no GL to render with.
    """

    camera_names: Final = CAMERA_NAMES

    def __init__(self, scene: Scene, quality: Quality = "fast") -> None:
        self._data = scene.data
        high = quality == "high"
        scene.model.vis.quality.offsamples = _HIGH_SAMPLES if high else 0
        try:
            self._renderer = mujoco.Renderer(scene.model, scene.image_height, scene.image_width)
        except Exception as error:  # each backend has exceptions of its own
            raise RenderError(
                f"Cameras cannot be rendered ({error}). Set MUJOCO_GL to egl or osmesa before "
                "starting, or unset it to have one chosen."
            ) from error
        flags = self._renderer.scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SHADOW] = high
        flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        flags[mujoco.mjtRndFlag.mjRND_HAZE] = False

    def render(self, camera: str, out: NDArray[np.uint8]) -> None:
        """Fills `out`, (height, width, 3) RGB, with what the camera sees now. Blocks.

        Raises:
            RenderError: no such camera, or `out` has another shape or type.
        """
        if camera not in CAMERA_NAMES:
            raise RenderError(f"No camera '{camera}'; there are {', '.join(CAMERA_NAMES)}.")
        shape = (self._renderer.height, self._renderer.width, 3)
        if out.shape != shape or out.dtype != np.uint8:
            raise RenderError(f"A frame is {shape} uint8, not {out.shape} {out.dtype}.")
        self._renderer.update_scene(self._data, camera)
        self._renderer.render(out=out)

    def close(self) -> None:
        """Frees the GL context; harmless when repeated."""
        self._renderer.close()
