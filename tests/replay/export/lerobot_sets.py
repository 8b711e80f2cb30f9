"""Episodes whose every picture tells which it is, exported as a LeRobot set, and the set read back
with Arrow and libav alone."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replay.export.formats import FORMATS
from replay.export.lerobot.exporter import EXPORTER
from replay.printer import Printer
from replay.verbs.export import VERB
from tests.recorder import fake_rig

CAMERAS = 2
BLOCK = 16
"""Pixels of a square that is a bit: black or white."""
BITS = (fake_rig.WIDTH // BLOCK) * (fake_rig.HEIGHT // BLOCK)
FPS = 50


def code(episode: int, camera: int, step: int) -> int:
    """What a picture shows."""
    return episode << 8 | camera << 7 | step


def coded_picture(number: int) -> np.ndarray:
    """The bits of a number, row by row."""
    bits = [(number >> bit & 1) * 255 for bit in range(BITS)]
    small = np.array(bits, np.uint8).reshape(fake_rig.HEIGHT // BLOCK, -1)
    return np.repeat(small.repeat(BLOCK, 0).repeat(BLOCK, 1)[..., None], 3, axis=2)


def code_in(image: np.ndarray) -> int:
    """What a decoded picture shows."""
    middle = image[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK].mean(axis=2).ravel() > 127
    return sum(int(bit) << place for place, bit in enumerate(middle))


def make_episodes(folder: Path, lengths: Sequence[int], **facts: Any) -> list[Path]:
    """Episodes of so many steps, with coded pictures."""
    paths = []
    for number, steps in enumerate(lengths):
        codes = iter(
            [code(number, camera, step) for step in range(steps) for camera in range(CAMERAS)]
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fake_rig, "picture", lambda _, codes=codes: coded_picture(next(codes)))
            paths.append(
                fake_rig.make_episode(folder, steps, number, change=_vary, cameras=CAMERAS, **facts)
            )
    return paths


def _vary(step: int, tick: Any) -> None:
    for offset, field in enumerate(("qpos", "qvel", "effort", "action")):
        tick[field] = np.sin(step / 7 + offset + np.arange(len(tick[field])))


def export(paths: Sequence[Path], out: Path, *options: str) -> int:
    """As `episodes export lerobot` does it; returns the exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FORMATS, EXPORTER.name, EXPORTER)
        parser = argparse.ArgumentParser()
        VERB.add_arguments(parser)
        words = [EXPORTER.name, *map(str, paths), "--out", str(out), *options]
        return VERB.run(parser.parse_args(words), Printer(as_json=False))


def info(out: Path) -> dict[str, Any]:
    return json.loads((out / "meta/info.json").read_text())


def statistics(out: Path) -> dict[str, Any]:
    return json.loads((out / "meta/stats.json").read_text())


def data(out: Path) -> pa.Table:
    """All rows, as a reader has them: the files in the order of their paths."""
    return pa.concat_tables(pq.read_table(path) for path in sorted(out.glob("data/*/*.parquet")))


def episodes(out: Path) -> list[dict[str, Any]]:
    return pq.read_table(out / "meta/episodes/chunk-000/file-000.parquet").to_pylist()


def codes_of(out: Path, row: dict[str, Any], key: str) -> list[int]:
    """What the pictures of an episode show, found as a reader finds them: by time."""
    path = info(out)["video_path"].format(
        video_key=key,
        chunk_index=row[f"videos/{key}/chunk_index"],
        file_index=row[f"videos/{key}/file_index"],
    )
    first, end = (row[f"videos/{key}/{name}_timestamp"] for name in ("from", "to"))
    with av.open(str(out / path)) as film:
        return [
            code_in(frame.to_ndarray(format="rgb24"))
            for frame in film.decode(video=0)
            if first - 1e-6 <= float(frame.pts * frame.time_base) < end - 1e-6
        ]
