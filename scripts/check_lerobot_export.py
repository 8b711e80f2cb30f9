"""Compares a LeRobot export with the episodes it was made of, through LeRobot's own reader.

Run by scripts/check_lerobot_export, in an environment with lerobot and h5py; nothing of Tandem is
imported: the episode files are read with h5py and Pillow alone.
"""

import argparse
import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import torch
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from PIL import Image

VECTORS = {
    "observation.state": "observations/qpos",
    "observation.velocity": "observations/qvel",
    "observation.effort": "observations/effort",
}
CHUNK = 50
"""Actions that a policy is asked for at a time."""
TELLING_LEVELS, TELLING_PLACES = 40, 1000
"""Neighbours that differ by so many levels of 255 in so many places (three a pixel) can be told
apart. What is smaller, a codec may show a frame late: at crf 23 it was seen with up to 280."""
LEAST_PSNR_DB, LEAST_MEAN_PSNR_DB = 27.0, 31.0
KEPT = 4
"""Recorded pictures of a camera that are kept: of a step and of its neighbours."""
MAX_SHIFT = 3.0
"""Levels by which a picture's mean colour may differ: more is a wrong range or matrix."""
BATCHES, BATCH = 12, 8


@dataclass
class Table:
    """What was looked at: a line each."""

    failed: int = 0
    counts: dict[str, list[int]] = field(default_factory=dict)

    def count(self, what: str, good: bool) -> None:
        """One more of these was, or was not, as it should be."""
        found = self.counts.setdefault(what, [0, 0])
        found[0] += 1
        found[1] += not good

    def line(self, what: str, seen: str, good: bool) -> None:
        """Say what was seen."""
        self.failed += not good
        sys.stdout.write(f"{'ok   ' if good else 'WRONG'}  {what:<44} {seen}\n")
        sys.stdout.flush()

    def print_counts(self) -> None:
        """A line for everything that was counted."""
        for what, (seen, wrong) in self.counts.items():
            self.line(what, f"{seen} seen, {wrong} wrong", not wrong)


class Episode:
    """An episode file, read without Tandem's own reader."""

    def __init__(self, path: Path) -> None:
        self._file = h5py.File(path)
        text = self._file.attrs["prompt"].strip() or self._file.attrs["task"]
        self.prompt = text.decode() if isinstance(text, bytes) else str(text)
        self.fps = int(self._file.attrs["fps"])
        self.action = self._file["action"][:].astype(np.float32)
        self.vectors = {key: self._file[path][:] for key, path in VECTORS.items()}
        self.cameras = sorted(self._file["observations/images"])
        self._kept: dict[tuple[str, int], np.ndarray] = {}

    def picture(self, camera: str, step: int) -> np.ndarray:
        """(H, W, 3) uint8. Steps are asked for in order, with their neighbours."""
        if (camera, step) not in self._kept:
            row = bytes(self._file[f"observations/images/{camera}"][step])
            jpeg = Image.open(io.BytesIO(row.rstrip(b"\0")))
            self._kept[camera, step] = np.asarray(jpeg.convert("RGB"))
        if len(self._kept) > KEPT * len(self.cameras):
            del self._kept[next(iter(self._kept))]
        return self._kept[camera, step]


def as_levels(picture: torch.Tensor) -> np.ndarray:
    """(3, H, W) 0..1 to (H, W, 3) uint8."""
    return (picture * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def square_error(seen: np.ndarray, wanted: np.ndarray) -> float:
    """Mean over all levels."""
    return float(np.square(seen.astype(np.float32) - wanted).mean())


def is_nearest(seen: np.ndarray, episode: Episode, camera: str, step: int) -> Iterator[bool]:
    """Whether a picture is the one of its step rather than of the one before or after, judged where
    these differ; nothing of neighbours that cannot be told apart."""
    own = episode.picture(camera, step)
    for other_step in (step - 1, step + 1):
        if not 0 <= other_step < len(episode.action):
            continue
        other = episode.picture(camera, other_step)
        changed = cv2.absdiff(own, other) > TELLING_LEVELS
        if np.count_nonzero(changed) >= TELLING_PLACES:
            there = seen[changed]
            yield square_error(there, own[changed]) < square_error(there, other[changed])


class Loss:
    """How far the pictures of a camera are from the recorded ones."""

    def __init__(self) -> None:
        self.psnr: list[float] = []
        self.shift = np.zeros(3)

    def add(self, seen: np.ndarray, recorded: np.ndarray) -> None:
        error = max(cv2.norm(seen, recorded, cv2.NORM_L2SQR) / seen.size, 1e-3)
        self.psnr.append(10 * np.log10(255**2 / error))
        self.shift += np.array(cv2.mean(seen)[:3]) - cv2.mean(recorded)[:3]

    def report(self, table: Table, camera: str) -> None:
        mean, least = np.mean(self.psnr), np.min(self.psnr)
        shift = self.shift / len(self.psnr)
        good = mean >= LEAST_MEAN_PSNR_DB and least >= LEAST_PSNR_DB
        good = good and np.abs(shift).max() <= MAX_SHIFT
        table.line(
            f"{camera}: loss",
            f"PSNR {mean:.1f} dB, least {least:.1f}; mean colour off by "
            + " ".join(f"{each:+.2f}" for each in shift),
            bool(good),
        )


def check_item(
    item: dict[str, Any], episode: Episode, step: int, number: int, table: Table
) -> None:
    """The numbers of a frame."""
    for key, values in episode.vectors.items():
        if key in item:
            table.count(f"{key} equal", np.array_equal(item[key].numpy(), values[step]))
    steps = len(episode.action)
    wanted = np.minimum(np.arange(step, step + CHUNK), steps - 1)
    table.count("action chunks equal", np.array_equal(item["action"], episode.action[wanted]))
    beyond = np.arange(step, step + CHUNK) >= steps
    table.count("action chunks: padding flags", np.array_equal(item["action_is_pad"], beyond))
    table.count("timestamp", item["timestamp"].item() == np.float32(step / episode.fps))
    table.count("frame and episode number", item["frame_index"].item() == step)
    table.count("frame and episode number", item["episode_index"].item() == number)
    table.count("task in words", item["task"] == episode.prompt)


def check_frames(
    dataset: LeRobotDataset, episodes: list[Episode], every: int, table: Table
) -> None:
    """Every frame, or every n-th."""
    first, seen, began = 0, 0, time.perf_counter()
    losses = {camera: Loss() for camera in episodes[0].cameras}
    for number, episode in enumerate(episodes):
        steps = sorted({*range(0, len(episode.action), every), len(episode.action) - 1})
        for step in steps:
            item = dataset[first + step]
            check_item(item, episode, step, number, table)
            for camera, loss in losses.items():
                picture = as_levels(item[f"observation.images.{camera}"])
                loss.add(picture, episode.picture(camera, step))
                for nearest in is_nearest(picture, episode, camera, step):
                    table.count(f"{camera}: nearer than its neighbour", nearest)
            seen += 1
        first += len(episode.action)
    table.print_counts()
    for camera, loss in losses.items():
        loss.report(table, camera)
    rate = seen / (time.perf_counter() - began)
    table.line("frames looked at", f"{seen} x {len(losses)} cameras, {rate:.0f}/s", True)


def check_statistics(dataset: LeRobotDataset, episodes: list[Episode], table: Table) -> None:
    """They are there, finite, in order, and those of the recording."""
    statistics = dataset.meta.stats
    values = [np.asarray(value) for each in statistics.values() for value in each.values()]
    finite = all(np.isfinite(value).all() for value in values)
    table.line("statistics finite", f"{len(values)} of {len(statistics)} features", finite)
    order = ("min", "q01", "q10", "q50", "q90", "q99", "max")
    in_order = all(
        (np.diff(np.stack([np.asarray(each[name]) for name in order]), axis=0) >= 0).all()
        for each in statistics.values()
    )
    table.line("quantiles in order", ", ".join(order), bool(in_order))
    action = np.concatenate([episode.action for episode in episodes]).astype(np.float64)
    wanted = {"mean": action.mean(0), "std": action.std(0), "q99": np.quantile(action, 0.99, 0)}
    close = all(np.allclose(statistics["action"][name], wanted[name]) for name in wanted)
    table.line("mean, std, q99 of action", "as numpy has them", close)
    for key in dataset.meta.camera_keys:
        mean, std = (np.asarray(statistics[key][name]) for name in ("mean", "std"))
        good = mean.shape == (3, 1, 1) and 0 < mean.min() <= mean.max() < 1 and std.min() > 0.01
        seen = f"mean {mean.mean():.3f}, std {std.mean():.3f}, shape {mean.shape}"
        table.line(f"{key} statistics", seen, bool(good))


def check_loader(dataset: LeRobotDataset, episodes: list[Episode], table: Table) -> None:
    """Two workers and a shuffle, as training has it."""
    shuffled = torch.Generator().manual_seed(0)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=BATCH, shuffle=True, num_workers=2, generator=shuffled
    )
    counted = Table()
    for number, batch in enumerate(loader):
        if number == BATCHES:
            break
        for row, index in enumerate(batch["episode_index"].tolist()):
            episode, step = episodes[index], int(batch["frame_index"][row])
            good = torch.equal(batch["action"][row, 0], torch.from_numpy(episode.action[step]))
            counted.count("row", good)
            for camera in episode.cameras:
                seen = as_levels(batch[f"observation.images.{camera}"][row])
                error = square_error(seen, episode.picture(camera, step))
                counted.count("row", error < 255**2 / 10 ** (LEAST_PSNR_DB / 10))
    seen, wrong = counted.counts["row"]
    table.line("DataLoader, 2 workers, shuffled", f"{seen} seen, {wrong} wrong", not wrong)


def find_episodes(folder: Path, export: Path) -> list[Path]:
    """The files that the export was made of, in its order; known by what is in them."""
    known = {}
    for path in folder.rglob("*.hdf5"):
        with h5py.File(path) as file:
            identity = file.attrs["episode_id"]
        known[identity.decode() if isinstance(identity, bytes) else identity] = path
    entries = json.loads((export / "export.json").read_text())["episodes"]
    for entry in entries:
        if entry["episode_id"] not in known:
            sys.stderr.write(f"{entry['source']} is not below {folder}.\n")
            sys.exit(2)
    return [known[entry["episode_id"]] for entry in entries]


def default_backend() -> str:
    """torchcodec needs the shared libraries of an FFmpeg."""
    try:
        import torchcodec  # noqa: F401
    except (ImportError, RuntimeError, OSError):
        return "pyav"
    return "torchcodec"


def main() -> int:
    """Look, and say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("episodes", type=Path)
    parser.add_argument("export", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--backend", choices=("pyav", "torchcodec"), default=default_backend())
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)  # small work, often: more threads only wait for each other
    table = Table()
    episodes = [Episode(path) for path in find_episodes(options.episodes, options.export)]
    chunk = {"action": [step / episodes[0].fps for step in range(CHUNK)]}
    how = {"root": options.export, "video_backend": options.backend}
    dataset = LeRobotDataset("local/export", delta_timestamps=chunk, **how)
    steps = [len(episode.action) for episode in episodes]
    table.line("opened", f"lerobot, {options.backend}, {dataset.meta.robot_type}", True)
    table.line("episodes", str(dataset.num_episodes), dataset.num_episodes == len(episodes))
    table.line("frames", f"{len(dataset)} of {steps}", len(dataset) == sum(steps))
    check_statistics(dataset, episodes, table)
    # The workers first: they would inherit the open videos of this process, and spoil them.
    check_loader(dataset, episodes, table)
    check_frames(dataset, episodes, options.every, table)
    last = LeRobotDataset("local/export", episodes=[len(episodes) - 1], **how)
    same = np.array_equal(
        last[0]["observation.state"], episodes[-1].vectors["observation.state"][0]
    )
    table.line("the last episode alone", f"{len(last)} frames", len(last) == steps[-1] and same)
    sys.stdout.write("Everything agrees.\n" if not table.failed else f"{table.failed} WRONG.\n")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
