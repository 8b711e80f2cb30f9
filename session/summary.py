"""The session's last words: which takes are files by now, and what they are worth."""

import contextlib
from collections import Counter
from pathlib import Path

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.numbering import episode_path, journal_path
from recorder.typed import program, typed
from session.status import TakeState
from session.takes import Takes


def summary(takes: Takes, folder: Path) -> str:
    """What was recorded into this folder, for the operator."""
    if not len(takes):
        return "Nothing was recorded."
    numbers = [take.episode for take in takes.all()]
    saved = [path for number in numbers if (path := episode_path(folder, number)).exists()]
    left = _left(folder, numbers)
    if not saved:
        return f"No episode was saved in {folder}.{_worth(takes)}{left}"
    broken = f" A fault ended {_episodes(takes.faults)}." if takes.faults else ""
    look = f"Look at the last one: {typed(program('replay'), saved[-1])}"
    counted = f"{_episodes(len(saved))}{_outcomes(takes)}"
    return f"Saved {counted}.{_worth(takes)}{broken}{_quality(saved)}{left} {look}"


def _outcomes(takes: Takes) -> str:
    kept = (take for take in takes.all() if take.over and not take.discarded)
    counts = Counter(take.outcome.name.lower() for take in kept)
    return f" ({', '.join(f'{n} {outcome}' for outcome, n in counts.items())})" if counts else ""


def _worth(takes: Takes) -> str:
    """How many count, where some do not."""
    rejected, discarded = takes.count(TakeState.REJECTED), takes.count(TakeState.DISCARDED)
    if not rejected and not discarded:
        return ""
    counted = sum(take.counts for take in takes.all())
    return f" {counted} accepted, {rejected} rejected, {discarded} discarded."


def _left(folder: Path, numbers: list[int]) -> str:
    """Episodes of this session that could not become files yet."""
    journals = [journal_path(folder, number) for number in numbers]
    left = [path.name for path in journals if path.exists()]
    if not left:
        return ""
    recover = typed("episodes", "recover", folder)
    return f" {', '.join(left)} could not become a file yet: mend that, then `{recover}`."


def _quality(saved: list[Path]) -> str:
    """What the quality checks have said of these files."""
    found: Counter[str] = Counter()
    for path in saved:
        with contextlib.suppress(EpisodeError), EpisodeReader(path) as episode:
            found[episode.facts.verdict or "not judged"] += 1
    return (
        f" Quality: {', '.join(f'{n} {verdict}' for verdict, n in found.items())}." if found else ""
    )


def _episodes(count: int) -> str:
    return f"{count} episode{'' if count == 1 else 's'}"
