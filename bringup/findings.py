"""Everything `teleop doctor` can find, and how each is mended: the one table.

A kind's name is also its heading, and so its anchor, in docs/hardware.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bringup.fixes import Fix

Severity = Literal["problem", "warning", "notice"]
"""A session would fail or lie; it may suffer; worth knowing."""
SEVERITIES: Final[tuple[Severity, ...]] = ("problem", "warning", "notice")
MANUAL: Final = "docs/hardware.md"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding: how bad it usually is, and what to do."""

    severity: Severity
    mend: str


_FIX: Final = "teleop doctor --fix writes it"

KINDS: Final[Mapping[str, Kind]] = {
    # ports and USB
    "port-missing": Kind(
        "problem",
        "Plug the adapter in and switch the arm on, or correct the rig file's port "
        "(teleop scan lists what is there).",
    ),
    "port-held": Kind("problem", "End the program that holds it, or the session that is running."),
    "port-permission": Kind(
        "problem", "Run `sudo usermod -aG dialout $USER`, log out and in again."
    ),
    "port-lost": Kind("problem", "Check the USB cable and its plug, then ask again."),
    "port-name": Kind(
        "warning",
        "Write the /dev/serial/by-id name into the rig file, or name the adapter in "
        "configs/udev/99-tandem.rules.",
    ),
    "latency-timer": Kind(
        "problem",
        "Install configs/udev/99-tandem.rules and plug the adapters in again; "
        "teleop doctor --fix sets it until the next plugging.",
    ),
    "usb-shared": Kind(
        "warning", "Move the cameras to ports of the computer itself, each to one of its own."
    ),
    "camera-usb2": Kind(
        "problem", "Use the cable that came with the camera, in a blue or USB 3 labelled port."
    ),
    "camera-list": Kind(
        "problem", "Mend what it says, or use webcams only: without it no RealSense can be used."
    ),
    "camera-unnamed": Kind(
        "problem",
        "Run teleop cameras, which shows a picture of each device and writes them into the rig "
        'file; or give the camera kind = "pattern" to record a test picture.',
    ),
    "camera-missing": Kind(
        "problem", "Plug it in, or run teleop cameras to put another in its place."
    ),
    "camera-refused": Kind(
        "problem",
        "Install the vendor's udev rules (RealSense) or join the group video (webcams), log out "
        "and in, and plug the camera in again.",
    ),
    "camera-mode": Kind(
        "problem",
        "Correct width, height and rate_hz in the rig file: teleop cameras lists what it offers.",
    ),
    "camera-name": Kind(
        "warning", "Write the name of /dev/v4l/by-id into the rig file: teleop cameras does."
    ),
    "camera-url": Kind(
        "notice", "Nothing to mend: the times of its pictures are those of their arrival."
    ),
    "emulated-arms": Kind("notice", "Nothing to mend: no real arm is at the other end."),
    # the computer
    "rtprio": Kind(
        "warning",
        "Install configs/limits/90-tandem.conf to /etc/security/limits.d/, log out and in again.",
    ),
    "memlock": Kind(
        "warning",
        "Install configs/limits/90-tandem.conf to /etc/security/limits.d/, log out and in again.",
    ),
    "shared-memory": Kind(
        "problem", "Free some of it, or name another tmpfs with TANDEM_RUNTIME_PARENT."
    ),
    "disk": Kind(
        "problem", "Free space, choose another folder with --out, or record fewer episodes."
    ),
    # servos
    "servo-missing": Kind(
        "problem", "Check its cable and the one before it in the chain, and the arm's power."
    ),
    "servo-baud": Kind("problem", f"{_FIX}, or correct baud in the rig file."),
    "servo-id": Kind(
        "problem",
        "If it takes a missing servo's place, teleop doctor --fix gives it that ID where there is "
        "no doubt; otherwise set the ID with Dynamixel Wizard, this servo alone on the adapter.",
    ),
    "servo-garbled": Kind(
        "problem",
        "Unplug one of two servos with the same ID and give the other its own; if there is only "
        "one, change its cable.",
    ),
    "servo-model": Kind("problem", "Put the right servo there, or correct models in the rig file."),
    "wrong-arm": Kind("problem", "Swap the ports in the rig file, or run teleop scan --force."),
    "firmware": Kind("warning", "Update it with Dynamixel Wizard, all servos of the rig alike."),
    "slow-bus": Kind(
        "problem",
        "Write baud = 1_000_000 or more into the rig file, then teleop doctor --fix.",
    ),
    "return-delay": Kind("warning", f"{_FIX}; the next start does so too."),
    "drive-mode": Kind("problem", f"{_FIX}; then run teleop calibrate for this arm."),
    "secondary-id": Kind("problem", f"{_FIX}."),
    "operating-mode": Kind("notice", "Nothing to mend: the next start sets it."),
    "position-limits": Kind("warning", f"{_FIX}, or correct min_ticks, max_ticks in the rig file."),
    "velocity-limit": Kind("warning", f"{_FIX}, or correct velocity_limit in the rig file."),
    "current-limit": Kind("notice", "Nothing to mend: the next start sets it."),
    "protection": Kind("problem", f"{_FIX}."),
    "hardware-error": Kind(
        "problem",
        "Find out why (a jam, a load, heat, the power supply); teleop doctor --fix reboots the "
        "servo while its arm is limp.",
    ),
    "temperature": Kind("warning", "Let the arm rest, or look for a joint that pushes for ever."),
    "voltage": Kind("problem", "Check the power supply (12 V) and its plugs."),
    "pair-mismatch": Kind(
        "problem", "Look for a slipped horn or a wrong drive mode, then run teleop calibrate."
    ),
    "position-range": Kind(
        "problem", "Move the joint back by hand; if it is within its range, run teleop calibrate."
    ),
    "homing-offset": Kind("problem", "Run teleop calibrate for this arm."),
    "torque-on": Kind("notice", "teleop rest brings the arms to rest; --fix needs them limp."),
    # what was true before
    "calibration-missing": Kind("warning", "Run teleop calibrate."),
    "calibration-stale": Kind("problem", "Check which servo this is, then run teleop calibrate."),
    "servo-changed": Kind("warning", "If you changed it: run teleop calibrate for this arm."),
    "drift": Kind("warning", "Look for a slipped horn or a loose screw, then teleop calibrate."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        where: bus, servo, port or part of the computer.
        what: what is the matter, as the rest of a sentence after `where`.
        fixes: what `--fix` would do about it, in order; empty: nothing.
    """

    kind: str
    where: str
    what: str
    fixes: tuple[Fix, ...] = ()
    severity: Severity = "problem"

    @property
    def mend(self) -> str:
        """How to mend it."""
        return KINDS[self.kind].mend

    @property
    def anchor(self) -> str:
        """Where the manual tells more."""
        return f"{MANUAL}#{self.kind}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "where": self.where,
            "what": self.what,
            "mend": self.mend,
            "manual": self.anchor,
            "fixes": [str(fix) for fix in self.fixes],
        }


def finding(
    kind: str,
    where: str,
    what: str,
    fixes: tuple[Fix, ...] = (),
    severity: Severity | None = None,
) -> Finding:
    """A finding as severe as its kind, unless told otherwise."""
    return Finding(kind, where, what, fixes, severity or KINDS[kind].severity)
