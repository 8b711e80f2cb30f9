"""What a terminal without room for the board shows: what must be known all the same."""

from session.status import Phase
from tui.dashboard.drawing.rows import Row, cell, lines_of
from tui.dashboard.panels.arrangement import LEAST_HEIGHT, LEAST_WIDTH
from tui.dashboard.panels.scene import Scene
from tui.dashboard.panels.state import look_of


def too_small_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """State, time and the key that holds; then the size that is needed, then what is asked."""
    session = scene.facts.session
    look = look_of(session)
    recording = session.phase is Phase.RECORDING and session.elapsed_s is not None
    parts = (
        f"{look.symbol} {look.word}",
        f"{session.elapsed_s:.1f} s" if recording else "",
        f"{scene.keys['hold']}: hold" if scene.keys.get("hold") else "",
    )
    state = lines_of("  ".join(filter(None, parts)), max(width - 1, 1), 1 if height < 4 else 2)
    rows: list[Row] = [[(cell(f" {line}", width), look.style)] for line in state]
    need = f"{width} x {height}: enlarge to {LEAST_WIDTH} x {LEAST_HEIGHT}"
    rows.append([(cell(f" {need}", width), "alarm")])
    asked = lines_of(session.question, max(width - 1, 1), max(height - len(rows), 0))
    rows += [[(cell(f" {line}", width), "question")] for line in asked]
    return rows[:height]
