"""What does the live dashboard cost, and does control notice that it is there?

    python benchmarks/dashboard.py [--seconds 240] [--rows cpu lateness bytes start]

Everything happens beside a real-time session on emulated arms: 50 Hz, four 640x480 pattern cameras,
all of it recorded in one long episode. Of those pictures every pixel changes every time: for a
display of small pictures it is the worst there is. The dashboard is `collect.py --attach` at a real
pseudo-terminal that is read at once.

- cpu: of the dashboard's process by windows of a second, and its memory, at three sizes
- lateness: of control with the dashboard, with plain lines (`--headless`) and with nobody, in turn
  in one session; and what control and recorder need of a core meanwhile
- bytes: to the terminal, in 24-bit and in 256 colours, at three sizes; and on a simulated scene
- start: until the first picture

Run it with the machine otherwise idle; --seconds 30 shows the same medians.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.dashboard_beside import Beside, Client, Stretch, late_ms
from benchmarks.dashboard_scene import watch_take
from benchmarks.teleop_loop import head, roomy, row

SIZES: Final = ((80, 24), (120, 40), (160, 45))
CPU_BAR: Final = 0.12
KB_BARS: Final = {("120x40", "truecolor"): 130, ("120x40", "256"): 90}
BARRED: Final = {size for size, _ in KB_BARS}
WATCHERS: Final = (
    Client("dashboard"),
    Client("plain lines", ("--headless",)),
    Client("nobody", None),
)
PROCESSES: Final = ("control", "recorder", "session", "client")
ROUNDS: Final = 4
STARTS: Final = 5
START_S: Final = 1.0


def cpu(folder: Path, seconds: int) -> None:
    """One client after the other, at three sizes."""
    with Beside(folder) as session:
        seen = [
            session.watch(Client("dashboard", width=width, height=height), seconds / len(SIZES))
            for width, height in SIZES
        ]
    head("size", "seconds", "updates/s", f"CPU, of a core (bar {CPU_BAR:.0%} at 120x40)",
         "worst second", "RSS MB")  # fmt: skip
    for it in seen:
        used = it.cpu["client"]
        row(it.client.size, len(used), f"{np.median(it.frames_s):.1f}", f"{np.median(used):.1%}",
            f"{max(used):.1%}", f"{it.memory_mb:.0f}")  # fmt: skip


def lateness(folder: Path, seconds: int) -> None:
    """All watchers in turn, so that the machine's moods come to all of them."""
    each_s = max(1.0, seconds / ROUNDS / len(WATCHERS))
    with Beside(folder) as session:
        seen = [session.watch(it, each_s) for _ in range(ROUNDS) for it in WATCHERS]
    if session.seen is None:
        sys.exit("The session did not end: what stands above says why.")
    print(f"{ROUNDS} times {each_s:.0f} s each, in turn.\n")
    head("who watches", "ticks", "p50 ms", "p99 ms", "max ms", *(f"CPU {it}" for it in PROCESSES))
    for watcher in WATCHERS:
        stretches = [it for it in seen if it.client == watcher]
        late = late_ms(session.seen, stretches)
        p50, p99 = np.percentile(late, (50, 99))
        row(watcher.name, len(late), f"{p50:.3f}", f"{p99:.3f}", f"{late.max():.2f}",
            *(_median_cpu(stretches, name) for name in PROCESSES))  # fmt: skip
    print()
    _report_ratios(session.seen, seen)


def _report_ratios(ticks: Any, seen: list[Stretch]) -> None:
    """The dashboard to plain lines: each round's stretches stand next to each other in time."""
    head("dashboard / plain lines", "median of the rounds", "least", "most")
    pairs = list(zip(_of(seen, "dashboard"), _of(seen, "plain lines"), strict=True))
    for share in (50, 99):
        ratios = [
            np.percentile(late_ms(ticks, [a]), share) / np.percentile(late_ms(ticks, [b]), share)
            for a, b in pairs
        ]
        _ratio_row(f"lateness, p{share}", ratios)
    for name in ("control", "recorder"):
        ratios = [float(np.median(a.cpu[name]) / np.median(b.cpu[name])) for a, b in pairs]
        _ratio_row(f"CPU of {name}", ratios)


def _ratio_row(name: str, ratios: list[float]) -> None:
    row(name, *(f"{pick(ratios):.2f}" for pick in (np.median, min, max)))


def _of(seen: list[Stretch], name: str) -> list[Stretch]:
    return [it for it in seen if it.client.name == name]


def _median_cpu(stretches: list[Stretch], name: str) -> str:
    used = [share for it in stretches for share in it.cpu.get(name, ())]
    return f"{np.median(used):.1%}" if used else "-"


def bytes_(folder: Path, seconds: int) -> None:
    """Sizes and colours, one after the other: the worst pictures there are, and a scene's."""
    clients = [
        Client("dashboard", width=width, height=height, colours=colours)
        for width, height in SIZES
        for colours in ("truecolor", "256")
    ]
    with Beside(folder) as session:
        worst = [session.watch(client, seconds / len(clients)) for client in clients]
    scene = [watch_take(folder, client) for client in clients if client.size in BARRED]
    head("pictures", "size", "colours", "kB/s", "worst second", "bar", "updates/s", "kB each")
    for pictures, seen in (("pattern, all of it moving", worst), ("a simulated scene", scene)):
        for it in seen:
            _bytes_row(pictures, it)


def _bytes_row(pictures: str, seen: Stretch) -> None:
    size, colours = seen.client.size, seen.client.colours
    median, frames = np.median(seen.kb_s), np.median(seen.frames_s)
    row(pictures, size, colours, f"{median:.0f}", f"{max(seen.kb_s):.0f}",
        KB_BARS.get((size, colours), "-"), f"{frames:.1f}",
        f"{median / frames:.1f}" if frames else "-")  # fmt: skip


def start(folder: Path, _seconds: int) -> None:
    """Client after client, from the command to a filled screen."""
    with Beside(folder) as session:
        seen = [session.watch(Client("dashboard"), START_S) for _ in range(STARTS)]
    times_s = [it.start_s for it in seen]
    head("starts", "first picture after s, median", "worst")
    row(len(times_s), f"{np.median(times_s):.2f}", f"{max(times_s):.2f}")


Row = Callable[[Path, int], None]
"""Gets a folder of its own, which is deleted afterwards, and seconds; prints its table."""
ROWS: Final[dict[str, Row]] = {"cpu": cpu, "lateness": lateness, "bytes": bytes_, "start": start}


def main() -> None:
    """Run the rows that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS)
    parser.add_argument("--seconds", type=int, default=240, help="of measuring, each row")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}")
    for name in [it for it in ROWS if it in options.rows]:
        print(f"\n## {name}\n", flush=True)
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=roomy()) as folder:
            ROWS[name](Path(folder), options.seconds)


if __name__ == "__main__":
    main()
