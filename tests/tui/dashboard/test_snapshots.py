"""The main states as they look: characters and styles, compared exactly with files.

After a wanted change: ``UPDATE_SNAPSHOTS=1 pytest tests/tui/dashboard/test_snapshots.py``, and look
at what ``git diff`` shows.
"""

import asyncio
import os
from itertools import groupby
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.tui.dashboard.board_app import BoardApp, screen_text, settle
from tests.tui.dashboard.fake_facts import MESSAGES, STATES, thumbnails
from tui.dashboard.board import Board
from tui.dashboard.drawing.palette import DARK

SNAPSHOTS = Path(__file__).parent / "snapshots"
MAIN = ("waiting", "recording", "saving", "holding", "fault", "trouble", "simulated", "no_data")
SIZES = ((80, 24), (120, 40), (160, 45))
OTHERS = (
    *(
        ("mirroring", (80, 24)),
        ("replaying", (80, 24)),
        ("replaying", (120, 40)),
        ("one_pair", (120, 40)),
        ("long_names", (80, 24)),
    ),
    *(("review", (80, 24)), ("review", (120, 40)), ("paused", (120, 40)), ("recording", (40, 6))),
)
CASES = [*((name, size) for name in MAIN for size in SIZES), *OTHERS]


@pytest.mark.parametrize(
    ("name", "size"), CASES, ids=[f"{name}-{size[0]}x{size[1]}" for name, size in CASES]
)
def test_the_screen_looks_as_it_did(name: str, size: tuple[int, int]) -> None:
    shown = snapshot(name, size)
    file = SNAPSHOTS / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        changed = not file.exists() or file.read_text() != shown
        file.write_text(shown)
        if changed:
            pytest.fail(f"{file.name} is written anew: look at it, then run without the variable.")
        return
    assert file.exists(), f"{file.name} is missing: run with UPDATE_SNAPSHOTS=1."
    assert shown.splitlines() == file.read_text().splitlines()


def snapshot(name: str, size: tuple[int, int]) -> str:
    """The lines of the screen; then the styles of every line as runs of (columns, name)."""
    lines: list[str] = []

    async def run() -> None:
        app = BoardApp(DARK)
        async with app.run_test(size=size) as pilot:
            app.board.show(STATES[name], MESSAGES, thumbnails(STATES[name]))
            await settle(app, pilot)
            lines.extend(f"|{line}|" for line in screen_text(app))
            lines.extend(", ".join(_runs(row)) for row in _styles_on(app.board, size))

    asyncio.run(run())
    return "\n".join(lines) + "\n"


def _styles_on(board: Board, size: tuple[int, int]) -> list[list[str]]:
    """The name of the style of every cell; the pixels of pictures have one name."""
    width, height = size
    cells = [["gap"] * width for _ in range(height)]
    for panel in board.panels.values():
        if panel.display:
            for y, row in enumerate(panel.rows, panel.region.y):
                names = [name for text, name in row for _ in range(cell_len(text))]
                cells[y][panel.region.x : panel.region.right] = names
    return [["picture" if name.startswith("#") else name for name in row] for row in cells]


def _runs(row: list[str]) -> list[str]:
    return [f"{len(list(run))} {name}" for name, run in groupby(row)]
