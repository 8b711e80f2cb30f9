"""Where the commands begin: Ctrl-C ends them without a word while all they need is imported, and
PyTorch that is not there is a sentence."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tui.quiet import ended_quietly

NOT_INSTALLED: Final = (
    "{name} is not installed: learning needs it. In the checkout: "
    ".venv/bin/pip install -c constraints.txt -e '.[sim,train]'\n"
)
PACKAGES: Final = ("torch", "safetensors", "matplotlib")
NO_COMMAND: Final = 2


def train() -> int:
    """`act-train`; returns its exit code."""
    with _wanting_torch():
        from act.training.cli import main
    return main()


def evaluate() -> int:
    """`act-eval`; returns its exit code."""
    with _wanting_torch():
        from act.rollout.evaluate_cli import main
    return main()


def run() -> int:
    """`act-run`; returns its exit code."""
    with _wanting_torch():
        from act.rollout.run_cli import main
    return main()


@contextmanager
def _wanting_torch() -> Iterator[None]:
    """Ctrl-C meanwhile is quiet; a package that is not there is a sentence."""
    try:
        with ended_quietly():
            yield
    except ModuleNotFoundError as error:
        if error.name not in PACKAGES:
            raise
        sys.stderr.write(NOT_INSTALLED.format(name=error.name))
        sys.exit(NO_COMMAND)
