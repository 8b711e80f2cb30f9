"""One emulated pair a module, and its rig file as `teleop scan` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulated_rig import EmulatedRig

from bringup.ask import Lines
from bringup.rig_file import write_rig_file
from bringup.search import Adapter, search
from session.config import load_rig
from teleop.port import SerialPort


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedRig]:
    """Left leader and left follower, all well."""
    with EmulatedRig(tmp_path_factory.mktemp("ports"), "--sides", "left") as rig:
        yield rig


@pytest.fixture(scope="module")
def adapters(pair: EmulatedRig) -> dict[str, Adapter]:
    """What a search finds, by bus name."""
    found = search(list(pair.ports.values()), [1_000_000], window_s=0.2)
    return dict(zip(pair.ports, found, strict=True))


@pytest.fixture
def rig_path(adapters: dict[str, Adapter], tmp_path: Path) -> Path:
    """The rig file of the pair."""
    path = tmp_path / "rig.toml"
    write_rig_file(path, adapters)
    text = path.read_text().replace('kind = "realsense"', 'kind = "pattern"')
    path.write_text(re.sub(r"(?m)^serial = .*\n", "", text))  # no cameras, as of yet
    return path


@pytest.fixture
def other_follower(arm_bus: Any, rig_path: Path) -> Any:
    """`other_follower(*options)` puts another emulated arm into the follower's place."""

    def swap(*options: str, role: str = "follower") -> Any:
        arm = arm_bus(role, *options)
        old = load_rig(rig_path).rig.arm("follower", "left").port
        rig_path.write_text(rig_path.read_text().replace(f'"{old}"', f'"{arm.port}"'))
        return arm

    return swap


@pytest.fixture
def set_baud(rig_path: Path) -> Any:
    """`set_baud(baud)`: what the rig file says of the follower's line speed."""

    def set_to(baud: int) -> None:
        text = rig_path.read_text()
        at = text.index('role = "follower"')
        rig_path.write_text(text[:at] + text[at:].replace("1000000", str(baud), 1))

    return set_to


def give_id(port: str, baud: int, old: int, new: int) -> None:
    """Has a servo take another ID, as a tool for setting up servos does."""
    serial = SerialPort(port, baud)
    try:
        assert Lines({"line": serial}).write("line", old, 7, bytes((new,)))
    finally:
        serial.close()


@pytest.fixture
def readdress() -> Any:
    """`readdress(port, baud, old ID, new ID)`."""
    return give_id


@pytest.fixture
def changed(pair: EmulatedRig) -> Iterator[Any]:
    """`changed(bus, servo, register, value)` sets a register past all rules for this test."""
    before: list[tuple[str, int, str, int]] = []

    def change(bus: str, servo: int, register: str, value: int) -> None:
        before.append((bus, servo, register, pair.register(bus, servo, register)))
        answer = pair.ask("set", bus, servo=servo, register=register, value=value)
        assert "error" not in answer, answer

    yield change
    for bus, servo, register, value in reversed(before):
        pair.ask("set", bus, servo=servo, register=register, value=value)
        pair.ask("set", bus, servo=servo, register="hardware_error_status", value=0)
