"""The recorder: whether it keeps up, and how long the disk lasts."""

from typing import Final

from recorder.durations import in_words
from recorder.status import Verdict
from tui.dashboard.drawing.bars import bar
from tui.dashboard.drawing.rows import Row, fit, title
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import RecordingFacts

BUSY: Final = 0.5
"""Of the queue's room: from there on the recorder is falling behind."""
SILENT_S: Final = 1.0
SHORT_S: Final = 1800.0
"""Less recording than this left on the disk is worth a warning."""
VERDICTS: Final = {
    Verdict.UNKNOWN: "not checked",
    Verdict.OK: "✓ ok",
    Verdict.WARN: "! warning",
    Verdict.REJECT: "✗ rejected",
}


def recorder_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """Trouble first; what there is room for."""
    recording = scene.facts.recording
    if recording is None:
        return [title("RECORDER", "nothing known yet", width)]
    head = title("RECORDER", _headline(recording), width, _in_trouble(recording))
    queue = fit(_queue(recording, width), width)
    steps = fit(_steps(recording, saving=height <= 3), width)
    if height <= 3:
        return [head, queue, steps]
    last = recording.last_saved
    saved = "none yet" if last is None else f"episode {last[0]} {VERDICTS[last[1]]}"
    return [
        head,
        queue,
        steps,
        _named("episode", f"{recording.journal_mb:.1f} MB", width),
        _named("to save", f"{recording.finalising}", width),
        _named("saved", saved, width),
    ][:height]


def _headline(recording: RecordingFacts) -> str:
    if recording.silent_s > SILENT_S:
        return f"silent for {recording.silent_s:.0f} s"
    left = f"disk {disk_words(recording.disk_left_s)}"
    return f"{left}: FULL" if recording.disk_low else f"{left} left"


def disk_words(seconds: float) -> str:
    """How much recording fits on the disk, in minutes while that is what counts."""
    return f"{seconds / 60:.0f} min" if seconds < 6000 else in_words(seconds)


def _in_trouble(recording: RecordingFacts) -> bool:
    return (
        recording.silent_s > SILENT_S
        or recording.disk_low
        or recording.disk_left_s < SHORT_S
        or _behind(recording)
        or recording.dropped > 0
        or recording.missing > 0
    )


def _behind(recording: RecordingFacts) -> bool:
    return recording.queue > BUSY * max(recording.room, 1)


def _queue(recording: RecordingFacts, width: int) -> Row:
    rate = "" if recording.mb_s is None else f"  {recording.mb_s:.1f} MB/s"
    text = f" {recording.queue}/{recording.room}{rate}"
    behind = _behind(recording)
    share = recording.queue / max(recording.room, 1)
    return [
        (" queue   ", "dim"),
        (bar(share, max(width - 10 - len(text), 4)), "bar.warn" if behind else "bar"),
        (text, "warn" if behind else "ink"),
    ]


def _steps(recording: RecordingFacts, saving: bool) -> Row:
    row: Row = [
        (" dropped", "dim"),
        (f" {recording.dropped}", "warn" if recording.dropped else "ink"),
        ("  lost", "dim"),
        (f" {recording.missing}", "warn" if recording.missing else "ink"),
    ]
    return [*row, ("  to save", "dim"), (f" {recording.finalising}", "ink")] if saving else row


def _named(name: str, text: str, width: int) -> Row:
    return fit([(f" {name:<8}", "dim"), (text, "ink")], width)
