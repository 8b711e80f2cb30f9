"""Keys from a real terminal; and the terminal is as it was, however the client ends."""

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLIENT = """
import select, signal, sys, time
from tui.plain.keyboard import Keyboard
asked = []
signal.signal(signal.SIGUSR1, lambda *_: asked.append("again"))
with Keyboard() as keyboard:
    print("present" if keyboard.present else "absent", flush=True)
    while keyboard.filenos():
        select.select(keyboard.filenos(), [], [])
        for key in keyboard.read():
            print(key, flush=True)
        if len(sys.argv) > 1:
            break
while sys.argv[1:] == ["go on"]:
    if asked:
        print(asked.pop(), flush=True)
    time.sleep(0.01)
"""


class Client:
    """A process that reads keys from a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.keys, self.terminal = pty.openpty()
        self.before = termios.tcgetattr(self.terminal)
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, *arguments],
            stdin=self.terminal,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            process_group=0,  # as a shell starts it: Ctrl-Z has a meaning then
        )

    def line(self) -> str:
        return self.process.stdout.readline().strip()

    @property
    def takes_single_keys(self) -> bool:
        flags = termios.tcgetattr(self.terminal)[3]
        return not flags & termios.ICANON and not flags & termios.ECHO

    @property
    def is_restored(self) -> bool:
        return termios.tcgetattr(self.terminal) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self.keys)
        os.close(self.terminal)


@pytest.fixture
def client() -> Iterator[Client]:
    started = Client()
    yield started
    started.close()


def test_keys_come_at_once_and_by_their_names(client: Client) -> None:
    assert client.line() == "present"
    assert client.takes_single_keys
    sent = ((b"\n", "enter"), (b"\r", "enter"), (b"q", "q"), (b"\x1b[20~", "f9"), (b"\x1bOA", "up"))
    for key, name in (
        *sent,
        (b"?", "question_mark"),
        ("\u00f6".encode(), "\u00f6"),
        (b"\x1b", "escape"),
    ):
        os.write(client.keys, key)
        assert client.line() == name


def test_a_key_that_comes_in_pieces(client: Client) -> None:
    assert client.line() == "present"
    os.write(client.keys, b"a\x1b[1")
    assert client.line() == "a"
    os.write(client.keys, b"5~ ")
    assert [client.line(), client.line()] == ["f5", "space"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_gives_the_terminal_back(
    client: Client, number: signal.Signals
) -> None:
    assert client.line() == "present"
    client.process.send_signal(number)
    assert client.process.wait(20) == -number
    assert client.is_restored


def test_ctrl_c_gives_the_terminal_back(client: Client) -> None:
    assert client.line() == "present"
    client.process.send_signal(signal.SIGINT)
    assert client.process.wait(20) != 0
    assert client.is_restored


def test_the_end_gives_the_terminal_back() -> None:
    client = Client("until a key")
    assert client.line() == "present"
    os.write(client.keys, b" ")
    assert client.process.wait(20) == 0
    assert client.is_restored
    client.close()


def test_ctrl_z_after_the_keyboard_leaves_the_terminal_alone() -> None:
    client = Client("go on")
    assert client.line() == "present"
    os.write(client.keys, b" ")
    assert client.line() == "space"
    client.process.send_signal(signal.SIGUSR1)
    assert client.line() == "again"
    client.process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(client.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    client.process.send_signal(signal.SIGCONT)
    client.process.send_signal(signal.SIGUSR1)
    assert client.line() == "again"  # so it has heard both
    assert client.is_restored
    client.process.send_signal(signal.SIGTERM)
    assert client.process.wait(20) == -signal.SIGTERM
    client.close()


def test_ctrl_z_gives_the_terminal_back_for_as_long_as_it_lasts(client: Client) -> None:
    assert client.line() == "present"
    client.process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(client.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    assert client.is_restored
    client.process.send_signal(signal.SIGCONT)
    os.write(client.keys, b" ")
    assert client.line() == "space"
    assert client.takes_single_keys


def test_without_a_terminal_there_are_no_keys() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLIENT],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout == "absent\n"
