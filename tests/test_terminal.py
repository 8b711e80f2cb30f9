"""The terminal that the display is tested at is one: it draws, asks for keys, resizes, hangs up."""

import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from terminal import Terminal
from terminal_picture import HEIGHT, WIDTH, Cell, cells_of_rows, draw, font_path

RED, BLUE, BLACK = (255, 0, 0), (0, 0, 255), (0, 0, 0)
WRITE = "import sys, time; sys.stdout.write({!r}); sys.stdout.flush(); time.sleep({})"


def writing(text: str, stay_s: float = 20.0, **options: Any) -> Terminal:
    """A program that writes this, and stays."""
    return Terminal([sys.executable, "-c", WRITE.format(text, stay_s)], 30, 4, **options)


def test_text_and_colours_are_those_that_were_written() -> None:
    text = "\x1b[38;2;255;0;0;48;2;0;0;255;1mA\x1b[7mB\x1b[0m\x1b[38;5;21mC\x1b[2mD\x1b[0m done"
    with writing(text) as terminal:
        terminal.wait_for("ABCD done")
        a, b, c, d, *_ = terminal.cells()[0]
        assert a == Cell("A", RED, BLUE, bold=True)
        assert b == Cell("B", BLUE, RED, bold=True)
        assert c.foreground == BLUE
        assert d.foreground[2] < 200, "dim text is darker"
        assert terminal.bytes_written == len(text)


def test_nothing_is_drawn_of_what_pyte_does_not_know() -> None:
    with writing("\x1b[>1u\x1b[?u\x1b[<u\x1b[?2048$p\x1b[?1004hok") as terminal:
        assert terminal.wait_for("ok").strip() == "ok"


def test_half_a_frame_is_not_seen() -> None:
    with writing("\x1b[?2026hwhole\x1b[?2026l\x1b[?2026h\x1b[2Jhalf") as terminal:
        terminal.wait_for("whole")
        time.sleep(0.2)
        assert "whole" in terminal.text()
        assert "half" not in terminal.text()
        assert terminal.frames == 1


def test_what_a_program_leaves_behind_is_told_and_the_screen_below_comes_back() -> None:
    with writing("shell\x1b[?1049h\x1b[?25l\x1b[?1003h\x1b[Happ") as terminal:
        assert "shell" not in terminal.wait_for("app")
        assert terminal.leftovers() == ["alternate screen", "hidden cursor", "mouse reports"]
    with writing("shell\x1b[?1049h\x1b[Happ\x1b[?1049l") as terminal:
        terminal.wait_for("shell")
        assert terminal.leftovers() == []


def test_keys_and_sizes_arrive() -> None:
    program = (
        "import os, tty; tty.setraw(0); print('ready', end='', flush=True);"
        "print(os.read(0, 1), os.read(0, 9), *os.get_terminal_size(), end='', flush=True);"
        "os.read(0, 1)"
    )
    with Terminal([sys.executable, "-c", program], 30, 4) as terminal:
        terminal.wait_for("ready")
        terminal.resize(40, 8)
        terminal.press("d")
        terminal.press("f9")
        terminal.wait_for(r"b'd' b'\x1b[20~' 40 8")
        terminal.press("ctrl+c")
        assert terminal.wait() == 0


def test_a_closed_window_hangs_up() -> None:
    program = (  # a runner under nohup would have taught us to ignore it
        "import signal, time; signal.signal(signal.SIGHUP, signal.SIG_DFL);"
        "print('up', flush=True); time.sleep(20)"
    )
    with Terminal([sys.executable, "-c", program]) as terminal:
        terminal.wait_for("up")
        terminal.close()
        assert terminal.wait() == -signal.SIGHUP


def test_waiting_in_vain_shows_the_screen() -> None:
    with (
        writing("something else", 0) as terminal,
        pytest.raises(AssertionError, match=r"program ended \(0\)(.|\n)*something else"),
    ):
        terminal.wait_for("what never comes")


def picture_of(text: str, path: Path) -> Image.Image:
    """Red on black, and one blank more."""
    draw(cells_of_rows([[(text, RED, BLACK, False)]], len(text) + 1, BLACK), path)
    return Image.open(path).convert("RGB")


def test_blocks_and_lines_are_exact(tmp_path: Path) -> None:
    picture = picture_of("▀▌▂━", tmp_path / "blocks.png")
    assert picture.size == (5 * WIDTH, HEIGHT)

    def red(cell: int, x: int, y: int) -> bool:
        return picture.getpixel((cell * WIDTH + x, y)) == RED

    def rows_that_are_red(cell: int) -> list[int]:
        return [y for y in range(HEIGHT) if red(cell, 0, y)]

    assert rows_that_are_red(0) == list(range(HEIGHT // 2))
    assert red(1, WIDTH // 2 - 1, 0)
    assert not red(1, WIDTH // 2, 0)
    assert rows_that_are_red(2) == list(range(HEIGHT - HEIGHT // 4, HEIGHT))
    assert len(rows_that_are_red(3)) == 3
    assert not any(red(4, x, y) for x in range(WIDTH) for y in range(HEIGHT))


def test_text_is_drawn_in_its_own_cell(tmp_path: Path) -> None:
    try:
        font_path()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    picture = picture_of("W", tmp_path / "text.png")
    assert picture.crop((0, 0, WIDTH, HEIGHT)).getextrema()[0] == (0, 255)
    assert picture.crop((WIDTH, 0, 2 * WIDTH, HEIGHT)).getextrema()[0] == (0, 0)
