"""What a training has come to, step by step: `log.jsonl`, and a picture of it."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from matplotlib.figure import Figure

from act.checkpoints.runs import LOG
from recorder.episode.publish import write_atomically

PICTURE: Final = "curves.png"
Row = dict[str, Any]
"""`step` and what was measured there: `total`, `reconstruction`, `kl`, `lr`, `norm` of training;
`validation` (z = 0) and `posterior` where there was a validation."""
MOST_POINTS: Final = 200
PANELS: Final = {
    "reconstruction": {
        "reconstruction": "training",
        "validation": "validation",
        "posterior": "validation, posterior",
    },
    "KL divergence": {"kl": "training"},
}
"""What is drawn together: keys of rows, and what they are."""


class Log:
    """Rows of a training, appended as they come.

    Raises:
        OSError: the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG

    def cut(self, step: int) -> None:
        """Forget what came after a step: the training goes on from there."""
        kept = [json.dumps(row) + "\n" for row in self.rows() if row["step"] <= step]
        write_atomically(self._path, "".join(kept))

    def append(self, row: Row) -> None:
        """Add a row."""
        with self._path.open("a") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")

    def rows(self) -> list[Row]:
        """All of them; without one that a killed process has not finished."""
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return []
        return list(_rows(lines))


def _rows(lines: Iterable[str]) -> Iterable[Row]:
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            yield row


def draw(rows: list[Row], folder: Path) -> None:
    """Write the picture, whole or not at all.

    Raises:
        OSError: the disk refuses.
    """
    panels = {name: lines for name, lines in PANELS.items() if any(_points(rows, *lines))}
    figure = Figure(figsize=(3 + 5 * len(panels), 4))
    for place, (name, lines) in enumerate(panels.items(), 1):
        axes = figure.add_subplot(1, len(panels), place)
        for key, label in lines.items():
            if points := _points(rows, key):
                steps, values = zip(*_smoothed(points), strict=True)
                axes.plot(steps, values, label=label, linewidth=1.2)
        axes.set(title=name, xlabel="step", ylabel="of normalised actions", yscale="log")
        axes.grid(alpha=0.3)
        axes.legend()
    building = folder / f".{PICTURE}.{os.getpid()}.new"
    try:
        figure.tight_layout()
        figure.savefig(building, format="png", dpi=100)
        building.replace(folder / PICTURE)
    finally:
        building.unlink(missing_ok=True)


def _smoothed(points: list[tuple[int, float]]) -> list[tuple[float, float]]:
    """At most so many points, each the mean of those about it."""
    width = -(-len(points) // MOST_POINTS)
    parts = [points[first : first + width] for first in range(0, len(points), width)]
    return [(fmean(step for step, _ in it), fmean(value for _, value in it)) for it in parts]


def _points(rows: list[Row], *keys: str) -> list[tuple[int, float]]:
    """Where it was measured, and has a place on a logarithmic axis."""
    return [(row["step"], row[key]) for row in rows for key in keys if row.get(key)]
