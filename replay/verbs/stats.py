"""``episodes stats``: what a dataset is like, folder by folder."""

import argparse
import statistics
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from recorder.durations import in_words
from replay.checking.dataset import JointStats, Stats
from replay.checking.measure import Measure, from_plain, measured
from replay.checking.moments import Moments
from replay.checking.pool import Lost, answers, usable_cores
from replay.checking.progress import shown
from replay.filters import Filter, Sieve, add_filters, filter_of
from replay.gone import gone, missing
from replay.index.row import Row
from replay.index.rows import rows_in
from replay.printer import Printer
from replay.verbs.places import Place, given, is_journal, places, take_paths
from replay.verbs.verb import NOT_ALL, WELL, Verb

WORTH_WORKERS: Final = 200
"""Episodes; one takes 5 ms, a worker half a second to start."""
MEGABYTE: Final = 1e6
MOST_CAMERAS: Final = 16
MOST_ERRORS: Final = 10
"""That people are shown; --json has all."""
CELL: Final = 6
HEADINGS: Final = (
    f"  {'':<18}  qpos{'':18}  action{'':16}  start",
    f"  {'joint':<18}" + "   min  mean   max   std" * 2 + "   std  lim%",
)


def episode_stats(names: Sequence[str], printer: Printer, only: Filter) -> int:
    """Measure the episodes of each folder, and say what they are like; returns the exit status.

    Raises:
        NotFoundError, FolderError: as `given` and `places`.
    """
    status, any_there, sieve = WELL, False, Sieve(only)
    named = given(names, only.task)
    for place in places(named):
        stats = _stats(place, named, sieve)
        if not (stats.lengths or stats.errors or stats.gone):
            continue
        any_there = True
        for line in _lines(stats):
            printer.line(line)
        printer.record(_facts(stats))
        status = max(status, NOT_ALL if stats.errors else WELL)
    for line in (*sieve.remarks(), *([] if any_there else ["No episodes."])):
        printer.line(line)
    return NOT_ALL if sieve.unreadable else status


def _stats(place: Place, named: Sequence[Path], sieve: Sieve) -> Stats:
    stats, meant = Stats(place.folder), []
    files = [path for path in place.files if not is_journal(path)]
    for row in rows_in(place.folder, files, named):
        if not sieve.takes(row):
            continue
        if isinstance(row, Row):
            meant.append(row)
        elif row.gone:
            stats.gone.append(row.path)
        else:
            stats.errors.append(row.error)
    with closing(_measured(meant)) as results:
        for row, its in zip(meant, results, strict=True):
            match its:
                case Measure():
                    stats.add(row, its)
                case str():
                    stats.errors.append(its)
                case None if row.path in named:
                    stats.errors.append(missing(row.path))
                case None:
                    stats.gone.append(row.path)
    return stats


def _measured(rows: list[Row]) -> Generator[Measure | str | None]:
    """What `measured` finds of each: by several processes where they are many."""
    if len(rows) < WORTH_WORKERS:
        yield from (measured(row.path) for row in rows)
        return
    found = answers("measure", [row.path for row in rows], jobs=usable_cores(), ahead=4)
    with closing(shown(found, len(rows))) as results:
        for path, answer in results:
            if isinstance(answer, Lost):
                yield f"{path} cannot be measured: {answer.why}."
            else:
                yield from_plain(answer) if isinstance(answer, dict) else answer


# ---- for people ----------------------------------------------------------------------------------


def _lines(stats: Stats) -> Iterator[str]:
    yield str(stats.folder)
    if stats.lengths:
        yield from _about_all(stats)
        yield from _about_cameras(stats)
        yield from HEADINGS
        yield from (_joint_line(name, joint) for name, joint in stats.joints.items())
    for error in stats.errors[:MOST_ERRORS]:
        yield f"  not measured: {error}"
    if (more := len(stats.errors) - MOST_ERRORS) > 0:
        yield f"  not measured: {more} more"
    for path in stats.gone[:MOST_ERRORS]:
        yield f"  {gone(path)}"
    if (more := len(stats.gone) - MOST_ERRORS) > 0:
        yield f"  {more} more are gone meanwhile."


def _about_all(stats: Stats) -> Iterator[str]:
    lengths, lengths_s = stats.lengths, stats.lengths_s
    left_out = f", {len(stats.errors)} not measured" if stats.errors else ""
    left_out += f"; {len(stats.gone)} gone meanwhile" if stats.gone else ""
    total = f"{sum(lengths)} steps, {in_words(sum(lengths_s))}"
    yield f"  episodes  {len(lengths)}: {total}, {stats.size_bytes / MEGABYTE:.1f} MB{left_out}"
    recovered = f"; {stats.recovered} recovered" if stats.recovered else ""
    yield f"  labels    {_counts(stats.labels)}{recovered}"
    yield f"  verdicts  {_counts(stats.verdicts)}"
    words = (("shortest", min), ("median", statistics.median), ("longest", max))
    spread = (f"{word} {of(lengths_s):.2f} s ({of(lengths):g})" for word, of in words)
    yield f"  length    {', '.join(spread)} steps"
    yield f"  rate      {', '.join(f'{fps} Hz' for fps in sorted(stats.rates))}"
    yield f"  limited   {100 * stats.limited / sum(lengths):.1f} % of steps"
    if stats.not_finite:
        yield f"  missing   {stats.not_finite} positions and commands are no numbers"


def _about_cameras(stats: Stats) -> Iterator[str]:
    cameras = sorted(stats.cameras.items())
    for (name, width, height), camera in cameras[:MOST_CAMERAS]:
        of_all = camera.episodes == len(stats.lengths)
        where = "" if of_all else f" in {camera.episodes} episodes"
        rate = f"{camera.new / camera.seconds:.1f}" if camera.seconds else "?"
        yield f"  camera    {name} {width}x{height}, {rate} new pictures a second{where}"
    if len(cameras) > MOST_CAMERAS:
        yield f"  camera    and {len(cameras) - MOST_CAMERAS} more"


def _joint_line(name: str, joint: JointStats) -> str:
    numbers = [
        value
        for its in (joint.qpos, joint.action)
        for value in (its.lowest, its.mean, its.highest, its.std)
    ]
    numbers += [joint.start.std, 100 * joint.limited / max(joint.steps, 1)]
    return f"  {name:<18}" + "".join(map(_cell, numbers))


def _cell(value: float) -> str:
    text = f"{value:.2f}".replace("-0.00", "0.00")
    return f"{text if len(text) < CELL else f'{value:.0e}':>{CELL}}"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in counts.most_common())


# ---- for programs --------------------------------------------------------------------------------


def _facts(stats: Stats) -> dict[str, Any]:
    return {
        "folder": str(stats.folder),
        "episodes": len(stats.lengths),
        "steps": _range(stats.lengths),
        "seconds": _range(stats.lengths_s),
        "bytes": stats.size_bytes,
        "labels": dict(stats.labels),
        "verdicts": dict(stats.verdicts),
        "recovered": stats.recovered,
        "fps": sorted(stats.rates),
        "limited_steps": stats.limited,
        "not_finite": stats.not_finite,
        "cameras": [
            {
                "name": name,
                "width": width,
                "height": height,
                "episodes": camera.episodes,
                "new_pictures_hz": camera.new / camera.seconds if camera.seconds else None,
            }
            for (name, width, height), camera in sorted(stats.cameras.items())
        ],
        "joints": {
            name: {
                "qpos": _moments(joint.qpos),
                "action": _moments(joint.action),
                "start": _moments(joint.start),
                "limited_steps": joint.limited,
            }
            for name, joint in stats.joints.items()
        },
        "errors": stats.errors,
        "gone": [str(path) for path in stats.gone],
    }


def _range(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {
        "total": sum(values),
        "min": min(values),
        "median": statistics.median(values),
        "max": max(values),
    }


def _moments(its: Moments) -> dict[str, float] | None:
    """None: there was no number among them."""
    if not its.count:
        return None
    return {"min": its.lowest, "max": its.highest, "mean": its.mean, "std": its.std}


def _run(options: argparse.Namespace, printer: Printer) -> int:
    return episode_stats(options.paths, printer, filter_of(options))


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    take_paths(parser)
    add_filters(parser)


VERB: Final = Verb(
    _run,
    "what a dataset is like: lengths, labels, joints, cameras",
    "0: all could be read; 1: not all",
    _add_arguments,
)
