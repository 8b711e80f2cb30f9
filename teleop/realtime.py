"""Real-time scheduling for control and the simulated world, as far as the system permits it."""

import ctypes
import gc
import os
import resource
from pathlib import Path
from typing import Final

from teleop.tick import Realtime

PRIORITY: Final = 40
NEW_OBJECTS: Final = 500_000
WORLD_PRIORITY: Final = 30
"""Below control's: the simulated arms must not keep control from a tick."""
MCL_CURRENT_AND_FUTURE: Final = 3
INSTALL_LIMITS: Final = (
    "`sudo cp configs/limits/90-tandem.conf /etc/security/limits.d/` and log in again"
)


def enter_realtime() -> list[str]:
    """SCHED_FIFO and locked memory.

    Returns:
        What was reached, and what to do for the rest: sentences for the event ring.
    """
    return [ask_for_fifo("Control", PRIORITY)[1], _lock_memory()]


def granted() -> Realtime:
    """What the calling thread really has, as the kernel says."""
    reached = Realtime(0)
    if os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO:
        reached |= Realtime.FIFO
    status = Path("/proc/self/status").read_text()
    locked = next(line for line in status.splitlines() if line.startswith("VmLck:"))
    if int(locked.split()[1]):
        reached |= Realtime.MEMORY_LOCKED
    return reached


def quiet_garbage() -> None:
    """Let the garbage collector leave alone what is loaded: 90 ms a walk over 1.1 M objects.

    And have it look at new objects every minute or so instead of every other tick: the loop makes
    no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def ask_for_fifo(who: str, priority: int) -> tuple[bool, str]:
    """SCHED_FIFO for the calling thread; whatever it starts later has normal scheduling.

    Returns:
        Whether it was granted, and the sentence that says so.
    """
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except PermissionError:
        return False, (
            f"{who} runs with normal scheduling, so ticks may be late. For real time "
            f"(rtprio {PRIORITY}): {INSTALL_LIMITS}."
        )
    return True, f"{who} runs with real-time scheduling (SCHED_FIFO {priority})."


def _lock_memory() -> str:
    """Lock all memory, but only without a limit: under one, later allocations would fail."""
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft != resource.RLIM_INFINITY:
        return f"Control's memory is not locked. To lock it (memlock unlimited): {INSTALL_LIMITS}."
    if ctypes.CDLL(None, use_errno=True).mlockall(MCL_CURRENT_AND_FUTURE):
        return f"Control's memory cannot be locked: {os.strerror(ctypes.get_errno())}."
    return "Control's memory is locked."
