"""What the system grants a process, and that what is said about it is true."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
ASK = """
import json, os, resource, sys
from teleop.realtime import enter_realtime, granted
before = json.loads(sys.argv[1])
if before["memlock"] is not None:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (before["memlock"], before["memlock"]))
if before["user"] is not None:
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    os.setgroups([])
    os.setgid(before["user"])
    os.setuid(before["user"])
nothing = int(granted())
said = enter_realtime()
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
child = os.fork()
if not child:
    os._exit(os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK)
_, child_status = os.waitpid(child, 0)
print(json.dumps({
    "nothing": nothing,
    "said": said,
    "granted": int(granted()),
    "fifo": os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO,
    "priority": os.sched_getparam(0).sched_priority,
    "locked_kb": int(status["VmLck"].split()[0]),
    "child_policy": os.waitstatus_to_exitcode(child_status),
}))
"""
NOBODY = 65534
FIFO, MEMORY_LOCKED = 1, 2


def asked(memlock: int | None = None, user: int | None = None) -> Any:
    """What a process got that asked for everything, under these limits."""
    limits = json.dumps({"memlock": memlock, "user": user})
    done = subprocess.run(
        [sys.executable, "-c", ASK, limits],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(done.stderr)
    return json.loads(done.stdout)


def test_what_is_said_is_what_the_kernel_says() -> None:
    got = asked()
    scheduling, memory = got["said"]
    assert got["nothing"] & FIFO == 0
    assert bool(got["granted"] & FIFO) == got["fifo"]
    assert bool(got["granted"] & MEMORY_LOCKED) == (got["locked_kb"] > 0)
    assert ("runs with real-time scheduling (SCHED_FIFO 40)" in scheduling) == got["fifo"]
    assert (memory == "Control's memory is locked.") == (got["locked_kb"] > 0)
    assert got["fifo"] == (got["priority"] == 40)


def test_what_it_starts_has_normal_scheduling() -> None:
    assert asked()["child_policy"] == os.SCHED_OTHER


def test_under_a_limit_memory_is_left_alone_and_the_line_is_told() -> None:
    """Locked under a limit, later allocations would fail."""
    got = asked(memlock=1 << 20)
    assert got["granted"] & MEMORY_LOCKED == 0
    assert got["locked_kb"] == 0
    assert "sudo cp configs/limits/90-tandem.conf /etc/security/limits.d/" in got["said"][1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_without_permission_scheduling_is_normal_and_the_line_is_told() -> None:
    got = asked(user=NOBODY)
    assert got["granted"] & FIFO == 0
    assert not got["fifo"]
    assert "normal scheduling, so ticks may be late" in got["said"][0]
    assert "sudo cp configs/limits/90-tandem.conf /etc/security/limits.d/" in got["said"][0]


def test_what_is_loaded_is_no_longer_looked_through() -> None:
    from teleop.realtime import quiet_garbage

    try:
        quiet_garbage()
        assert gc.get_freeze_count() > 1000
        assert gc.isenabled()
    finally:
        gc.unfreeze()
