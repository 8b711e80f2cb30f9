"""What the tests of trainings share: a command line that trains something tiny, and its traces."""

import json
from pathlib import Path
from typing import Any


def words(line: str) -> list[str]:
    """Of a command line."""
    return line.split()


TINY = words(
    "--preset small --hidden 16 --heads 2 --feedforward 32 --encoder-layers 1 --backbone-width 2 "
    "--chunk 10 --image-size 36x48 --batch 4 --threads 1 --cameras cam_0 --precision float32 "
    "--ema 0 --shift-px 0"
)


def rows(run: Path) -> list[dict[str, Any]]:
    """Of the log of a run."""
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def losses(run: Path) -> dict[int, float]:
    """Of each step."""
    return {row["step"]: row["total"] for row in rows(run)}


def traces(run: Path) -> set[str]:
    """Names of all that lies in a run's folder, but for the lock."""
    return {each.name for each in run.iterdir()} - {".lock"}
