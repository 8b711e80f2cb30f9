"""The four views, and finding a GL that can render them.

MuJoCo binds to a GL backend at its first import, so each test renders in a process of its own.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.cameras.gl import BACKENDS, choose_gl
from sim.scenes.table_mjcf import CAMERA_NAMES

pytestmark = pytest.mark.sim

ROOT = Path(__file__).parents[3]

SHOOT = """
import sys
import numpy as np
from sim.errors import RenderError
from sim.cameras.render import Renderer
from sim.scenes.scene import Scene

scene = Scene("battery", 480, 640)
scene.reset(1)
scene.step()
frames = {}
for quality in ("fast", "high"):
    renderer = Renderer(scene, quality)
    for camera in renderer.camera_names:
        frame = np.zeros((480, 640, 3), np.uint8)
        renderer.render(camera, frame)
        frames[f"{quality}_{camera}"] = frame
    again = np.zeros_like(frame)
    renderer.render(camera, again)
    frames[f"{quality}_again"] = again
    for camera, out in (("cam_nowhere", frame), (camera, frame[:100]), (camera, frame * 1.0)):
        try:
            renderer.render(camera, out)
        except RenderError:
            pass
        else:
            raise SystemExit(f"{camera} {out.shape} {out.dtype} was not refused")
    renderer.close()
    renderer.close()
np.savez(sys.argv[1], **frames)
"""


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    path = tmp_path_factory.mktemp("frames") / "frames.npz"
    done = python(SHOOT, str(path), MUJOCO_GL=choose_gl())
    assert done.returncode == 0, done.stderr
    with np.load(path) as stored:
        return dict(stored)


CORNERS = """
import itertools
import sys
import mujoco
import numpy as np
from session.config import load_task
from sim.cameras.render import Renderer
from sim.config import StartRange
from sim.scenes.scene import Scene
from sim.scenes.task import load_task as load_scene_task

task = load_task(sys.argv[1])
scene = Scene(task.scene, 480, 640)
movables = load_scene_task(task.scene).movables
renderer = Renderer(scene)
assert set(movables) == set(task.start)

def shoot(camera):
    frame = np.zeros((480, 640, 3), np.uint8)
    renderer.render(camera, frame)
    return frame.astype(int)

for name, where in task.start.items():
    for x, y, turn in itertools.product(where.x_m, where.y_m, set(where.heading_deg)):
        for camera in ("cam_high", "cam_low"):
            scene.reset(0, {name: StartRange((x, x), (y, y), (turn, turn))})
            there = shoot(camera)
            scene.data.joint(movables[name].joint).qpos[2] = -3.0  # under the table
            mujoco.mj_forward(scene.model, scene.data)
            rows, columns = np.nonzero(np.abs(there - shoot(camera)).sum(axis=2) > 40)
            print(name, camera, len(rows), rows.min(), rows.max(), columns.min(), columns.max())
"""


def orange(frame: np.ndarray) -> np.ndarray:
    """Where the cell's copper end is; blue in a picture with swapped channels."""
    red, green, blue = (frame[..., channel].astype(int) for channel in range(3))
    return (red > 110) & (green < 0.75 * red) & (blue < 0.5 * green)


@pytest.mark.parametrize("quality", ["fast", "high"])
@pytest.mark.parametrize("camera", CAMERA_NAMES)
def test_every_camera_shows_something_of_its_own(
    frames: dict[str, np.ndarray], camera: str, quality: str
) -> None:
    frame = frames[f"{quality}_{camera}"]
    assert frame.std() > 15
    others = [frames[f"{quality}_{name}"] for name in CAMERA_NAMES if name != camera]
    assert all(not np.array_equal(frame, other) for other in others)


def green(frame: np.ndarray) -> np.ndarray:
    """Where the rest of the cell is."""
    red, green, blue = (frame[..., channel].astype(int) for channel in range(3))
    return (green > 2 * red) & (green > 1.4 * blue) & (green > 60)


@pytest.mark.parametrize("camera", ["cam_high", "cam_low"])
def test_fixed_cameras_see_the_cell_in_its_colours_and_the_right_way_up(
    frames: dict[str, np.ndarray], camera: str
) -> None:
    frame = frames[f"fast_{camera}"]
    tip, barrel = np.nonzero(orange(frame))[1], np.nonzero(green(frame))[1]
    assert len(tip) > 150
    assert len(barrel) > 300
    assert tip.mean() > barrel.mean() > 320  # it lies right of the middle, its plus end outwards
    wall, table = frame[2, 320].astype(int), frame[470, 320].astype(int)
    assert wall[2] - wall[0] > 15  # bluish
    assert table[0] - table[2] > 10  # sand


@pytest.mark.parametrize(
    ("task", "least_px"), [("battery", 400), ("transfer_cube", 900), ("insertion", 900)]
)
def test_every_object_is_in_view_wherever_it_may_start(task: str, least_px: int) -> None:
    """Rendered with and without it: what differs is big, and clear of the picture's edges."""
    done = python(CORNERS, task, MUJOCO_GL=choose_gl())
    assert done.returncode == 0, done.stderr
    views = [line.split() for line in done.stdout.splitlines()]
    assert {view[1] for view in views} == {"cam_high", "cam_low"}
    for name, camera, *numbers in views:
        pixels, top, bottom, left, right = map(int, numbers)
        assert pixels >= least_px, (name, camera, numbers)
        assert min(top, left, 479 - bottom, 639 - right) >= 5, (name, camera, numbers)


def test_the_same_scene_gives_the_same_picture(frames: dict[str, np.ndarray]) -> None:
    assert np.array_equal(frames["fast_again"], frames["fast_cam_right_wrist"])


def test_high_quality_differs(frames: dict[str, np.ndarray]) -> None:
    assert not np.array_equal(frames["fast_cam_high"], frames["high_cam_high"])


CHOOSE = """
import sys
from sim.cameras.gl import GraphicsError, choose_gl
{before}
try:
    print(choose_gl())
except GraphicsError as error:
    print(error)
    raise SystemExit(9)
assert "mujoco" not in sys.modules
"""


def test_a_backend_is_found_without_importing_mujoco() -> None:
    done = python(CHOOSE.format(before=""), MUJOCO_GL="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in BACKENDS


def test_a_backend_set_by_the_user_that_fails_is_refused_by_name() -> None:
    done = python(CHOOSE.format(before=""), MUJOCO_GL="nonsense")
    assert done.returncode == 9, done.stderr
    assert "MUJOCO_GL=nonsense" in done.stdout


def test_without_any_gl_the_packages_are_named() -> None:
    """A foreign PYOPENGL_PLATFORM keeps both backends from loading, as missing packages would."""
    done = python(CHOOSE.format(before=""), MUJOCO_GL="", PYOPENGL_PLATFORM="glx")
    assert done.returncode == 9, done.stderr
    for package in ("libegl1", "libegl-mesa0", "libgl1-mesa-dri", "libosmesa6"):
        assert package in done.stdout


def test_missing_mujoco_says_how_to_install_it() -> None:
    done = python(CHOOSE.format(before="sys.modules['mujoco'] = None"))
    assert done.returncode == 9, done.stderr
    assert "run scripts/install, or pip install -c constraints.txt -e '.[sim]'" in done.stdout
