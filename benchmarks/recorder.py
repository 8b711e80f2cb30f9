"""Does the recorder lose nothing, and what does it cost? Beside how others save.

    python benchmarks/recorder.py [--rows session stop ...] [--seconds 600] [--kills 100]
                                  [--lerobot PYTHON] [--clean 51] [--episodes-from FOLDER]

- session: whole sessions on emulated arms with four 640x480 pattern cameras: steps dropped, CPU and
  memory of the recorder, ticks missed; one episode as long as the run, and episodes of a minute
- stop: from the end of a 400-step episode to the next one, and to its file
- peers: ALOHA's and mobile-aloha's ways of saving, LeRobot (where `--lerobot` names a Python that
  has it: `pip install 'lerobot[dataset]'` in a Python of its own), and ours, on the same pictures
- kills: kill -9 of the recorder at random moments of recording, flush and finalising
- disk: a small file system runs full in the middle of an episode (needs root to mount it)
- journal: journals cut off at every byte, with blocks zeroed and bits flipped
- cameras: an emulated webcam freezes, gives 17 pictures a second, drifts, dies: what is seen of it
  live and in the file, and what else suffers
- realsense: a software RealSense through the library's real pipeline: frames, numbers, times
- jpeg: quality and subsampling on pictures of the simulated and the pattern cameras
- planted: a fault of every kind that the quality checks know, planted into copies of a clean
  simulated file (one of `--episodes-from`, if that is given): is it found, and at exactly its steps
- clean: clean simulated episodes of three tasks (those of `--episodes-from`): are they left in
  peace, and what does judging cost

Each row is a module of its own. Run it with the machine otherwise idle; --seconds 10 --kills 5
--clean 3 shows each row in a minute or two.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.recorder_cameras import cameras
from benchmarks.recorder_clean import clean
from benchmarks.recorder_disk import disk
from benchmarks.recorder_journal import journal
from benchmarks.recorder_jpeg import jpeg
from benchmarks.recorder_kills import kills
from benchmarks.recorder_options import Options
from benchmarks.recorder_peers import peers
from benchmarks.recorder_planted import planted
from benchmarks.recorder_realsense import realsense
from benchmarks.recorder_session import session
from benchmarks.recorder_stop import stop
from benchmarks.teleop_loop import roomy

Row = Callable[[Path, Options], None]
"""Gets a folder of its own, which is deleted afterwards; prints its table."""
ROWS: Final[dict[str, Row]] = {
    "session": session,
    "stop": stop,
    "peers": peers,
    "kills": kills,
    "disk": disk,
    "journal": journal,
    "cameras": cameras,
    "realsense": realsense,
    "jpeg": jpeg,
    "planted": planted,
    "clean": clean,
}


def main() -> None:
    """Run the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--episode-seconds", type=int, default=60)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lerobot", default="", metavar="PYTHON")
    parser.add_argument("--clean", type=int, default=51, metavar="EPISODES")
    parser.add_argument("--episodes-from", default="", metavar="FOLDER")
    given = parser.parse_args()
    options = Options(
        given.seconds,
        given.episode_seconds,
        given.kills,
        given.seed,
        given.lerobot,
        given.clean,
        given.episodes_from,
    )
    print(f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}")
    for name in [row for row in ROWS if row in given.rows]:
        print(f"\n## {name}\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=roomy()) as folder:
            ROWS[name](Path(folder), options)


if __name__ == "__main__":
    main()
