"""What a policy asks of the arms: the ring between the process that predicts and control.

Vectors have the 14 joints of `teleop.joints`, rad, grippers 0-1, NaN where there is no opinion.
"""

from typing import Final

import numpy as np

from teleop.joints import DOF

TARGET_RING: Final = "targets"
TARGET_SLOTS: Final = 256
AHEAD: Final = 64
"""Ticks that a plan reaches into the future at most, 1.3 s at 50 Hz."""
TROUBLE_BYTES: Final = 200

TARGET_DTYPE: Final = np.dtype(
    [
        ("seen", "<u8"),  # number of the newest tick that the policy has looked at
        ("observed", "<u8"),  # and of the one that its newest prediction is made from; 0: none yet
        ("predict_ns", "<i8"),  # how long that prediction took, CLOCK_MONOTONIC
        ("first", "<u8"),  # the tick that row 0 is for
        ("count", "<u4"),  # rows that are filled
        ("trouble", f"S{TROUBLE_BYTES}"),  # why the arms must hold; empty: nothing
        ("target", "<f8", (AHEAD, DOF)),
    ]
)
"""The newest record is the plan: it replaces those before."""
