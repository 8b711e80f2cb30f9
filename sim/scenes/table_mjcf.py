"""The rig around the objects: table, frame, lights, fixed cameras, and the whole model's MJCF.

Frame of reference as in the ACT simulation: x from the left arm to the right one, y away from
the operator, z up from the table top; arm bases at x = -0.469 and 0.469, y = 0.5.

Not simulated: the leaders' bodies, lens distortion, exposure, motion blur and rolling shutter.
"""

from typing import Final

import numpy as np

from sim.scenes.arm_mjcf import (
    ARM_DEFAULTS,
    ARM_MATERIALS,
    arm_actuators,
    arm_body,
    arm_contacts,
    arm_equality,
)
from sim.scenes.geometry import look_axes
from teleop.joints import SIDES

TIMESTEP_S: Final = 0.002
CAMERA_NAMES: Final = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")

_BASES: Final = {"left": (-0.469, "1 0 0 0"), "right": (0.469, "0 0 0 1")}
_UP: Final = np.array([0.0, 0.0, 1.0])

_MODEL: Final = """
<mujoco model="{task}">
<compiler angle="radian" autolimits="true"/>
<option timestep="{timestep}" integrator="implicitfast" cone="elliptic" impratio="10">
 <flag multiccd="enable"/>
</option>
<visual>
 <global offwidth="{width}" offheight="{height}"/>
 <quality shadowsize="2048" offsamples="0"/>
 <map znear=".01" zfar="10" shadowclip=".2"/>
 <headlight ambient=".36 .36 .36" diffuse=".30 .30 .30" specular=".1 .1 .1"/>
</visual>
<default>
 <default class="look"><geom contype="0" conaffinity="0" group="2" mass="0"/></default>
 <default class="object">
  <geom contype="2" conaffinity="3" friction=".7 .01 .0005" condim="4" solref=".006 1"
   solimp=".95 .99 .001"/>
 </default>
 {defaults}
</default>
<asset>
 <texture name="sky" type="skybox" builtin="gradient" rgb1=".74 .77 .80" rgb2=".50 .52 .55"
  width="32" height="192"/>
 <material name="table" rgba=".67 .64 .59 1" specular=".05" shininess=".1"/>
 {materials}
</asset>
<worldbody>
 <light directional="true" pos="-.4 -.2 1.8" dir=".30 .45 -1" diffuse=".55 .55 .53"
  specular=".2 .2 .2" castshadow="true"/>
 <light directional="true" pos=".8 .6 1.5" dir="-.7 -.1 -.8" diffuse=".22 .23 .25"
  specular=".1 .1 .1" castshadow="false"/>
 <geom name="table" type="plane" size=".61 .38 .05" pos="0 .5 0" material="table" contype="1"
  conaffinity="3" friction=".7 .01 .0005" condim="4"/>
 <geom class="look" type="box" size=".61 .38 .02" pos="0 .5 -.0205" rgba=".40 .34 .28 1"/>
 <geom class="look" type="box" size=".02 .02 .45" pos="-.59 .90 .40" material="aluminium"/>
 <geom class="look" type="box" size=".02 .02 .45" pos=".59 .90 .40" material="aluminium"/>
 <geom class="look" type="box" size="2.2 .02 1.2" pos="0 1.5 .2" rgba=".54 .61 .66 1"/>
 {cameras}
 {arms}
 {objects}
</worldbody>
<contact>{contacts}</contact>
<equality>{equality}</equality>
<actuator>{actuators}</actuator>
</mujoco>
"""


def rig_mjcf(task: str, objects: str, materials: str, height: int, width: int) -> str:
    """The model of the rig with a task's `objects` (bodies) and `materials` on the table."""
    return _MODEL.format(
        task=task,
        timestep=TIMESTEP_S,
        width=width,
        height=height,
        defaults=ARM_DEFAULTS,
        materials=ARM_MATERIALS + materials,
        cameras=_cameras(),
        arms="".join(arm_body(side, *_BASES[side]) for side in SIDES),
        objects=objects,
        contacts="".join(map(arm_contacts, SIDES)),
        equality="".join(map(arm_equality, SIDES)),
        actuators="".join(map(arm_actuators, SIDES)),
    )


def _cameras() -> str:
    """Both from the front: beside the hands, which come from left and right and hide what is below.

    They hold every start of every task, and what hands do up to 0.35 m over the middle.
    """
    high = _camera("cam_high", (0.0, 0.0, 0.58), (0.0, 0.50, 0.15), 37)
    low = _camera("cam_low", (0.0, -0.12, 0.22), (0.0, 0.50, 0.15), 46)
    return high + low


def _camera(
    name: str, position: tuple[float, float, float], target: tuple[float, float, float], fovy: float
) -> str:
    axes = look_axes(np.array(position), np.array(target), _UP)
    place = " ".join(map(str, position))
    return f'<camera name="{name}" pos="{place}" xyaxes="{axes}" fovy="{fovy}"/>\n'
