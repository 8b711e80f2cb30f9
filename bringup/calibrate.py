"""`teleop calibrate`: joint angle 0 where the arm stands in its zero pose.

The operator poses a limp arm; each servo's homing offset (EEPROM) is set so that it reads 0 there,
verified, and written down beside the rig file with the servos' identities and the date. Nothing
moves. Grippers keep their offsets: their ends belong to the gripper variant.
"""

import argparse
import datetime
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bringup.errors import BringupError
from bringup.offsets import ArmOffsets, ServoState, check_writable, degrees
from session.calibration import calibration_path, load_calibration, save_calibration
from session.config import find_rig, load_rig
from teleop.adapter import adapter_serial
from teleop.calibration import ServoCalibration, find, offset_for_zero
from teleop.joints import BUS_NAMES, GRIPPER
from teleop.registers import TICKS_PER_TURN
from teleop.rig_config import ArmConfig, RigConfig

DRIFT_TICKS: Final = 23
"""Two degrees: so far a pair's difference may have changed since it was calibrated."""
BEYOND_TICKS: Final = 114
"""Ten degrees: so far beyond its limits no joint gets, unless its zero is wrong."""
ZERO_POSE: Final = """\
Put {bus} into its zero pose, all joints at 0, and hold it there:
  - waist: the arm points straight ahead, square to its base
  - shoulder: the upper arm stands upright
  - elbow: the forearm is level and points forward, at a right angle to the upper arm
  - forearm_roll, wrist_angle, wrist_rotate: hand in line with the forearm, the fingers side by side
    in a level plane
The gripper does not matter: its offset stays."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `teleop calibrate`."""
    parser.add_argument(
        "--rig", metavar="FILE", help="the rig (default: rig.toml beside collect.py)"
    )
    parser.add_argument(
        "--arm", nargs="+", choices=BUS_NAMES, metavar="ARM", help="only these (default: all)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--check", action="store_true", help="compare servos and calibration; write nothing"
    )
    what.add_argument(
        "--restore",
        action="store_true",
        help="write the offsets of the calibration file into its servos again",
    )
    parser.add_argument(
        "--sweep",
        type=float,
        default=0.0,
        metavar="S",
        help="then watch for S seconds while you move each joint to both its ends",
    )
    parser.add_argument(
        "--yes", action="store_true", help="ask nothing: the arms are in the zero pose"
    )


def run(options: argparse.Namespace) -> int:
    """The command; returns its exit status.

    Raises:
        BringupError, ConfigError, TeleopError: it cannot be done; the text says what to do next.
    """
    path = find_rig(options.rig)
    rig_file = load_rig(path)
    rig = rig_file.rig
    if rig.simulated:
        raise BringupError(
            f"Rig {rig.name!r} is a simulated one: write rig.toml with teleop scan, or name a rig "
            "with --rig."
        )
    arms = _chosen(rig, options.arm)
    if rig_file.emulated:
        print("EMULATED ARMS: programs are at the other end, no real arm.")
    if options.check:
        return _check(path, rig, arms)
    for arm in arms:
        with ArmOffsets(arm.name, arm.port, arm.baud, rig.servos(arm.role)) as servos:
            if options.restore:
                _restore(path, arm, servos)
            else:
                _calibrate(path, arm, servos, options.sweep, options.yes)
    return 0


def _chosen(rig: RigConfig, names: Sequence[str] | None) -> list[ArmConfig]:
    for name in names or ():
        if name not in rig.bus_names:
            raise BringupError(
                f"Rig {rig.name!r} has no {name}; its arms: {', '.join(rig.bus_names)}."
            )
    return [arm for arm in rig.arms if names is None or arm.name in names]


# ---- calibrating --------------------------------------------------------------------------------


def _calibrate(path: Path, arm: ArmConfig, servos: ArmOffsets, sweep_s: float, yes: bool) -> None:
    states = servos.read()
    check_writable(servos, states)
    print(ZERO_POSE.format(bus=arm.name))
    _ask(f"Press Enter when {arm.name} stands so", yes)
    positions = servos.still_positions()
    offsets = {state.spec.servo_id: _offset(servos, state, positions) for state in states}
    _show(states, positions, offsets)
    _ask("Press Enter to write these offsets (Ctrl-C: leave all as it was)", yes)
    positions = servos.still_positions()
    offsets = {state.spec.servo_id: _offset(servos, state, positions) for state in states}
    with servos.changed(states, positions, offsets):
        after = servos.still_positions()
        if sweep_s > 0:
            _sweep(servos, states, sweep_s)
        written = _save(path, arm, states, offsets, after)
    print(f"{arm.name} is calibrated: {written}.")
    _warn_of_limits(states)


def _offset(servos: ArmOffsets, state: ServoState, positions: Mapping[int, int]) -> int:
    if state.spec.joint == GRIPPER:
        return state.offset_ticks
    position = positions[state.spec.servo_id]
    try:
        return offset_for_zero(position, state.offset_ticks)
    except ValueError as error:
        raise servos.error(
            state.spec,
            f"reads {degrees(position):.0f} degrees and cannot be calibrated: {error}. Correct "
            "the pose, or how the horn is mounted",
        ) from error


def _show(
    states: Sequence[ServoState], positions: Mapping[int, int], offsets: Mapping[int, int]
) -> None:
    print("servo                 reads    offset now -> then (4096 a turn)")
    for state in states:
        servo_id = state.spec.servo_id
        print(
            f"{servo_id} {state.spec.joint:16} {degrees(positions[servo_id]):7.1f} deg  "
            f"{state.offset_ticks:6d} -> {offsets[servo_id]:d}"
        )


def _save(
    path: Path,
    arm: ArmConfig,
    states: Sequence[ServoState],
    offsets: Mapping[int, int],
    positions: Mapping[int, int],
) -> Path:
    """Write down this arm's calibration; the other arms' stays."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    adapter = adapter_serial(arm.port)
    mine = [
        ServoCalibration(
            bus=arm.name,
            servo_id=state.spec.servo_id,
            model=state.model.name,
            firmware=state.firmware,
            homing_offset_ticks=offsets[state.spec.servo_id],
            pair_difference_ticks=_pair_difference(state, positions),
            adapter=adapter,
            calibrated_utc=now,
        )
        for state in states
    ]
    others = [each for each in load_calibration(path) if each.bus != arm.name]
    both = sorted([*others, *mine], key=lambda each: (BUS_NAMES.index(each.bus), each.servo_id))
    return save_calibration(path, both)


def _pair_difference(state: ServoState, positions: Mapping[int, int]) -> int:
    """Of a shadow, how far it reads above its primary, in ticks."""
    spec = state.spec
    return positions[spec.servo_id] - positions[spec.secondary_id] if spec.shadow else 0


# ---- limits -------------------------------------------------------------------------------------


def _sweep(servos: ArmOffsets, states: Sequence[ServoState], seconds: float) -> None:
    """Watch the joints being moved to their ends.

    Raises:
        BringupError: one got well beyond its limits: its zero is wrong.
    """
    print(f"Now move each joint to both its ends: {seconds:.0f} s.", flush=True)
    reached = {servo_id: [value, value] for servo_id, value in servos.positions().items()}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for servo_id, value in servos.positions().items():
            reached[servo_id] = [min(reached[servo_id][0], value), max(reached[servo_id][1], value)]
    for state in states:
        lowest, highest = reached[state.spec.servo_id]
        said = f"from {degrees(lowest):.0f} to {degrees(highest):.0f} degrees"
        lower, upper = state.spec.min_ticks, state.spec.max_ticks
        limits = f"its limits are {degrees(lower):.0f} and {degrees(upper):.0f}"
        print(f"{state.spec.servo_id} {state.spec.joint:16} {said}; {limits}")
        if state.spec.joint != GRIPPER and (
            lowest < lower - BEYOND_TICKS or highest > upper + BEYOND_TICKS
        ):
            raise servos.error(
                state.spec,
                f"moved {said}, but {limits}: the zero pose was not the right one. The old "
                "offsets are put back; run teleop calibrate again",
            )


def _warn_of_limits(states: Sequence[ServoState]) -> None:
    for state in states:
        spec = state.spec
        if state.limits_ticks != (spec.min_ticks, spec.max_ticks):
            print(
                f"Note: servo {spec.servo_id} ({spec.joint}) has position limits "
                f"{state.limits_ticks[0]}-{state.limits_ticks[1]}, the rig file "
                f"{spec.min_ticks}-{spec.max_ticks}; see teleop doctor."
            )


# ---- the calibration there is -------------------------------------------------------------------


def _restore(path: Path, arm: ArmConfig, servos: ArmOffsets) -> None:
    states = servos.read()
    check_writable(servos, states)
    calibration = _calibration_of(path, arm)
    offsets = {state.spec.servo_id: state.offset_ticks for state in states}
    for state in states:
        known = find(calibration, arm.name, state.spec.servo_id)
        if known is None:
            continue
        differences = known.differences(
            state.model.name, state.firmware, known.homing_offset_ticks, adapter_serial(arm.port)
        )
        if differences:
            raise servos.error(
                state.spec,
                f"is not the one calibrated at {known.calibrated_utc}: {differences}. Another "
                "servo's offset would be wrong for it; run teleop calibrate",
            )
        offsets[state.spec.servo_id] = known.homing_offset_ticks
    with servos.changed(states, servos.still_positions(), offsets):
        print(f"{arm.name} has the offsets of {calibration_path(path)} again.")


def _check(path: Path, rig: RigConfig, arms: Sequence[ArmConfig]) -> int:
    """Print what differs from the calibration; 1 if anything does."""
    problems = []
    for arm in arms:
        calibration = _calibration_of(path, arm)
        with ArmOffsets(arm.name, arm.port, arm.baud, rig.servos(arm.role)) as servos:
            problems += _problems(arm, servos, calibration)
    for problem in problems:
        print(problem)
    if not problems:
        print(f"All as calibrated: {', '.join(arm.name for arm in arms)}.")
    return 1 if problems else 0


def _problems(
    arm: ArmConfig, servos: ArmOffsets, calibration: Sequence[ServoCalibration]
) -> list[str]:
    positions = servos.still_positions()
    adapter = adapter_serial(arm.port)
    found = []
    for state in servos.read():
        spec = state.spec
        known = find(calibration, arm.name, spec.servo_id)
        where = f"Servo {spec.servo_id} ({spec.joint}) of {arm.name}"
        if known is None:
            found.append(f"{where} was never calibrated: run teleop calibrate.")
            continue
        differences = known.differences(
            state.model.name, state.firmware, state.offset_ticks, adapter
        )
        if differences:
            found.append(
                f"{where} is not as calibrated at {known.calibrated_utc}: {differences}. Run "
                "teleop calibrate (--restore, if only the offset was lost)."
            )
        drift = _pair_difference(state, positions) - known.pair_difference_ticks
        if abs(drift) > DRIFT_TICKS:
            found.append(
                f"{where} reads {abs(drift) * 360 / TICKS_PER_TURN:.1f} degrees off its pair since "
                "calibration: look for a slipped horn, then run teleop calibrate."
            )
    return found


def _calibration_of(path: Path, arm: ArmConfig) -> list[ServoCalibration]:
    mine = [each for each in load_calibration(path) if each.bus == arm.name]
    if not mine:
        raise BringupError(
            f"{arm.name} has no calibration in {calibration_path(path)}: run teleop calibrate."
        )
    return mine


def _ask(question: str, yes: bool) -> None:
    """Wait for Enter.

    Raises:
        BringupError: there is nobody to press it.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise BringupError("There is no terminal to ask on: pose the arms, then give --yes.")
    try:
        input(f"{question}: ")
    except EOFError:
        raise BringupError("The terminal went away; nothing was written.") from None
