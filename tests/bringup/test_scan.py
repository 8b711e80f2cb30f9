"""`teleop scan` as an operator calls it, and the rig file it writes."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulated_rig import EmulatedRig

from bringup.cli import main
from bringup.errors import BringupError
from bringup.identify import assign, moved
from bringup.rig_file import write_rig_file
from bringup.search import Adapter, search
from session.config import load_rig

FOUR = ("leader_left", "leader_right", "follower_left", "follower_right")


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedRig]:
    with EmulatedRig(tmp_path_factory.mktemp("four")) as rig:
        yield rig


@pytest.fixture(scope="module")
def found(four: EmulatedRig) -> dict[str, Adapter]:
    return dict(
        zip(FOUR, search([four.ports[name] for name in FOUR], [1_000_000], 0.2), strict=True)
    )


def scan(rig: EmulatedRig, *options: str) -> int:
    return main(["scan", "--ports", *rig.ports.values(), "--bauds", "1000000", *options])


def keep_moving(rig: EmulatedRig, bus: str) -> threading.Event:
    """A hand that swings an arm's waist until told to stop."""
    stop = threading.Event()

    def swing() -> None:
        rad = 0.0
        while not stop.wait(0.1):
            rad = 0.5 - rad
            rig.ask("move", bus, servo=1, rad=rad)

    threading.Thread(target=swing, daemon=True).start()
    return stop


def nobody(_text: str) -> None:
    pytest.fail("Nothing needs to be asked.")


def test_a_rig_file_is_written_from_what_was_named(
    four: EmulatedRig, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "rig.toml"
    named = [
        "--left-leader",
        four.ports["leader_left"],
        "--left-follower",
        four.ports["follower_left"],
    ]
    assert scan(four, "--rig", str(path), *named) == 0
    arms = load_rig(path).rig.arms
    assert {arm.name: arm.port for arm in arms} == four.ports
    said = capsys.readouterr().out
    assert "looks like a leader, EMULATED" in said
    assert f"Wrote {path}" in said
    before = path.read_text()
    assert scan(four, "--rig", str(path), *named) == 0
    assert "is there already and stays" in capsys.readouterr().out
    path.write_text("# mine\n")
    assert scan(four, "--rig", str(path), "--force", *named) == 0
    assert path.read_text() == before
    assert (tmp_path / "rig.toml.bak").read_text() == "# mine\n"


def test_json_is_all_that_is_printed(four: EmulatedRig, tmp_path: Path, capsys: Any) -> None:
    assert scan(four, "--json", "--rig", str(tmp_path / "rig.toml")) == 0
    table = json.loads(capsys.readouterr().out)
    assert [each["port"] for each in table] == sorted(four.ports.values())
    assert table[0]["servos"][0] == {
        "id": 1,
        "baud": 1_000_000,
        "model": "XM540-W270",
        "model_number": 1120,
        "firmware": 46,
    }
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--bauds", "12345"], "Servos have no line speed 12345: choose from 9600"),
        (["--left-leader", "/dev/null"], "No servo was found on /dev/null: correct --left-leader"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    four: EmulatedRig, tmp_path: Path, capsys: Any, options: list[str], error: str
) -> None:
    ports = ["--ports", *four.ports.values()]
    rig = ["--rig", str(tmp_path / "rig.toml")]
    assert main(["scan", *ports, "--bauds", "1000000", *rig, *options]) == 2
    assert error in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_arm_that_a_hand_moves_is_the_left_one(
    four: EmulatedRig, found: dict[str, Adapter]
) -> None:
    asked: list[str] = []
    hands: list[threading.Event] = []

    def say(text: str) -> None:
        for hand in hands:
            hand.set()
        asked.append(text)
        role = "leader" if "leader" in text else "follower"
        hands.append(keep_moving(four, f"{role}_left"))

    chosen = assign(list(found.values()), {}, say, patience_s=20.0)
    hands[-1].set()
    assert {bus: adapter.path for bus, adapter in chosen.items()} == four.ports
    assert [text.split(" by hand")[0] for text in asked] == [
        "Move the left leader",
        "Move the left follower",
    ]


def test_nobody_is_taken_for_moved_who_was_not(found: dict[str, Adapter]) -> None:
    with pytest.raises(BringupError, match="No arm was clearly moved within"):
        moved([found["leader_left"], found["leader_right"]], patience_s=0.3)


def test_an_arm_that_holds_is_not_asked_to_be_moved(
    four: EmulatedRig, found: dict[str, Adapter]
) -> None:
    four.ask("set", "leader_right", servo=4, register="torque_enable", value=1)
    try:
        with pytest.raises(BringupError, match=r"Servo 4 on .* holds, .* teleop rest"):
            moved([found["leader_left"], found["leader_right"]], patience_s=5.0)
    finally:
        four.ask("set", "leader_right", servo=4, register="torque_enable", value=0)


def test_one_pair_needs_no_question(found: dict[str, Adapter]) -> None:
    arms = [found["leader_right"], found["follower_right"]]
    assert set(assign(arms, {}, nobody, 1.0)) == {"leader_left", "follower_left"}
    named = {"leader_right": found["leader_right"].path}
    assert set(assign(arms, named, nobody, 1.0)) == {"leader_right", "follower_right"}


def test_arms_that_make_no_pairs_are_refused(found: dict[str, Adapter]) -> None:
    three = [found[name] for name in FOUR[:3]]
    with pytest.raises(BringupError, match=r"2 leader\(s\) and 1 follower\(s\) were recognised"):
        assign(three, {}, nobody, 1.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_rig_of_one_pair_has_neither_the_other_arms_nor_their_camera(
    found: dict[str, Adapter], tmp_path: Path, side: str
) -> None:
    arms = {name: found[name] for name in FOUR if name.endswith(side)}
    rig_file = write_rig_file(tmp_path / "rig.toml", arms)
    assert {arm.name: arm.port for arm in rig_file.rig.arms} == {
        name: arm.path for name, arm in arms.items()
    }
    assert [camera.name for camera in rig_file.cameras] == [
        "cam_high",
        "cam_low",
        f"cam_{side}_wrist",
    ]


def test_ports_are_written_as_toml_whatever_their_name(
    found: dict[str, Adapter], tmp_path: Path
) -> None:
    odd = tmp_path / 'a "quoted" \\ name'
    arms = {name: found[name] for name in FOUR[::2]} | {
        "leader_left": Adapter(str(odd), found["leader_left"].servos)
    }
    path = tmp_path / "rig.toml"
    assert write_rig_file(path, arms).rig.arm("leader", "left").port == str(odd)


def test_no_half_a_file_is_left_where_it_cannot_be_written(
    found: dict[str, Adapter], tmp_path: Path
) -> None:
    arms = {name: found[name] for name in FOUR}
    with pytest.raises(BringupError, match=r"Cannot write .*: No such file or directory; choose"):
        write_rig_file(tmp_path / "no folder" / "rig.toml", arms)
    assert list(tmp_path.iterdir()) == []


def test_what_the_example_explains_stays_and_what_it_is_goes(
    found: dict[str, Adapter], tmp_path: Path
) -> None:
    path = tmp_path / "rig.toml"
    write_rig_file(path, found)
    text = path.read_text()
    assert "# This rig, as `teleop scan` found it" in text
    assert "documented example" not in text
    assert "# Whose gripper constants" in text
    assert "/dev/ttyDXL_" not in text.replace("# ", "").split("[[rig.arms]]", 1)[1]
