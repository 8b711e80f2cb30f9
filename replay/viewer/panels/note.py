"""What is to be said about this moment: the mark that was jumped to, or those that lie over it."""

from replay.material import Mark
from replay.viewer.panels.verdicts import SYMBOLS
from replay.viewer.view import View
from tui.dashboard.drawing.rows import Row, cell, cut, lines_of

EVENT_S = 1.0
"""So long an event is shown after it."""
STYLES = {"reject": "severe", "warn": "alarm", "event": "notice"}


def note_rows(view: View, width: int, height: int) -> list[Row]:
    """A notice; or a mark in at most so many lines; or the prompt, and what cannot be read."""
    if view.notice:
        return [[(cell(f" {view.notice}", width), "notice")]]
    number = told(view)
    if number is not None:
        return _mark_rows(view, number, width, height)
    faults = [f"{name}: {fault}" for name, fault in view.loaded.faults.items() if name != "joints"]
    if faults or view.loaded.fault:
        lines = lines_of("  ".join(faults) or view.loaded.fault, width - 3, height)
        return [[(cell(f" ! {line}", width), "warn")] for line in lines]
    prompt = view.loaded.facts.prompt if view.loaded.facts else ""
    return [[(cell(f" {prompt}", width), "dim")]]


def told(view: View) -> int | None:
    """The number of the mark to be told of: the one that was jumped to; else the shortest that lies
    over the step, or an event just before it. Those about all of the episode are told on request
    only."""
    if view.state.mark is not None:
        return view.state.mark
    timeline, step, at_s = view.loaded.timeline, view.step, view.state.at_s
    over = [
        (mark.last - mark.first, number)
        for number, mark in enumerate(view.loaded.marks)
        if mark.first <= step
        and (mark.last >= step or _is_recent(mark, timeline.at(mark.first), at_s))
        and mark.last - mark.first < timeline.last
    ]
    return min(over)[1] if over else None


def _is_recent(mark: Mark, event_s: float, at_s: float) -> bool:
    return mark.severity == "event" and at_s - event_s < EVENT_S


def _mark_rows(view: View, number: int, width: int, height: int) -> list[Row]:
    mark = view.loaded.marks[number]
    badge = f" {SYMBOLS[mark.severity]} {mark.severity} "
    head = f" {number + 1}/{len(view.loaded.marks)}  {when(view, mark)}  "
    kind = "" if mark.severity == "event" else f"{mark.kind.replace('_', ' ')}: "
    indent = len(badge) + 1
    advice = 1 if mark.advice and height > 1 else 0
    lines = lines_of(f"{head.strip()}  {kind}{mark.text}", width - indent, height - advice)
    rows: list[Row] = [[(badge, STYLES[mark.severity]), (f" {lines[0]}", "ink")]]
    rows += [[(" " * indent, "ink"), (line, "ink")] for line in lines[1:]]
    if advice:
        rows.append([(" " * (indent - 2), "ink"), (cut(f"→ {mark.advice}", width), "strong")])
    return rows


def when(view: View, mark: Mark) -> str:
    """The seconds of a mark."""
    timeline = view.loaded.timeline
    if (mark.first, mark.last) == (0, timeline.last) and mark.severity != "event":
        return "all of it"
    begin_s, end_s = timeline.at(mark.first), timeline.at(mark.last)
    return f"{begin_s:.2f} s" if mark.first == mark.last else f"{begin_s:.2f} to {end_s:.2f} s"
