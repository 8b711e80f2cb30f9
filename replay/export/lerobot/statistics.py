"""The statistics that LeRobot's training normalises by: exact, quantiles too.

LeRobot's own quantiles are estimates, and merged from episodes; these are of all frames.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
QUANTILES: Final = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
LEVELS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """Of a feature, over some frames: (n,) each of n numbers, (3, 1, 1) of pictures.

    Attributes:
        count: (1,), frames.
    """

    min: Floats
    max: Floats
    mean: Floats
    std: Floats
    count: npt.NDArray[np.int64]
    q01: Floats
    q10: Floats
    q50: Floats
    q90: Floats
    q99: Floats

    def as_lists(self) -> dict[str, list[Any]]:
        """By name, as JSON and parquet take them."""
        return {name: getattr(self, name).tolist() for name in NAMES}


NAMES: Final = tuple(each.name for each in dataclasses.fields(Statistics))


def of_numbers(values: npt.NDArray[Any]) -> Statistics:
    """Of (T, n) or (T,) numbers, T > 0. Memory: a column of them as float64."""
    columns = (column.astype(np.float64) for column in values.reshape(len(values), -1).T)
    return _together((_of_column(column) for column in columns), len(values))


def of_levels(counts: npt.NDArray[np.int64], frames: int) -> Statistics:
    """Of pictures, on a scale from 0 to 1.

    Args:
        counts: (3, 256), how often a channel has each level.
        frames: that were looked at.
    """
    found = _together(map(_of_channel, counts), frames)
    return Statistics(
        **{
            name: value if name == "count" else value.reshape(-1, 1, 1)
            for name, value in ((name, getattr(found, name)) for name in NAMES)
        }
    )


def _together(columns: Iterable[dict[str, float]], frames: int) -> Statistics:
    found = list(columns)
    count = np.array([frames], np.int64)
    return Statistics(
        count=count, **{name: np.array([each[name] for each in found]) for name in found[0]}
    )


def _of_column(column: Floats) -> dict[str, float]:
    moments = {name: float(getattr(column, name)()) for name in ("min", "max", "mean", "std")}
    quantiles = np.quantile(column, list(QUANTILES.values())).tolist()
    return moments | dict(zip(QUANTILES, quantiles, strict=True))


def _of_channel(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    levels, total = np.arange(LEVELS) / (LEVELS - 1), int(counts.sum())
    there = np.flatnonzero(counts)
    mean = float(counts @ levels) / total
    variance = float(counts @ (levels - mean) ** 2) / total
    moments = {
        "min": float(levels[there[0]]),
        "max": float(levels[there[-1]]),
        "mean": mean,
        "std": variance**0.5,
    }
    return moments | {name: _quantile(counts, share) for name, share in QUANTILES.items()}


def _quantile(counts: npt.NDArray[np.int64], share: float) -> float:
    """As `numpy.quantile` has it: between the two values that the rank lies between."""
    rank = share * (int(counts.sum()) - 1)
    below, above = np.searchsorted(np.cumsum(counts), (int(rank), np.ceil(rank)), side="right")
    return float(below + (rank - int(rank)) * (above - below)) / (LEVELS - 1)
