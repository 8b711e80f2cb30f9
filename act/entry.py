"""Where the commands begin: Ctrl-C ends them without a word while all they need is imported, and
PyTorch that is not there is a sentence."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NOT_INSTALLED: Final = (
    "{name} is not installed: learning needs it. In the checkout: "
    ".venv/bin/pip install -c constraints.txt -e '.[sim,train]'\n"
)
PACKAGES: Final = ("torch", "safetensors", "matplotlib")
NO_COMMAND: Final = 2


def train() -> int:
    """`act-train`; returns its exit code."""
    with _ended_quietly():
        from act.training.cli import main
    return main()


def evaluate() -> int:
    """`act-eval`; returns its exit code."""
    with _ended_quietly():
        from act.rollout.evaluate_cli import main
    return main()


def run() -> int:
    """`act-run`; returns its exit code."""
    with _ended_quietly():
        from act.rollout.run_cli import main
    return main()


@contextmanager
def _ended_quietly() -> Iterator[None]:
    """By Ctrl-C, as a program is that does not know of it. Nothing has been done by then."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # and not a script's background, which ignores it
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in PACKAGES:
            raise
        sys.stderr.write(NOT_INSTALLED.format(name=error.name))
        sys.exit(NO_COMMAND)
    finally:
        signal.signal(signal.SIGINT, before)
