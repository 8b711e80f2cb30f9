"""Samples a second for learning: ours from Tandem's files, the reference's way from raw ones.

    python benchmarks/act_loader.py FOLDER [--episodes 3] [--batches 30] [--batch 8] [--repeats 5]

FOLDER holds episodes; the first few are exported to raw files (some 20 times their size: room is
taken under `--room`, and given back). Both give the same samples, chosen at random, in batches:

- reference: one worker process of PyTorch's DataLoader opens the file of each sample, reads the
  pictures of a step and all actions from it on, and makes floats of them
- streamed: `act.data.dataset` with a pool of threads that decode JPEGs; batches are uint8, as the
  device gets them. Once more with floats made of them on the CPU, which the reference's loop gets
  for free
- scaled: the same at half the width and height, which JPEGs can be decoded to
- resident: all pictures decoded beforehand; only gathered

The ways are taken in turn; each number is the median of the repeats, the least in brackets. The
first batch of each run, in which processes and threads start, is not counted. Files of both kinds
lie in the kernel's memory. CPU time is that of all processes and threads, per sample.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
import torch

from act.config import ModelConfig, TrainConfig
from act.data.dataset import Samples
from act.data.episode import Episode
from act.data.find import common, find_episodes
from benchmarks.teleop_loop import head, row

CHUNK: Final = 100
CPU: Final = torch.device("cpu")
Way = Callable[[], Iterator[Any]]
"""Gives every batch once."""


def main() -> None:
    """Export, compare, measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--episodes", type=int, default=3)
    parser.add_argument("--batches", type=int, default=30)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--room", type=Path, default=Path("/var/tmp"))
    options = parser.parse_args()
    found = find_episodes([options.folder], "all")
    episodes = next(iter(found.tasks.values()))[: options.episodes]
    with tempfile.TemporaryDirectory(dir=options.room) as room:
        raw = exported(episodes, Path(room) / "raw")
        compare(episodes, raw, options)


def exported(episodes: list[Episode], folder: Path) -> list[Path]:
    """The same episodes as raw files, cut to one length as the reference needs it."""
    files = [str(each.path) for each in episodes]
    command = ["-m", "replay.episodes_cli", "export", "raw", *files, "--out", str(folder)]
    command = [sys.executable, *command, "--length", "shortest"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=sys.path[0])
    return [folder / f"episode_{i}.hdf5" for i in range(len(files))]


def compare(episodes: list[Episode], raw: list[Path], options: argparse.Namespace) -> None:
    """Print what the ways give, and how fast."""
    shared = common(episodes)
    steps = min(each.steps for each in episodes)
    wanted = np.random.default_rng(0).integers(
        (0, 0), (len(raw), steps - CHUNK), (options.batches * options.batch, 2)
    )  # none is padded: raw files are cut to one length
    ours = {
        name: _samples(episodes, shared.cameras, size, keep)
        for name, size, keep in (
            ("streamed", shared.size, "streamed"),
            ("scaled", (shared.size[0] // 2, shared.size[1] // 2), "streamed"),
            ("resident", (shared.size[0] // 2, shared.size[1] // 2), "resident"),
        )
    }
    starts = np.cumsum([0, *(each.steps for each in episodes)])
    indices = torch.from_numpy(starts[wanted[:, 0]] + wanted[:, 1]).split(options.batch)
    streamed = ours["streamed"]
    reference = _reference(raw, wanted, shared.cameras, streamed, options.batch)
    ways: dict[str, Way] = {
        "reference": lambda: iter(reference),
        "streamed": lambda: streamed.prefetch(indices),
        "streamed, floats": lambda: map(_as_floats, streamed.prefetch(indices)),
        "scaled": lambda: ours["scaled"].prefetch(indices),
        "resident": lambda: ours["resident"].prefetch(indices),
    }
    _say_files(episodes, raw, steps)
    _check_same(reference, streamed.prefetch(indices))
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, way in ways.items():
            taken[name].append(_timed(way, options))
    _table(taken)
    for samples in ours.values():
        samples.close()


def _samples(
    episodes: list[Episode], cameras: tuple[str, ...], size: tuple[int, int], keep: Any
) -> Samples:
    model = ModelConfig(cameras, *size, chunk=CHUNK)
    train = TrainConfig(validation=0, loss_mean="all", stats="all")
    return Samples(episodes, model, train, CPU, keep=keep)


class RawSamples(torch.utils.data.Dataset[Any]):
    """As the reference takes them: (episode, step) pairs, each opened, read and padded apart."""

    def __init__(
        self, files: list[Path], wanted: Any, cameras: tuple[str, ...], samples: Samples
    ) -> None:
        self._files, self._wanted, self._cameras = files, wanted, cameras
        self._stats = samples.stats

    def __len__(self) -> int:
        return len(self._wanted)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        which, step = self._wanted[index]
        with h5py.File(self._files[which], "r") as file:
            length = file["/action"].shape[0]
            qpos, _qvel = file["/observations/qpos"][step], file["/observations/qvel"][step]
            pictures = [file[f"/observations/images/{name}"][step] for name in self._cameras]
            actions = file["/action"][step:]
        padded = np.zeros((length, actions.shape[1]), np.float32)
        padded[: len(actions)] = actions
        is_pad = np.zeros(length)
        is_pad[len(actions) :] = 1
        floats = torch.einsum("khwc->kchw", torch.from_numpy(np.stack(pictures))) / 255.0
        return (
            floats,
            self._stats.normalise_qpos(torch.from_numpy(qpos).float()),
            self._stats.normalise_action(torch.from_numpy(padded)),
            torch.from_numpy(is_pad).bool(),
        )


def _reference(
    raw: list[Path], wanted: Any, cameras: tuple[str, ...], samples: Samples, batch: int
) -> Any:
    return torch.utils.data.DataLoader(
        RawSamples(raw, wanted, cameras, samples),
        batch_size=batch,
        pin_memory=torch.cuda.is_available(),
        num_workers=1,
        prefetch_factor=1,
    )


def _as_floats(batch: Any) -> torch.Tensor:
    return batch.images.permute(0, 1, 4, 2, 3) / 255.0


def _say_files(episodes: list[Episode], raw: list[Path], steps: int) -> None:
    ours = sum(each.path.stat().st_size / each.steps for each in episodes)
    theirs = sum(path.stat().st_size / steps for path in raw)
    print(f"{len(raw)} episodes; a step takes {ours / len(raw) / 1e3:.0f} kB in ours, ", end="")
    print(f"{theirs / len(raw) / 1e3:.0f} kB raw: 1/{theirs / ours:.1f} of the size\n")


def _check_same(reference: Any, ours: Iterator[Any]) -> None:
    """Both give the same samples."""
    worst_picture = worst_number = 0.0
    for (floats, qpos, actions, is_pad), batch in zip(reference, ours, strict=True):
        worst_picture = max(worst_picture, float((floats - _as_floats(batch)).abs().max()) * 255)
        for mine, theirs in ((batch.qpos, qpos), (batch.actions, actions[:, :CHUNK])):
            worst_number = max(worst_number, float((mine - theirs).abs().max()))
        assert torch.equal(batch.is_pad, is_pad[:, :CHUNK])
    print(f"Largest difference between the two: {worst_picture:.3g} of 255 in pictures, ", end="")
    print(f"{worst_number:.3g} in normalised joints\n")


def _timed(way: Way, options: argparse.Namespace) -> tuple[float, float]:
    """Samples a second, and CPU time a sample in ms."""
    batches = way()
    next(batches)
    cpu, began = _cpu_s(), time.perf_counter()
    count = sum(1 for _ in batches) * options.batch
    seconds = time.perf_counter() - began
    del batches  # a worker's time is counted once it has ended
    return count / seconds, (_cpu_s() - cpu) / count * 1e3


def _cpu_s() -> float:
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in of)


def _table(taken: dict[str, list[tuple[float, float]]]) -> None:
    head("way", "samples/s", "x reference", "CPU ms a sample")
    base = statistics.median(rate for rate, _ in taken["reference"])
    for name, runs in taken.items():
        rates, cpu = zip(*runs, strict=True)
        median = statistics.median(rates)
        told = f"{median:.0f} [{min(rates):.0f}-{max(rates):.0f}]"
        row(name, told, f"{median / base:.1f}", f"{statistics.median(cpu):.1f}")


if __name__ == "__main__":
    main()
