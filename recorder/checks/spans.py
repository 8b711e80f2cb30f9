"""Marked steps as stretches. Pure, vectorised."""

from typing import Final

import numpy as np
import numpy.typing as npt

from recorder.checks.streams import Array, Mask

Span = tuple[int, int]
"""First and last step, both included."""
Indices = npt.NDArray[np.int64]

MAX_SPANS: Final = 16
"""That a finding keeps."""
MAX_WORDS: Final = 3


def runs(mask: Mask) -> tuple[Indices, Indices]:
    """First and last step of every stretch of marked steps, in order."""
    edges = np.diff(np.concatenate(([False], mask, [False])).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1


def longest(mask: Mask) -> int:
    """Steps of the longest stretch; 0 if nothing is marked."""
    first, last = runs(mask)
    return int((last - first + 1).max(initial=0))


def long_runs(mask: Mask, steps: int) -> Mask:
    """Only those stretches that have more than so many steps."""
    first, last = runs(mask)
    kept = last - first + 1 > steps
    return between(len(mask), first[kept], last[kept])


def between(length: int, first: Indices, last: Indices) -> Mask:
    """The mask whose stretches these are; they may overlap."""
    edges = np.zeros(length + 1, np.int64)
    np.add.at(edges, first, 1)
    np.subtract.at(edges, last + 1, 1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def spans(mask: Mask) -> tuple[Span, ...]:
    """The MAX_SPANS longest stretches, in the order of time."""
    first, last = runs(mask)
    longest_first = np.argsort(first - last, kind="stable")[:MAX_SPANS]
    kept = np.sort(longest_first)
    return tuple(zip(first[kept].tolist(), last[kept].tolist(), strict=True))


def in_words(mask: Mask) -> str:
    """``steps 3-9, 20 and 4 more stretches``; a few of the longest."""
    first, last = runs(mask)
    kept = np.sort(np.argsort(first - last, kind="stable")[:MAX_WORDS])
    parts = [
        str(start) if start == end else f"{start}-{end}"
        for start, end in zip(first[kept].tolist(), last[kept].tolist(), strict=True)
    ]
    rest = len(first) - len(parts)
    more = f" and {rest} more {'stretch' if rest == 1 else 'stretches'}" if rest else ""
    return f"{'step' if mask.sum() == 1 else 'steps'} {', '.join(parts)}{more}"


def extent(values: Array) -> npt.NDArray[np.float64]:
    """How far each column of (T, n) ranges; 0 where nothing is finite."""
    known = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    highest = np.fmax.reduce(known, axis=0, initial=np.nan)
    ranges = highest - np.fmin.reduce(known, axis=0, initial=np.nan)
    return np.asarray(np.nan_to_num(ranges, nan=0.0))
