"""The viewer in a real terminal, opened as somebody opens it; it leaves the terminal as it was."""

import re
import signal
import sys
from pathlib import Path

import pytest
from terminal import Colours, Terminal

from tests.replay.viewer.viewer_bench import make, troubled

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("trouble"), 4, troubled)


def opened(episode: Path, colours: Colours = "truecolor") -> Terminal:
    command = [sys.executable, "-m", "replay", str(episode)]
    return Terminal(command, 100, 30, cwd=ROOT, colours=colours)


def test_replay_opens_it_and_it_is_scrubbed_and_left(episode: Path) -> None:
    with opened(episode) as terminal:
        terminal.wait_for("‖ paused")
        terminal.wait_for("✗ REJECT")
        terminal.press("right", "right")
        terminal.wait_for("step 2 / 199")
        terminal.press("n")
        terminal.wait_for("held readings: follower_left")
        terminal.wait_for("step 100 / 199")
        terminal.press("space")
        terminal.wait_for(re.compile(r"paused .* step 199 / 199"))  # by the clock, to the end
        terminal.press("q")
        assert terminal.wait() == 1  # what was found; as without the viewer
        assert terminal.leftovers() == []
        assert "the arm has bumped" in terminal.text()  # what was printed before is there again


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(episode: Path, number: signal.Signals) -> None:
    with opened(episode) as terminal:
        terminal.wait_for("‖ paused")
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
        assert terminal.leftovers() == []
        assert "Traceback" not in terminal.text()


def test_it_goes_with_its_terminal(episode: Path) -> None:
    with opened(episode) as terminal:
        terminal.wait_for("‖ paused")
        terminal.close()
        assert terminal.wait() == 128 + signal.SIGHUP


def test_without_colours_letters_tell_the_lines_apart(episode: Path) -> None:
    with opened(episode, "none") as terminal:
        seen = terminal.wait_for("‖ paused")
        terminal.press("1")
        terminal.wait_for(re.compile("^1 cam_0", re.MULTILINE))
        cells = [cell for row in terminal.cells() for cell in row]
        assert all(len({*cell.foreground}) == len({*cell.background}) == 1 for cell in cells)
        plot = [line for line in seen.splitlines() if any("⠀" <= letter <= "⣿" for letter in line)]
        assert {"L", "C", "F"} <= set("".join(plot))


def test_ctrl_z_gives_the_shell_back_and_fg_the_viewer(episode: Path) -> None:
    shell = ["bash", "--norc", "--noprofile", "-i"]
    with Terminal(shell, 100, 30, cwd=ROOT, env={"PS1": "shell> "}) as terminal:
        terminal.wait_for("shell>")
        terminal.press(*f"{sys.executable} -m replay {episode}", "enter")
        terminal.wait_for("‖ paused")
        terminal.press("ctrl+z")
        terminal.wait_for("Stopped")
        assert terminal.leftovers() in ([], ["no echo"])  # readline echoes by itself
        terminal.press(*"fg", "enter")
        terminal.wait_for("left_waist  1/14")
        terminal.press("q")
        terminal.wait_for(re.compile(r"fg\n(.*\n)+shell>$"))
