"""Runs collect.py as a user would, with small pictures, and looks inside: on the simulated rig, and
on emulated servos behind the ports of a rig that is real as far as the session knows."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from recorder.status import RecorderState
from session import runtime_dir
from session.clients import SOCKET
from session.processes import environment
from session.status import TakeState
from teleop.lockstep import send
from teleop.ring import RingError, RingReader
from teleop.tick import State

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = ("world", "control", "recorder")
TO_START = "Press Enter to bring the arms to their start pose"
PATIENCE_S = 3.0


def small_rig(folder: Path, hold_timeout_s: float = 30.0, cameras: int = 4) -> Path:
    """The simulated rig with few and small cameras: quick to render."""
    text = (ROOT / "configs" / "rigs" / "sim.toml").read_text()
    arms, *tables, recording = re.split(r"(?m)^(?=\[\[cameras\]\]|\[recording\])", text)
    text = "".join([arms, *tables[:cameras], recording])
    text = text.replace('kind = "simulated"', 'kind = "simulated"\nwidth = 64\nheight = 48')
    text = text.replace("hold_timeout_s = 30.0", f"hold_timeout_s = {hold_timeout_s}")
    path = folder / "small.toml"
    path.write_text(text)
    return path


def short_task(folder: Path, max_steps: int = 200, reset_s: float = 0) -> Path:
    """The battery task, given up before anybody could finish it; nobody resets the scene."""
    text = (ROOT / "configs" / "tasks" / "battery.toml").read_text()
    path = folder / "short.toml"
    for name, value in (("max_steps", max_steps), ("reset_s", reset_s)):
        text = re.sub(rf"(?m)^{name} = [\d.]+", f"{name} = {value}", text)
    path.write_text(text)
    return path


def emulated_rig(folder: Path, ports: Mapping[str, str], **safety: float) -> Path:
    """A real rig's file whose ports lead to emulated servos, with a small test picture."""
    arms = [
        f'[[rig.arms]]\nrole = "{name.split("_")[0]}"\nside = "{name.split("_")[1]}"\n'
        f'port = "{port}"\n'
        for name, port in ports.items()
    ]
    limits = [f"{name} = {value}\n" for name, value in {"hold_timeout_s": 30.0, **safety}.items()]
    text = [
        '[rig]\nname = "bench"\nsimulated = false\nstart = "grippers"\n',
        *arms,
        "[rig.safety]\n",
        *limits,
        '[[cameras]]\nname = "cam_high"\nkind = "pattern"\nwidth = 64\nheight = 48\n',
    ]
    path = folder / "bench.toml"
    path.write_text("\n".join(text))
    return path


def teleop(*arguments: str) -> list[str]:
    """A `teleop` command line."""
    return [sys.executable, "-m", "bringup", *arguments]


def command(out: Path, *arguments: str) -> list[str]:
    """A collect.py command line that records into `out`."""
    return [sys.executable, str(ROOT / "collect.py"), "--headless", "--out", str(out), *arguments]


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Poll; fail naming what never happened."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain for {what}"
        time.sleep(0.02)


class Collect:
    """A running client and the session behind it.

    Args:
        words: the command line; its session records into (or would record into) `out`.
        keyboard: the client gets a terminal to read keys from.
    """

    def __init__(self, out: Path, words: list[str], keyboard: bool = False) -> None:
        self.out = out
        self._keys, terminal = pty.openpty() if keyboard else (None, None)
        self.process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=out.parent,
            env=environment(),
        )
        if terminal is not None:
            os.close(terminal)
        self.runtime = self._find_runtime()
        self.names = self._processes()
        self._pids: dict[str, int] = {}

    def _processes(self) -> list[str]:
        """Names of all processes of this session."""
        config = json.loads((self.runtime / "session.json").read_text())
        has = {
            "world": config["rig_file"]["rig"]["simulated"],
            "control": True,
            "recorder": config["purpose"] == "record",
        }
        return [*(name for name in PROCESSES if has[name]), "session"]

    def press(self, key: bytes) -> None:
        """Press a key on the client's terminal."""
        os.write(self._keys, key)

    def ask(self, op: str, **fields: str) -> None:
        """Ask something of the session, as a client that has a key for it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(os.fspath(self.runtime / SOCKET))
            send(client, {"op": op, **fields})

    def takes(self) -> dict[int, TakeState]:
        """What has become of the newest takes, by number of the episode."""
        status = self.record("session")
        rows = status["take"][: int(status["takes"])]
        return {int(row["episode"]): TakeState(int(row["state"])) for row in rows}

    def let_go_of_keys(self) -> None:
        """Close our end of the terminal. Harmless when repeated."""
        if self._keys is not None:
            os.close(self._keys)
        self._keys = None

    def _find_runtime(self) -> Path:
        found: list[Path] = []

        def look() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            for path in runtime_dir.live():
                with contextlib.suppress(OSError, ValueError):
                    config = json.loads((path / "session.json").read_text())
                    if str(self.out.resolve()) in (config["out"], config["rig_path"]):
                        found.append(path)
            return bool(found)

        wait_until(look, 30, "the session")
        return found[0]

    def pid(self, name: str) -> int:
        """Process ID of world, control, recorder or session."""
        if name not in self._pids:
            path = self.runtime / f"{name}.pid"
            wait_until(lambda: path.exists() and bool(path.read_text()), 30, f"{name} to start")
            self._pids[name] = int(path.read_text())
        return self._pids[name]

    def pids(self) -> list[int]:
        """All processes of the session."""
        return [self.pid(name) for name in self.names]

    def prompt(self) -> str:
        """What the session asks of the operator just now."""
        try:
            with RingReader(self.runtime / "session") as reader:
                return str(reader.newest()["prompt"].item().decode())
        except (OSError, RingError):
            return ""

    def wait_for_prompt(self, words: str) -> None:
        """Until the operator is asked for something with these words in it."""

        def asked() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            return words in self.prompt()

        wait_until(asked, 60, words)

    def bring_home(self, words: str) -> None:
        """Let arms that hold go to their start; until the operator is asked for these words. Once
        more where they hold on their way: a busy machine loses replies."""
        self.wait_for_prompt(TO_START)
        pressed_s = 0.0

        def asked() -> bool:
            nonlocal pressed_s
            assert self.process.poll() is None, self.process.communicate()[0]
            prompt, now_s = self.prompt(), time.monotonic()
            if TO_START in prompt and now_s - pressed_s > PATIENCE_S:
                pressed_s = now_s
                self.press(b"\n")
            return words in prompt

        wait_until(asked, 60, words)

    def record(self, ring: str) -> Any:
        """The newest record of a ring; None while there is none."""
        try:
            with RingReader(self.runtime / ring) as reader:
                return reader.newest()
        except (OSError, RingError):
            return None

    def field(self, ring: str, name: str) -> int:
        """A field of the newest record of a ring; -1 while there is none."""
        record = self.record(ring)
        return -1 if record is None else int(record[name])

    def wait_for_step(self, step: int, episode: int | None = None) -> None:
        """Until the recorder has journaled `step` steps of the (given) episode."""

        def reached() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            right = episode is None or self.field("recorder", "episode") == episode
            recording = self.field("recorder", "state") == RecorderState.RECORDING
            return right and recording and self.field("recorder", "steps_journaled") >= step

        wait_until(reached, 120, f"step {step}")

    def wait_for_state(self, state: State) -> None:
        """Until control is in `state`."""
        wait_until(lambda: self.field("ticks", "state") == state, 60, state.name)

    def finish(self, timeout_s: float = 600) -> tuple[int, str]:
        """Exit status and everything printed."""
        text, _ = self.process.communicate(timeout=timeout_s)
        return self.process.returncode, text


@contextlib.contextmanager
def collecting(out: Path, *arguments: str, keyboard: bool = False) -> Iterator[Collect]:
    """A recording session that is certainly gone afterwards, whatever the test did to it."""
    with running(out, command(out, *arguments), keyboard) as collect:
        yield collect


@contextlib.contextmanager
def running(out: Path, words: list[str], keyboard: bool = False) -> Iterator[Collect]:
    """The same for any command that starts a session; `out`: its datasets, or its rig file."""
    collect = Collect(out, words, keyboard)
    try:
        yield collect
    finally:
        collect.let_go_of_keys()
        for pid in [collect.process.pid, *collect._pids.values()]:
            if alive(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        collect.process.wait()
        if collect.process.stdout is not None:
            collect.process.stdout.close()
        runtime_dir.remove(collect.runtime)


def alive(pid: int) -> bool:
    """The process runs (a zombie does not)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return fields[0] not in "ZX"


def run(out: Path, *arguments: str, timeout_s: float = 600) -> tuple[int, str]:
    """Run collect.py to its end: exit status and everything printed."""
    done = subprocess.run(
        command(out, *arguments),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=out.parent,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
