"""Checks of an arm's servos against the rig file: pure functions of what was read."""

from collections.abc import Iterator
from typing import Final

from bringup.arm_state import ArmState, ServoState
from bringup.ask import FoundServo
from bringup.findings import Finding, finding
from bringup.fixes import AddressFix, RebootFix, RegisterFix
from teleop.joints import GRIPPER
from teleop.registers import OperatingMode
from teleop.rig_config import RigConfig
from teleop.servos import ServoSpec
from teleop.units import RAD_PER_TICK, current_counts

SLOWEST_BAUD: Final = 1_000_000
"""Below, four sync reads and writes leave a 50 Hz loop no time (facts of the wire: 2.7 ms a tick at
1 Mbps, 24 ms at 115200)."""
WRONG_ARM_SERVOS: Final = 4
"""From so many wrong models on it is the other kind of arm, and no wrong servos."""
OLDEST_FIRMWARE: Final = 38
"""The first with the Bus Watchdog, on which a follower's stop relies (e-manual, X series, 98)."""
SAFE_SHUTDOWN: Final = 0x34
"""Overload, electrical shock and overheating must switch a servo off: the factory's choice."""
WARM_DEGC: Final = 15
"""So close to its temperature limit a servo will not last a session."""
LOW_VOLTAGE_V: Final = 11.0
"""ALOHA's arms are supplied with 12 V; this much sag at rest is a weak supply or a bad plug."""
PAIR_WARNING_TICKS: Final = 23
"""2 degrees between a joint's two servos: they already push against each other."""
RANGE_SLACK_TICKS: Final = 12
"""How far beyond its limits a joint may lie: 1 degree, for gear play."""
MAX_OFFSET_TICKS: Final = 1024
"""In position mode a homing offset counts within this many ticks only (e-manual, 20)."""

_ERROR_BITS: Final = {
    0x01: "input voltage",
    0x04: "overheating",
    0x08: "encoder",
    0x10: "electrical shock",
    0x20: "overload",
}

Findings = Iterator[Finding]


def check_arm(arm: ArmState, rig: RigConfig) -> Findings:
    """Everything about one arm's servos, those that are missing included."""
    yield from _check_presence(arm)
    if arm.config.baud < SLOWEST_BAUD:
        yield finding("slow-bus", arm.name, f"runs at {arm.config.baud} baud: too slow for 50 Hz")
    wrong = [spec for spec in arm.specs if _is_wrong_model(arm.found.get(spec.servo_id), spec)]
    if len(wrong) >= WRONG_ARM_SERVOS:
        yield finding(
            "wrong-arm",
            f"{arm.name} ({arm.config.port})",
            f"has {len(wrong)} servos of other models than a {arm.config.role}: the other arm's "
            "port?",
        )
        return
    for spec in arm.specs:
        found, servo = arm.found.get(spec.servo_id), arm.servos.get(spec.servo_id)
        where = arm.where(spec.servo_id)
        if found is not None and spec in wrong:
            wanted = " or ".join(spec.models)
            yield finding("servo-model", where, f"is a {found.name}, not {wanted}")
        elif servo is not None:
            yield from _check_setup(arm, spec, servo, rig)
            yield from _check_protection(arm, spec, servo)
            yield from _check_health(arm, spec, servo)
            yield from _check_position(where, spec, servo)
    yield from _check_firmware(arm)
    yield from _check_pairs(arm, rig)
    if arm.holds:
        yield finding("torque-on", arm.name, "holds: torque is on")


def _is_wrong_model(found: FoundServo | None, spec: ServoSpec) -> bool:
    return found is not None and found.name not in spec.models


# ---- who is there ------------------------------------------------------------------------------


def _check_presence(arm: ArmState) -> Findings:
    strays = list(arm.strays)
    for servo_id in arm.missing:
        where = arm.where(servo_id)
        stray = next((each for each in strays if each.servo_id == servo_id), None)
        if servo_id in arm.garbled:
            yield finding("servo-garbled", where, "gives broken answers only")
        elif stray is not None:
            strays.remove(stray)
            yield finding(
                "servo-baud",
                where,
                f"answers at {stray.baud} baud, not at the rig file's {arm.config.baud}",
                (AddressFix(arm.name, servo_id, stray.baud, servo_id, arm.config.baud),),
            )
        else:
            yield finding("servo-missing", where, "does not answer")
    for servo_id in (each for each in arm.garbled if each in arm.found):
        yield finding(
            "servo-garbled", arm.where(servo_id), "answers a ping, but its registers are garbled"
        )
    for stray in strays:
        yield _stray(arm, stray)


def _stray(arm: ArmState, stray: FoundServo) -> Finding:
    """A servo that is nobody of the arm. The only one may take the place of the only missing."""
    rest = [each for each in arm.missing if each not in {s.servo_id for s in arm.strays}]
    spec = next((each for each in arm.specs if [each.servo_id] == rest), None)
    alone = sum(each.servo_id not in arm.missing for each in arm.strays) == 1
    fixes: tuple[AddressFix, ...] = ()
    if spec is not None and alone and stray.name in spec.models and not arm.garbled:
        fixes = (AddressFix(arm.name, stray.servo_id, stray.baud, spec.servo_id, arm.config.baud),)
    return finding(
        "servo-id",
        f"{arm.name}, ID {stray.servo_id} at {stray.baud} baud",
        f"is a {stray.name} that the arm should not have there",
        fixes,
    )


def _check_firmware(arm: ArmState) -> Findings:
    newest: dict[str, int] = {}
    for found in arm.found.values():
        newest[found.name] = max(newest.get(found.name, 0), found.firmware)
    for servo_id, found in arm.found.items():
        where, has = arm.where(servo_id), f"has firmware {found.firmware}"
        if found.firmware < OLDEST_FIRMWARE:
            what = f"{has}: there is no Bus Watchdog before {OLDEST_FIRMWARE}"
            yield finding("firmware", where, what, severity="problem")
        elif found.firmware < newest[found.name]:
            what = f"{has}, another {found.name} of its arm {newest[found.name]}"
            yield finding("firmware", where, what)


# ---- how they are set up -----------------------------------------------------------------------


def _check_setup(arm: ArmState, spec: ServoSpec, servo: ServoState, rig: RigConfig) -> Findings:
    where = arm.where(spec.servo_id)

    def differs(kind: str, registers: dict[str, int], what: str) -> Findings:
        fixes = tuple(
            RegisterFix(arm.name, spec.servo_id, servo.model.register(name), servo.value(name), new)
            for name, new in registers.items()
            if servo.value(name) != new
        )
        if fixes:
            yield finding(kind, where, what, fixes)

    delay_us = 2 * servo.value("return_delay_time")
    yield from differs(
        "return-delay", {"return_delay_time": 0}, f"waits {delay_us} us before each answer"
    )
    yield from differs(
        "drive-mode",
        {"drive_mode": spec.drive_mode},
        f"has drive mode {servo.value('drive_mode')}, not {spec.drive_mode}: it may turn the wrong "
        "way",
    )
    yield from differs(
        "secondary-id",
        {"secondary_id": spec.secondary_id},
        f"has secondary ID {servo.value('secondary_id')}, not {spec.secondary_id}",
    )
    lowest, highest = servo.value("min_position_limit"), servo.value("max_position_limit")
    yield from differs(
        "position-limits",
        {"min_position_limit": spec.min_ticks, "max_position_limit": spec.max_ticks},
        f"may go to {lowest}..{highest} ticks, in the rig file {spec.min_ticks}..{spec.max_ticks}",
    )
    yield from differs(
        "velocity-limit",
        {"velocity_limit": spec.velocity_limit},
        f"has velocity limit {servo.value('velocity_limit')}, in the rig file "
        f"{spec.velocity_limit}",
    )
    yield from _check_modes(arm, spec, servo, rig)


def _check_modes(arm: ArmState, spec: ServoSpec, servo: ServoState, rig: RigConfig) -> Findings:
    """What every start sets anyway, to be known."""
    squeezes = arm.config.role == "follower" and spec.joint == GRIPPER
    mode = OperatingMode.CURRENT_BASED_POSITION if squeezes else OperatingMode.POSITION
    where, found = arm.where(spec.servo_id), servo.value("operating_mode")
    if found != mode:
        yield finding(
            "operating-mode",
            where,
            f"is in operating mode {found}, not {mode:d}",
        )
    limit_ma = rig.gripper_current_ma if squeezes else spec.current_limit_ma
    if limit_ma is not None:
        wanted, held = current_counts(servo.model, limit_ma), servo.value("current_limit")
        if held != wanted:
            yield finding(
                "current-limit",
                where,
                f"has current limit {held}, in the rig file {wanted} ({limit_ma:g} mA)",
            )


def _check_protection(arm: ArmState, spec: ServoSpec, servo: ServoState) -> Findings:
    """What keeps a servo from burning, and from moving by itself when power comes."""
    wanted = {"startup_configuration": 0}
    shutdown = servo.value("shutdown")
    if shutdown & SAFE_SHUTDOWN != SAFE_SHUTDOWN:
        wanted["shutdown"] = shutdown | SAFE_SHUTDOWN
    for name in ("temperature_limit", "max_voltage_limit"):
        wanted[name] = min(servo.value(name), servo.model.register(name).initial)
    fixes = tuple(
        RegisterFix(arm.name, spec.servo_id, servo.model.register(name), servo.value(name), new)
        for name, new in wanted.items()
        if servo.value(name) != new
    )
    if fixes:
        names = ", ".join(f"{fix.register.name} {fix.old}" for fix in fixes)
        yield finding(
            "protection",
            arm.where(spec.servo_id),
            f"is less protected than it should be: {names}",
            fixes,
        )


# ---- how they are ------------------------------------------------------------------------------


def _check_health(arm: ArmState, spec: ServoSpec, servo: ServoState) -> Findings:
    where = arm.where(spec.servo_id)
    error = servo.value("hardware_error_status")
    if error:
        names = [name for bit, name in _ERROR_BITS.items() if error & bit]
        yield finding(
            "hardware-error",
            where,
            f"reports hardware error 0x{error:02x} ({', '.join(names) or 'unknown'})",
            (RebootFix(arm.name, spec.servo_id),),
        )
    degc, limit_degc = servo.value("present_temperature"), servo.value("temperature_limit")
    if degc > limit_degc - WARM_DEGC:
        yield finding(
            "temperature",
            where,
            f"is {degc} degC warm; it switches itself off above {limit_degc}",
            severity="problem" if degc > limit_degc else None,
        )
    voltage_v = servo.value("present_input_voltage") / 10
    lowest_v, highest_v = (servo.value(f"{end}_voltage_limit") / 10 for end in ("min", "max"))
    if not lowest_v <= voltage_v <= highest_v:
        what = f"has {voltage_v:.1f} V, outside its {lowest_v:.1f} to {highest_v:.1f} V"
        yield finding("voltage", where, what)
    elif voltage_v < LOW_VOLTAGE_V:
        yield finding("voltage", where, f"has {voltage_v:.1f} V instead of 12", severity="warning")


def _check_position(where: str, spec: ServoSpec, servo: ServoState) -> Findings:
    offset = servo.value("homing_offset")
    if abs(offset) > MAX_OFFSET_TICKS:
        yield finding(
            "homing-offset",
            where,
            f"has homing offset {offset}, of which position mode heeds {MAX_OFFSET_TICKS} only",
        )
    ticks = servo.value("present_position")
    beyond = max(spec.min_ticks - ticks, ticks - spec.max_ticks)
    if beyond > RANGE_SLACK_TICKS:
        yield finding(
            "position-range",
            where,
            f"is at {ticks} ticks, outside the rig file's {spec.min_ticks}..{spec.max_ticks}",
        )


def _check_pairs(arm: ArmState, rig: RigConfig) -> Findings:
    """The two servos of a shoulder or elbow must agree about where their joint is."""
    for spec in arm.specs:
        shadow, primary = arm.servos.get(spec.servo_id), arm.servos.get(spec.secondary_id)
        if not spec.shadow or shadow is None or primary is None:
            continue
        apart = shadow.value("present_position") - primary.value("present_position")
        limit = rig.safety.pair_limit_rad
        if abs(apart) >= PAIR_WARNING_TICKS:
            rad = abs(apart) * RAD_PER_TICK
            yield finding(
                "pair-mismatch",
                arm.where(spec.servo_id),
                f"reads {apart:+d} ticks ({rad:.3f} rad) beside servo {spec.secondary_id} on the "
                f"same joint; above {limit:g} rad the arms would hold",
                severity="problem" if rad > limit else "warning",
            )
