"""What servos report about themselves by the alert bit, and whether the arms must hold for it."""

from typing import Final

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

_WARNINGS: Final = 0x01
"""With the factory's shutdown settings torque stays on; all others let the joint go limp."""


def in_words(hardware_error: int) -> str:
    """The errors that are set, or that none is known."""
    said = [text for bit, text in HARDWARE_ERRORS.items() if hardware_error & bit]
    return ", ".join(said) or "reason unknown"


def is_shutdown(hardware_error: int) -> bool:
    """Whether a servo with these errors must be taken for limp; an unknown reason counts."""
    return hardware_error == 0 or bool(hardware_error & ~_WARNINGS)
