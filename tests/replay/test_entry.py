"""Ctrl-C before a command has begun: no traceback, whatever it is about to import."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAM = """
import importlib.abc, os, signal, sys
from replay import entry

class AtTheFirst(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "h5py":
            os.kill(os.getpid(), signal.SIGINT)
        return None

sys.meta_path.insert(0, AtTheFirst())
sys.argv[1:] = ["--help"]
entry.{command}()
"""


@pytest.mark.parametrize("command", ["replay", "episodes"])
@pytest.mark.parametrize("ignored", [False, True])
def test_ctrl_c_while_it_is_imported(command: str, ignored: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(command=command)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_IGN if ignored else signal.default_int_handler
        ),
    )
    assert done.stderr == ""
    assert (done.returncode, "usage:" in done.stdout) == (
        (0, True) if ignored else (-signal.SIGINT, False)
    )
