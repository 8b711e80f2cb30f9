"""Checks an arm's nine servos at start and sets them up, through dynamixel-sdk on our own port.

EEPROM is written only where it differs and only while the servo's torque is off, each servo by its
own ID. A servo that holds (a session ended holding) is not touched, only verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dynamixel_sdk import COMM_SUCCESS, PacketHandler

from teleop.bus import SERVO_IDS, ServoBus
from teleop.errors import ServoError
from teleop.joints import GRIPPER, Role
from teleop.registers import OperatingMode, RegisterError, ServoModel, model
from teleop.sdk_port import SdkPort
from teleop.servos import SERVOS, ServoSpec
from teleop.units import current_counts

PROTOCOL: Final = 2.0
ATTEMPTS: Final = 3
SNAPSHOT_BYTES: Final = 71
"""Registers 0 to 70: all of EEPROM, torque, status return level and hardware error."""

STATUS_RETURN_LEVEL: Final = 68
ANSWER_EVERYTHING: Final = 2
CHECKED: Final = ("drive_mode", "secondary_id")
"""What the arm's assembly decides: never changed, only compared."""


@dataclass(frozen=True, slots=True)
class Servo:
    """One servo as found: what the arm needs to talk to it in units.

    Attributes:
        goal_limits_ticks: its own position limits; goals beyond them it would silently refuse.
        gripper_current: goal current in register counts of a gripper in current-based position
            mode, None for all others.
    """

    spec: ServoSpec
    model: ServoModel
    firmware: int
    goal_limits_ticks: tuple[int, int]
    gripper_current: int | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A servo's registers as read just now."""

    model: ServoModel
    memory: bytes

    def value(self, name: str) -> int:
        register = self.model.register(name)
        raw = self.memory[register.address : register.address + register.size]
        return int.from_bytes(raw, "little", signed=register.signed)


class ArmSetup:
    """Set-up of one arm. `run` does all of it.

    Args:
        margin_s: patience for one reply beyond its wire time.
    """

    def __init__(
        self, bus: ServoBus, role: Role, gripper_current_ma: float, margin_s: float
    ) -> None:
        self._bus = bus
        self._role: Role = role
        self._gripper_current_ma = gripper_current_ma
        self._port = SdkPort(bus.port, margin_s)
        self._sdk = PacketHandler(PROTOCOL)

    def run(self) -> tuple[Servo, ...]:
        """The nine servos, checked and set up.

        Raises:
            ServoError: one is missing, unknown, wrong, has a hardware error, or refuses its set-up.
            UnpluggedError: the port is gone.
        """
        answer_everything = dict.fromkeys(SERVO_IDS, ANSWER_EVERYTHING)
        self._bus.write(STATUS_RETURN_LEVEL, 1, answer_everything)
        models = [self._identify(spec) for spec in SERVOS[self._role]]
        return tuple(
            self._prepare(spec, servo_model)
            for spec, servo_model in zip(SERVOS[self._role], models, strict=True)
        )

    def _identify(self, spec: ServoSpec) -> ServoModel:
        for _ in range(ATTEMPTS):
            number, result, _ = self._sdk.ping(self._port, spec.servo_id)
            if result == COMM_SUCCESS:
                break
        else:
            raise self._error(spec, "does not answer: check its cable and power")
        try:
            found = model(number)
        except RegisterError as error:
            raise self._error(spec, f"cannot be used: {error}") from error
        if number not in spec.models:
            wanted = " or ".join(model(each).name for each in spec.models)
            raise self._error(
                spec, f"is a {found.name}, not a {wanted}: is this the port of another arm?"
            )
        return found

    def _prepare(self, spec: ServoSpec, servo_model: ServoModel) -> Servo:
        found = self._snapshot(spec, servo_model)
        self._check(spec, found)
        wanted = self._wanted(spec, servo_model)
        differing = self._differing(found, wanted)
        torque_on = bool(found.value("torque_enable"))
        if differing and torque_on:
            names = ", ".join(differing)
            raise self._error(
                spec,
                f"holds with the wrong {names}: bring the arms to rest first, then start again",
            )
        for name, value in differing.items():
            self._write(spec, servo_model, name, value)
        if differing and self._differing(self._snapshot(spec, servo_model), differing):
            raise self._error(spec, f"does not keep {', '.join(differing)}: power it off and on")
        limits = found.value("min_position_limit"), found.value("max_position_limit")
        firmware = found.value("firmware_version")
        return Servo(spec, servo_model, firmware, limits, wanted.get("current_limit"))

    def _check(self, spec: ServoSpec, found: _Found) -> None:
        for name, wanted in zip(CHECKED, (spec.drive_mode, spec.secondary_id), strict=True):
            value = found.value(name)
            if value != wanted:
                raise self._error(
                    spec, f"has {name} {value}, not {wanted}: correct it with Dynamixel Wizard"
                )
        error = found.value("hardware_error_status")
        if error:
            raise self._error(
                spec,
                f"reports hardware error 0x{error:02x} and will not hold: support the arm, "
                "then power it off and on",
            )

    def _wanted(self, spec: ServoSpec, servo_model: ServoModel) -> Mapping[str, int]:
        """EEPROM values by register name."""
        wanted = {"return_delay_time": 0, "operating_mode": int(OperatingMode.POSITION)}
        if self._role == "follower" and spec.joint == GRIPPER:
            wanted["operating_mode"] = int(OperatingMode.CURRENT_BASED_POSITION)
            wanted["current_limit"] = current_counts(servo_model, self._gripper_current_ma)
        return wanted

    @staticmethod
    def _differing(found: _Found, wanted: Mapping[str, int]) -> dict[str, int]:
        return {name: value for name, value in wanted.items() if found.value(name) != value}

    def _snapshot(self, spec: ServoSpec, servo_model: ServoModel) -> _Found:
        for _ in range(ATTEMPTS):
            data, result, _ = self._sdk.readTxRx(self._port, spec.servo_id, 0, SNAPSHOT_BYTES)
            if result == COMM_SUCCESS and len(data) == SNAPSHOT_BYTES:
                return _Found(servo_model, bytes(data))
        raise self._error(spec, "answers a ping but cannot be read: check its cable")

    def _write(self, spec: ServoSpec, servo_model: ServoModel, name: str, value: int) -> None:
        register = servo_model.register(name)
        data = list(value.to_bytes(register.size, "little"))
        for _ in range(ATTEMPTS):
            result, _ = self._sdk.writeTxRx(
                self._port, spec.servo_id, register.address, register.size, data
            )
            if result == COMM_SUCCESS:
                return
        raise self._error(spec, f"does not confirm {name}: check its cable")

    def _error(self, spec: ServoSpec, what: str) -> ServoError:
        return ServoError(f"Servo {spec.servo_id} ({spec.joint}) of {self._bus.name} {what}.")
