"""Checks of the servos against what was true before: their calibration and the last session."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bringup.arm_state import ArmState, ServoState
from bringup.findings import Finding, finding
from session.last_session import LastSession, ServoRecord
from teleop.adapter import adapter_serial
from teleop.calibration import ServoCalibration, find

DRIFT_TICKS: Final = 12
"""One degree: so much farther apart the two servos of a joint have moved since."""

Findings = Iterator[Finding]


def check_calibration(
    arms: Mapping[str, ArmState], calibration: Sequence[ServoCalibration]
) -> Findings:
    """Whether every servo is the one that was calibrated, as it was left then."""
    for arm in arms.values():
        if not any(each.bus == arm.name for each in calibration):
            yield finding("calibration-missing", arm.name, "was never calibrated")
            continue
        for servo_id, servo in arm.servos.items():
            known = find(calibration, arm.name, servo_id)
            if known is not None:
                yield from _check_servo(arm, servo_id, servo, known)


def _check_servo(
    arm: ArmState, servo_id: int, servo: ServoState, known: ServoCalibration
) -> Findings:
    where = arm.where(servo_id)
    differences = known.differences(
        servo.model.name,
        servo.value("firmware_version"),
        servo.value("homing_offset"),
        adapter_serial(arm.config.port),
    )
    if differences:
        what = f"is not as it was calibrated at {known.calibrated_utc}: {differences}"
        yield finding("calibration-stale", where, what)
    yield from _check_drift(
        arm, servo_id, known.pair_difference_ticks, f"calibrated at {known.calibrated_utc}"
    )


def check_last_session(arms: Mapping[str, ArmState], last: LastSession | None) -> Findings:
    """What changed since the last session ended."""
    for record in last.servos if last is not None else ():
        arm = arms.get(record.bus)
        servo = arm.servos.get(record.servo_id) if arm is not None else None
        if last is not None and arm is not None and servo is not None:
            yield from _check_record(arm, servo, record, f"the last session ({last.saved_utc})")


def _check_record(arm: ArmState, servo: ServoState, record: ServoRecord, then: str) -> Findings:
    where, offset = arm.where(record.servo_id), servo.value("homing_offset")
    was = f"{record.model} with firmware {record.firmware}"
    now = f"{servo.model.name} with firmware {servo.value('firmware_version')}"
    if now != was:
        yield finding("servo-changed", where, f"is a {now}, and was a {was} in {then}")
    if record.homing_offset_ticks not in (None, offset):
        what = f"has homing offset {offset}, and had {record.homing_offset_ticks} in {then}"
        yield finding("drift", where, what)
    if record.pair_difference_ticks is not None:
        yield from _check_drift(arm, record.servo_id, record.pair_difference_ticks, f"in {then}")


def _check_drift(arm: ArmState, servo_id: int, before_ticks: int, when: str) -> Findings:
    """Whether a shadow has moved against its primary."""
    spec = next(each for each in arm.specs if each.servo_id == servo_id)
    shadow, primary = arm.servos[servo_id], arm.servos.get(spec.secondary_id)
    if not spec.shadow or primary is None:
        return
    apart = shadow.value("present_position") - primary.value("present_position")
    if abs(apart - before_ticks) >= DRIFT_TICKS:
        yield finding(
            "drift",
            arm.where(servo_id),
            f"reads {apart:+d} ticks beside its primary, and {before_ticks:+d} when {when}",
        )
