"""The session's folder in shared memory: rings, sockets, configurations of the processes, logs.

A live session holds a lock on it, so that folders left by killed sessions can be told apart and
removed by the next one.
"""

import fcntl
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import Final

PARENT: Final = Path(os.environ.get("TANDEM_RUNTIME_PARENT", "/dev/shm"))
"""Another tmpfs may be named, e.g. where /dev/shm is too small (it needs about 40 MB a session)."""
PREFIX: Final = "tandem-"
LOCK: Final = "session.lock"
STARTING_S: Final = 30.0
"""A directory this young may belong to a session that has not taken its lock yet."""


def create() -> Path:
    """A new, private runtime directory."""
    path = PARENT / f"{PREFIX}{secrets.token_hex(4)}"
    path.mkdir(mode=0o700)
    (path / LOCK).touch(mode=0o600)
    return path


def hold(path: Path) -> int:
    """Lock the directory for the life of this process; returns the descriptor to keep."""
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def remove(path: Path) -> None:
    """Delete a runtime directory."""
    shutil.rmtree(path, ignore_errors=True)


def live() -> list[Path]:
    """Runtime directories of our running sessions, newest first."""
    ours = [path for path in _ours() if _is_held(path)]
    return sorted(ours, key=lambda path: path.stat().st_mtime, reverse=True)


def orphaned() -> list[Path]:
    """Runtime directories of killed sessions whose processes still come to their end."""
    return [path for path in _ours() if not _is_held(path) and _has_living_child(path)]


def sweep() -> None:
    """Remove what killed sessions of this user left behind."""
    for path in _ours():
        if _age_s(path) > STARTING_S and not _is_held(path) and not _has_living_child(path):
            remove(path)


def _ours() -> list[Path]:
    found = []
    for path in PARENT.glob(f"{PREFIX}*"):
        try:
            if path.is_dir() and path.stat().st_uid == os.getuid():
                found.append(path)
        except OSError:  # removed meanwhile by its own session
            continue
    return found


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _has_living_child(path: Path) -> bool:
    """A child that is still bringing arms to rest keeps its rings."""
    for pid_file in path.glob("*.pid"):
        try:
            command = Path(f"/proc/{int(pid_file.read_text())}/cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if os.fsencode(path) in command:
            return True
    return False
