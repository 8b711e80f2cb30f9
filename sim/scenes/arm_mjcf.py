"""The follower arm, a ViperX-300 6DOF, as MJCF made of primitives.

Link lengths, masses and inertias are the manufacturer's public numbers (m, kg, kg m2). The servo
gains stand for Dynamixel position mode with its default P gain, gear friction and rotor inertia
seen through the gear; they make a step reach 63 % in 55-85 ms without overshoot.

Not simulated: collisions of the two arms with each other and of the gripper housing with
anything (fingertips, upper arm and forearm do collide with objects and table), backlash,
compliance of the links, the finger's crank (the finger moves on a slide, one actuator for both).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.config import JOINT_STOP_RAD
from sim.scenes.geometry import look_axes
from teleop.joints import ARM_JOINTS, GRIPPER, Side
from teleop.rig_config import VIPERX_LOWER_RAD, VIPERX_UPPER_RAD

FINGER_MIN_M: Final = 0.021
FINGER_MAX_M: Final = 0.057
"""Travel of a finger's slide: fingertips touching, and wide open."""

PINCH_M: Final = 0.150
"""Distance of the point between the fingertips from the gripper's frame."""


@dataclass(frozen=True, slots=True)
class Servo:
    """One actuated joint: gains in Nm/rad and Nm s/rad (N/m and N s/m for the gripper)."""

    axis: str
    kp: float
    kv: float
    force_limit: float
    armature: float
    damping: float
    friction: float


_SERVOS: Final = {
    "waist": Servo("0 0 1", 49, 3.4, 10.6, 0.03, 0.1, 0.15),
    "shoulder": Servo("0 1 0", 98, 6.8, 21.2, 0.06, 0.2, 0.3),  # two XM540
    "elbow": Servo("0 1 0", 98, 6.8, 21.2, 0.06, 0.2, 0.3),  # two XM540
    "forearm_roll": Servo("1 0 0", 49, 3.4, 10.6, 0.03, 0.1, 0.15),
    "wrist_angle": Servo("0 1 0", 49, 3.4, 10.6, 0.03, 0.1, 0.15),
    "wrist_rotate": Servo("1 0 0", 19, 0.85, 4.1, 0.012, 0.05, 0.08),  # XM430
}
_GRIPPER: Final = Servo("0 1 0", 1000, 32, 12, 0.1, 2, 0.1)

_CAMERA_POSITION: Final = np.array([0.012, 0.0, 0.078])
_CAMERA_TARGET: Final = np.array([0.150, 0.0, 0.012])
_CAMERA_FOVY_DEG: Final = 62

ARM_DEFAULTS: Final = """
<default class="link"><geom contype="1" conaffinity="2" group="3" mass="0"/></default>
<default class="pad">
 <geom contype="1" conaffinity="2" friction="1.2 .02 .0005" condim="4" solref=".006 1"
  solimp=".95 .99 .001" priority="1" mass="0" material="rubber"/>
</default>
"""

ARM_MATERIALS: Final = """
<material name="anodised" rgba=".13 .13 .145 1" specular=".45" shininess=".5"/>
<material name="servo" rgba=".25 .26 .28 1" specular=".25" shininess=".3"/>
<material name="rubber" rgba=".30 .31 .34 1" specular=".1"/>
<material name="aluminium" rgba=".66 .67 .69 1" specular=".5" shininess=".5"/>
"""

_LINKS: Final = """
<body name="@base" pos="{x} 0.5 0" quat="{quat}">
 <geom class="look" type="box" size=".090 .060 .010" pos="-.02 0 .010" material="aluminium"/>
 <geom class="look" type="box" size=".050 .038 .016" pos="-.012 0 .036" material="anodised"/>
 <geom class="look" type="cylinder" size=".044 .014" pos="0 0 .064" material="anodised"/>
 <body name="@shoulder_link" pos="0 0 .079">
  <inertial pos="0 0 .012" mass=".7986" diaginertia=".0012 .0011 .00094"/>
  {waist}
  <geom class="look" type="box" size=".028 .054 .004" pos="0 0 .004" material="anodised"/>
  <geom class="look" type="box" size=".024 .004 .034" pos="0 .051 .034" material="anodised"/>
  <geom class="look" type="box" size=".024 .004 .034" pos="0 -.051 .034" material="anodised"/>
  <geom class="look" type="box" size=".024 .044 .017" pos="-.012 0 .036" material="servo"/>
  <geom class="look" type="cylinder" size=".017 .058" pos="0 0 .048" euler="1.5708 0 0"
   material="aluminium"/>
  <body name="@upper_arm_link" pos="0 0 .04805">
   <inertial pos=".0207 0 .2265" mass=".7926" diaginertia=".00911 .00893 .00076"/>
   {shoulder}
   <geom class="look" type="box" size=".012 .004 .152" pos="0 .036 .148" material="anodised"/>
   <geom class="look" type="box" size=".012 .004 .152" pos="0 -.036 .148" material="anodised"/>
   <geom class="look" type="box" size=".009 .034 .006" pos="0 0 .11" material="anodised"/>
   <geom class="look" type="box" size=".009 .034 .006" pos="0 0 .20" material="anodised"/>
   <geom class="look" type="box" size=".040 .036 .019" pos=".022 0 .292" material="servo"/>
   <geom class="link" type="capsule" size=".04" fromto="0 0 .05 0 0 .29"/>
   <body name="@upper_forearm_link" pos=".05955 0 .3">
    <inertial pos=".1057 0 0" mass=".3222" diaginertia=".00015 .00134 .00144"/>
    {elbow}
    <geom class="look" type="cylinder" size=".018 .047" euler="1.5708 0 0" material="aluminium"/>
    <geom class="look" type="box" size=".062 .004 .017" pos=".055 .040 0" material="anodised"/>
    <geom class="look" type="box" size=".062 .004 .017" pos=".055 -.040 0" material="anodised"/>
    <geom class="look" type="box" size=".046 .019 .023" pos=".142 0 0" material="servo"/>
    <geom class="look" type="box" size=".006 .043 .022" pos=".100 0 0" material="anodised"/>
    <geom class="link" type="capsule" size=".035" fromto=".02 0 0 .28 0 0"/>
    <body name="@lower_forearm_link" pos=".2 0 0">
     <inertial pos=".0513 .0068 0" mass=".4148" diaginertia=".00016 .00055 .00059"/>
     {forearm_roll}
     <geom class="look" type="cylinder" size=".022 .010" euler="0 1.5708 0"
      material="aluminium"/>
     <geom class="look" type="box" size=".040 .019 .017" pos=".046 0 0" material="servo"/>
     <geom class="look" type="box" size=".034 .003 .015" pos=".072 .024 0" material="anodised"/>
     <geom class="look" type="box" size=".034 .003 .015" pos=".072 -.024 0" material="anodised"/>
     <body name="@wrist_link" pos=".1 0 0">
      <inertial pos=".0467 0 .0106" mass=".1154" diaginertia=".000043 .000054 .000046"/>
      {wrist_angle}
      <geom class="look" type="cylinder" size=".014 .031" euler="1.5708 0 0"
       material="aluminium"/>
      <geom class="look" type="box" size=".032 .017 .015" pos=".036 0 0" material="servo"/>
      <body name="@gripper_link" pos=".069744 0 0">
       <inertial pos=".0396 0 .004" mass=".2516" diaginertia=".00047 .00065 .00069"/>
       {wrist_rotate}
       <site name="@pinch" pos="{pinch} 0 0" size=".003" rgba="0 0 0 0"/>
       <camera name="cam_{side}_wrist" pos="{camera_pos}" xyaxes="{camera_axes}"
        fovy="{camera_fovy}"/>
       <geom class="look" type="cylinder" size=".019 .010" pos=".006 0 0" euler="0 1.5708 0"
        material="aluminium"/>
       <geom class="look" type="box" size=".020 .022 .018" pos=".034 0 0" material="servo"/>
       <geom class="look" type="box" size=".005 .075 .011" pos=".058 0 0" material="anodised"/>
       <geom class="look" type="box" size=".003 .010 .032" pos="-.002 0 .046"
        material="anodised"/>
       <geom class="look" type="box" size=".006 .021 .010" pos="0 0 .078"
        material="aluminium"/>
       <body name="@left_finger_link" pos=".0687 0 0">
        <inertial pos=".03 0 0" mass=".0348" diaginertia="2e-5 2e-5 1e-5"/>
        {left_finger}
        <geom class="look" type="box" size=".007 .012 .014" pos="0 -.002 0" material="servo"/>
        <geom class="look" type="box" size=".026 .0035 .011" pos=".026 -.0145 0"
         material="rubber"/>
        <geom class="look" type="box" size=".010 .0035 .009" pos=".055 -.0172 0"
         material="rubber"/>
        <geom name="@left_pad" class="pad" type="box" size=".018 .0035 .006"
         pos=".067 -.0175 0"/>
       </body>
       <body name="@right_finger_link" pos=".0687 0 0">
        <inertial pos=".03 0 0" mass=".0348" diaginertia="2e-5 2e-5 1e-5"/>
        {right_finger}
        <geom class="look" type="box" size=".007 .012 .014" pos="0 .002 0" material="servo"/>
        <geom class="look" type="box" size=".026 .0035 .011" pos=".026 .0145 0"
         material="rubber"/>
        <geom class="look" type="box" size=".010 .0035 .009" pos=".055 .0172 0"
         material="rubber"/>
        <geom name="@right_pad" class="pad" type="box" size=".018 .0035 .006"
         pos=".067 .0175 0"/>
       </body>
      </body>
     </body>
    </body>
   </body>
  </body>
 </body>
</body>
"""


def arm_body(side: Side, x: float, quat: str) -> str:
    """The arm's bodies, bolted to the table at `x` m and turned by the quaternion `quat`."""
    return _LINKS.format(
        x=x,
        quat=quat,
        side=side,
        pinch=PINCH_M,
        camera_pos=" ".join(map(str, _CAMERA_POSITION)),
        camera_axes=look_axes(_CAMERA_POSITION, _CAMERA_TARGET, np.array([0.0, 0.0, 1.0])),
        camera_fovy=_CAMERA_FOVY_DEG,
        left_finger=_finger("left", "0 1 0"),
        right_finger=_finger("right", "0 -1 0"),
        **{name: _hinge(name) for name in ARM_JOINTS},
    ).replace("@", f"{side}/")


def arm_actuators(side: Side) -> str:
    """Position servos of the six joints and the gripper, in the order of `teleop.joints`."""
    servos = [
        _actuator(f"{side}/{name}", f"{side}/{name}", servo, _range(index))
        for index, (name, servo) in enumerate(_SERVOS.items())
    ]
    finger_range = f"0.010 {FINGER_MAX_M}"
    servos.append(_actuator(f"{side}/{GRIPPER}", f"{side}/left_finger", _GRIPPER, finger_range))
    return "\n".join(servos)


def arm_equality(side: Side) -> str:
    """The right finger mirrors the left one."""
    return (
        f'<joint joint1="{side}/right_finger" joint2="{side}/left_finger" '
        'polycoef="0 1 0 0 0" solref=".004 1"/>'
    )


def arm_contacts(side: Side) -> str:
    """Link pairs that overlap by construction."""
    return f'<exclude body1="{side}/base" body2="{side}/upper_arm_link"/>'


def _range(index: int) -> str:
    lower = max(VIPERX_LOWER_RAD[index], -JOINT_STOP_RAD)
    return f"{lower} {min(VIPERX_UPPER_RAD[index], JOINT_STOP_RAD)}"


def _hinge(name: str) -> str:
    servo = _SERVOS[name]
    return (
        f'<joint name="@{name}" axis="{servo.axis}" range="{_range(ARM_JOINTS.index(name))}" '
        f'armature="{servo.armature}" damping="{servo.damping}" frictionloss="{servo.friction}"/>'
    )


def _finger(finger: str, axis: str) -> str:
    return (
        f'<joint name="@{finger}_finger" type="slide" axis="{axis}" '
        f'range="{FINGER_MIN_M} {FINGER_MAX_M}" armature="{_GRIPPER.armature}" '
        f'damping="{_GRIPPER.damping}" frictionloss="{_GRIPPER.friction}"/>'
    )


def _actuator(name: str, joint: str, servo: Servo, control_range: str) -> str:
    limit = servo.force_limit
    return (
        f'<position name="{name}" joint="{joint}" kp="{servo.kp}" kv="{servo.kv}" '
        f'forcerange="-{limit} {limit}" ctrlrange="{control_range}"/>'
    )
