"""The insertion task: a peg, a socket with a pin inside, and judging how far the peg has come.

Sizes, ranges and stages as in the ACT simulation: the peg is in when it touches the pin, which
stands 20 mm behind either opening. Both objects lie along x; a frame is the object's centre.

Not simulated: what holds the pin (a web that is only seen), chamfers.
"""

from typing import Final

import mujoco

from sim.scenes.contacts import Touch
from sim.scenes.task import Movable, SceneTask

STAGE_NAMES: Final = ("none", "touched", "lifted", "contact", "inserted")
NONE, TOUCHED, LIFTED, CONTACT, INSERTED = range(len(STAGE_NAMES))

HALF_LENGTH_M: Final = 0.060
"""Half the length of peg and socket alike."""
PEG_HALF_M: Final = 0.010
"""Half the width and height of the peg."""
PIN_HALF_LENGTH_M: Final = 0.040
SOCKET_HALF_M: Final = 0.022
"""Half the outer width and height of the socket; its opening is 8 mm narrower than it."""

_WALL_M: Final = 0.002  # half its thickness
_WALL_AT_M: Final = SOCKET_HALF_M - _WALL_M
_OPENING_HALF_M: Final = _WALL_AT_M - _WALL_M
_PEG_KG: Final = 0.05
_WALL_KG: Final = 0.012
_PIN_KG: Final = 0.005

SOCKET_GEOMS: Final = ("socket_bottom", "socket_top", "socket_left", "socket_right")

MATERIALS: Final = """
<material name="peg" rgba=".84 .10 .09 1" specular=".3" shininess=".4"/>
<material name="socket" rgba=".10 .32 .90 .42" specular=".3" shininess=".4"/>
<material name="pin" rgba="1 .84 .10 1" specular=".5" shininess=".5" emission=".5"/>
"""


def _box(name: str, at: str, half: str, mass: float, material: str) -> str:
    return (
        f'<geom name="{name}" class="object" type="box" pos="{at}" size="{half}" mass="{mass}" '
        f'material="{material}"/>\n'
    )


def _peg() -> str:
    half = f"{HALF_LENGTH_M} {PEG_HALF_M} {PEG_HALF_M}"
    solid = _box("peg", "0 0 0", half, _PEG_KG, "peg")
    return f'<body name="peg"><freejoint name="peg_joint"/>\n{solid}</body>\n'


def _socket() -> str:
    level = (
        f"{HALF_LENGTH_M} {SOCKET_HALF_M} {_WALL_M}"  # closes the corners, which ACT leaves open
    )
    upright = f"{HALF_LENGTH_M} {_WALL_M} {_OPENING_HALF_M}"
    pin = f"{PIN_HALF_LENGTH_M} {PEG_HALF_M} {PEG_HALF_M}"
    web_half = (_OPENING_HALF_M - PEG_HALF_M) / 2
    parts = [
        _box("socket_bottom", f"0 0 {-_WALL_AT_M}", level, _WALL_KG, "socket"),
        _box("socket_top", f"0 0 {_WALL_AT_M}", level, _WALL_KG, "socket"),
        _box("socket_left", f"0 {_WALL_AT_M} 0", upright, _WALL_KG, "socket"),
        _box("socket_right", f"0 {-_WALL_AT_M} 0", upright, _WALL_KG, "socket"),
        _box("pin", "0 0 0", pin, _PIN_KG, "pin"),
        f'<geom class="look" type="box" pos="0 0 {-_OPENING_HALF_M + web_half}" '
        f'size="{PIN_HALF_LENGTH_M - 0.004} .003 {web_half}" material="socket"/>\n',
    ]
    return f'<body name="socket"><freejoint name="socket_joint"/>\n{"".join(parts)}</body>\n'


class InsertionStages:
    """Judges one episode, each state by itself."""

    def __init__(self, model: mujoco.MjModel) -> None:
        touch = Touch(model)
        peg, socket, table = touch.group("peg"), touch.group(*SOCKET_GEOMS), touch.group("table")
        self._touch = touch
        self._left = (touch.group("left/left_pad", "left/right_pad"), socket)
        self._right = (touch.group("right/left_pad", "right/right_pad"), peg)
        self._on_table = (peg | socket, table)
        self._contact = (peg, socket)
        self._inserted = (peg, touch.group("pin"))

    def update(self, data: mujoco.MjData) -> int:
        """The stage of the present state."""
        pairs = self._touch.pairs(data)
        if self._touch.between(pairs, *self._inserted):
            return INSERTED
        lifted = not self._touch.between(pairs, *self._on_table)
        if lifted and self._touch.between(pairs, *self._contact):
            return CONTACT
        left, right = (self._touch.between(pairs, *pads) for pads in (self._left, self._right))
        if left and right:
            return LIFTED if lifted else TOUCHED
        return NONE


TASK: Final = SceneTask(
    objects=_peg() + _socket(),
    materials=MATERIALS,
    movables={
        "peg": Movable("peg_joint", 0.15, 0.5, PEG_HALF_M + 0.0002),
        "socket": Movable("socket_joint", -0.15, 0.5, SOCKET_HALF_M + 0.0002),
    },
    stage_names=STAGE_NAMES,
    stages=InsertionStages,
)
