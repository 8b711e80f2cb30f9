"""Starts a session, or finds the running one, and connects to it."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from session import runtime_dir
from session.clients import SOCKET
from session.config import RigFile, SessionConfig
from session.errors import LaunchError
from session.kind import kind_of
from session.processes import environment
from teleop.config import ConfigError, build, read_json, write_json
from teleop.rig_config import RigConfig

START_TIMEOUT_S: Final = 30.0
LOG: Final = "session.log"
CONFIG: Final = "session.json"


def launch(config: SessionConfig) -> socket.socket:
    """Start a session in its own kernel session, and connect to it.

    Raises:
        LaunchError: it ended before it could be reached; the text is its last words.
    """
    directory = Path(config.runtime_dir)
    path = directory / CONFIG
    write_json(path, config)
    with (directory / LOG).open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "session.main", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment(),
        )
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        connection = _connect(directory)
        if connection is not None:
            return connection
        if process.poll() is not None:
            break
        time.sleep(0.02)
    words = (directory / LOG).read_text(errors="replace").strip().splitlines()
    process.kill()
    process.wait()
    runtime_dir.remove(directory)
    raise LaunchError(words[-1] if words else "The session process did not start.")


@dataclass(frozen=True, slots=True)
class Running:
    """A session that runs, and a connection to it.

    Attributes:
        about: what it does, for whoever reads it.
    """

    runtime_dir: Path
    about: str
    connection: socket.socket


def attach(out: Path | None = None) -> Running:
    """Connect to the running session of this user.

    Args:
        out: only to a session that records under this folder.

    Raises:
        LaunchError: none is running, or several are (all are listed).
    """
    running = {path: _config_of(path) for path in runtime_dir.live()}
    if out is not None:
        running = {path: table for path, table in running.items() if table.get("out") == str(out)}
    if len(running) > 1:
        listed = "\n".join(f"  {_about(table)}" for table in running.values())
        raise LaunchError(f"Several sessions are running; say which by --out:\n{listed}")
    for directory, table in running.items():
        connection = _connect(directory)
        if connection is not None:
            return Running(directory, _about(table), connection)
    raise LaunchError("No session is running. Start one: python collect.py --task battery")


def running_on(rig: RigConfig) -> Running | None:
    """Connect to the session of this user that moves this rig; None: there is none."""
    for directory in runtime_dir.live():
        table = _config_of(directory)
        connection = _connect(directory) if _moves(table, rig) else None
        if connection is not None:
            return Running(directory, _about(table), connection)
    return None


def is_left_on(rig: RigConfig) -> bool:
    """The session that moved this rig was killed, and its control still brings the arms to rest."""
    return any(_moves(_config_of(directory), rig) for directory in runtime_dir.orphaned())


def _moves(table: dict[str, Any], rig: RigConfig) -> bool:
    """A session started with this moves this rig, or another one on the same ports."""
    try:
        other = build(RigFile, table["rig_file"], CONFIG).rig
    except (KeyError, ConfigError):
        return False
    if rig.simulated or other.simulated:
        return rig.simulated and other.simulated
    return bool(_ports(rig) & _ports(other))


def _ports(rig: RigConfig) -> set[str]:
    """What the rig's ports lead to just now."""
    return {os.path.realpath(arm.port) for arm in rig.arms}


def _config_of(directory: Path) -> dict[str, Any]:
    """What the session was started with; empty while it is just starting."""
    try:
        return read_json(directory / CONFIG)
    except ConfigError:
        return {}


def _about(table: dict[str, Any]) -> str:
    try:
        rig = kind_of(build(RigFile, table["rig_file"], CONFIG)).banner or "real rig"
        return f"{rig}, task {table['task']['name']}, into {table['out']}"
    except (KeyError, TypeError, ConfigError):
        return "a session that is just starting"


def _connect(directory: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(os.fspath(directory / SOCKET))
    except OSError:
        connection.close()
        return None
    return connection
