"""Episodes of different lengths brought to one, for readers that stack them."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

LONGEST: Final = "longest"
SHORTEST: Final = "shortest"


def add_length(parser: argparse.ArgumentParser) -> None:
    """The option that `common_length` is told."""
    parser.add_argument(
        "--length",
        type=_length,
        default=LONGEST,
        metavar="LENGTH",
        help="steps of every episode: longest (the default: shorter ones are padded by repeating "
        "their last row, which holds the arms), shortest (longer ones are cut), or a number",
    )


def common_length(lengths: Sequence[int], wanted: str | int) -> int:
    """So many steps has every episode of the export."""
    if isinstance(wanted, int):
        return wanted
    return min(lengths) if wanted == SHORTEST else max(lengths)


def fitted(steps: int, wanted: int) -> npt.NDArray[np.intp]:
    """The rows of an episode of so many steps that make one of `wanted`: (wanted,)."""
    return np.minimum(np.arange(wanted), steps - 1)


def fit_note(steps: int, wanted: int) -> str:
    """What happens to an episode, in a sentence; "" if nothing does."""
    if steps < wanted:
        return f"Padded from {steps} to {wanted} steps by repeating its last row."
    return f"Cut from {steps} to its first {wanted} steps." if steps > wanted else ""


def fit_remarks(lengths: Sequence[int], wanted: int) -> Iterator[str]:
    """The same of all of them, for people."""
    if padded := [steps for steps in lengths if steps < wanted]:
        yield f"{_which(padded, 'padded')} to {wanted} steps by repeating the last row."
    if cut := [steps for steps in lengths if steps > wanted]:
        yield f"{_which(cut, 'cut')} to the first {wanted} steps."


def _which(lengths: Sequence[int], changed: str) -> str:
    are = "episode is" if len(lengths) == 1 else "episodes are"
    shortest, longest = min(lengths), max(lengths)
    steps = f"{shortest}" if shortest == longest else f"{shortest}-{longest}"
    return f"{len(lengths)} {are} {changed} from {steps}"


def _length(text: str) -> str | int:
    if text in (LONGEST, SHORTEST):
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not longest, shortest or a number of steps")
