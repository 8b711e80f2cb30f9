"""Before act-train, act-eval and act-run have begun: Ctrl-C, and packages that are not there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PROGRAM = """
import importlib.abc, os, signal, sys
from act import entry

class AtTheFirst(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "torch":
            {what}
        return None

sys.meta_path.insert(0, AtTheFirst())
sys.argv[1:] = ["--help"]
sys.exit(entry.{command}())
"""
COMMANDS = ("train", "evaluate", "run")


def begun(command: str, what: str) -> "subprocess.CompletedProcess[str]":
    """What has become of a command in whose beginning something happens."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(command=command, what=what)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_while_it_is_imported(command: str) -> None:
    done = begun(command, "os.kill(os.getpid(), signal.SIGINT)")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_torch(command: str) -> None:
    done = begun(command, "raise ModuleNotFoundError('No module', name='torch')")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("torch is not installed: learning needs it.")
    assert "pip install -c constraints.txt -e '.[sim,train]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
