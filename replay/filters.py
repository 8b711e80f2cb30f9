"""Which episodes are meant, by what their rows say: ``--label success --min-steps 100``."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from replay.index.row import Row, Unreadable
from replay.nearest import alike

LABELS: Final = ("success", "failure", "unlabelled")
UNJUDGED: Final = "unjudged"
"""A file that is older than the quality checks."""
VERDICTS: Final = ("ok", "warn", "reject", UNJUDGED)
MOST_NAMES: Final = 8
"""Of tasks or cameras that people are shown."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What an episode has to be. As it comes, it takes all.

    Attributes:
        labels: any of these; none: whatever the label.
        verdicts: any of these; none: whatever the verdict.
        task: None: whatever the task.
        min_steps, max_steps: both included; None: no limit.
        cameras: all of these, and maybe others.
        recovered: from a journal, or not; None: either.
        trimmed: since it was recorded, or not; None: either.
    """

    labels: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    task: str | None = None
    min_steps: int | None = None
    max_steps: int | None = None
    cameras: tuple[str, ...] = ()
    recovered: bool | None = None
    trimmed: bool | None = None

    @property
    def takes_all(self) -> bool:
        """Whether it asks for nothing."""
        return self == Filter()

    def takes(self, row: Row) -> bool:
        """Whether the episode is meant."""
        facts = row.facts
        return (
            (not self.labels or facts.success in self.labels)
            and (not self.verdicts or (facts.verdict or UNJUDGED) in self.verdicts)
            and self.task in (None, facts.task)
            and (self.min_steps is None or facts.steps >= self.min_steps)
            and (self.max_steps is None or facts.steps <= self.max_steps)
            and set(self.cameras) <= set(facts.cameras)
            and self.recovered in (None, facts.recovered)
            and self.trimmed in (None, facts.trimmed)
        )


class Sieve:
    """A filter at work, which can say what it has left out.

    What cannot be read is taken by a filter that takes all, and counted by any other: nobody knows
    what it is.

    Attributes:
        unreadable: how many it has left out because they cannot be read.
        gone: how many it has left out because they are not there any more.
    """

    def __init__(self, only: Filter) -> None:
        self._only = only
        self._seen = self._taken = self.unreadable = self.gone = 0
        self._tasks: set[str] = set()
        self._cameras: set[str] = set()

    @property
    def takes_all(self) -> bool:
        """Whether it leaves out nothing."""
        return self._only.takes_all

    def takes(self, item: Row | Unreadable) -> bool:
        """Whether it is meant. Ask once of each."""
        if isinstance(item, Unreadable):
            self.unreadable += not (self.takes_all or item.gone)
            self.gone += item.gone and not self.takes_all
            return self.takes_all
        self._seen += 1
        self._tasks.add(item.facts.task)
        self._cameras.update(item.facts.cameras)
        taken = self._only.takes(item)
        self._taken += taken
        return taken

    def remarks(self) -> Iterator[str]:
        """What was left out, and why nothing is left, where nothing is."""
        if self.unreadable:
            yield f"{_files(self.unreadable)} cannot be read: `episodes check` says why."
        if self.gone:
            yield f"{_files(self.gone)} {'is' if self.gone == 1 else 'are'} gone meanwhile."
        if self._seen and not self._taken:
            episodes = "the 1 episode" if self._seen == 1 else f"the {self._seen} episodes"
            yield f"The filters take none of {episodes} there."
            yield from self._unknown()

    def _unknown(self) -> Iterator[str]:
        wanted = [("task", self._only.task, self._tasks)]
        wanted += [("camera", name, self._cameras) for name in self._only.cameras]
        for word, name, known in wanted:
            if name is not None and name not in known:
                nearest = alike(name, known)
                more = ", ..." if len(nearest) > MOST_NAMES else ""
                listed = ", ".join(nearest[:MOST_NAMES])
                yield f"There is no {word} {name}; there are: {listed or 'none'}{more}."


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def add_filters(parser: argparse.ArgumentParser, *, task: bool = True) -> None:
    """The options of a filter.

    Args:
        task: whether --task is one of them; a verb may have another use for it.
    """
    only = parser.add_argument_group(
        "filters",
        "Given twice, --label and --verdict take either. What cannot be read is only counted; "
        "`check` looks at it all the same.",
    )
    _any_of(only, "--label", LABELS, "as the operator called it")
    _any_of(only, "--verdict", VERDICTS, "of the quality checks, as it stands in the file")
    if task:
        only.add_argument(
            "--task", dest="of_task", metavar="NAME", help="of this task; numbers are those of it"
        )
    else:
        parser.set_defaults(of_task=None)
    only.add_argument("--min-steps", type=_count, metavar="N", help="not shorter")
    only.add_argument("--max-steps", type=_count, metavar="N", help="not longer")
    only.add_argument(
        "--camera", action="append", default=[], metavar="NAME", help="with this camera"
    )
    for option, help_text in (
        ("--recovered", "made of a journal that was left behind, or not"),
        ("--trimmed", "cut since it was recorded, or not"),
    ):
        only.add_argument(option, action=argparse.BooleanOptionalAction, help=help_text)


def filter_of(options: argparse.Namespace) -> Filter:
    """The filter that was asked for by the options of `add_filters`."""
    return Filter(
        labels=tuple(options.label),
        verdicts=tuple(options.verdict),
        task=options.of_task,
        min_steps=options.min_steps,
        max_steps=options.max_steps,
        cameras=tuple(options.camera),
        recovered=options.recovered,
        trimmed=options.trimmed,
    )


def _any_of(group: Any, option: str, values: tuple[str, ...], help_text: str) -> None:
    group.add_argument(
        option,
        action="append",
        default=[],
        choices=values,
        metavar="WORD",
        help=f"{help_text}: {', '.join(values)}",
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps")
    return int(text)
