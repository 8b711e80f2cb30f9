"""An AA cell and a remote control with a sprung battery slot, as MJCF made of primitives.

The remote's x axis points along the slot to its plus contact; its frame is the centre of the
149 x 46 x 22 mm body. The slot has a thumb notch on both sides, without which fingers cannot lower
the cell, and chamfered edges. The spring plate pushes towards plus.

Not simulated: the lid, the second cell, the spring's lateral give.
"""

from typing import Final

CELL_LENGTH_M: Final = 0.050
CELL_RADIUS_M: Final = 0.0072
CELL_MASS_KG: Final = 0.023

HALF_LENGTH_M: Final = 0.085  # from the frame to the far end, away from the slot
HALF_WIDTH_M: Final = 0.023
TOP_M: Final = 0.011
SLOT_START_M: Final = 0.006  # the spring's end
SLOT_END_M: Final = 0.059  # the plus contact
SLOT_FLOOR_M: Final = 0.002
SLOT_HALF_WIDTH_M: Final = 0.0078
SPRING_M: Final = 0.0045  # how far the free spring plate stands into the slot
SEAT_X_M: Final = SLOT_END_M - CELL_LENGTH_M / 2
SEAT_Z_M: Final = SLOT_FLOOR_M + CELL_RADIUS_M
"""Centre of a seated cell in the remote's frame."""

_END_M: Final = 0.005  # thickness of the wall behind the plus contact
_NOTCH: Final = (SLOT_START_M + 0.015, SLOT_END_M - 0.014)
_CHAMFER_M: Final = 0.0025
_NOTCH_SILL_M: Final = 0.0025
_SPRING_N_M: Final = 500
_TIP_M: Final = 0.0012

SLOT_GEOMS: Final = (
    "remote_floor",
    "remote_plus",
    "spring",
    *(f"{part}_{side}{end}" for part in ("wall", "chamfer") for side in "lr" for end in "01"),
    "sill_l",
    "sill_r",
)
"""What a cell touches in the slot."""

MATERIALS: Final = """
<material name="case" rgba=".20 .22 .26 1" specular=".2"/>
<material name="slot" rgba=".52 .54 .56 1" specular=".1"/>
<material name="keys" rgba=".72 .74 .77 1" specular=".1"/>
<material name="metal" rgba=".85 .82 .70 1" specular=".8" shininess=".8"/>
<material name="cell" rgba=".06 .42 .24 1" specular=".3"/>
<material name="copper" rgba=".90 .52 .14 1" specular=".4"/>
"""

Span = tuple[float, float]


def objects() -> str:
    """The bodies "remote" and "battery" with their free joints."""
    return _remote() + _cell()


def _box(name: str, x: Span, y: Span, z: Span, mass: float) -> str:
    """A solid part of the remote between the given bounds."""
    centre = " ".join(f"{(a + b) / 2:.5f}" for a, b in (x, y, z))
    half = " ".join(f"{abs(b - a) / 2:.5f}" for a, b in (x, y, z))
    return (
        f'<geom name="{name}" class="object" type="box" pos="{centre}" size="{half}" '
        f'mass="{mass}" material="case" friction=".25 .01 .0005"/>\n'
    )


def _decal(x: float, half_x: float, half_y: float, z: float, material: str) -> str:
    return (
        f'<geom class="look" type="box" pos="{x:.5f} 0 {z:.5f}" '
        f'size="{half_x:.5f} {half_y:.5f} .0004" material="{material}"/>\n'
    )


def _wall(side: str, sign: int, end: int, x: Span) -> str:
    """One of the four pieces of wall beside the slot, its upper edge chamfered."""
    shoulder = TOP_M - _CHAMFER_M
    inner, outer = sign * SLOT_HALF_WIDTH_M, sign * HALF_WIDTH_M
    lower = _box(f"wall_{side}{end}", x, (inner, outer), (SLOT_FLOOR_M, shoulder), 0.002)
    upper = _box(
        f"edge_{side}{end}", x, (inner + sign * _CHAMFER_M, outer), (shoulder, TOP_M), 0.001
    )
    middle = sign * (SLOT_HALF_WIDTH_M + _CHAMFER_M / 2 + 0.0006)
    bevel = (
        f'<geom name="chamfer_{side}{end}" class="object" type="box" mass=".0005" '
        f'pos="{sum(x) / 2:.5f} {middle:.5f} {TOP_M - _CHAMFER_M / 2 - 0.0006:.5f}" '
        f'size="{(x[1] - x[0]) / 2:.5f} .00175 .0008" euler="{sign * 0.7854} 0 0" '
        'material="case"/>\n'
    )
    return lower + upper + bevel


def _side(side: str, sign: int) -> str:
    ends = ((SLOT_START_M, _NOTCH[0]), (_NOTCH[1], SLOT_END_M))
    walls = "".join(_wall(side, sign, end, x) for end, x in enumerate(ends))
    y = (sign * SLOT_HALF_WIDTH_M, sign * HALF_WIDTH_M)
    return walls + _box(
        f"sill_{side}", _NOTCH, y, (SLOT_FLOOR_M, SLOT_FLOOR_M + _NOTCH_SILL_M), 0.002
    )


def _remote() -> str:
    width, above = (-HALF_WIDTH_M, HALF_WIDTH_M), (SLOT_FLOOR_M, TOP_M)
    far_end = SLOT_END_M + _END_M
    middle = (SLOT_START_M + SLOT_END_M) / 2
    parts = [
        _box("remote_floor", (-HALF_LENGTH_M, far_end), width, (-TOP_M, SLOT_FLOOR_M), 0.05),
        _box("remote_body", (-HALF_LENGTH_M, SLOT_START_M), width, above, 0.03),
        _box("remote_plus", (SLOT_END_M, far_end), width, above, 0.004),
        _side("l", 1),
        _side("r", -1),
        _decal(middle, (SLOT_END_M - SLOT_START_M) / 2, SLOT_HALF_WIDTH_M, SLOT_FLOOR_M, "slot"),
        _decal(-0.028, 0.004, 0.014, TOP_M, "keys"),  # the lid's grip: tells the ends apart
        _decal(-0.016, 0.001, 0.019, TOP_M, "keys"),
        f'<geom class="look" type="box" pos="{SLOT_END_M} 0 .007" size=".0006 .004 .004" '
        'material="metal"/>\n',
    ]
    body = "".join(parts) + _spring()
    return f'<body name="remote"><freejoint name="remote_joint"/>\n{body}</body>\n'


def _spring() -> str:
    return f"""
<body name="spring" pos="{SLOT_START_M + SPRING_M} 0 {SEAT_Z_M}">
 <joint name="spring_joint" type="slide" axis="-1 0 0" range="0 {SPRING_M - 0.0008:.5f}"
  stiffness="{_SPRING_N_M}" springref="-.002" damping="2" armature=".005"/>
 <geom name="spring" class="object" type="cylinder" size=".0045 .0006" euler="0 1.5708 0"
  pos="-.0006 0 0" mass=".002" material="metal" friction=".2 .001 .0001"/>
 <geom class="look" type="cylinder" size=".0035 .0018" euler="0 1.5708 0" pos="-.003 0 0"
  material="metal"/>
</body>
"""


def _cell() -> str:
    """The cell, its plus tip towards x; friction in rolling keeps it where it lies."""
    half = CELL_LENGTH_M / 2
    barrel = half - _TIP_M / 2
    return f"""
<body name="battery"><freejoint name="battery_joint"/>
 <geom name="battery" class="object" type="cylinder" size="{CELL_RADIUS_M} {barrel}"
  euler="0 1.5708 0" pos="{barrel - half} 0 0" mass="{CELL_MASS_KG}" material="cell"
  friction=".25 .01 .0005" condim="6"/>
 <geom name="battery_tip" class="object" type="cylinder" size=".0027 {_TIP_M / 2}"
  euler="0 1.5708 0" pos="{half - _TIP_M / 2} 0 0" mass=".0002" material="metal"/>
 <geom class="look" type="cylinder" size="{CELL_RADIUS_M + 0.0001} .0075" euler="0 1.5708 0"
  pos=".0160 0 0" material="copper"/>
</body>
"""
