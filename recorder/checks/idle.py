"""Where an episode begins and ends to move. Pure: what the checks call idle, an edit can remove."""

import numpy as np

from recorder.checks.streams import Array, Mask


def first_move(action: Array, idle_rad: float) -> int | None:
    """The first step whose command is somewhere else than at the start; None: there is none.

    Args:
        action: (T, J) rad, grippers 0-1.
        idle_rad: how far from its place a joint still counts as being there.
    """
    moving = np.flatnonzero(_away(action, action[:1], idle_rad))
    return int(moving[0]) if len(moving) else None


def last_move(action: Array, idle_rad: float) -> int | None:
    """The last step whose command is somewhere else than at the end; None: there is none."""
    moving = np.flatnonzero(_away(action, action[-1:], idle_rad))
    return int(moving[-1]) if len(moving) else None


def _away(action: Array, place: Array, idle_rad: float) -> Mask:
    """(T,) the command of some joint is not at that place (1, J)."""
    return np.asarray((np.abs(action - place) > idle_rad).any(axis=1))
