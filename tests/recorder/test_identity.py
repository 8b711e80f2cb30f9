"""What may lie in one folder: the same identity, whether it is read from a header, a journal, a
configuration, or a file of any version."""

import dataclasses
import gzip
from pathlib import Path
from typing import Any

import h5py
import pytest

from recorder.config import CameraConfig, RecorderConfig
from recorder.errors import FolderError
from recorder.folder.guards import IDENTITIES_CHECKED, check_identity
from recorder.folder.identity import CameraMode, FolderIdentity, identity_of
from recorder.journal.header import EpisodeHeader
from recorder.journal.writer import JournalWriter
from teleop.joints import JOINT_NAMES
from tests.recorder.fake_rig import HEIGHT, WIDTH, make_episode, make_header

DATA = Path(__file__).parent / "data"

REAL: dict[str, Any] = {"simulated": False, "time_base": "monotonic", "state_size": 0}
EMULATED: dict[str, Any] = {"simulated": True, "time_base": "monotonic", "state_size": 0}


def config_of(header: EpisodeHeader) -> RecorderConfig:
    """The configuration of a recorder that would write such a header."""
    return RecorderConfig(
        runtime_dir=Path("/nowhere"),
        dataset_dir=Path("/nowhere"),
        cameras=header.cameras,
        rig_name=header.rig_name,
        simulated=header.simulated,
        time_base=header.time_base,
        rate_hz=header.rate_hz,
        scene_ring=header.state_size > 0,
        sides=header.sides,
    )


@pytest.mark.parametrize(
    "facts",
    [{}, REAL, EMULATED, {"sides": ("right",)}, {"rate_hz": 30, "rig_name": "other"}],
    ids=["simulated", "real", "emulated", "one arm", "another rate"],
)
def test_it_is_the_same_wherever_it_is_read(tmp_path: Path, facts: dict[str, Any]) -> None:
    header = make_header(**facts)
    identity = FolderIdentity.of_header(header)
    JournalWriter(tmp_path / "episode_1.journal", header).close()
    assert identity_of(tmp_path / "episode_1.journal") == identity
    assert identity_of(make_episode(tmp_path, 4, **facts)) == identity
    assert FolderIdentity.of_config(config_of(header)) == identity


def test_it_holds_what_must_not_be_mixed() -> None:
    assert FolderIdentity.of_header(make_header()) == FolderIdentity(
        arms="simulated",
        rig="sim",
        joint_names=JOINT_NAMES,
        cameras=(
            CameraMode("cam_0", WIDTH, HEIGHT, 50.0, test_picture=False),
            CameraMode("cam_1", WIDTH, HEIGHT, 50.0, test_picture=False),
        ),
        fps=50,
        clock="simulated",
    )


@pytest.mark.parametrize("version", [1, 2])
def test_files_of_older_versions_have_one(tmp_path: Path, version: int) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(gzip.decompress((DATA / f"version_{version}.hdf5.gz").read_bytes()))
    identity = identity_of(path)
    assert identity is not None
    assert (identity.arms, identity.fps, identity.joint_names) == ("simulated", 50, JOINT_NAMES)
    check_identity(tmp_path, identity)


def test_a_version_1_file_of_real_arms_is_real(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 4, **REAL)
    with h5py.File(path, "r+") as file:
        del file.attrs["arms"]  # as before there was that attribute
    assert getattr(identity_of(path), "arms", None) == "real"


CAMERAS = make_header().cameras
LARGER = dataclasses.replace(CAMERAS[1], width=2 * WIDTH)
SLOWER = dataclasses.replace(CAMERAS[1], rate_hz=30.0)
TESTED = dataclasses.replace(CAMERAS[1], kind="pattern")


@pytest.mark.parametrize(
    ("facts", "there", "here"),
    [
        (REAL, "with simulated arms", "with real arms"),
        (EMULATED, "with simulated arms", "with emulated arms"),
        ({"rig_name": "lab"}, "on rig 'sim'", "on rig 'lab'"),
        (
            {"sides": ("left",)},
            "with 14 joints (left and right arm)",
            "with 7 joints (left arm)",
        ),
        (
            {"cameras": (CAMERAS[0], LARGER)},
            "with cameras cam_0 64x48 at 50 Hz, cam_1 64x48 at 50 Hz",
            "with cameras cam_0 64x48 at 50 Hz, cam_1 128x48 at 50 Hz",
        ),
        (
            {"cameras": (CAMERAS[0], SLOWER)},
            "with cameras cam_0 64x48 at 50 Hz, cam_1 64x48 at 50 Hz",
            "with cameras cam_0 64x48 at 50 Hz, cam_1 64x48 at 30 Hz",
        ),
        (
            {"cameras": (CAMERAS[0], TESTED)},
            "with cameras cam_0 64x48 at 50 Hz, cam_1 64x48 at 50 Hz,",
            "with cameras cam_0 64x48 at 50 Hz, cam_1 64x48 at 50 Hz (test picture)",
        ),
        ({"cameras": CAMERAS[:1]}, "cam_1 64x48", "with camera cam_0 64x48"),
        (
            {"cameras": CAMERAS[::-1]},
            "cam_0 64x48 at 50 Hz, cam_1 64x48 at 50 Hz",
            "cam_1 64x48 at 50 Hz, cam_0 64x48 at 50 Hz",
        ),
        ({"cameras": ()}, "cam_1 64x48", "with no camera"),
        ({"rate_hz": 30}, "at 50 steps a second", "at 30 steps a second"),
        ({"time_base": "monotonic"}, "in simulated time", "in real time"),
    ],
)
def test_what_differs_is_said_with_both_values(
    tmp_path: Path, facts: dict[str, Any], there: str, here: str
) -> None:
    path = make_episode(tmp_path, 4)
    cameras = facts.pop("cameras", CAMERAS)
    identity = FolderIdentity.of_header(make_header(**facts) if facts else make_header())
    modes = tuple(map(CameraMode.of_config, cameras))
    with pytest.raises(FolderError) as refused:
        check_identity(tmp_path, dataclasses.replace(identity, cameras=modes))
    sentence = str(refused.value)
    for expected in (str(path), there, here, "must not be mixed", "Choose another folder"):
        assert expected in sentence, sentence


def test_what_may_differ_is_no_reason(tmp_path: Path) -> None:
    """The task, the scene, the make of the camera, the quality of the JPEGs."""
    make_episode(tmp_path, 4)
    cameras = tuple(CameraConfig(c.name, "webcam", WIDTH, HEIGHT) for c in CAMERAS)
    other = dataclasses.replace(make_header(), task="cube", cameras=cameras, seed=9, quality="high")
    check_identity(tmp_path, FolderIdentity.of_header(other))


def with_slower(camera: CameraConfig = SLOWER) -> FolderIdentity:
    return FolderIdentity.of_header(make_header(cameras=(CAMERAS[0], camera)))


@pytest.mark.parametrize(
    "rates",
    [
        "nonsense",
        "[50, 50]",
        '"cam_0"',
        '{"cam_0": 50}',
        '{"cam_0": 50, "cam_1": null}',
        '{"cam_0": 50, "cam_1": NaN}',
        '{"cam_0": 50, "cam_1": -50}',
        '{"cam_0": 50, "cam_1": 1' + 400 * "0" + "}",
        "[" * 100_000,
    ],
)
def test_rates_that_are_damaged_prove_nothing_about_rates(tmp_path: Path, rates: str) -> None:
    with h5py.File(make_episode(tmp_path, 4), "r+") as file:
        del file.attrs["camera_rate_hz"]
        file.attrs["camera_rate_hz"] = rates[:60_000]
    check_identity(tmp_path, with_slower())
    sizes = (
        "with cameras cam_0 64x48, cam_1 64x48, and now .* with cameras cam_0 64x48, cam_1 128x48:"
    )
    with pytest.raises(FolderError, match=sizes):
        check_identity(tmp_path, with_slower(LARGER))


@pytest.mark.parametrize(
    "kinds",
    [
        None,
        "nonsense",
        '["pattern"]',
        '{"cam_0": "pattern"}',
        '{"cam_0": "pattern", "cam_1": 5}',
        '{"cam_0": "pattern", "cam_1": "unheard of"}',
    ],
)
def test_kinds_that_are_not_told_prove_nothing_about_test_pictures(
    tmp_path: Path, kinds: str | None
) -> None:
    with h5py.File(make_episode(tmp_path, 4), "r+") as file:
        del file.attrs["camera_kind"]
        if kinds is not None:
            file.attrs["camera_kind"] = kinds
    check_identity(tmp_path, with_slower(TESTED))
    with pytest.raises(FolderError, match="cam_1 64x48 at 30 Hz"):
        check_identity(tmp_path, with_slower())


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(500)])
@pytest.mark.parametrize("name", ["episode_7.hdf5", "episode_7.journal"])
def test_what_is_damaged_proves_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    check_identity(tmp_path, FolderIdentity.of_header(make_header(**REAL)))


def test_an_episode_of_another_program_proves_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "episode_0.hdf5", "w") as file:
        file.attrs["sim"] = True
        file["/action"] = [[0.0]]
    check_identity(tmp_path, FolderIdentity.of_header(make_header(**REAL)))


def test_the_newest_count_journals_among_them(tmp_path: Path) -> None:
    """Fifty files must not hide what a recorder has left behind after them."""
    for number in range(IDENTITIES_CHECKED + 5):
        (tmp_path / f"episode_{number}.hdf5").write_bytes(b"damaged")
    check_identity(tmp_path, FolderIdentity.of_header(make_header(**REAL)))
    JournalWriter(tmp_path / "episode_60.journal", make_header(60)).close()
    with pytest.raises(FolderError, match=r"episode_60\.journal was recorded with simulated arms"):
        check_identity(tmp_path, FolderIdentity.of_header(make_header(**REAL)))
