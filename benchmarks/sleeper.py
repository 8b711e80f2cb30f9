"""A process that does nothing but sleep to 50 Hz deadlines: what the machine can do at best.

It is scheduled as control is, and sleeps by one plain `time.sleep` a period, until its standard
input is closed; then it prints one JSON object: `late_ns` of every wake-up, `missed` slots, and
whether it had `fifo`.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import json
import select
import subprocess
import time

from teleop.realtime import enter_realtime

PERIOD_NS = 20_000_000


def start() -> "subprocess.Popen[bytes]":
    """A sleeper; `communicate` ends it and gets what it prints."""
    return subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def main() -> None:
    """Sleep until told, then say how late every wake-up was."""
    fifo = "SCHED_FIFO" in enter_realtime()[0]
    late_ns, missed = [], 0
    deadline_ns = time.monotonic_ns()
    while not select.select([sys.stdin], [], [], 0.0)[0]:
        skipped = max(0, (time.monotonic_ns() - deadline_ns) // PERIOD_NS)
        missed += skipped
        deadline_ns += (1 + skipped) * PERIOD_NS
        time.sleep((deadline_ns - time.monotonic_ns()) / 1e9)
        late_ns.append(time.monotonic_ns() - deadline_ns)
    json.dump({"late_ns": late_ns, "missed": missed, "fifo": fifo}, sys.stdout)


if __name__ == "__main__":
    main()
