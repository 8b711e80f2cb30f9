"""Everything that `replay` prints about an episode, the verdict before the details."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.quality import CHECKS
from replay.inspect.checked import Checked
from replay.inspect.quality import quality
from replay.inspect.report import details, head
from replay.inspect.summary import summarise

TOO_DAMAGED: Final = "  too damaged to say what it holds, or to draw it"
WHOLE: Final = "file      sound: whole, and every picture is as it was recorded"


@dataclass(frozen=True, slots=True)
class About:
    """What an episode holds, in lines.

    Attributes:
        head: what it is of, when it was recorded, how it ended.
        details: cameras, joints, events, and where it comes from.
    """

    head: tuple[str, ...]
    details: tuple[str, ...]


def about(episode: EpisodeReader, checked: Checked) -> About | None:
    """What it holds; None where it is too damaged for that, which its faults tell.

    Raises:
        EpisodeError: it is too damaged, and the check has found no fault.
    """
    try:
        summary = summarise(episode)
        return About(tuple(head(episode, summary)), tuple(details(episode, summary)))
    except (EpisodeError, ArithmeticError, ValueError, IndexError) as error:
        # The check has found what makes the numbers impossible; say it rather than half of them.
        if not checked.faults:
            raise EpisodeError(f"{episode.path}: {error}") from error
        return None


def lines_of(checked: Checked, told: About | None, made: Sequence[str] = ()) -> Iterator[str]:
    """All of it, as people read it.

    Args:
        told: what it holds; None: it is too damaged to say.
        made: a line about each picture or video that was made of it.
    """
    yield from told.head if told else (str(checked.path), TOO_DAMAGED)
    yield from _verdict(checked)
    yield from told.details if told else ()
    yield from made
    yield "UNSOUND" if checked.faults else "sound"
    yield from (f"  - {fault}" for fault in checked.faults)


def _verdict(checked: Checked) -> Iterator[str]:
    """Is it good enough, and is the file whole: the two questions that a check answers."""
    first, *findings = quality(checked)
    yield f"{first}{_by_what(checked)}".replace(") (", "; ")
    yield from findings
    yield _unsound(len(checked.faults)) if checked.faults else WHOLE


def _by_what(checked: Checked) -> str:
    judgement = checked.judgement
    if judgement is None:
        return ""
    looked = len(CHECKS) - len({*judgement.not_checked, *checked.ignored})
    found = len(judgement.findings) + judgement.left_out
    return f" ({looked} checks, {found or 'no'} finding{'' if found == 1 else 's'})"


def _unsound(faults: int) -> str:
    count = "1 fault, listed" if faults == 1 else f"{faults} faults, listed"
    return f"file      UNSOUND: damaged, or not as it was recorded ({count} at the end)"
