"""Keeps memory that was used and freed, for processes in which pictures come and go.

By default the C library gives each freed 640x480 picture back to the kernel and then pays a page
fault for every 4 kB of the next one: 1.2 ms of CPU for four copies, 0.2 ms with memory kept
(measured; see benchmarks/lockstep.py). The process stays as large as it ever was, which is bounded.
"""

import ctypes
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
M_ARENA_MAX: Final = -8
MIB: Final = 1 << 20


def keep_freed_memory() -> None:
    """Tell malloc so, where it is glibc's; elsewhere nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, 32 * MIB)
    mallopt(M_TRIM_THRESHOLD, 512 * MIB)
    mallopt(M_ARENA_MAX, 1)
