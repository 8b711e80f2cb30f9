"""What a terminal without room for the viewer shows: which episode, where, and the size needed."""

from replay.viewer.panels.verdicts import VERDICTS
from replay.viewer.view import View
from tui.dashboard.drawing.rows import Row, cell
from tui.dashboard.panels.arrangement import LEAST_HEIGHT, LEAST_WIDTH


def too_small_rows(view: View, width: int, height: int) -> list[Row]:
    """Three rows."""
    look = VERDICTS[view.loaded.word]
    timeline = view.loaded.timeline
    need = f" {width} x {height}: enlarge to {LEAST_WIDTH} x {LEAST_HEIGHT}"
    where = f" {timeline.at(view.step):.2f} of {timeline.end_s:.2f} s   q: leave"
    rows: list[Row] = [
        [(cell(f" {look.text}  {view.loaded.path.stem}", width), look.style)],
        [(cell(need, width), "alarm")],
        [(cell(where, width), "ink")],
    ]
    return rows[:height]
