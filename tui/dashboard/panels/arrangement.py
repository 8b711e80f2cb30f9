"""Where every panel stands, for every size of the terminal."""

from typing import Final, NamedTuple

from tui.dashboard.panels.arms import side_by_side
from tui.dashboard.panels.cameras import ASPECT, MAX_PICTURES

LEAST_WIDTH, LEAST_HEIGHT = 80, 24
WIDE: Final = 110
HIGH: Final = 34
FLAT_WIDTH: Final = 126
"""From so many columns on the pictures have a place beside the rest of a low screen."""
SIDE: Final = 36
"""Columns of the figures beside the arms on a small screen."""


class Place(NamedTuple):
    """Where a panel stands, in columns and rows of the board."""

    x: int
    y: int
    width: int
    height: int


class Wanted(NamedTuple):
    """What the arrangement depends on, besides the size.

    Attributes:
        pictures: the cameras take the middle.
        asking: lines that the question takes.
        recording: there are cameras, a recorder and takes to be shown.
        lockstep: of the loop there is less to be said.
    """

    joints: int = 14
    cameras: int = 4
    pictures: bool = False
    asking: int = 1
    recording: bool = True
    lockstep: bool = False


def arrange(width: int, height: int, wanted: Wanted) -> dict[str, Place]:
    """The place of every panel that is shown, by its name."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return {"too_small": Place(0, 0, width, height)}
    roomy = width >= WIDE and height >= HIGH
    banner = (8 if roomy else 4) + wanted.asking
    body = Place(0, banner, width, height - banner - 1)
    places = {
        "banner": Place(0, 0, width, banner),
        "key_line": Place(0, height - 1, width, 1),
    }
    if not wanted.recording:
        return {**places, **_arms_only(body, wanted)}
    if wanted.pictures:
        return {**places, "cameras": body}
    if not roomy:
        return {**places, **_small(body, wanted)}
    return {**places, **_wide(body, wanted)}


def _small(body: Place, wanted: Wanted) -> dict[str, Place]:
    """Arms and events at the left, figures beside them; pictures only where there is room left."""
    places: dict[str, Place] = {}
    x, y, width, height = body
    pictures = 1 + 1 + int((width - 3) / 4 * ASPECT)
    if 0 < wanted.cameras <= MAX_PICTURES:
        if width >= FLAT_WIDTH and height < HIGH - 6:
            taken = int(2 * ((height - 3) / 2 / ASPECT)) + 1 if wanted.cameras > 1 else 40
            places["cameras"] = Place(x + width - taken, y, taken, height)
            width -= taken + 1
        elif height >= 19 + pictures:
            places["cameras"] = Place(x, y + height - pictures, width, pictures)
            height -= pictures
    left = width - SIDE - 1
    arms = 1 + wanted.joints
    listed = 0 if "cameras" in places else _list_height(wanted, height)
    side = {"loop": 4 if wanted.lockstep else 5, "recorder": 3, "cameras": listed}
    places["arms"] = Place(x, y, left, arms)
    places["events"] = Place(x, y + arms, left, height - arms)
    top = y
    for name, rows in side.items():
        if rows:
            places[name] = Place(x + left + 1, top, SIDE, rows)
            top += rows
    places["takes"] = Place(x + left + 1, top, SIDE, y + height - top)
    return places


def _arms_only(body: Place, wanted: Wanted) -> dict[str, Place]:
    """Arms, loop and events, when nothing is recorded."""
    if side_by_side(body.width, wanted.joints):
        arms = 1 + wanted.joints // 2
        rest = _below(body, arms + 1)
        loop = body.width // 2
        return {
            "arms": body._replace(height=arms),
            "loop": rest._replace(width=loop, height=min(rest.height, 14)),
            "events": rest._replace(x=loop + 1, width=body.width - loop - 1),
        }
    left = body.width - SIDE - 1
    column = body._replace(width=left)
    return {
        "arms": column._replace(height=1 + wanted.joints),
        "events": _below(column, 1 + wanted.joints),
        "loop": Place(left + 1, body.y, SIDE, min(body.height, 14)),
    }


def _list_height(wanted: Wanted, height: int) -> int:
    return 1 + min(wanted.cameras, 2 + max(height - 18, 0) // 2)


def _wide(body: Place, wanted: Wanted) -> dict[str, Place]:
    """Arms, loop, recorder and events at the left; pictures and takes at the right."""
    right = int(body.width * 0.425)
    left = body.width - right - 1
    cameras = _cameras_height(right, body.height - 7, wanted)
    gap = 1 if body.height >= 29 else 0
    beside = Place(left + 1, body.y, right, body.height)
    return {
        **_left(body._replace(width=left), wanted, gap),
        "cameras": beside._replace(height=cameras),
        "takes": _below(beside, cameras + gap),
    }


def _left(column: Place, wanted: Wanted, gap: int) -> dict[str, Place]:
    """Arms, then loop and recorder beside each other, then the events."""
    two = side_by_side(column.width, wanted.joints)
    arms = 1 + (wanted.joints // 2 if two else wanted.joints)
    spare = column.height - arms - 2 * gap
    middle = 6 if wanted.lockstep else max(min(10, spare - 6), 6)
    recorder = max(column.width * 2 // 5, 30)
    loop = column.width - recorder - 1
    top = column.y + arms + gap
    return {
        "arms": column._replace(height=arms),
        "loop": Place(column.x, top, loop, middle),
        "recorder": Place(column.x + loop + 1, top, recorder, middle),
        "events": _below(column, arms + gap + middle + gap),
    }


def _cameras_height(width: int, most: int, wanted: Wanted) -> int:
    """What the pictures need at their width, if they may have it."""
    if wanted.cameras > MAX_PICTURES:
        return min(1 + wanted.cameras, most)
    across = 1 if wanted.cameras == 1 else 2
    down = 2 if wanted.cameras > 2 else 1
    rows = int((width - across + 1) // across * ASPECT)
    return min(1 + down * (1 + rows), most)


def _below(column: Place, rows: int) -> Place:
    return Place(column.x, column.y + rows, column.width, column.height - rows)
