"""The dashboard in a real terminal: it comes, goes, is stopped, is sent away; it breaks nothing."""

import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_bench import Bench
from session_harness import ROOT, wait_until
from terminal import Terminal

from session.status import Phase
from tui.link import ALIVE_PERIOD_S
from tui.presses import SEEN_S

ATTACH = [sys.executable, str(ROOT / "collect.py"), "--attach"]
PROMPT = "Press Enter to start episode 1 of 3."
BACK = "Back: python collect.py --attach"
IGNORING_HANGUP = "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
DEAF_TO_HANGUP = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])"
AND_THEN = "; os.execv(sys.argv[1], sys.argv[1:])"
BROKEN = """
import socket, sys
from pathlib import Path
from tui.dashboard.run import run_dashboard
from tui.facts.viewer import Viewer
from tui.link import Link
class Broken(Link):
    def say_alive(self, now_s):
        raise RuntimeError("a fault of ours")
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sys.exit(run_dashboard(Broken(ours), Viewer(Path(sys.argv[1]))))
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, listening=True)
    made.be(Phase.READY, PROMPT)
    yield made
    made.close()


def attached(bench: Bench, tmp_path: Path, command: list[str] = ATTACH, **options: str) -> Terminal:
    env = {"TANDEM_RUNTIME_PARENT": str(tmp_path), "PS1": "shell> ", **options}
    terminal = Terminal(command, 100, 30, cwd=ROOT, env=env)
    if command[0] != "bash":
        bench.accept()
        terminal.wait_for(PROMPT)
    return terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order(bench: Bench, tmp_path: Path, number: signal.Signals) -> None:
    with attached(bench, tmp_path) as terminal:
        terminal.process.send_signal(number)
        assert terminal.wait() == 128 + number
        assert terminal.leftovers() == []
        assert "The session goes on. If nobody else watches it, the arms hold" in terminal.text()
        assert bench.asked() == []


def test_the_sessions_last_words_stay_in_the_terminal(bench: Bench, tmp_path: Path) -> None:
    with attached(bench, tmp_path) as terminal:
        bench.say("The left elbow shut itself down.", "error")
        bench.end(1, "Saved 2 episodes (1 success).")
        assert terminal.wait() == 1
        assert terminal.leftovers() == []
        assert "The left elbow shut itself down." in terminal.text()
        assert "Saved 2 episodes (1 success)." in terminal.text()


@pytest.mark.parametrize("deafness", ["", IGNORING_HANGUP, DEAF_TO_HANGUP])
def test_it_goes_when_its_terminal_does(bench: Bench, tmp_path: Path, deafness: str) -> None:
    """With SIGHUP as it is; ignored, as nohup does; and one that never arrives."""
    deaf = [sys.executable, "-c", deafness + AND_THEN, *ATTACH]
    with attached(bench, tmp_path, deaf if deafness else ATTACH) as terminal:
        terminal.close()
        assert terminal.wait() == 128 + signal.SIGHUP
        assert bench.asked() == []


def test_its_own_failure_restores_the_terminal_and_is_one_sentence(tmp_path: Path) -> None:
    with Terminal([sys.executable, "-c", BROKEN, str(tmp_path)], 200, 24, cwd=ROOT) as terminal:
        assert terminal.wait() == 1
        assert terminal.leftovers() == []
        lines = terminal.text().strip().splitlines()
        assert "a fault of ours" in lines[0]
        assert lines[1:] == [BACK]


@pytest.mark.parametrize("exported", [{}, {"COLUMNS": "100", "LINES": "30"}])
def test_any_size_at_any_time(bench: Bench, tmp_path: Path, exported: dict[str, str]) -> None:
    with attached(bench, tmp_path, **exported) as terminal:
        for size in ((80, 24), (10, 3), (1, 1), (200, 50), (80, 24)):
            terminal.resize(*size)
            time.sleep(0.1)
        terminal.wait_for(PROMPT)
        wait_until(lambda: "Enter" in terminal.text().splitlines()[-1], 10, "keys in the last row")
        terminal.press("q")
        terminal.wait_for("Detach:")
        terminal.press("d")
        assert terminal.wait() == 0
        assert BACK in terminal.text()


def test_without_a_shell_ctrl_z_stops_nothing(bench: Bench, tmp_path: Path) -> None:
    with attached(bench, tmp_path) as terminal:
        terminal.press("ctrl+z")
        terminal.wait_for("no shell could bring the dashboard back")
        terminal.press(" ")
        wait_until(lambda: {"op": "hold"} in bench.asked(), 10, "the key")


def test_ctrl_z_silences_it_and_fg_brings_it_back(bench: Bench, tmp_path: Path) -> None:
    shell = ["bash", "--norc", "--noprofile", "-i"]
    with attached(bench, tmp_path, shell) as terminal:
        terminal.wait_for("shell>")
        terminal.press(*" ".join(ATTACH), "enter")
        bench.accept()
        terminal.wait_for(PROMPT)
        terminal.press("ctrl+z")
        terminal.wait_for("Stopped")
        assert "alternate screen" not in terminal.leftovers()
        bench.everything_asked()
        time.sleep(3 * ALIVE_PERIOD_S)
        assert bench.everything_asked() == []  # the session holds by that

        bench.be(Phase.HOLDING, "Press Enter to go on.")
        terminal.press(*"fg", "enter")
        terminal.wait_for("Press Enter to go on.")
        assert "SIMULATED RIG" in terminal.text()  # and all that has not changed meanwhile
        wait_until(lambda: bool(bench.everything_asked()), 10, "a sign of life")
        assert bench.asked() == []
        time.sleep(SEEN_S)
        terminal.press("enter")
        wait_until(lambda: {"op": "go_on"} in bench.asked(), 10, "the key")
        terminal.press("q", "d")
        terminal.wait_for(re.compile(f"{BACK}\nshell>"))


def test_light_where_the_terminal_says_so(bench: Bench, tmp_path: Path) -> None:
    def brightness(terminal: Terminal) -> float:
        cells = [cell for row in terminal.cells() for cell in row]
        return sum(sum(cell.background) for cell in cells) / (3 * 255 * len(cells))

    with attached(bench, tmp_path, COLORFGBG="0;15") as terminal:
        assert brightness(terminal) > 0.6
        terminal.press("t")
        wait_until(lambda: brightness(terminal) < 0.4, 10, "a dark screen")


def test_without_a_rig_it_offers_the_simulated_one_and_can_be_left(tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "collect.py"), "--task", "battery", "--out", "data"]
    env = {"TANDEM_RUNTIME_PARENT": str(tmp_path)}
    with Terminal(words, 80, 24, cwd=tmp_path, env=env) as terminal:
        terminal.wait_for("There is no rig here yet")
        assert "teleop scan" in terminal.text()
        assert "on the simulated rig" in terminal.text()
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.leftovers() == []
        assert list(tmp_path.iterdir()) == []
