"""A disk that runs full in the middle of an episode, in a session on emulated arms.

The disk is a tmpfs of 1 GiB (mounting it needs root). The session is to record three episodes of
8 s. In the middle of the second one the room on the disk goes, as if somebody else had filled it:

- nearly full: some seconds of recording are left, so that it can be seen coming
- full at once: nothing is left from one moment to the next

Eight seconds later there is room again, and only then the operator presses Enter. At the end
everything that is there is opened, after what a next start does with journals that were left.
"""

import dataclasses
import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.emulated_session import Rig, Watched
from benchmarks.recorder_options import Options
from benchmarks.recorder_process import in_order
from benchmarks.recorder_said import hearing, print_said
from benchmarks.teleop_loop import head, row
from recorder.episode.recover import recover_folder
from session.config import SessionConfig
from teleop.rig_config import SafetyConfig
from teleop.tick import NO_EPISODE, State

SIZE_BYTES: Final = 1 << 30
MIN_FREE_BYTES: Final = 16 << 20
EPISODE_S: Final = 8
EPISODES: Final = 3
FILL_AT_STEP: Final = 100
LEFT_BYTES: Final = {"nearly full": 280 << 20, "full at once": 1 << 20}
"""At 17 MB a second for the journal, and more for the file made of it."""
FULL_FOR_S: Final = 8.0
HOLD_S: Final = 5.0


@dataclass
class WatchedDisk(Watched):
    """Takes the room away in the second episode, and gives it back.

    Attributes:
        left: what stays free meanwhile, bytes.
    """

    left: int = 0
    _episodes: int = 0
    _was_recording: bool = False
    _full_s: float | None = None

    @property
    def _is_full(self) -> bool:
        return self._full_s is not None and time.monotonic() < self._full_s + FULL_FOR_S

    def _config(self) -> SessionConfig:
        self.on_look = self._fill_or_free
        return dataclasses.replace(super()._config(), min_free_bytes=MIN_FREE_BYTES)

    def _harvest(self, folder: Path, *, all_of_them: bool) -> None:
        """Leave the files where they are."""

    def _press_enter(self, directory: Path, connection: Any) -> None:
        if not self._is_full:
            super()._press_enter(directory, connection)

    def _fill_or_free(self, step: int) -> None:
        self._episodes += step >= 0 and not self._was_recording
        self._was_recording = step >= 0
        if self._full_s is None and self._episodes == 2 and step >= FILL_AT_STEP:
            self._full_s = time.monotonic()
            disk = os.statvfs(self.folder)
            _resize(self.folder, (disk.f_blocks - disk.f_bfree) * disk.f_frsize + self.left)
        elif self._full_s is not None and not self._is_full:
            _resize(self.folder, SIZE_BYTES)

    def states_since_full(self) -> str:
        """What the arms have done from the end of the second episode on, in order."""
        numbers = [int(tick["episode"]) for tick in self._ticks]
        recorded = sorted(set(numbers) - {NO_EPISODE})
        if len(recorded) < 2:
            return "the second episode was never begun"
        last = max(i for i, number in enumerate(numbers) if number == recorded[1])
        states = [State(int(tick["state"])).name for tick in self._ticks[last + 1 :]]
        return ", ".join(
            f"{name.lower()} {sum(1 for _ in ticks)}" for name, ticks in itertools.groupby(states)
        )


def _resize(mount: Path, size_bytes: int) -> None:
    """Done in an instant, where writing something would take its time."""
    subprocess.run(["mount", "-o", f"remount,size={size_bytes}", str(mount)], check=True)


def disk(folder: Path, options: Options) -> None:
    """Both ways of running full, and the table."""
    seen = {}
    for name, left in LEFT_BYTES.items():
        mount = folder / name.replace(" ", "-")
        with _small_disk(mount) as refused:
            if refused:
                print(f"skipped: {refused}\n")
                return
            with Rig(folder / f"ports-{mount.name}") as rig:
                safety = SafetyConfig(hold_timeout_s=HOLD_S)
                watched = WatchedDisk(
                    rig, mount, EPISODES * EPISODE_S, EPISODE_S, safety, left=left
                )
                said = hearing(watched)
            _resize(mount, SIZE_BYTES)
            seen[name] = (watched.states_since_full(), said, _look(mount / "episodes/benchmark"))
    head("disk", "arms, ticks from the episode's end on", "files that open and check",
         "steps in them", "not in order", "journals left after a next start")  # fmt: skip
    for name, (states, _, found) in seen.items():
        row(name, states, *found)
    for name, (_, said, _) in seen.items():
        print_said(name, said)


@contextmanager
def _small_disk(mount: Path) -> Iterator[str]:
    """Mount it; gives why it cannot be, "" if it can."""
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "benchmark", str(mount)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        yield f"there is no mount ({error.strerror})"
        return
    if done.returncode:
        yield done.stderr.strip() or "mount was refused"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False)


def _look(dataset: Path) -> tuple[int, str, str, str]:
    """Do what the next start does, then open everything."""
    recovered: list[str] = []
    recover_folder(dataset, recovered.append)
    looked = {path: in_order(path) for path in sorted(dataset.glob("*.hdf5"))}
    sound = {path: steps for path, (steps, findings) in looked.items() if not findings}
    faults = [f"{path.name}: {' '.join(found)}" for path, (_, found) in looked.items() if found]
    journals = [path.name for path in dataset.glob("*.journal*")]
    return (
        len(sound),
        ", ".join(map(str, sound.values())),
        "; ".join(faults) or "none",
        f"{', '.join(journals) or 'none'} ({' '.join(recovered) or 'nothing to recover'})",
    )
