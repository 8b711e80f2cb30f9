"""What the doctor reads of a rig's arms: every servo's registers, of all buses at once."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bringup.ask import FoundServo, Lines
from bringup.search import search
from teleop.bus import SERVO_IDS
from teleop.errors import PortError
from teleop.port import SerialPort, is_pseudo_terminal
from teleop.registers import ServoModel
from teleop.rig_config import ArmConfig, RigConfig
from teleop.servos import ServoSpec

EEPROM: Final = (0, 71)
"""Address and size: EEPROM, torque, status return level, hardware error."""
PRESENT: Final = (126, 21)
"""Effort to temperature."""


@dataclass(frozen=True, slots=True)
class ServoState:
    """One servo's registers as read just now."""

    model: ServoModel
    eeprom: bytes
    present: bytes

    def value(self, name: str) -> int:
        """A register of those that were read.

        Raises:
            RegisterError: this model has no such register.
        """
        register = self.model.register(name)
        is_present = register.address >= PRESENT[0]
        memory = self.present if is_present else self.eeprom
        at = register.address - (PRESENT if is_present else EEPROM)[0]
        return int.from_bytes(memory[at : at + register.size], "little", signed=register.signed)


@dataclass(slots=True)
class ArmState:
    """One arm: what there should be and what there is.

    Attributes:
        found: what answered a ping, by ID.
        servos: those of known models whose registers could be read, by ID.
        garbled: IDs that gave broken answers only.
        strays: servos that answer at other line speeds or by other IDs; looked for only where one
            is missing.
        error: why the port could not be opened; None: it could.
    """

    config: ArmConfig
    specs: tuple[ServoSpec, ...]
    found: dict[int, FoundServo] = field(default_factory=dict)
    servos: dict[int, ServoState] = field(default_factory=dict)
    garbled: list[int] = field(default_factory=list)
    strays: tuple[FoundServo, ...] = ()
    error: str | None = None
    lost: bool = False

    @property
    def name(self) -> str:
        """The bus name."""
        return self.config.name

    @property
    def emulated(self) -> bool:
        """Whether a program is at the other end."""
        return is_pseudo_terminal(self.config.port)

    @property
    def missing(self) -> list[int]:
        """IDs that did not answer at the rig file's line speed, garbled ones included."""
        return [servo_id for servo_id in SERVO_IDS if servo_id not in self.found]

    @property
    def holds(self) -> bool:
        """Whether any of its servos has torque on."""
        return any(servo.value("torque_enable") for servo in self.servos.values())

    def where(self, servo_id: int) -> str:
        """How a servo is called in findings."""
        spec = next((each for each in self.specs if each.servo_id == servo_id), None)
        joint = f" ({spec.joint})" if spec else ""
        return f"{self.name}, servo {servo_id}{joint}"


@contextlib.contextmanager
def opened_arms(rig: RigConfig) -> Iterator[dict[str, ArmState]]:
    """All arms of the rig, read; their ports stay open meanwhile, as they are in a session."""
    arms = {arm.name: ArmState(arm, rig.servos(arm.role)) for arm in rig.arms}
    with contextlib.ExitStack() as stack:
        ports: dict[str, SerialPort] = {}
        for name, arm in arms.items():
            try:
                ports[name] = SerialPort(arm.config.port, arm.config.baud)
            except PortError as error:
                arm.error = str(error)
                continue
            stack.callback(ports[name].close)
        lines = Lines(ports)
        _ping_all(lines, arms)
        _read_all(lines, arms)
        yield arms


def find_strays(arms: Mapping[str, ArmState], bauds: Sequence[int]) -> None:
    """Where servos of incomplete arms may be instead: other line speeds, other IDs.

    Takes about a second a line speed, until as many are found as are missing. To be called with
    the ports closed.
    """
    for baud in bauds:
        incomplete = {
            arm.config.port: arm
            for arm in arms.values()
            if arm.error is None and not arm.lost and len(arm.strays) < len(arm.missing)
        }
        for adapter in search(list(incomplete), [baud]):
            arm = incomplete[adapter.path]
            in_place = {(servo.baud, servo.servo_id) for servo in arm.found.values()}
            arm.strays += tuple(
                servo for servo in adapter.servos if (servo.baud, servo.servo_id) not in in_place
            )


def _ping_all(lines: Lines, arms: Mapping[str, ArmState]) -> None:
    for servo_id in SERVO_IDS:
        asked = [name for name in lines.ports if not arms[name].lost]
        for name, heard in lines.ping(servo_id, asked).items():
            arm = arms[name]
            arm.lost |= heard.gone
            found = [each for each in heard.servos(arm.config.baud) if each.servo_id == servo_id]
            if found:
                arm.found[servo_id] = found[0]
            elif heard.garbled_ping:
                arm.garbled.append(servo_id)


def _read_all(lines: Lines, arms: Mapping[str, ArmState]) -> None:
    for servo_id in SERVO_IDS:
        asked = [
            name
            for name in lines.ports
            if (found := arms[name].found.get(servo_id)) is not None and found.model is not None
        ]
        eeprom = lines.read(servo_id, *EEPROM, asked)
        present = lines.read(servo_id, *PRESENT, eeprom)
        for name in asked:
            model = arms[name].found[servo_id].model
            if name in present and model is not None:
                arms[name].servos[servo_id] = ServoState(model, eeprom[name], present[name])
            else:
                arms[name].garbled.append(servo_id)
