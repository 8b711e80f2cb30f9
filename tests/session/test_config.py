"""Rig files, and what a session is started with."""

import dataclasses
import tomllib
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from recorder.limits import QualityLimits
from session import configure as configuring
from session.calibration import calibration_path, load_calibration, save_calibration
from session.config import (
    CameraPolicy,
    RigFile,
    SimulationMode,
    find_rig,
    load_rig,
    load_task,
)
from session.configure import configure
from session.paths import config_dir
from teleop.calibration import ServoCalibration
from teleop.config import ConfigError
from teleop.rig_config import SafetyConfig
from teleop.servos import FOLLOWER, LEADER

SHIPPED = sorted((config_dir() / "rigs").glob("*.toml"))
ALOHA = config_dir() / "rigs" / "aloha.toml"
CAMERA_OPTIONS = ("device", "exposure_us", "gain", "white_balance_k", "focus")
OPTIONAL = {"simulation", "current_limit_ma", *CAMERA_OPTIONS}
"""Keys that the example tells of without having them."""


@pytest.fixture(autouse=True)
def no_own_rig(tmp_path: Path, monkeypatch: Any) -> Path:
    """Where this machine's rig.toml would be: nowhere yet."""
    monkeypatch.setattr("session.paths.checkout", lambda: tmp_path)
    monkeypatch.setattr("session.config.config_dir", lambda: ALOHA.parent.parent)
    monkeypatch.setattr(configuring.runtime_dir, "create", lambda: tmp_path / "runtime")
    return tmp_path / "rig.toml"


def without(text: str, *headers_and_values: tuple[str, str]) -> str:
    """The file without the tables that begin so and have this line."""
    tables = text.split("\n[")
    kept = [
        table
        for table in tables
        if not any(table.startswith(h) and f"\n{line}" in table for h, line in headers_and_values)
    ]
    return "\n[".join(kept)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_rig_loads(path: Path) -> None:
    rig_file = load_rig(path.stem)
    assert rig_file.rig.name == path.stem
    assert len(rig_file.cameras) == 4


def keys_of(kind: Any) -> dict[str, Any]:
    """Fields of a configuration class, those of the tables in it by their names too."""
    hints = typing.get_type_hints(kind)
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        inner = next(
            (part for part in typing.get_args(hint) if dataclasses.is_dataclass(part)), hint
        )
        found[field.name] = keys_of(inner) if dataclasses.is_dataclass(inner) else None
    return found


def missing(keys: Mapping[str, Any], table: Any, where: str) -> list[str]:
    """Keys that no table of this name in the file has."""
    tables = table if isinstance(table, list) else [table]
    found = []
    for key, inner in keys.items():
        values = [each[key] for each in tables if key in each]
        if not values and key not in OPTIONAL and key != "secondary_id":
            found.append(f"{where}.{key}")
        elif inner is not None and values:
            found += missing(inner, values[0], f"{where}.{key}")
    return found


def test_the_example_has_every_key_with_the_value_that_it_has_without() -> None:
    table = tomllib.loads(ALOHA.read_text())
    assert missing(keys_of(RigFile), table, "") == []
    assert all(option in ALOHA.read_text() for option in CAMERA_OPTIONS)
    rig = load_rig("aloha").rig
    assert rig.follower_servos == FOLLOWER
    assert rig.leader_servos == LEADER
    for name, value in dataclasses.asdict(SafetyConfig()).items():
        assert getattr(rig.safety, name) == pytest.approx(value, abs=1e-4), name


def test_one_pair_and_three_cameras_are_a_rig(tmp_path: Path) -> None:
    text = without(ALOHA.read_text(), ("[rig.arms", 'side = "left"'), ("[cam", 'name = "cam_left'))
    path = tmp_path / "one_pair.toml"
    path.write_text(text)
    rig_file = load_rig(str(path))
    assert rig_file.rig.bus_names == ("leader_right", "follower_right")
    assert [camera.name for camera in rig_file.cameras] == [
        "cam_high",
        "cam_low",
        "cam_right_wrist",
    ]


# ---- which rig, and what goes with it -----------------------------------------------------------


def real_rig(path: Path, port: str = "/dev/none") -> Path:
    """A pair without cameras, in a file."""
    path.write_text(
        'cameras = [{ name = "cam", kind = "pattern" }]\n'
        '[rig]\nname = "pair"\nsimulated = false\n'
        f'[[rig.arms]]\nrole = "follower"\nside = "left"\nport = "{port}"\n'
        '[[rig.arms]]\nrole = "leader"\nside = "left"\nport = "/dev/other"\n'
    )
    return path


def test_the_operators_own_rig_comes_first(no_own_rig: Path) -> None:
    assert find_rig(None).name == "sim.toml"
    assert find_rig(None, "sim-realtime").name == "sim-realtime.toml"
    real_rig(no_own_rig)
    assert find_rig(None, "sim-realtime") == no_own_rig
    assert find_rig("sim").name == "sim.toml"
    config = configure("battery", None)
    assert config.rig_file.rig.name == "pair"
    assert config.rig_path == str(no_own_rig)
    assert config.episodes == config.task.episodes
    assert configure("battery", "sim").episodes == 1
    with pytest.raises(ConfigError, match="Did you mean 'sim'"):
        find_rig("smi")


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--realtime", {"mode": SimulationMode(realtime=True)}),
        ("--quality", {"mode": SimulationMode(quality="high")}),
        ("--faults", {"mode": SimulationMode(faults="none.toml")}),
        ("--seed", {"seed": 3}),
    ],
)
def test_what_only_the_simulated_rig_has(no_own_rig: Path, option: str, given: Any) -> None:
    real_rig(no_own_rig)
    with pytest.raises(ConfigError, match=f"{option} is for the simulated rig.*--rig sim"):
        configure("battery", None, **given)


def test_a_task_without_a_scene_is_for_real_rigs(no_own_rig: Path, tmp_path: Path) -> None:
    task = tmp_path / "fold.toml"
    task.write_text('name = "fold"\nprompt = "Fold the cloth."\nmax_steps = 500\nepisodes = 7\n')
    real_rig(no_own_rig)
    assert configure(str(task), None).episodes == 7
    with pytest.raises(ConfigError, match="no scene for the simulated rig"):
        configure(str(task), "sim")


def test_real_cameras_are_recorded() -> None:
    cameras = configure("battery", "aloha").rig_file.cameras
    assert {camera.kind for camera in cameras} == {"realsense"}


def test_a_task_says_what_comes_of_a_lost_camera_and_what_is_good_enough(tmp_path: Path) -> None:
    task = tmp_path / "fold.toml"
    task.write_text(
        'name = "fold"\nprompt = "Fold."\nmax_steps = 500\n'
        '[cameras]\non_loss = "mark"\npause_after_s = 3\n'
        '[quality]\nignore = ["gripper_still"]\nskew_s = 0.5\n'
    )
    found = load_task(str(task))
    assert found.cameras == CameraPolicy(on_loss="mark", pause_after_s=3.0)
    assert found.quality == QualityLimits(ignore=("gripper_still",), skew_s=0.5)
    task.write_text(task.read_text().replace("skew_s =", "skew_sec ="))
    with pytest.raises(ConfigError, match="unknown key 'skew_sec'"):
        load_task(str(task))


def test_a_real_rig_has_no_simulated_cameras(tmp_path: Path) -> None:
    path = real_rig(tmp_path / "pair.toml")
    path.write_text(path.read_text().replace('"pattern"', '"simulated"'))
    with pytest.raises(ConfigError, match="cam is a simulated camera"):
        load_rig(path)


def test_arms_behind_pseudo_terminals_are_emulated(tmp_path: Path) -> None:
    link = tmp_path / "follower"
    link.symlink_to("/dev/pts/99999")
    assert load_rig(real_rig(tmp_path / "pair.toml", str(link))).emulated
    assert not load_rig(real_rig(tmp_path / "pair.toml")).emulated
    assert not load_rig("sim").emulated


# ---- the calibration beside it -----------------------------------------------------------

KNOWN = ServoCalibration("follower_left", 2, "XM540-W270", 45, -12, 3, 'FT"1\\', "2026-01-02")


def test_a_calibration_is_found_beside_its_rig(no_own_rig: Path) -> None:
    real_rig(no_own_rig)
    assert load_calibration(no_own_rig) == ()
    written = save_calibration(no_own_rig, [KNOWN])
    assert written == calibration_path(no_own_rig) == no_own_rig.with_name("rig.calibration.toml")
    assert load_calibration(no_own_rig) == (KNOWN,)
    assert configure("battery", None).calibration == (KNOWN,)
    assert configure("battery", "sim").calibration == ()


def test_a_calibration_that_is_wrong_is_named(no_own_rig: Path) -> None:
    save_calibration(no_own_rig, [KNOWN, KNOWN])
    with pytest.raises(ConfigError, match=r"rig\.calibration\.toml.*servo 2 of follower_left"):
        load_calibration(no_own_rig)
    save_calibration(no_own_rig, [KNOWN])
    path = calibration_path(no_own_rig)
    path.write_text(path.read_text().replace("homing_offset_ticks = -12", "homing = 1"))
    with pytest.raises(ConfigError, match="unknown key 'homing'"):
        load_calibration(no_own_rig)


def test_a_calibration_that_cannot_be_written_leaves_the_old_one(no_own_rig: Path) -> None:
    before = save_calibration(no_own_rig, [KNOWN]).read_text()
    (no_own_rig.parent / ".rig.calibration.toml.part").mkdir()
    with pytest.raises(ConfigError, match="Cannot write"):
        save_calibration(no_own_rig, [])
    assert calibration_path(no_own_rig).read_text() == before
