"""What servos report about themselves by the alert bit, and whether the arms must hold for it."""

from typing import Final

import numpy as np
import numpy.typing as npt

ALERT_BIT: Final = 0x80
"""Of every status packet's error byte: look at hardware error status (70)."""

HARDWARE_ERRORS: Final = {
    0x01: "supply voltage out of range",
    0x04: "overheated",
    0x08: "encoder failed",
    0x10: "electrical shock, or too little power",
    0x20: "overloaded",
}
"""By bit of hardware error status (e-manual, X series)."""

UNKNOWN: Final = 0x80
"""No error of the servo's: nobody has been told by it yet."""

_WARNINGS: Final = 0x01
"""With the factory's shutdown settings torque stays on; all others let the joint go limp."""


def in_words(hardware_error: int) -> str:
    """The errors that are set, or that none is known."""
    said = [text for bit, text in HARDWARE_ERRORS.items() if hardware_error & bit]
    return ", ".join(said) or "reason unknown"


def is_shutdown(hardware_error: int) -> bool:
    """Whether a servo with these errors must be taken for limp; an unknown reason counts."""
    return hardware_error == 0 or bool(hardware_error & ~_WARNINGS)


def shut_down(hardware_error: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which servos have an error that switches their torque off."""
    return np.asarray(hardware_error & ~np.uint8(_WARNINGS) != 0)


SUSTAINED_MA: Final = {"XM540-W270": 2200.0, "XM430-W350": 1150.0}
"""By model, half of the stall current at 12 V (e-manual): what no joint draws for long unless it
pushes against something. Beyond it the servo's own overload protection will act: check on
hardware."""
SUSTAINED_LOAD: Final = 500.0
"""The same of servos that only estimate their load, in 0.1 %."""


def sustained_limit(model_name: str) -> float:
    """The effort of a servo, in mA or 0.1 %, beyond which it is under too much load for long."""
    return SUSTAINED_MA.get(model_name, SUSTAINED_LOAD)
