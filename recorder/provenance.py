"""Which software made an episode: versions, and the git revision where there is one."""

import json
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGES: Final = ("tandem-teleop", "numpy", "h5py", "opencv-python-headless", "mujoco")
GIT_TIMEOUT_S: Final = 5.0


def software() -> str:
    """Versions as a JSON object."""
    versions = {"python": platform.python_version(), "kernel": platform.release()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    revision = git_revision(Path(__file__).parent.parent)
    return json.dumps({**versions, **({"git": revision} if revision else {})})


def git_revision(folder: Path) -> str:
    """The commit checked out, with ``-dirty`` if files differ from it; empty outside a checkout."""
    if not (folder / ".git").exists():  # installed somewhere within another project's checkout
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
