"""What clients do to the session's socket is no fault of the session."""

import contextlib
import re
import selectors
import socket
from pathlib import Path

import pytest

from session.clients import KEPT_LINES, MOST_CLIENTS, SOCKET, Clients
from session.requests import Request
from teleop.lockstep import LockstepError, receive, send


def test_a_client_that_hangs_up_before_it_is_greeted_harms_nobody(tmp_path: Path) -> None:
    with selectors.DefaultSelector() as selector:
        clients = Clients(tmp_path, selector)
        for line in ("One thing has happened.", "And another."):  # what it will not read
            clients.log(line)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(str(tmp_path / SOCKET))
            send(client, {"op": "hold"})
        pump(selector)
        assert len(clients) == 0
        close(selector)


def test_what_a_client_asked_for_before_it_hung_up_is_heard(tmp_path: Path) -> None:
    with selectors.DefaultSelector() as selector:
        clients = Clients(tmp_path, selector)
        clients.log("One thing has happened.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(str(tmp_path / SOCKET))
            pump(selector, once=True)  # greeted, and it reads nothing of that
            send(client, {"op": "fly"})
            send(client, {"op": "hold"})
        clients.log("Another.")
        pump(selector)
        assert clients.requests == [Request("hold")]
        assert len(clients) == 0
        close(selector)


def test_more_clients_than_there_can_be_cost_the_others_nothing(tmp_path: Path) -> None:
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        clients = Clients(tmp_path, selector)

        def connected() -> socket.socket:
            client = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            client.connect(str(tmp_path / SOCKET))
            pump(selector)
            return client

        first, *_, last = [connected() for _ in range(MOST_CLIENTS)]
        assert connected().recv(10) == b""
        assert len(clients) == MOST_CLIENTS
        last.close()
        pump(selector)
        send(first, {"op": "hold"})
        connected()
        assert clients.requests == [Request("hold")]
        assert len(clients) == MOST_CLIENTS
        close(selector)


def test_whoever_attaches_reads_the_newest_lines_however_many_there_are(tmp_path: Path) -> None:
    with selectors.DefaultSelector() as selector:
        clients = Clients(tmp_path, selector)
        for number in range(KEPT_LINES + 50):
            clients.log(f"{number} " + "x" * 800)  # together more than a socket takes at once
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(0)
            client.connect(str(tmp_path / SOCKET))
            pump(selector)
            read = []
            while len(read) < KEPT_LINES:
                clients.flush()
                read.append(receive(client))
            with pytest.raises(LockstepError):
                receive(client)
        first, last = read[0], read[-1]
        assert str(first["text"]).startswith("50 ")
        assert str(last["text"]).startswith(f"{KEPT_LINES + 49} ")
        assert re.fullmatch(r"\d\d:\d\d:\d\d", str(last["time"]))
        pump(selector)
        close(selector)


def pump(selector: selectors.BaseSelector, once: bool = False) -> None:
    """Serve what there is to serve."""
    while seen := selector.select(0):
        for key, _ in seen:
            key.data()
        if once:
            return


def close(selector: selectors.BaseSelector) -> None:
    for key in list(selector.get_map().values()):
        selector.unregister(key.fileobj)
        key.fileobj.close()  # type: ignore[union-attr]
