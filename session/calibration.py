"""The calibration of a rig: ``rig.calibration.toml`` beside ``rig.toml``."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from teleop.calibration import ServoCalibration
from teleop.config import ConfigError, build, read_toml

HEADING: Final = """\
# Written by teleop calibrate; control refuses servos that are not the ones it says.
# Do not edit: run teleop calibrate again, or delete the file to do without.
"""


@dataclass(frozen=True, slots=True)
class CalibrationFile:
    """What a calibration file holds: a table a servo, in the order of buses and IDs."""

    servos: tuple[ServoCalibration, ...] = ()

    def __post_init__(self) -> None:
        places = [(servo.bus, servo.servo_id) for servo in self.servos]
        for place in places:
            if places.count(place) > 1:
                raise ValueError(f"servo {place[1]} of {place[0]} stands there twice.")


def calibration_path(rig_path: Path) -> Path:
    """Where the calibration of the rig in this file lies."""
    return rig_path.with_name(f"{rig_path.stem}.calibration.toml")


def load_calibration(rig_path: Path) -> tuple[ServoCalibration, ...]:
    """The calibration of the rig in this file; empty where it was never calibrated.

    Raises:
        ConfigError: there is one, and it cannot be read.
    """
    path = calibration_path(rig_path)
    if not path.exists():
        return ()
    return build(CalibrationFile, read_toml(path), str(path)).servos


def save_calibration(rig_path: Path, calibration: Sequence[ServoCalibration]) -> Path:
    """Write the calibration of the rig in this file, whole or not at all; returns its path.

    Raises:
        ConfigError: it cannot be written.
    """
    path = calibration_path(rig_path)
    text = HEADING + "".join(_table(servo) for servo in calibration)
    building = path.with_name(f".{path.name}.part")
    try:
        with building.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        building.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            building.unlink(missing_ok=True)
        raise ConfigError(f"Cannot write {path}: {error.strerror}.") from error
    return path


def _table(servo: ServoCalibration) -> str:
    """One servo as TOML: JSON's strings and integers are TOML's too."""
    fields = dataclasses.asdict(servo).items()
    return "\n[[servos]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields)
