"""A child that must not outlive its parent: the kernel sends it SIGTERM when the parent dies."""

import ctypes
import os
import signal
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def die_with_parent(parent_pid: int) -> None:
    """Ask for SIGTERM when the parent dies; if it is gone already, send it to ourselves now.

    Args:
        parent_pid: who started us, as it told us itself: after its death getppid() is another's.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGTERM)
