"""What is kept of the servos between sessions, read from emulated arms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulated_rig import EmulatedRig

from session.last_session import ServoRecord, last_session_path, load, save
from teleop.config import ConfigError

FOLLOWER, LEADER = "follower_left", "leader_left"
INVENTORY = json.dumps(
    {
        LEADER: {"8": "XL430-W250 firmware 46"},
        FOLLOWER: {"4": "XM540-W270 firmware 46", "5": "XM540-W270 firmware 45"},
    }
)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[EmulatedRig]:
    with EmulatedRig(tmp_path / "ports", "--sides", "left") as rig:
        (tmp_path / "rig.toml").write_text(
            'cameras = [{ name = "cam", kind = "pattern" }]\n'
            '[rig]\nname = "pair"\nsimulated = false\n'
            f'[[rig.arms]]\nrole = "follower"\nside = "left"\nport = "{rig.ports[FOLLOWER]}"\n'
            f'[[rig.arms]]\nrole = "leader"\nside = "left"\nport = "{rig.ports[LEADER]}"\n'
        )
        yield rig


def kept(path: Path) -> dict[tuple[str, int], ServoRecord]:
    last = load(path)
    assert last is not None
    return {(each.bus, each.servo_id): each for each in last.servos}


def test_identities_offsets_and_pairs_are_kept(pair: EmulatedRig, tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    assert load(path) is None
    pair.ask("set", FOLLOWER, servo=5, register="homing_offset", value=-7)
    position = pair.register(FOLLOWER, 4, "present_position")
    pair.ask("set", FOLLOWER, servo=5, register="present_position", value=position - 9)
    assert save(path, INVENTORY) == last_session_path(path)
    assert kept(path) == {
        (LEADER, 8): ServoRecord(LEADER, 8, "XL430-W250", 46, 0),
        (FOLLOWER, 4): ServoRecord(FOLLOWER, 4, "XM540-W270", 46, 0),
        (FOLLOWER, 5): ServoRecord(FOLLOWER, 5, "XM540-W270", 45, -7, -9),
    }
    assert not list(tmp_path.glob(".*"))


def test_what_does_not_answer_is_kept_without_numbers(pair: EmulatedRig, tmp_path: Path) -> None:
    pair.ask("silence", FOLLOWER, servo=4, on=True)
    pair.ask("unplug", LEADER)
    save(tmp_path / "rig.toml", INVENTORY)
    records = kept(tmp_path / "rig.toml")
    assert records[LEADER, 8].homing_offset_ticks is None
    assert records[FOLLOWER, 4].homing_offset_ticks is None
    assert records[FOLLOWER, 5].homing_offset_ticks == 0
    assert records[FOLLOWER, 5].pair_difference_ticks is None


def test_no_servo_is_written_to(pair: EmulatedRig, tmp_path: Path) -> None:
    pair.ask("set", FOLLOWER, servo=1, register="torque_enable", value=1)
    goal = pair.register(FOLLOWER, 1, "goal_position")
    save(tmp_path / "rig.toml", INVENTORY)
    assert pair.register(FOLLOWER, 1, "torque_enable") == 1
    assert pair.register(FOLLOWER, 1, "goal_position") == goal


@pytest.mark.parametrize("inventory", ["", "[]", '{"leader_left": 3}', '{"leader_left": {"x": 1}}'])
def test_an_inventory_that_says_nothing_keeps_the_last_record(
    tmp_path: Path, inventory: str
) -> None:
    path = tmp_path / "rig.toml"
    last_session_path(path).write_text('{"saved_utc": "then"}')
    assert save(path, inventory) is None
    last = load(path)
    assert last is not None
    assert last.saved_utc == "then"


def test_a_damaged_record_says_where_it_is(tmp_path: Path) -> None:
    last_session_path(tmp_path / "rig.toml").write_text('{"saved_utc": 3}')
    with pytest.raises(ConfigError, match=r"rig\.last_session\.json saved_utc must be"):
        load(tmp_path / "rig.toml")
