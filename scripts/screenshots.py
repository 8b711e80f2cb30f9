"""Pictures for the README: a simulated session, worked by keys at a terminal, and the viewer.

    .venv/bin/python scripts/screenshots.py [--out docs/images] [--realtime] [--viewer EPISODE]

Three takes of the battery task are recorded, in lock-step or in real time, into a folder that is
deleted afterwards; that takes a few minutes. Nothing is made up: what is photographed is what
`collect.py` wrote to the terminal. In real time that may be complaints about cameras, where the
machine cannot render their pictures in time.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "helpers")]

USUAL, SMALL, LARGE = (120, 40), (80, 24), (160, 45)
PATIENCE_S: Final = 600.0
SETTLE_S: Final = 1.5
"""Until a resized screen is drawn, its thumbnails included."""
KEY_S: Final = 0.3
RIGHT_SHOULDER: Final = 8
"""So many joints below the first one."""
WELL_UNDER_WAY: Final = 180
"""Steps into a take of about 500, with both arms on their way to what is on the table."""


def main() -> None:
    """Record, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="FOLDER")
    parser.add_argument("--realtime", action="store_true", help="with lateness to show")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--viewer", type=Path, metavar="EPISODE", help="only open this in the viewer"
    )
    options = parser.parse_args()
    try:
        import pyte  # noqa: F401
        from terminal_picture import font_path

        font_path()
    except ImportError as error:
        sys.exit(f"scripts/screenshots.py: {error.name} is missing: run scripts/install --dev.")
    except FileNotFoundError as error:
        sys.exit(f"scripts/screenshots.py: {error}")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as folder:
        if options.viewer is None:
            film(Path(folder), options)
            options.viewer = Path(folder) / "battery" / "episode_0.hdf5"
        look(options.viewer, options.out)


def look(episode: Path, out: Path) -> None:
    """The viewer, in the middle of an episode, with a joint that has worked."""
    from terminal import Terminal

    with Terminal([sys.executable, "-m", "replay", episode], *USUAL, cwd=ROOT) as terminal:
        terminal.wait_for("paused")
        for key in (*"g200", "enter", *["down"] * RIGHT_SHOULDER):
            time.sleep(KEY_S)
            terminal.press(key)
        Camera(terminal, out).take("viewer", USUAL)
        terminal.press("q")


def film(folder: Path, options: argparse.Namespace) -> None:
    """One session, from its first question to a hold."""
    from terminal import Terminal

    command = [sys.executable, ROOT / "collect.py", "--task", "battery", "--by-hand"]
    command += ["--episodes", "4", "--seed", str(options.seed), "--out", folder]
    command += ["--rig", "sim-realtime", "--realtime"] if options.realtime else ["--rig", "sim"]
    with Terminal(command, *USUAL, cwd=folder) as terminal:
        session = Session(terminal, folder)
        try:
            record(session, Camera(terminal, options.out))
        finally:
            session.end()


def record(session: "Session", camera: "Camera") -> None:
    """Three takes: photographed before and after, in the middle, and when it is held."""
    press = session.terminal.press
    session.wait_until("READY")
    camera.take("waiting", USUAL)
    press("enter")
    session.wait_until("RECORDING")
    session.wait_until("READY")
    session.wait(lambda: session.field("take", "state") == session.accepted, "verdict")
    camera.take("verdict", USUAL, SMALL)
    press("enter")
    session.wait(lambda: session.step() > WELL_UNDER_WAY, "middle of a take")
    camera.take("recording", USUAL, LARGE, SMALL)
    session.wait_until("READY")
    press("enter")
    session.wait(lambda: session.step() > WELL_UNDER_WAY, "middle of a take")
    press("space")
    session.wait_until("HOLDING")
    camera.take("holding", USUAL)
    press("question_mark")
    camera.take("keys", USUAL)


class Camera:
    """Takes pictures of a terminal, at every size that is asked for; back to the usual one then."""

    def __init__(self, terminal: Any, out: Path) -> None:
        self._terminal = terminal
        self._out = out

    def take(self, state: str, *sizes: tuple[int, int]) -> None:
        """``<state>_<width>x<height>.png`` for each of the sizes."""
        for width, height in sizes:
            self._terminal.resize(width, height)
            time.sleep(SETTLE_S)
            path = self._out / f"{state}_{width}x{height}.png"
            self._terminal.picture(path)
            sys.stdout.write(f"{path} ({path.stat().st_size / 1e3:.0f} kB)\n")
            sys.stdout.flush()
        self._terminal.resize(*USUAL)


class Session:
    """The session behind the terminal, asked where it is by its own status."""

    def __init__(self, terminal: Any, out: Path) -> None:
        from session.status import TakeState

        self.terminal = terminal
        self.accepted = TakeState.ACCEPTED
        self._out = out.resolve()
        self._runtime: Path | None = None
        self.wait(self._is_found, "the session to start")

    def wait_until(self, phase: str) -> None:
        """Until the session is in this phase."""
        from session.status import Phase

        self.wait(lambda: self.field("phase") == Phase[phase], phase)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Until this is so; ends the script, with what stands on the screen, if it never is."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not condition():
            if self.terminal.process.poll() is not None or time.monotonic() > give_up_s:
                sys.exit(f"scripts/screenshots.py: no {what}. Seen:\n{self.terminal.text()}")
            time.sleep(0.1)

    def field(self, *path: str) -> int:
        """A number of the session's status; of its newest take, ("take", name). -1: unknown."""
        record = self._newest("session")
        if record is None:
            return -1
        return int(record[path[0]] if len(path) == 1 else record[path[0]][0][path[1]])

    def step(self) -> int:
        """Of the take that is being recorded; -1: none is."""
        tick = self._newest("ticks")
        return -1 if tick is None else int(tick["step"])

    def end(self) -> None:
        """Have it end at once; the simulated arms need no rest."""
        from session.errors import LaunchError
        from session.launch import attach
        from teleop.lockstep import send

        with contextlib.suppress(LaunchError, OSError), attach(self._out).connection as connection:
            send(connection, {"op": "quit"})
            self.terminal.wait(60)

    def _is_found(self) -> bool:
        from session import runtime_dir

        for path in runtime_dir.live():
            with contextlib.suppress(OSError, ValueError):
                if json.loads((path / "session.json").read_text())["out"] == str(self._out):
                    self._runtime = path
        return self._runtime is not None

    def _newest(self, ring: str) -> Any | None:
        from teleop.ring import RingError, RingReader

        assert self._runtime is not None
        with contextlib.suppress(OSError, RingError), RingReader(self._runtime / ring) as reader:
            return reader.newest()
        return None


if __name__ == "__main__":
    main()
