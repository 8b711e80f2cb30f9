"""The Rerun viewer, kept to this machine: by itself it listens on all interfaces, tells its makers
of its use, and asks on the net whether there is a newer one (as seen in version 0.41)."""

import os
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from replay.errors import ExportError

LOOPBACK: Final = "127.0.0.1"
NO_PROXY_THERE: Final = f"http://{LOOPBACK}:9"
"""What it wants of the net ends here: the discard port, at which nobody answers. It has no option
for that. What it says to itself goes by no proxy."""
DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def check_viewer() -> None:
    """See that it is there, and that there is a screen for it.

    Raises:
        ExportError: it is not.
    """
    _program()
    if not any(os.environ.get(name) for name in DISPLAYS):
        raise ExportError(
            "There is no display for the Rerun viewer (DISPLAY is not set): write a recording with "
            "--rerun OUT.rrd, and open it where there is one."
        )


def show_file(name: str, write: Callable[[Path], object]) -> None:
    """Show a recording; returns when the viewer is closed.

    Args:
        write: writes it under the name that it is given.

    Raises:
        ExportError: the viewer cannot be started, or ends with an error.
    """
    check_viewer()
    with tempfile.TemporaryDirectory(prefix="tandem-rerun-") as folder:
        recording = Path(folder, f"{name}.rrd")
        write(recording)
        environment = _environment(Path(folder, "config"))
        _run("analytics", "disable", environment=environment)
        options = ("--bind", LOOPBACK, "--port", "auto", "--hide-welcome-screen")
        _run(*options, str(recording), environment=environment)


def _environment(config: Path) -> dict[str, str]:
    """As ours is, but for where it finds what its user wants, and whom it may reach."""
    return {
        **os.environ,
        "XDG_CONFIG_HOME": str(config),
        "ALL_PROXY": NO_PROXY_THERE,
        "HTTPS_PROXY": NO_PROXY_THERE,
        "HTTP_PROXY": NO_PROXY_THERE,
        "NO_PROXY": LOOPBACK,
        "RUST_LOG": "error",
    }


def _run(*arguments: str, environment: dict[str, str]) -> None:
    command = [str(_program()), *arguments]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except OSError as error:
        raise ExportError(f"Cannot start {command[0]}: {error.strerror}.") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it does not say why"]
        raise ExportError(f"The Rerun viewer ended with status {done.returncode}: {said[0]}")


def _program() -> Path:
    """Where it is: in its package, or where the package's own command would look."""
    package = find_spec("rerun_cli")
    beside = Path(package.origin or "").with_name("rerun") if package else Path()
    program = Path(os.environ.get("RERUN_CLI_PATH") or beside)
    if not program.is_file():
        raise ExportError("There is no Rerun viewer: its package, rerun-sdk, is incomplete.")
    return program
