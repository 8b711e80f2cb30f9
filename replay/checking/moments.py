"""Count, mean, spread and range of numbers that nobody holds all at once.

Parts are joined exactly, by the formulas of Chan, Golub and LeVeque (1979): no sum of squares that
loses its digits.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Moments:
    """Of finite numbers.

    Attributes:
        squares: the sum of the squared distances from the mean.
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    lowest: float = math.inf
    highest: float = -math.inf

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> "Moments":
        """Of the finite ones among these."""
        numbers = values.astype(np.float64)
        numbers = numbers[np.isfinite(numbers)]
        if not numbers.size:
            return cls()
        mean = float(numbers.mean())
        squares = float(np.square(numbers - mean).sum())
        return cls(numbers.size, mean, squares, float(numbers.min()), float(numbers.max()))

    @classmethod
    def of_columns(cls, values: npt.NDArray[Any]) -> "list[Moments]":
        """Of each column of (T, n)."""
        if not values.size or not np.isfinite(values).all():
            return [cls.of(column) for column in values.T]
        numbers = values.astype(np.float64)
        means = numbers.mean(axis=0)
        squares = np.square(numbers - means).sum(axis=0)
        parts = means, squares, numbers.min(axis=0), numbers.max(axis=0)
        return [
            cls(len(numbers), *its) for its in zip(*(part.tolist() for part in parts), strict=True)
        ]

    def joined(self, other: "Moments") -> "Moments":
        """Of these and those together."""
        count = self.count + other.count
        if not count:
            return self
        apart = other.mean - self.mean
        return Moments(
            count,
            self.mean + apart * other.count / count,
            self.squares + other.squares + apart**2 * self.count * other.count / count,
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
        )

    @property
    def std(self) -> float:
        """Standard deviation of all of them (not of a sample)."""
        return math.sqrt(self.squares / self.count) if self.count else 0.0
