"""How long `episodes list` and `episodes check` take where there are many.

    python benchmarks/episodes.py [--files 10000] [--check FOLDER] [--rows open list check]

- open: a small episode opened with `EpisodeReader`, and looked at for its row only
- list: `--files` copies of small episodes that differ in their attributes, on each of `--on`: cold
  (no index), then warm. The files' bytes are in the kernel's memory either way. Beside it: what
  a Python with the same imports takes to start
- check: the episodes of `--check` by one worker and by two, in turn; what counts is the ratio. The
  last line leaves out what other programs on the machine took of the cores

Each number is the median of `--repeats` runs, the least in brackets. Run it with the machine
otherwise idle: with other work on it, the least of many runs is nearest to what it takes.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import h5py
import numpy as np

from benchmarks.teleop_loop import head, row
from recorder.episode.reader import EpisodeReader
from recorder.episode.writer import strings
from replay.checking.pool import answers
from replay.index.read import read_row
from replay.index.store import INDEX_FILE
from tests.recorder.fake_rig import make_episode

ROWS: Final = ("open", "list", "check")
STEPS: Final = 20
VARIANTS: Final = 12
OPENED: Final = 200
LIST_BAR_S: Final = 2.0
CHECK_BAR: Final = 1.7


def main() -> None:
    """Run the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--on", type=Path, nargs="+", default=[Path("/dev/shm"), Path("/var/tmp")])
    parser.add_argument("--check", type=Path, help="a folder with real episodes")
    parser.add_argument("--most", type=int, default=8, help="of them")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        small = variants(Path(folder))
        if "open" in options.rows:
            opening(small[0], options.repeats)
        if "list" in options.rows:
            listing(small, options)
    if "check" in options.rows and options.check:
        checking(sorted(options.check.glob("*.hdf5"))[: options.most], options.repeats)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def variants(folder: Path) -> list[Path]:
    """Small episodes that differ in what `list` says of them."""
    first = make_episode(folder, STEPS)
    paths = [folder / f"variant_{number}.hdf5" for number in range(VARIANTS)]
    for number, path in enumerate(paths):
        shutil.copyfile(first, path)
        with h5py.File(path, "r+") as file:
            file.attrs["success"] = strings(("success", "failure", "unlabelled")[number % 3])
            file.attrs["verdict"] = strings(("ok", "warn", "reject")[number // 3 % 3])
            file.attrs["seed"] = number
    return paths


def opening(path: Path, repeats: int) -> None:
    """A file, as an episode and as a row."""
    head("a file opened", "ms")
    row("as an episode", timed(lambda: EpisodeReader(path).close(), repeats, OPENED, 1e3))
    row("as a row", timed(lambda: read_row(path), repeats, OPENED, 1e3))
    print()


def listing(small: Sequence[Path], options: argparse.Namespace) -> None:
    """A folder of many files, by the command."""
    head(f"{options.files} files", "cold s", "warm s", f"(bar: warm {LIST_BAR_S:g})")
    imports = "import replay.episodes_cli"
    start = timed(lambda: run("-c", imports), options.repeats)
    row("nothing but its imports", start, start, "")
    for parent in options.on:
        with tempfile.TemporaryDirectory(dir=parent) as name:
            folder = Path(name)
            for number in range(options.files):
                shutil.copyfile(small[number % VARIANTS], folder / f"episode_{number}.hdf5")
            cold = timed(lambda: list_cold(folder), options.repeats)  # noqa: B023
            warm = timed(lambda: episodes("list", folder), options.repeats)  # noqa: B023
            size_mb = (folder / INDEX_FILE).stat().st_size / 1e6
            row(parent, cold, warm, f"index {size_mb:.1f} MB")
    print()


def list_cold(folder: Path) -> None:
    """As for the first time."""
    (folder / INDEX_FILE).unlink(missing_ok=True)
    episodes("list", folder)


def checking(paths: Sequence[Path], repeats: int) -> None:
    """Real episodes, by one worker and by two, in turn."""
    took: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(repeats):
        for jobs, its in took.items():
            its.append(seconds(lambda: episodes("check", "--jobs", jobs, *paths)))  # noqa: B023
    size_mb = sum(path.stat().st_size for path in paths) / 1e6
    head(f"check of {len(paths)} episodes, {size_mb:.0f} MB", "s", "times one worker")
    for jobs, its in took.items():
        ratios = [one / its[i] for i, one in enumerate(took[1])]
        row(f"{jobs} at once", middle(its), f"{np.median(ratios):.2f} (bar for 2: {CHECK_BAR})")
    row("least against least", "", f"{min(took[1]) / min(took[2]):.2f}")
    one, two = (at_work_s(paths, jobs) for jobs in took)
    row("a worker's own time on a core", f"{one:.2f}, {two:.2f}", f"{one / two:.2f}")


def at_work_s(paths: Sequence[Path], jobs: int) -> float:
    """How long the busiest of the workers has been on a core, its start included: what the check
    takes where no other work keeps it from one."""
    ran_s: dict[int, float] = {}
    with closing(answers("check", paths, jobs=jobs)) as results:
        for _ in results:
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            for pid in map(int, children):
                ran_s[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return max(ran_s.values())


def episodes(*arguments: object) -> None:
    """The command, as somebody types it."""
    run("-m", "replay.episodes_cli", *arguments)


def run(*arguments: object) -> None:
    """A Python of its own; what it says is thrown away."""
    command = [sys.executable, *map(str, arguments)]
    subprocess.run(command, stdout=subprocess.DEVNULL, cwd=sys.path[0], check=False)


def timed(what: Callable[[], object], repeats: int, times: int = 1, scale: float = 1.0) -> str:
    """How long it takes once."""
    return middle([seconds(what, times) / times * scale for _ in range(repeats)])


def seconds(what: Callable[[], object], times: int = 1) -> float:
    """How long it takes to do it so many times."""
    began_s = time.perf_counter()
    for _ in range(times):
        what()
    return time.perf_counter() - began_s


def middle(values: Sequence[float]) -> str:
    """The median, and the least."""
    return f"{statistics.median(values):.2f} ({min(values):.2f})"


if __name__ == "__main__":
    main()
