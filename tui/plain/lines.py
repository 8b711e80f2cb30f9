"""What there is to know about a session, in lines of text."""

from typing import Final

from recorder.cameras.camera import CameraState
from recorder.durations import in_words
from recorder.status import Verdict
from session.kind import RigKind
from session.status import Phase, TakeState
from teleop.joints import SIDES
from tui.facts.facts import (
    ArmsFacts,
    BusFacts,
    CameraFacts,
    Facts,
    JointFacts,
    LoopFacts,
    RecordingFacts,
    SessionFacts,
    TakeFacts,
)
from tui.facts.tracking import tracking_words

RECORDER_MATTERS: Final = (
    *(Phase.PREPARING, Phase.READY, Phase.RECORDING, Phase.SAVING, Phase.PAUSED, Phase.REVIEWING),
)
BUSY_SHARE: Final = 0.25
"""Of the encoders' queue: from there on it is shown."""
UNDECIDED: Final = (TakeState.RECORDING, TakeState.SAVING)


def progress_line(facts: Facts) -> str:
    """All in one line, as it is printed where nobody watches live."""
    return " | ".join(filter(None, [session_line(facts), recording_line(facts)]))


def session_line(facts: Facts) -> str:
    """Episode, step, stage reached, MB; what is waited for; how the arms do while they mirror."""
    session = facts.session
    parts = [session.kind.banner] if session.kind.banner else []
    if session.episode is not None and session.episodes:
        parts.append(f"episode {session.episode} ({session.attempt}/{session.episodes})")
    parts.append(session.phase.name.lower())
    if session.step is not None:
        parts.append(f"step {session.step}")
        if session.stage:
            parts.append(f"stage {session.stage}")
        if facts.recording is not None:
            parts.append(f"{facts.recording.journal_mb:.1f} MB")
    if session.tracking is not None:
        parts.append(tracking_words(session.tracking))
    parts += _flow(session)
    if session.phase is Phase.MIRRORING and facts.loop is not None:
        parts.append(health_line(facts.loop, facts.arms))
    if session.pace is not None and session.kind is RigKind.SIMULATED:
        parts.append(f"{session.pace:.2f}x real time")
    return " | ".join(parts)


def recording_line(facts: Facts) -> str:
    """How recording does; "" where nothing is, or may soon be, recorded."""
    if facts.recording is None or facts.session.phase not in RECORDER_MATTERS:
        return ""
    return " | ".join(_recording_parts(facts.recording))


def health_line(loop: LoopFacts, arms: ArmsFacts | None) -> str:
    """The numbers in a row, the calm ones too: they are what one looks for."""
    parts = [
        f"{loop.rate_hz:.1f} Hz",
        f"late {loop.late_ms:.2f} ms",
        f"missed {loop.missed}",
        f"lost {sum(bus.lost for bus in loop.buses)}, "
        f"asked again {sum(bus.again for bus in loop.buses)}",
    ]
    limited = (
        [f"{each.name} ({each.limited})" for each in arms.joints if each.limited] if arms else []
    )
    if limited:
        parts.append(f"limited: {', '.join(limited)}")
    if arms is not None and arms.hottest is not None:
        parts.append(f"hottest {arms.hottest[0]} {arms.hottest[1]} °C")
    return " | ".join(parts)


def detail_lines(facts: Facts) -> list[str]:
    """What a screen shows beside the progress: loop, buses, arms, cameras, recorder."""
    lines = []
    if facts.loop is not None:
        lines += [_loop(facts.loop), f"buses: {', '.join(map(_bus, facts.loop.buses))}"]
    if facts.arms is not None and any(joint.follower is not None for joint in facts.arms.joints):
        lines += _joints(facts.arms)
    if facts.recording is not None and facts.recording.cameras:
        lines.append(f"cameras: {', '.join(map(_camera, facts.recording.cameras))}")
        lines.append(f"recorder: {_recorder(facts.recording)}")
    return [f"  {line}" for line in lines]


def take_line(take: TakeFacts) -> str:
    """What has become of a take; "" while that is open."""
    if take.state in UNDECIDED:
        return ""
    judged = take.verdict is not Verdict.UNKNOWN
    what = f"Episode {take.episode} {take.state.name.lower()}"
    what += f", quality {take.verdict.name.lower()}" if judged else ""
    said = "; ".join(filter(None, [take.label, take.reason]))
    sentences = filter(None, [f"{what}: {said}" if said else what, take.advice])
    return " ".join(f"{sentence[0].upper()}{sentence[1:].rstrip('.')}." for sentence in sentences)


def _flow(session: SessionFacts) -> list[str]:
    parts = []
    if session.accepted or session.rejected:
        parts.append(f"accepted {session.accepted}, rejected {session.rejected}")
    if session.reset_left_s is not None:
        over = session.reset_left_s < 0
        parts.append(
            f"reset the scene: {in_words(-session.reset_left_s)} over"
            if over
            else f"reset the scene: {session.reset_left_s:.0f} s"
        )
    if session.pausing and session.phase is not Phase.PAUSED:
        parts.append("pausing after this")
    return parts


def _recording_parts(facts: RecordingFacts) -> list[str]:
    """Trouble first, as a narrow terminal cuts off what is last; rates and disk always, the rest
    where there is something to say."""
    parts = [
        f"{each.name} {each.state.name} {_silence(each)}".rstrip()
        for each in facts.cameras
        if each.state is not CameraState.LIVE
    ]
    if facts.queue > BUSY_SHARE * facts.room:
        parts.append(f"encoding behind {facts.queue}/{facts.room}")
    if facts.dropped:
        parts.append(f"{facts.dropped} steps without pictures of their own")
    if facts.cameras:
        rates = list(map(_rate, facts.cameras))
        parts.append(f"cameras {' '.join(rates if len(set(rates)) > 1 else rates[:1])} Hz")
    if facts.skew_ms:
        parts.append(f"skew {facts.skew_ms:.0f} ms")
    if facts.room:
        parts.append(f"disk {in_words(facts.disk_left_s)}")
    if facts.last_saved is not None and facts.last_saved[1] is not Verdict.UNKNOWN:
        number, verdict = facts.last_saved
        parts.append(f"last: {number} {verdict.name.lower()}")
    return parts


def _loop(loop: LoopFacts) -> str:
    rate = f"loop: {loop.rate_hz:.1f} of {loop.wanted_hz:.0f} Hz"
    if loop.lockstep:
        return f"{rate}, in lock-step with the simulated world"
    late = f"late {loop.late_ms:.2f} ms, at most {loop.late_max_ms:.2f} ms, missed {loop.missed}"
    return f"{rate}, {late}, {loop.realtime}"


def _bus(bus: BusFacts) -> str:
    words = f"{bus.name} lost {bus.lost} again {bus.again}"
    words += "" if bus.connected else " not connected"
    words += "" if bus.voltage_v is None else f" {bus.voltage_v:.1f} V"
    return words + (f" {bus.errors}" if bus.errors else "")


def _joints(arms: ArmsFacts) -> list[str]:
    """A line an arm: leader/follower as shares of the range, and what burdens the servo."""
    lines = []
    for side in SIDES:
        own = [each for each in arms.joints if each.name.startswith(side)]
        if own:
            joints = ", ".join(_joint(each, side, arms.effort_unit) for each in own)
            lines.append(f"{side} arm: {joints}")
    return lines


def _joint(joint: JointFacts, side: str, unit: str) -> str:
    places = "/".join("-" if at is None else f"{at:.2f}" for at in (joint.leader, joint.follower))
    words = f"{joint.name.removeprefix(f'{side}_')} {places}"
    words += "" if joint.temperature_degc is None else f" {joint.temperature_degc} °C"
    words += "" if joint.effort is None else f" {joint.effort:.0f} {unit}"
    return words + (f" limited ({joint.limited})" if joint.limited else "")


def _camera(camera: CameraFacts) -> str:
    words = f"{camera.name} {camera.state.name.lower()} {_rate(camera)} Hz"
    words += "" if camera.age_ms is None else f" {camera.age_ms:.0f} ms old"
    return words + (f" {camera.stale_steps} stale steps" if camera.stale_steps else "")


def _recorder(facts: RecordingFacts) -> str:
    rate = "" if facts.mb_s is None else f", {facts.mb_s:.1f} MB/s"
    skew = "" if facts.skew_ms is None else f", skew {facts.skew_ms:.0f} ms"
    low = ", too little for another episode" if facts.disk_low else ""
    return f"queue {facts.queue}/{facts.room}{rate}{skew}, disk {in_words(facts.disk_left_s)}{low}"


def _rate(camera: CameraFacts) -> str:
    live = camera.state is CameraState.LIVE and (camera.rate_hz or 0) > 0
    return f"{camera.rate_hz:.0f}" if live else "-"


def _silence(camera: CameraFacts) -> str:
    return "" if camera.silent_s is None else in_words(camera.silent_s)
