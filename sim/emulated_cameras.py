"""Emulated webcams in one process, in real time: `python -m sim.emulated_cameras NAME...`.

For trying the whole path from a rig file to an episode without cameras, for tests and benchmarks.
Each is MJPEG over HTTP on a port of this computer, 127.0.0.1 only (see `sim.cameras.served`, also
for what is not simulated). Prints `{"cameras": {"top": "http://127.0.0.1:.../top.mjpg", ...}}` as
one JSON line: what `device` of a webcam in a rig file is set to. Then serves until SIGTERM or until
its standard input closes.

Each JSON line on standard input is one command, answered by one JSON line, `{"error": ...}` where
it cannot be obeyed:
- `{"do": "freeze", "camera": "top", "ms": 700}`: sends nothing for so long
- `{"do": "repeat", "camera": "top", "on": true}`: the same picture over and over, at full rate
- `{"do": "die", "camera": "top"}` and `{"do": "revive", "camera": "top"}`
- `{"do": "rate", "camera": "top", "rate_hz": 17}`
- `{"do": "drift", "camera": "top", "percent": 1}`: its clock is wrong by so much
- `{"do": "corrupt", "camera": "top", "frames": 5}`: wrong bytes in the next frames
- `{"do": "backlog", "camera": "top", "on": true}`: keeps for a slow reader what it has no room for
- `{"do": "look", "camera": "top", "look": "normal" | "black" | "overexposed" | "blurred"}`
- `{"do": "number", "camera": "top"}`: answers `{"number": ...}`, of the last frame
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.cameras.served import ServedCamera
from sim.cameras.serving import turn
from sim.errors import SimError
from sim.lines import Lines, is_null
from sim.served_rig import print_json, say


def main() -> int:
    """Serves the cameras; see the module's docstring."""
    options = _options()
    stop_requests: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stop_requests.append(number))
    with contextlib.ExitStack() as opened:
        try:
            cameras = _cameras(options, opened)
            print_json({"cameras": {name: camera.url for name, camera in cameras.items()}})
            serve(cameras, lambda: bool(stop_requests))
        except (SimError, ValueError) as error:
            say(str(error))
            return 2
    return 0


def serve(cameras: Mapping[str, ServedCamera], stopped: Callable[[], bool]) -> None:
    """Sends frames and takes commands until stopped or abandoned.

    A standard input that never had anybody (/dev/null, as in a script's background) is none that
    was closed.
    """
    commands = Lines(sys.stdin.fileno())
    heard = [] if is_null(commands.fileno()) else [commands.fileno()]
    while not stopped():
        if turn(list(cameras.values()), heard):
            lines = commands.read()
            if lines is None:
                return
            for line in lines:
                print_json(obey(cameras, line))


def obey(cameras: Mapping[str, ServedCamera], line: bytes) -> dict[str, Any]:
    """Carries out one command line, or nothing of it; the answer to print."""
    try:
        command = json.loads(line)
        do, name = command.pop("do"), command.pop("camera", None)
        if name not in cameras:
            raise ValueError(f"camera must be one of {', '.join(cameras)}")
        if do not in _COMMANDS:
            raise ValueError(f"do must be one of {', '.join(_COMMANDS)}")
        return _COMMANDS[do](cameras[name], **command) or {}
    except _BAD_COMMAND as error:
        return {"error": f"Cannot obey {line.decode(errors='replace')!r}: {error!r}"}


def _number(camera: ServedCamera) -> dict[str, Any]:
    return {"number": camera.number}


_COMMANDS: Final[dict[str, Callable[..., dict[str, Any] | None]]] = {
    "freeze": ServedCamera.freeze,
    "repeat": ServedCamera.repeat,
    "die": ServedCamera.die,
    "revive": ServedCamera.revive,
    "rate": ServedCamera.set_rate,
    "drift": ServedCamera.drift,
    "corrupt": ServedCamera.corrupt,
    "backlog": ServedCamera.backlog,
    "look": ServedCamera.look,
    "number": _number,
}
_BAD_COMMAND: Final = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What comes of a command that is no JSON, unknown, or has wrong arguments."""


def _cameras(options: argparse.Namespace, opened: contextlib.ExitStack) -> dict[str, ServedCamera]:
    """The cameras by name, to be closed by `opened`."""
    width, height = options.size
    cameras: dict[str, ServedCamera] = {}
    for index, name in enumerate(options.names):
        port = options.port and options.port + index
        camera = ServedCamera(name, width, height, options.rate, port)
        opened.callback(camera.close)
        cameras[name] = camera
    return cameras


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve emulated webcams on 127.0.0.1.")
    parser.add_argument("names", nargs="+", metavar="NAME", help="of a camera, as in the rig file")
    parser.add_argument("--size", type=_size, default=(640, 480), metavar="WxH")
    parser.add_argument("--rate", type=float, default=50.0, metavar="HZ")
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="of the first, the others follow; 0: any"
    )
    options = parser.parse_args()
    if not all(name.isidentifier() for name in options.names):
        parser.error("a NAME may have letters, digits and _ only")
    return options


def _size(text: str) -> tuple[int, int]:
    """The argument of --size."""
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 640x480")
    return int(match[1]), int(match[2])


if __name__ == "__main__":
    sys.exit(main())
