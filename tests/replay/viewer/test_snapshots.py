"""The viewer as it looks: characters, compared exactly with files.

After a wanted change: ``UPDATE_SNAPSHOTS=1 pytest tests/replay/viewer/test_snapshots.py``, and look
at what ``git diff`` shows.
"""

import os
from itertools import groupby
from pathlib import Path

import pytest
from rich.cells import cell_len

from replay.inspect.checked import Checked, check_file
from tests.replay.viewer.viewer_bench import Size, Spectator, make, troubled, watch

SNAPSHOTS = Path(__file__).parent / "snapshots"
CASES: list[tuple[str, Size, str]] = [
    ("plot", (80, 24), "down n n"),
    ("plot", (120, 40), "n n"),
    ("grid", (120, 40), "end j"),
    ("numbers", (80, 24), "g 6 5 enter j j"),
    ("large", (120, 40), "2 z z z"),
    ("help", (80, 24), "question_mark"),
]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check_file(make(tmp_path_factory.mktemp("trouble"), 4, troubled))


@pytest.mark.parametrize(
    ("name", "size", "keys"), CASES, ids=[f"{name}-{size[0]}x{size[1]}" for name, size, _ in CASES]
)
def test_the_screen_looks_as_it_did(checked: Checked, name: str, size: Size, keys: str) -> None:
    shown = snapshot(checked, size, keys.split())
    file = SNAPSHOTS / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        changed = not file.exists() or file.read_text() != shown
        file.write_text(shown)
        if changed:
            pytest.fail(f"{file.name} is written anew: look at it, then run without the variable.")
        return
    assert file.exists(), f"{file.name} is missing: run with UPDATE_SNAPSHOTS=1."
    assert shown.splitlines() == file.read_text().splitlines()


def snapshot(checked: Checked, size: Size, keys: list[str]) -> str:
    """The lines of the screen; then the styles of the rows of every part, as runs of (columns,
    name), the pixels of pictures under one name."""
    lines: list[str] = []

    async def look(user: Spectator) -> None:
        await user.press(*keys)
        lines.extend(f"|{line}|" for line in user.lines)
        for name, part in user.app.board.parts.items():
            if part.display:
                lines.append(f"{name}:")
                lines.extend(_runs(part.rows))

    watch([checked.path], look, size, {checked.path: checked})
    return "\n".join(lines) + "\n"


def _runs(rows: list[list[tuple[str, str]]]) -> list[str]:
    named = [
        [(cell_len(text), "picture" if style.startswith("#") else style) for text, style in row]
        for row in rows
    ]
    return [
        ", ".join(
            f"{sum(width for width, _ in run)} {style}"
            for style, run in ((key, list(group)) for key, group in groupby(row, lambda it: it[1]))
        )
        for row in named
    ]
