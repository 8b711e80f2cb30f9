"""Faults planted into a clean episode file, one at a time: is each found where it is?

Of every kind of finding, and at both severities of those that can come to either, one copy of the
file gets the fault, at steps drawn at random, and is judged with all its pictures decoded. Found
exactly means: one finding of that kind, with its severity, of that camera, joint or bus, and of
those steps, none more and none less. Whatever else is found must be what the fault is known to
bring along. How faults are planted: `recorder_planted_arms`, `recorder_planted_cameras`.

The file is a simulated one, recorded here with small pictures (or the first that will do of
`--episodes-from`).
"""

import itertools
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.recorder_clean import FIRST_SEED, record
from benchmarks.recorder_options import Options
from benchmarks.recorder_planted_arms import ARM_FAULTS
from benchmarks.recorder_planted_cameras import CAMERA_FAULTS
from benchmarks.recorder_planted_copy import Copy, NoPlaceError, Plant, Planted
from benchmarks.teleop_loop import head, row
from recorder.checks.finding import Finding
from recorder.checks.kinds import KINDS, Kind, Severity
from recorder.checks.spans import MAX_SPANS, Span, in_words, spans
from recorder.checks.streams import Mask
from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import SCHEMA_VERSION
from recorder.errors import EpisodeError
from recorder.judge import judge
from recorder.quality import Judgement

FAULTS: Final[dict[Kind, Plant]] = {**ARM_FAULTS, **CAMERA_FAULTS}
TASK: Final = "battery"
"""The longest of the simulated tasks."""
SIZE: Final = (160, 120)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a planted fault has come to.

    Attributes:
        wrong: what is not as it must be; empty: it was found exactly.
    """

    planted: Planted
    judgement: Judgement
    found: tuple[Finding, ...]
    wrong: tuple[str, ...]


def planted(folder: Path, options: Options) -> None:
    """Plant every kind, judge, compare and print the table."""
    clean = _clean_file(folder, options)
    tried = [(kind, severity) for kind in KINDS for severity in KINDS[kind].severities]
    head("kind", "severity planted", "planted at", "found at", "verdict", "also found", "found "
         "exactly")  # fmt: skip
    exact: list[Kind] = []
    missed = not_planted = 0
    for number, (kind, severity) in enumerate(tried):
        rng = np.random.default_rng((options.seed, number))
        outcome = _plant(clean, folder / "planted.hdf5", kind, severity, rng)
        if outcome is None:
            not_planted += 1
            continue
        _report(kind, severity, outcome)
        exact += [] if outcome.wrong else [kind]
        missed += not outcome.found
    print(f"\n{len(exact)} of {len(tried)} found exactly, {missed} missed, {not_planted} not "
          f"planted; exactly at every severity: {_complete(exact)} of {len(KINDS)} kinds.\n"
          )  # fmt: skip


def _complete(exact: list[Kind]) -> int:
    return sum(exact.count(kind) == len(info.severities) for kind, info in KINDS.items())


def _plant(
    clean: Path, path: Path, kind: Kind, severity: Severity, rng: np.random.Generator
) -> Outcome | None:
    """One fault; None, said in a row, if this file has no place for it."""
    shutil.copyfile(clean, path)
    try:
        with Copy(path, rng) as copy:
            its = FAULTS.get(kind, _unknown)(copy, severity)
    except NoPlaceError as error:
        row(f"`{kind}`", severity, f"not planted: {error}", "-", "-", "-", "-")
        return None
    judgement = judge(path)
    found = tuple(each for each in judgement.findings if each.check == kind)
    return Outcome(its, judgement, found, tuple(_wrong(kind, severity, its, judgement, found)))


def _unknown(copy: Copy, severity: Severity) -> Planted:
    """A kind that is newer than this benchmark."""
    raise NoPlaceError("nobody has said here how")


# ---- the file ------------------------------------------------------------------------------------


def _clean_file(folder: Path, options: Options) -> Path:
    """One in which nothing is found."""
    if options.episodes_from:
        paths = sorted(Path(options.episodes_from).rglob("*.hdf5"))
    else:
        paths = record(folder, TASK, 1, FIRST_SEED + options.seed, size=SIZE)
    for path in paths:
        if steps := _is_clean(path):
            print(f"{path.name} of {path.parent.name}, {steps} steps.\n")
            return path
    sys.exit(f"planted: of {len(paths)} files none is simulated in lock-step, of version "
             f"{SCHEMA_VERSION}, and without a finding: leave --episodes-from out.")  # fmt: skip


def _is_clean(path: Path) -> int:
    """Its steps; 0 if it does not do."""
    try:
        with EpisodeReader(path) as episode:
            steps, facts = episode.steps, episode.facts
        of_use = facts.schema_version == SCHEMA_VERSION and facts.simulated_time
        return steps if of_use and not judge(path).findings else 0
    except EpisodeError:
        return 0


# ---- comparing -----------------------------------------------------------------------------------


def _wrong(
    kind: Kind,
    severity: Severity,
    its: Planted,
    judgement: Judgement,
    found: tuple[Finding, ...],
) -> Iterator[str]:
    """What is not as it must be."""
    if not found:
        yield "MISSED"
        return
    finding = found[0]
    if len(found) > 1:
        yield f"{len(found)} findings"
    if finding.where != its.where:
        yield "elsewhere"
    if not _same_steps(finding, its.mask):
        yield "other steps"
    if finding.severity != severity:
        yield f"as {finding.severity}"
    others = _others(kind, judgement)
    severities = {each.severity for each in (finding, *others)}
    if judgement.verdict != ("reject" if "reject" in severities else "warn"):
        yield f"verdict {judgement.verdict}"
    if unexplained := {each.check for each in others} - set(its.also):
        yield f"not explained: {', '.join(sorted(unexplained))}"


def _same_steps(finding: Finding, mask: Mask) -> bool:
    """A finding counts all steps, and names the longest stretches of them."""
    planted = set(_stretches(mask.tolist()))
    named = set(finding.spans)
    left_out = planted - named
    longest_left_out = max((last - first for first, last in left_out), default=0)
    return (
        finding.steps == int(mask.sum())
        and named <= planted
        and len(named) == min(len(planted), MAX_SPANS)
        and all(last - first >= longest_left_out for first, last in named)
    )


def _stretches(marks: Iterable[bool]) -> Iterator[Span]:
    """First and last step of each; told without what the checks use."""
    for marked, steps in itertools.groupby(enumerate(marks), lambda step: step[1]):
        numbers = [number for number, _ in steps]
        if marked:
            yield numbers[0], numbers[-1]


def _others(kind: Kind, judgement: Judgement) -> list[Finding]:
    return [each for each in judgement.findings if each.check != kind]


# ---- the table -----------------------------------------------------------------------------------


def _report(kind: Kind, severity: Severity, outcome: Outcome) -> None:
    its, found = outcome.planted, outcome.found
    others = {each.check for each in _others(kind, outcome.judgement)}
    also = [f"{other} ({its.also.get(other, 'NOT EXPLAINED')})" for other in sorted(others)]
    total = len(its.mask)
    row(f"`{kind}`", severity, _at(its.where, spans(its.mask), int(its.mask.sum()), total),
        "; ".join(_at(each.where, each.spans, each.steps, total) for each in found) or "MISSED",
        outcome.judgement.verdict, "; ".join(also) or "-",
        "; ".join(outcome.wrong) or "yes")  # fmt: skip


def _at(where: str, longest: Sequence[Span], steps: int, total: int) -> str:
    """A camera, joint or bus, the longest stretches of steps, and how many steps in all."""
    mask = np.zeros(total, bool)
    for first, last in longest:
        mask[first : last + 1] = True
    text = f"all {total} steps" if mask.all() else f"{in_words(mask)} ({steps} in all)"
    return f"{where}, {text}" if where else text
