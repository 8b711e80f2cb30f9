"""The board as a widget: sizes, colours, cameras, and how little it draws again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.geometry import Region

from session.status import Phase
from tests.tui.dashboard.board_app import BoardApp, screen_text, settle, strips_of
from tests.tui.dashboard.fake_facts import MESSAGES, STATES, facts, session, thumbnails
from tui.dashboard.board import Board
from tui.dashboard.drawing.palette import DARK, LIGHT, PLAIN, Palette
from tui.dashboard.panels.panel import Panel, differing
from tui.facts.facts import Facts

Steps = Callable[[BoardApp, Any], Awaitable[None]]


def on_board(
    steps: Steps, size: tuple[int, int] = (120, 40), palette: Palette | None = DARK
) -> None:
    async def run() -> None:
        app = BoardApp(palette)
        async with app.run_test(size=size) as pilot:
            await steps(app, pilot)

    asyncio.run(run())


def show(board: Board, whole: Facts) -> None:
    board.show(whole, MESSAGES, thumbnails(whole))


def test_every_state_at_every_size_is_shown() -> None:
    async def steps(app: BoardApp, pilot: Any) -> None:
        for size in [(80, 24), (126, 26), (120, 40), (230, 70)]:
            await pilot.resize_terminal(*size)
            for name, whole in STATES.items():
                show(app.board, whole)
                await settle(app, pilot)
                lines = screen_text(app)
                assert len(lines) == size[1]
                assert "keys" in lines[-1], (name, size)
                assert "▀" in lines[0] + lines[1], (name, size)

    on_board(steps)


def test_a_screen_that_is_too_small_says_so_and_what_must_be_known() -> None:
    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, facts())
        await settle(app, pilot)
        lines = screen_text(app)
        assert lines[0].startswith(" ● RECORDING 12.4 s Space: hold")
        assert lines[1].startswith(" 70 x 20: enlarge to 80 x 24")
        show(app.board, STATES["holding"])
        await settle(app, pilot)
        assert "HOLDING Space: hold" in screen_text(app)[0]
        assert "then Enter" in "".join(screen_text(app)[2:5])
        for size in ((20, 4), (1, 1), (9, 2)):
            await pilot.resize_terminal(*size)
            await settle(app, pilot)
        await pilot.resize_terminal(80, 24)
        await settle(app, pilot)
        assert "ARMS" in "".join(screen_text(app))

    on_board(steps, (70, 20))


def test_cameras_take_the_middle_and_give_it_back() -> None:
    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, facts())
        app.board.toggle_cameras()
        await settle(app, pilot)
        shown = "".join(screen_text(app))
        assert "cam_left_wrist" in shown
        assert "ARMS" not in shown
        app.board.toggle_cameras()
        show(app.board, facts())
        await settle(app, pilot)
        assert "ARMS" in "".join(screen_text(app))

    on_board(steps, (80, 24))


def test_the_same_facts_draw_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str | None, Region]] = []

    def refresh(self: Panel, *regions: Region, **_: Any) -> Panel:
        asked.extend((self.name, region) for region in regions)
        return self

    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, facts())
        await settle(app, pilot)
        monkeypatch.setattr(Panel, "refresh", refresh)
        show(app.board, facts())
        assert asked == []
        app.board.show(facts(session=session(elapsed_s=12.6)), MESSAGES)
        assert {name for name, _ in asked} == {"banner"}
        assert all(region.height == 1 for _, region in asked)
        assert sum(region.width for _, region in asked) < 2 * 120 + 20

    on_board(steps)


def test_only_the_columns_that_differ_count() -> None:
    old = [("name ", "ink"), ("12", "warn"), (" °C", "dim")]
    assert differing(old, [("name ", "ink"), ("13", "warn"), (" °C", "dim")]) == (5, 3)
    assert differing(old, [("nome ", "ink"), ("12", "warn"), (" °C", "dim")]) == (0, 5)


@pytest.mark.parametrize(("theme", "palette"), [("textual-dark", DARK), ("textual-light", LIGHT)])
def test_the_board_follows_the_theme_of_the_app(theme: str, palette: Palette) -> None:
    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, facts())
        app.theme = theme
        await settle(app, pilot)
        show(app.board, facts())
        await settle(app, pilot)
        assert palette.style("title") in {
            segment.style for line in strips_of(app) for segment in line
        }

    on_board(steps, palette=None)


def test_no_color_in_the_environment_takes_all_colours_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, STATES["trouble"])
        await settle(app, pilot)
        shown = screen_text(app)
        assert "▀" not in "".join(shown[20:])
        used = {segment.style for line in strips_of(app) for segment in line}
        assert all(style is None or style.reverse or style.color is None for style in used)
        assert "LOST 3.2 s" in "".join(shown)

    on_board(steps, palette=None)


def test_colours_can_be_chosen() -> None:
    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, facts())
        app.board.use(PLAIN)
        app.theme = "textual-light"
        await settle(app, pilot)
        assert "▀" not in "".join(screen_text(app)[20:])
        used = {segment.style for line in strips_of(app) for segment in line}
        assert PLAIN.style("title") in used
        assert LIGHT.style("title") not in used

    on_board(steps)


def test_markup_in_names_is_shown_as_it_is() -> None:
    whole = facts(session=session(task="[red]x[/]", question="[b]Enter[/b]", phase=Phase.READY))

    async def steps(app: BoardApp, pilot: Any) -> None:
        show(app.board, whole)
        await settle(app, pilot)
        shown = "".join(screen_text(app))
        assert "[red]x[/]" in shown
        assert "[b]Enter[/b]" in shown

    on_board(steps)
