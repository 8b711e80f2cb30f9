"""What the tests of edits share: well-behaved episodes, the command in this process, and a server
that forks it, so that a process that is killed costs no start of Python."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from tests.recorder.fake_rig import calm, make_episode

REPOSITORY = Path(__file__).parents[2]

SERVE = """
import os, select, signal, sys
from replay import episodes_cli
print("ready", flush=True)
for line in sys.stdin:
    within_s, *arguments = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(episodes_cli.main(arguments))
    if not select.select([over := os.pidfd_open(child)], [], [], float(within_s))[0]:
        os.kill(child, signal.SIGKILL)
    os.close(over)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
UNHARMED_S = 60.0


def calm_between(step: int, tick: Any, begin: int, end: int) -> None:
    """Calm arms that move between two steps and stand still before and after."""
    calm(min(max(step, begin), end) - begin, tick)


def make_calm(folder: Path, steps: int = 200, number: int = 0, **facts: Any) -> Path:
    """An episode whose verdict is ok."""
    return make_episode(folder, steps, number, change=calm, **facts)


def swollen(path: Path, picture_bytes: int = 100_000) -> Path:
    """The file with pictures so long: random bytes after their end, which no decoder looks at."""
    noise = np.random.default_rng(7).integers(0, 255, picture_bytes, "u1").tobytes()
    with EpisodeReader(path) as episode, h5py.File(path.with_suffix(".big"), "w") as big:
        with h5py.File(path) as file:
            for name in file.attrs:
                big.attrs[name] = file.attrs[name]
            for group in ("action", "tandem", "compress_len", "observations"):
                file.copy(group, big)
        for row, camera in enumerate(episode.facts.camera_names):
            jpegs = [jpeg + noise[len(jpeg) :] for jpeg in episode.jpegs(camera)]
            images = f"{schema.IMAGES}/{camera}"
            asked = dict(big[images].attrs)
            del big[images]
            made = big.create_dataset(
                images, (len(jpegs), picture_bytes), "u1", chunks=(1, picture_bytes)
            )
            made.attrs.update(asked)
            for step, jpeg in enumerate(jpegs):
                made.id.write_direct_chunk((step, 0), jpeg)
            big["/compress_len"][row] = picture_bytes
            big["/tandem/frame_crc32"][:, row] = [schema.checksum(jpeg) for jpeg in jpegs]
    path.with_suffix(".big").replace(path)
    return path


def is_sound(path: Path) -> bool:
    """Whether the file is; pictures compared with their checksums."""
    with EpisodeReader(path) as episode:
        assert check(episode, decode=False) == []
    return True


class Killer:
    """Runs `episodes` in processes of their own, and kills them."""

    def __init__(self, seed: int = 7) -> None:
        self._moments = random.Random(seed)
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._line() == "ready"

    def run(self, *arguments: str | Path, within_s: float | None = None) -> int:
        """The exit status; -9: it was killed, at some moment within that time."""
        assert self._server.stdin
        moment_s = UNHARMED_S if within_s is None else self._moments.uniform(0, within_s)
        self._server.stdin.write("\t".join(map(str, (moment_s, *arguments))) + "\n")
        self._server.stdin.flush()
        return int(self._line())

    def duration_s(self, *arguments: str | Path) -> float:
        """How long it takes, unharmed."""
        begin = time.monotonic()
        assert self.run(*arguments) == 0
        return time.monotonic() - begin

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.close()
        self._server.wait(20)
        self._server.stdout.close()

    def _line(self) -> str:
        assert self._server.stdout
        return self._server.stdout.readline().strip()


def killed_often(
    killer: Killer,
    kills: int,
    arguments: Sequence[str | Path],
    prepare: Callable[[], object],
    look: Callable[[], object],
) -> None:
    """Do it unharmed, then kill it so often at moments spread over that time; look after each."""
    prepare()
    shortest_s = killer.duration_s(*arguments)
    look()
    killed = 0
    for _ in range(kills):
        prepare()
        begin = time.monotonic()
        if killer.run(*arguments, within_s=1.1 * shortest_s) == -signal.SIGKILL:
            killed += 1
        else:  # the first may have been slow, on a busy machine
            shortest_s = min(shortest_s, time.monotonic() - begin)
        look()
    assert killed
