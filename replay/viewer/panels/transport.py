"""The transport line: playing or not, how fast, where."""

from replay.viewer.view import View
from tui.dashboard.drawing.rows import Row, spread, width_of


def transport_rows(view: View, width: int, height: int) -> list[Row]:
    """One row, as a title."""
    state, timeline = view.state, view.loaded.timeline
    word = "► playing" if state.playing else "‖ paused "
    at_s, end_s = timeline.at(view.step), timeline.end_s
    left: Row = [
        (f" {word} ", "key" if state.playing else "title"),
        (f" {state.speed:g}x   {at_s:.2f} / {end_s:.2f} s   ", "title"),
        (f"step {view.step} / {timeline.last}", "title"),
    ]
    parts = [part for part in (stage_of(view), counts_of(view)) if part]
    room = width - width_of(left) - 3
    right = next(
        (text for gap in ("   ", " ") if len(text := gap.join(parts)) <= room), parts[-1:] or [""]
    )
    return [spread(left, [(f"  {''.join(right)} ", "title")], width, "title")]


def stage_of(view: View) -> str:
    """The stage of the simulated task; what the task has at most is not in the file."""
    stages = view.loaded.stages
    if "stages" in view.loaded.faults:
        return "stage unreadable"
    if stages is None:
        return ""
    return f"stage {int(stages[view.step])} of {int(stages.max())} reached"


def counts_of(view: View) -> str:
    """How many marks of each kind there are."""
    counts = {"reject": 0, "warn": 0, "event": 0}
    for mark in view.loaded.marks:
        counts[mark.severity] += 1
    said = [f"{count} {name}" for name, count in counts.items() if count]
    return "  ".join([*said, *(["events unreadable"] if "marks" in view.loaded.faults else [])])
