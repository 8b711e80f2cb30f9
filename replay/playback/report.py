"""What came of a playback, in words and as a record."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from session.tracking import JointTracking, PlaybackReport
from teleop.config import ConfigError, build, read_json
from teleop.joints import is_gripper


def read_report(path: Path) -> PlaybackReport | None:
    """What the session has left; None: it left nothing."""
    try:
        return build(PlaybackReport, read_json(path), str(path))
    except ConfigError:
        return None


def lines_of(report: PlaybackReport) -> Iterator[str]:
    """The tracking report: joint by joint, then the whole."""
    yield f"{report.episode}: {_how_far(report)}"
    if report.joints:
        yield "  joint                    rms      worst   at step   limited   (rad; gripper 0-1)"
        yield from map(_joint, report.joints)
    if report.rms_rad is not None and report.largest_rad is not None:
        yield (
            f"  tracking   rms {report.rms_rad:.4f} rad over all arm joints; worst "
            f"{report.largest_rad:+.3f} rad at {report.largest_joint}"
        )
    if report.stage is not None:
        yield f"  task       {_task(report)}"


def summary_of(reports: Sequence[PlaybackReport], asked: int) -> Iterator[str]:
    """Of several."""
    complete = sum(report.complete for report in reports)
    yield f"{complete} of {asked} were played back to their end."
    judged = [report for report in reports if report.succeeded is not None]
    before = [report for report in judged if report.recorded == "success"]
    if before:
        again = sum(bool(report.succeeded) for report in before)
        yield f"{again} of {len(before)} recorded successes succeeded again."
    rms = [report.rms_rad for report in reports if report.rms_rad is not None]
    if rms:
        yield f"tracking: rms {min(rms):.4f} to {max(rms):.4f} rad"


def record_of(path: Path, report: PlaybackReport) -> dict[str, object]:
    """For programs."""
    return {
        "path": str(path),
        **asdict(report),
        "complete": report.complete,
        "succeeded": report.succeeded,
    }


def _how_far(report: PlaybackReport) -> str:
    if report.complete:
        return f"played back to its end, {report.played} ticks"
    return f"{report.played} of {report.ticks} ticks were played: {report.ended_by}"


def _joint(joint: JointTracking) -> str:
    digits = 3 if is_gripper(joint.name) else 4
    limited = f"{joint.limited}x" if joint.limited else ""
    return (
        f"  {joint.name:<20} {joint.rms:8.{digits}f}   {joint.largest:+8.{digits}f}   "
        f"{joint.largest_at:7}   {limited:>7}"
    ).rstrip()


def _task(report: PlaybackReport) -> str:
    assert report.stage is not None
    reached = f"stage {report.stage} of {len(report.stages) - 1}, {report.stages[report.stage]!r}"
    then = f"it was a {report.recorded} when it was recorded"
    if report.succeeded:
        return (
            f"succeeded again ({reached})"
            if report.recorded == "success"
            else (f"succeeded ({reached}); {then}")
        )
    return f"not done: {reached}; {then}"
