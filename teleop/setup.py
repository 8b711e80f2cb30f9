"""Checks an arm's nine servos at start and sets them up, through dynamixel-sdk on our own port.

EEPROM is written only where it differs and only while the servo's torque is off, each servo by its
own ID. A servo that holds (a session ended holding) is not touched, only verified.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dynamixel_sdk import COMM_SUCCESS, PacketHandler

from teleop.adapter import adapter_serial
from teleop.bus import SERVO_IDS, ServoBus
from teleop.calibration import ServoCalibration, find
from teleop.errors import ServoError
from teleop.joints import GRIPPER, Role
from teleop.registers import OperatingMode, RegisterError, ServoModel, model
from teleop.sdk_port import SdkPort
from teleop.servos import ServoSpec
from teleop.units import current_counts

PROTOCOL: Final = 2.0
ATTEMPTS: Final = 3
SNAPSHOT_BYTES: Final = 71
"""Registers 0 to 70: all of EEPROM, torque, status return level and hardware error."""

STATUS_RETURN_LEVEL: Final = 68
ANSWER_EVERYTHING: Final = 2
CHECKED: Final = ("drive_mode", "secondary_id")
"""What the arm's assembly decides: only compared here (`teleop doctor --fix` writes it)."""
TAKES_GOAL_POSITIONS: Final = (
    OperatingMode.POSITION,
    OperatingMode.EXTENDED_POSITION,
    OperatingMode.CURRENT_BASED_POSITION,
)

Steps = Generator[None, None, "tuple[Servo, ...]"]


@dataclass(frozen=True, slots=True)
class Servo:
    """One servo as found: what the arm needs to talk to it in units.

    Attributes:
        goal_limits_ticks: goals beyond its own position limits it would silently refuse, goals
            beyond those of the rig file its joint should not have: what both allow.
        own_limits_ticks: its own alone: an arm that stands beyond the rig file's is held there.
        gripper_current: goal current in register counts of a gripper in current-based position
            mode, None for all others.
        hardware_error: register 70 as found, 0 if all is well.
        present: whether it answered; False only where missing servos are tolerated, and then the
            rest is what the rig file expects.
    """

    spec: ServoSpec
    model: ServoModel
    firmware: int
    goal_limits_ticks: tuple[int, int]
    own_limits_ticks: tuple[int, int]
    gripper_current: int | None
    hardware_error: int = 0
    present: bool = True


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
    """Set-up of one arm. `run` does all of it; `steps` the same, a servo at a time.

    Args:
        specs: the nine servos there should be, by ID.
        margin_s: patience for one reply beyond its wire time.
        calibration: what the servos must still be; those that are not in it are not compared.
        mend: False, to bring an arm to rest whatever state it is in: missing servos are tolerated,
            calibrations not compared, EEPROM not written.
    """

    def __init__(
        self,
        bus: ServoBus,
        role: Role,
        specs: Sequence[ServoSpec],
        gripper_current_ma: float,
        margin_s: float,
        calibration: Sequence[ServoCalibration] = (),
        mend: bool = True,
    ) -> None:
        self._bus = bus
        self._role: Role = role
        self._specs = tuple(specs)
        self._gripper_current_ma = gripper_current_ma
        self._calibration = calibration if mend else ()
        self._mend = mend
        self._port = SdkPort(bus.port, margin_s)
        self._sdk = PacketHandler(PROTOCOL)

    def run(self) -> tuple[Servo, ...]:
        """The nine servos, checked and set up.

        Raises:
            ServoError: one is missing, unknown, wrong, not the calibrated one, or refuses its
                set-up. A hardware error is no reason: it is told in `Servo.hardware_error`.
            UnpluggedError: the port is gone.
        """
        steps = self.steps()
        while True:
            try:
                next(steps)
            except StopIteration as finished:
                servos: tuple[Servo, ...] = finished.value
                return servos

    def steps(self) -> Steps:
        """As `run`, yielding after each servo's work: at most about 5 ms while all is well.

        A servo that does not answer costs its patience (`margin_s`) a step. All nine are found
        before one is written.
        """
        answer_everything = dict.fromkeys(SERVO_IDS, ANSWER_EVERYTHING)
        self._bus.write(STATUS_RETURN_LEVEL, 1, answer_everything)
        models = []
        for spec in self._specs:
            models.append((yield from self._identify(spec)))
            yield
        servos = []
        for spec, servo_model in zip(self._specs, models, strict=True):
            servos.append(
                self._absent(spec) if servo_model is None else self._prepare(spec, servo_model)
            )
            yield
        return tuple(servos)

    def _identify(self, spec: ServoSpec) -> Generator[None, None, ServoModel | None]:
        """What answers by this ID; None: nothing does, which is tolerated."""
        for attempt in range(ATTEMPTS):
            if attempt:
                yield
            number, result, _ = self._sdk.ping(self._port, spec.servo_id)
            if result == COMM_SUCCESS:
                return self._expected(spec, number)
        if self._mend:
            raise self._error(spec, "does not answer: check its cable and power")
        return None

    def _expected(self, spec: ServoSpec, number: int) -> ServoModel:
        try:
            found = model(number)
        except RegisterError as error:
            raise self._error(spec, f"cannot be used: {error}") from error
        if found.name not in spec.models:
            wanted = " or ".join(spec.models)
            raise self._error(
                spec, f"is a {found.name}, not a {wanted}: is this the port of another arm?"
            )
        return found

    @staticmethod
    def _absent(spec: ServoSpec) -> Servo:
        limits = spec.min_ticks, spec.max_ticks
        return Servo(spec, spec.known_models[0], 0, limits, limits, None, present=False)

    def _prepare(self, spec: ServoSpec, servo_model: ServoModel) -> Servo:
        found = self._snapshot(spec, servo_model)
        if found is None:
            return self._absent(spec)
        self._check(spec, found)
        if self._mend:
            self._set_up(spec, found)
        elif found.value("operating_mode") not in TAKES_GOAL_POSITIONS:
            mode = found.value("operating_mode")
            raise self._error(
                spec,
                f"is in operating mode {mode} and takes no goal positions: support the arm, switch "
                "its power off and on, then start again",
            )
        return Servo(
            spec,
            servo_model,
            found.value("firmware_version"),
            self._goal_limits(spec, found),
            (found.value("min_position_limit"), found.value("max_position_limit")),
            self._gripper_current(spec, found),
            found.value("hardware_error_status"),
        )

    def _goal_limits(self, spec: ServoSpec, found: _Found) -> tuple[int, int]:
        lowest = max(found.value("min_position_limit"), spec.min_ticks)
        highest = min(found.value("max_position_limit"), spec.max_ticks)
        if lowest >= highest:
            raise self._error(
                spec,
                "has position limits that leave nothing of the rig file's range: correct the one "
                "or the other (teleop doctor shows both)",
            )
        return lowest, highest

    def _gripper_current(self, spec: ServoSpec, found: _Found) -> int | None:
        """What it may squeeze with; where EEPROM is not written, no more than it accepts."""
        if not self._is_squeezing(spec):
            return None
        wanted = current_counts(found.model, self._gripper_current_ma)
        if self._mend:
            return wanted
        if found.value("operating_mode") != OperatingMode.CURRENT_BASED_POSITION:
            return None
        return min(wanted, found.value("current_limit"))

    def _is_squeezing(self, spec: ServoSpec) -> bool:
        return self._role == "follower" and spec.joint == GRIPPER

    def _check(self, spec: ServoSpec, found: _Found) -> None:
        for name, wanted in zip(CHECKED, (spec.drive_mode, spec.secondary_id), strict=True):
            value = found.value(name)
            if value != wanted:
                raise self._error(
                    spec, f"has {name} {value}, not {wanted}: teleop doctor --fix corrects it"
                )
        calibrated = find(self._calibration, self._bus.name, spec.servo_id)
        if calibrated is None:
            return
        differences = calibrated.differences(
            found.model.name,
            found.value("firmware_version"),
            found.value("homing_offset"),
            adapter_serial(self._bus.port.path),
        )
        if differences:
            raise self._error(
                spec,
                f"is not the one calibrated at {calibrated.calibrated_utc}: {differences}. "
                "Check which servo this is, then run teleop calibrate",
            )

    def _set_up(self, spec: ServoSpec, found: _Found) -> None:
        """EEPROM as it must be, written where it differs.

        A hardware error has switched torque off: its set-up can still be put right.
        """
        wanted = self._wanted(spec, found.model)
        differing = self._differing(found, wanted)
        names = ", ".join(differing)
        if differing and found.value("torque_enable"):
            raise self._error(
                spec,
                f"holds with the wrong {names}: bring the arms to rest first, then start again",
            )
        for name, value in differing.items():
            self._write(spec, found.model, name, value)
        if not differing:
            return
        kept = self._snapshot(spec, found.model)
        if kept is None or self._differing(kept, differing):
            raise self._error(spec, f"does not keep {names}: power it off and on")

    def _wanted(self, spec: ServoSpec, servo_model: ServoModel) -> Mapping[str, int]:
        """EEPROM values by register name."""
        wanted = {"return_delay_time": 0, "operating_mode": int(OperatingMode.POSITION)}
        if spec.current_limit_ma is not None:
            wanted["current_limit"] = current_counts(servo_model, spec.current_limit_ma)
        if self._is_squeezing(spec):
            wanted["operating_mode"] = int(OperatingMode.CURRENT_BASED_POSITION)
            wanted["current_limit"] = current_counts(servo_model, self._gripper_current_ma)
        return wanted

    @staticmethod
    def _differing(found: _Found, wanted: Mapping[str, int]) -> dict[str, int]:
        return {name: value for name, value in wanted.items() if found.value(name) != value}

    def _snapshot(self, spec: ServoSpec, servo_model: ServoModel) -> _Found | None:
        """Its registers; None: they cannot be read, which is tolerated."""
        for _ in range(ATTEMPTS):
            data, result, _ = self._sdk.readTxRx(self._port, spec.servo_id, 0, SNAPSHOT_BYTES)
            if result == COMM_SUCCESS and len(data) == SNAPSHOT_BYTES:
                return _Found(servo_model, bytes(data))
        if self._mend:
            raise self._error(spec, "answers a ping but cannot be read: check its cable")
        return None

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
        end = "" if what.endswith("?") else "."
        return ServoError(f"Servo {spec.servo_id} ({spec.joint}) of {self._bus.name} {what}{end}")
