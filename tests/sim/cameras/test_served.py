"""Emulated webcams, from what a reader at their URL gets."""

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from camera_reader import PATIENCE_S, MjpegReader

from sim.cameras.pictures import LOOP, encoded_loop
from sim.cameras.served import ServedCamera
from sim.cameras.serving import served
from sim.errors import SimError

SIZE = (160, 120)


@pytest.fixture
def camera() -> Iterator[ServedCamera]:
    camera = ServedCamera("top", *SIZE)
    with served(camera):
        yield camera


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "It did not happen."


def refuses(camera: ServedCamera) -> bool:
    """Whether it does so now."""
    try:
        socket.create_connection(("127.0.0.1", camera.port), PATIENCE_S).close()
    except (ConnectionRefusedError, ConnectionResetError):  # closed while we knocked
        return True
    return False


def steps(numbers: list[int | None]) -> list[int]:
    """From each picture to the next."""
    read = [number for number in numbers if number is not None]
    assert len(read) == len(numbers)
    return [(after - before) % LOOP for before, after in itertools.pairwise(read)]


def test_pictures_come_in_order_and_in_time(camera: ServedCamera) -> None:
    with MjpegReader(camera.url) as reader:
        assert b"200 OK" in reader.head
        numbers = [reader.number()]
        start_s, first = time.monotonic(), camera.number
        numbers += [reader.number() for _ in range(49)]
        expected = 50 * (time.monotonic() - start_s)
    assert sum(steps(numbers)) == pytest.approx(expected, abs=5)
    assert camera.number - first == pytest.approx(expected, abs=5)


@pytest.mark.parametrize(
    ("rate_hz", "percent", "expected_hz"), [(17.0, 0.0, 17.0), (50.0, 50.0, 75.0)]
)
def test_rate_and_drift(
    camera: ServedCamera, rate_hz: float, percent: float, expected_hz: float
) -> None:
    camera.set_rate(rate_hz)
    camera.drift(percent)
    start_s, first = time.monotonic(), camera.number
    time.sleep(1.0)
    rate = (camera.number - first) / (time.monotonic() - start_s)
    assert rate == pytest.approx(expected_hz, rel=0.15)


def test_frozen_it_sends_nothing_and_goes_on_where_it_would_be(camera: ServedCamera) -> None:
    with MjpegReader(camera.url) as reader:
        last = reader.number()
        camera.freeze(400)
        longest = max(steps([last, *(reader.number() for _ in range(5))]))
    assert longest >= 18  # of 20 at 50 Hz


def test_the_same_picture_again_and_again(camera: ServedCamera) -> None:
    with MjpegReader(camera.url) as reader:
        camera.repeat()
        sent = [reader.jpeg() for _ in range(20)]
        assert len(set(sent[5:])) == 1
        camera.repeat(False)
        sent = [reader.jpeg() for _ in range(20)]
    assert len(set(sent[5:])) == 15


def test_it_dies_and_comes_back_at_the_same_url(camera: ServedCamera) -> None:
    url = camera.url
    with MjpegReader(url) as reader:
        camera.die()
        with contextlib.suppress(ConnectionResetError):
            while reader.socket.recv(65_536):
                pass
    wait_until(lambda: refuses(camera))
    camera.revive()
    wait_until(lambda: not refuses(camera))
    with MjpegReader(url) as reader:
        assert reader.number() is not None


def test_wrong_bytes_in_some_frames_only(camera: ServedCamera) -> None:
    right = set(encoded_loop(*SIZE, "normal", camera.name))
    with MjpegReader(camera.url) as reader:
        reader.jpeg()
        camera.corrupt(3)
        wrong = [reader.jpeg() not in right for _ in range(20)]
    assert wrong.count(True) == 3
    assert not any(wrong[10:])


def test_looks(camera: ServedCamera) -> None:
    with MjpegReader(camera.url) as reader:
        for look, readable in (("black", False), ("overexposed", False), ("normal", True)):
            camera.look(look)  # type: ignore[arg-type]
            numbers = [reader.number() for _ in range(8)]
            assert all((number is not None) == readable for number in numbers[4:]), look


def test_a_reader_that_stops_reading_sees_no_old_pictures_and_disturbs_nobody(
    camera: ServedCamera,
) -> None:
    with MjpegReader(camera.url) as slow, MjpegReader(camera.url) as other:
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        other.number()
        assert all(step <= 50 for step in steps([other.number() for _ in range(150)]))
        for _ in range(200):
            shown = slow.number()
            assert shown is not None
            if (camera.number - shown) % LOOP < 5:
                return
    pytest.fail("It stays behind.")


def test_with_a_backlog_a_reader_that_stops_gets_every_picture_late(camera: ServedCamera) -> None:
    camera.backlog()
    with MjpegReader(camera.url) as reader:
        first = reader.number()
        time.sleep(1.0)
        numbers = [reader.number() for _ in range(20)]
        behind = camera.number
    assert set(steps([first, *numbers])) == {1}
    last = numbers[-1]
    assert last is not None
    assert (behind - last) % LOOP >= 20


@pytest.mark.parametrize(
    "said", [b"\x00\xff" * 100, b"PUT / HTTP/1.1\r\n\r\n", b"GET " + b"a" * 9999]
)
def test_who_does_not_speak_http_is_hung_up_on(camera: ServedCamera, said: bytes) -> None:
    with MjpegReader(camera.url) as reader:
        with socket.create_connection(("127.0.0.1", camera.port), PATIENCE_S) as stranger:
            stranger.sendall(said)
            with contextlib.suppress(ConnectionResetError):
                assert stranger.recv(100) == b""
        assert reader.number() is not None


def test_nobody_outside_this_computer_sees_the_port(camera: ServedCamera) -> None:
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [line[1] for line in lines if line[3] == "0A"]
    assert [address for address in listening if address.endswith(f":{camera.port:04X}")] == [
        f"0100007F:{camera.port:04X}"
    ]


def test_what_cannot_be_is_refused(camera: ServedCamera) -> None:
    with pytest.raises(SimError, match=rf"side cannot have port {camera.port}: .*choose another"):
        ServedCamera("side", *SIZE, port=camera.port)
    for wrong in (0.0, 5000.0, float("nan")):
        with pytest.raises(ValueError, match="rate"):
            camera.set_rate(wrong)
    with pytest.raises(ValueError, match="negative"):
        camera.corrupt(-1)
    with pytest.raises(ValueError, match="overexposed"):
        camera.look("pretty")  # type: ignore[arg-type]
