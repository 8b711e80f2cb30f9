"""Which arm is which: its role by its models, its side by being moved by hand."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from bringup.ask import Lines
from bringup.errors import BringupError
from bringup.search import Adapter
from teleop.joints import JOINT_SERVO_IDS, ROLES, SIDES, Role
from teleop.port import SerialPort
from teleop.registers import MODELS, TICKS_PER_TURN

MOVED_TICKS: Final = TICKS_PER_TURN // 16
"""22 degrees: more than an arm gives when its neighbour on the table is pushed."""
CLEARLY: Final = 3
"""The moved arm must have moved so many times farther than any other."""
WATCH_PERIOD_S: Final = 0.05

_MODEL: Final = next(iter(MODELS.values()))
_TORQUE: Final = _MODEL.register("torque_enable")
_POSITION: Final = _MODEL.register("present_position")

Positions = Mapping[str, Mapping[int, int]]
"""Position registers by port and servo ID."""
Say = Callable[[str], None]


def assign(
    adapters: Sequence[Adapter], named: Mapping[str, str], say: Say, patience_s: float
) -> dict[str, Adapter]:
    """The adapter of each bus of the rig.

    Args:
        named: what the operator said: port by bus name. The rest is found out.
        say: tells the operator which arm to move.
        patience_s: how long to wait for each movement.

    Raises:
        BringupError: too few or too many arms, a named port that has none, or nobody moved.
    """
    by_device = {adapter.device: adapter for adapter in adapters}
    chosen = {bus: _named(bus, port, by_device) for bus, port in named.items()}
    free = [a for a in adapters if a not in chosen.values() and a.role is not None]
    arms = {role: [adapter for adapter in free if adapter.role == role] for role in ROLES}
    total = {role: len(arms[role]) + sum(bus.startswith(role) for bus in chosen) for role in ROLES}
    if total["leader"] != total["follower"] or total["leader"] not in (1, 2):
        raise BringupError(
            f"A rig has one or two pairs, and {total['leader']} leader(s) and {total['follower']} "
            "follower(s) were recognised by their models: see the table for servos that are "
            "missing, or name the ports with --left-leader, --left-follower, ..."
        )
    for role in ROLES:
        chosen |= _sides(role, arms[role], chosen, say, patience_s)
    if len(chosen) == 2 and len({bus.split("_")[1] for bus in chosen}) > 1:
        raise BringupError("The only leader and the only follower must be named on one side.")
    return chosen


def _named(bus: str, port: str, by_device: Mapping[str, Adapter]) -> Adapter:
    wanted = Adapter(port).device
    option = "--" + "-".join(reversed(bus.split("_")))
    if wanted not in by_device or not by_device[wanted].servos:
        raise BringupError(f"No servo was found on {port}: correct {option} or --ports.")
    adapter, role = by_device[wanted], bus.split("_")[0]
    if adapter.role not in (None, role):
        raise BringupError(f"{port} looks like a {adapter.role}, not a {role}: correct {option}.")
    return adapter


def _sides(
    role: Role,
    arms: Sequence[Adapter],
    chosen: Mapping[str, Adapter],
    say: Say,
    patience_s: float,
) -> dict[str, Adapter]:
    free = [f"{role}_{side}" for side in SIDES if f"{role}_{side}" not in chosen]
    if len(arms) == 1:
        pair_side = next((bus.split("_")[1] for bus in chosen), SIDES[0])
        alone = len(free) == len(SIDES)
        return {f"{role}_{pair_side}" if alone else free[0]: arms[0]}
    if len(arms) == len(SIDES):
        say(f"Move the left {role} by hand, a good deal of any joint ...")
        left = moved(arms, patience_s)
        right = next(arm for arm in arms if arm is not left)
        return {f"{role}_left": left, f"{role}_right": right}
    return {}


def moved(arms: Sequence[Adapter], patience_s: float) -> Adapter:
    """The arm that is moved by hand, while the others stay.

    Raises:
        BringupError: an arm holds, does not answer, or none was clearly moved in time.
    """
    with _opened(arms) as lines:
        _refuse_torque(lines)
        start = _positions(lines)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            time.sleep(WATCH_PERIOD_S)
            found = _farthest(start, _positions(lines))
            if found is not None:
                return next(arm for arm in arms if arm.path == found)
    raise BringupError(
        f"No arm was clearly moved within {patience_s:g} s: start again, or name the ports with "
        "--left-leader and --left-follower."
    )


@contextlib.contextmanager
def _opened(arms: Iterable[Adapter]) -> Iterator[Lines]:
    with contextlib.ExitStack() as stack:
        ports = {}
        for arm in arms:
            assert arm.baud is not None
            ports[arm.path] = SerialPort(arm.path, arm.baud)
            stack.callback(ports[arm.path].close)
        yield Lines(ports)


def _refuse_torque(lines: Lines) -> None:
    for servo_id in JOINT_SERVO_IDS:
        for path, data in lines.read(servo_id, _TORQUE.address, 1, lines.ports).items():
            if data[0]:
                raise BringupError(
                    f"Servo {servo_id} on {path} holds, so the arm cannot be moved by hand: "
                    "bring the arms to rest first (with a rig file: teleop rest; else support "
                    "them and switch their power off and on)."
                )


def _positions(lines: Lines) -> Positions:
    positions: dict[str, dict[int, int]] = {path: {} for path in lines.ports}
    for servo_id in JOINT_SERVO_IDS:
        answers = lines.read(servo_id, _POSITION.address, _POSITION.size, lines.ports)
        for path, data in answers.items():
            positions[path][servo_id] = int.from_bytes(data, "little", signed=True)
    return positions


def _farthest(start: Positions, now: Positions) -> str | None:
    """The port whose arm has clearly moved; None: none has."""
    ways = {
        path: max(
            (abs(now[path][each] - start[path][each]) for each in start[path] if each in now[path]),
            default=0,
        )
        for path in start
    }
    first = max(ways, key=lambda path: ways[path])
    others = max((way for path, way in ways.items() if path != first), default=0)
    return first if ways[first] >= max(MOVED_TICKS, CLEARLY * others) else None
