"""An episode's summary as plain text lines."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Final

from recorder.episode.history import History
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.errors import AmendError
from replay.inspect.filled import filled, filled_words
from replay.inspect.summary import CameraSummary, JointSummary, Summary, Timing
from teleop.tick import Realtime

MAX_EVENTS: Final = 20
MEGABYTE: Final = 1e6
KINDS: Final = {"simulated": "SIMULATED RIG", "emulated": "EMULATED ARMS", "real": "real rig"}


def head(episode: EpisodeReader, summary: Summary) -> Iterator[str]:
    """What it is of, when it was recorded, how it ended, how long it is."""
    facts = episode.facts
    yield str(episode.path)
    yield from _what(facts)
    yield from _trims(episode)
    yield (
        f"  {episode.steps} steps, {summary.seconds:.2f} s at {facts.fps} Hz of "
        f"{'simulated' if facts.simulated_time else 'real'} time, "
        f"{episode.size_bytes / MEGABYTE:.1f} MB"
    )


def details(episode: EpisodeReader, summary: Summary) -> Iterator[str]:
    """Cameras, joints and servos, events; at last, where it comes from."""
    facts = episode.facts
    yield "cameras"
    for camera in summary.cameras:
        yield from _camera(camera)
    yield from _together(summary)
    yield from _test_pictures(facts)
    yield "joints (rad; gripper 0 closed, 1 open)"
    for joint in summary.joints:
        yield from _joint(joint)
    yield from _health(facts, summary)
    yield from _events(episode)
    yield from _provenance(facts)


def _what(facts: EpisodeFacts) -> Iterator[str]:
    kind = KINDS.get(facts.arms_kind, facts.arms_kind)
    seed = [f"seed {facts.seed}"] if facts.seed is not None else []
    reason = f": {facts.label_reason}" if facts.label_reason else ""
    yield from filled_words("  task      ", f"{facts.task}: {facts.prompt or 'no prompt'}")
    yield from filled("  recorded  ", [f"{facts.started_utc} on {kind} ({facts.rig})", *seed])
    yield from filled_words("  outcome   ", f"{facts.success}{reason}")
    for note in (facts.notes or "").splitlines():
        yield from filled_words("  note      ", note)
    if facts.recovered:
        yield from filled_words("  recovered ", f"from a journal. {facts.recovery_note}")


def _trims(episode: EpisodeReader) -> Iterator[str]:
    """What was cut off since it was recorded."""
    try:
        for edit in History(episode.path, episode.facts.edits).trims:
            yield f"  trimmed   to steps {edit.first}-{edit.last} of {edit.of}, {edit.utc}"
    except AmendError as error:
        yield f"  edits     {error}"


def _camera(camera: CameraSummary) -> Iterator[str]:
    size = f"{camera.width}x{camera.height}"
    label = f"  {camera.name:<16} {size:>9}  {camera.fps:5.1f} fps  "
    yield from filled(label, [f"{camera.mean_bytes / 1e3:.1f} kB a frame", *_age(camera)])
    counts = {
        "repeated": camera.repeated,
        "stale": camera.stale,
        "missing": camera.missing,
    }
    if any(counts.values()):
        told = ", ".join(f"{count} {word}" for word, count in counts.items())
        yield f"      {told}"


def _age(camera: CameraSummary) -> list[str]:
    if camera.age_ms is None:
        return []
    return [f"age {camera.age_ms:.0f} ms (at most {camera.oldest_ms:.0f})"]


def _together(summary: Summary) -> Iterator[str]:
    """What holds of the pictures of a step."""
    if summary.skew_ms is not None:
        yield f"  skew      {summary.skew_ms:.1f} ms (at most {summary.worst_skew_ms:.1f})"
    if not any(each.repeated or each.stale or each.missing for each in summary.cameras):
        yield "  no picture is repeated, stale or missing"
    if summary.dropped:
        yield f"  {summary.dropped} steps without pictures of their own: the recorder was behind"


def _joint(joint: JointSummary) -> Iterator[str]:
    line = f"  {joint.name:<20} {joint.lowest:7.3f} .. {joint.highest:6.3f}"
    if joint.limited:
        limits = [f"{name} {count}x" for name, count in joint.limited.items()]
        yield from filled(f"{line}   limited: ", limits)
    else:
        yield line


def _test_pictures(facts: EpisodeFacts) -> Iterator[str]:
    """Which of the cameras were none."""
    try:
        kinds = json.loads(facts.camera_kind or "{}")
        names = [name for name, kind in kinds.items() if kind == "pattern"]
    except (ValueError, AttributeError):  # `check` tells
        return
    if names:
        yield f"  TEST PICTURES, no cameras: {', '.join(names)}"


def _health(facts: EpisodeFacts, summary: Summary) -> Iterator[str]:
    if summary.lag_ticks is None:
        yield "tracking  nothing moved"
    else:
        lag_ms = 1000 * summary.lag_ticks / facts.fps
        yield f"tracking  qpos follows action by {summary.lag_ticks} ticks ({lag_ms:.0f} ms)"
    yield from filled(
        "losses    ",
        [
            f"{facts.missing_steps} steps missing",
            f"{summary.missed_deadlines} deadlines missed",
            f"replies lost: {_by_bus(summary.lost)}",
            f"asked again: {_by_bus(summary.retries)}",
            f"not believed: {_by_bus(summary.rejected)}",
        ],
    )
    if summary.unplugged:
        yield f"unplugged {_by_bus(summary.unplugged)} steps"
    if summary.timing:
        yield from _timing(summary.timing)
    coldest, hottest = summary.temperature_degc
    lowest, highest = summary.voltage_v
    yield (
        f"servos    {coldest:.0f}-{hottest:.0f} degC, {lowest:.1f}-{highest:.1f} V, "
        f"{summary.hardware_errors or 'no'} hardware errors"
    )


def _timing(timing: Timing) -> Iterator[str]:
    stages = ", ".join(f"{name} {ms:.2f}" for name, ms in timing.stages_ms.items())
    late = (
        f"ticks late by {timing.late_p99_ms:.2f} ms (p99), {timing.late_worst_ms:.2f} ms at worst"
    )
    yield from filled("timing    ", [late, f"median ms: {stages}"], "; ")
    if timing.granted is not None:
        scheduling = "SCHED_FIFO" if Realtime.FIFO in timing.granted else "ordinary scheduling"
        memory = "locked" if Realtime.MEMORY_LOCKED in timing.granted else "not locked"
        yield f"          {scheduling}, memory {memory}"


def _by_bus(counts: dict[str, int]) -> str:
    return ", ".join(f"{bus} {count}" for bus, count in counts.items()) or "none"


def _events(episode: EpisodeReader) -> Iterator[str]:
    events = episode.events()
    if not events:
        yield "events    none"
        return
    yield f"events    {len(events)}"
    start_ns = int(episode.column("/tandem/tick_ns")[0])
    for event in events[:MAX_EVENTS]:
        yield f"  {(event.t_ns - start_ns) / 1e9:8.2f} s  {event.text}"
    if len(events) > MAX_EVENTS:
        yield f"  ... and {len(events) - MAX_EVENTS} more"


def _provenance(facts: EpisodeFacts) -> Iterator[str]:
    yield from filled("software  ", _flat(facts.software))
    yield from _inventory(facts.servos)
    yield from _devices(facts.cameras)
    yield f"id        {facts.episode_id}"


def _inventory(text: str) -> Iterator[str]:
    """Models and firmware by bus, equal ones counted instead of listed."""
    try:
        buses = json.loads(text)
        found = {bus: Counter(servos.values()) for bus, servos in buses.items()}
    except (ValueError, AttributeError, TypeError):
        if text:
            yield from filled_words("servos    ", text)
        return
    for bus, servos in found.items():
        yield from filled(f"  {bus:<16} ", [f"{n} x {name}" for name, n in servos.items()])


def _devices(text: str | None) -> Iterator[str]:
    """What each camera was, and what could not be set on it."""
    try:
        cameras = json.loads(text or "{}")
        for name, about in cameras.items():
            told = [about["device"] or about["kind"], about["serial"], about["firmware"]]
            clock = f"capture time: {about['clock']}"
            yield from filled(f"  {name:<16} ", [*filter(None, told), clock])
            yield from (f"    {fault}" for fault in about["not_set"])
    except (ValueError, AttributeError, TypeError, KeyError):  # `check` tells
        return


def _flat(text: str) -> list[str]:
    """A JSON object as clauses; any other text as it is."""
    try:
        values = json.loads(text)
    except ValueError:
        return [text]
    if not isinstance(values, dict):
        return [text]
    return [f"{key} {value}" for key, value in values.items()]
