"""Episode files, of every version, as the quality checks take them."""

import gzip
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from recorder.checks.from_file import streams_of
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.limits import QualityLimits
from recorder.quality import judge
from tests.recorder.fake_rig import make_episode

VERSION_1 = Path(__file__).parent / "data" / "version_1.hdf5.gz"
SERVOS = '{"follower_left": {"2": "XM540-W270 firmware 46", "8": "XC430-W150 firmware 45"}}'


def test_the_columns_are_those_of_the_file(tmp_path: Path) -> None:
    with EpisodeReader(make_episode(tmp_path, 60, servos=SERVOS)) as episode:
        damaged = np.zeros((60, 2), bool)
        streams = streams_of(episode, damaged)
        assert streams.steps == 60
        assert streams.fps == 50
        assert streams.camera_names == ("cam_0", "cam_1")
        assert streams.camera_rate_hz == (50.0, 50.0)
        assert streams.undecodable is damaged
        for path, values in (
            ("/observations/qpos", streams.qpos),
            ("/action", streams.action),
            ("/tandem/held", streams.held),
            ("/tandem/rejected", streams.rejected),
            ("/tandem/frame_crc32", streams.frame_crc32),
            ("/tandem/frame_skew_ns", streams.frame_skew_ns),
            ("/tandem/second_step", streams.second_step),
            ("/tandem/hardware_error", streams.hardware_error),
        ):
            assert np.array_equal(episode.column(path), values)
        assert streams.pictures is not None
        sharpness = episode.column("/tandem/frame_sharpness")
        assert np.array_equal(streams.pictures.sharpness, sharpness)


def test_effort_is_judged_by_the_servos_models(tmp_path: Path) -> None:
    """Shoulder: servo 2, in mA; wrist_rotate: servo 8, which only estimates its load, in 0.1 %."""
    with EpisodeReader(make_episode(tmp_path, 5, servos=SERVOS)) as episode:
        limits = streams_of(episode).effort_limit
    assert limits[1] == 2200.0
    assert limits[5] == 500.0
    assert np.isinf(np.delete(limits, [1, 5])).all()


@pytest.mark.parametrize("servos", ["", "[]", "nothing", '{"follower_left": 3}'])
def test_effort_is_not_judged_where_the_models_are_not_known(tmp_path: Path, servos: str) -> None:
    with EpisodeReader(make_episode(tmp_path, 5, servos=servos)) as episode:
        assert np.isinf(streams_of(episode).effort_limit).all()


def test_one_pair_of_arms(tmp_path: Path) -> None:
    with EpisodeReader(make_episode(tmp_path, 5, sides=("right",))) as episode:
        streams = streams_of(episode)
    assert streams.qpos.shape == (5, 7)
    assert streams.grippers == [6]
    assert streams.effort_limit.shape == (7,)
    assert judge(streams, QualityLimits()).verdict == "reject"  # its joints run wild


@pytest.mark.parametrize(("recovered", "said"), [(True, "It ends."), (False, "")])
def test_what_a_recovered_file_lacks(tmp_path: Path, recovered: bool, said: str) -> None:
    path = make_episode(tmp_path, 60)
    with h5py.File(path, "r+") as file:
        file.attrs["recovered"], file.attrs["recovery_note"] = recovered, np.bytes_("It ends.")
    with EpisodeReader(path) as episode:
        streams = streams_of(episode)
    assert streams.recovery_note == said
    kinds = {each.check for each in judge(streams, QualityLimits()).findings}
    assert ("incomplete" in kinds) is recovered


def test_files_of_version_1(tmp_path: Path) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    with EpisodeReader(path) as episode:
        streams = streams_of(episode)
    assert streams.rejected is streams.connected is streams.pictures is None
    assert (streams.frame_skew_ns == -1).all()  # it has one camera
    assert judge(streams, QualityLimits()).not_checked == (
        "dropped_pictures",
        "black",
        "over_exposed",
        "blurred",
        "undecodable",
        "rejected_readings",
        "unplugged",
    )


def test_the_skew_of_an_older_file_needs_two_pictures(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 5)
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 2
        file["/tandem/frame_number"][2, 0] = -1
        file["/tandem/frame_capture_ns"][3, 0] -= 5
        file["/tandem/frame_skew_ns"][:] = 77  # not of that version: not looked at
    with EpisodeReader(path) as episode:
        assert streams_of(episode).frame_skew_ns.tolist() == [0, 0, -1, 5, 0]


@pytest.mark.parametrize("rates", ["", "3", "{}", '{"cam_0": "fast"}', '{"cam_0": null}'])
def test_rates_that_are_not_told(tmp_path: Path, rates: str) -> None:
    path = make_episode(tmp_path, 5)
    with h5py.File(path, "r+") as file:
        file.attrs["camera_rate_hz"] = rates
    with EpisodeReader(path) as episode:
        assert streams_of(episode).camera_rate_hz == (0.0, 0.0)


def test_columns_that_do_not_fit_together_are_told(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 5)
    with h5py.File(path, "r+") as file:
        del file["/tandem/held"]
        file["/tandem/held"] = np.zeros((4, 4, 9), "u1")
    with EpisodeReader(path) as episode, pytest.raises(EpisodeError) as told:
        streams_of(episode)
    assert str(told.value) == f"{path}: /tandem/held has shape (4, 4, 9), not (5, 4, 9)."


def test_joints_of_no_arms_are_told(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 5)
    names: Any = np.array([b"left_leg"])
    with h5py.File(path, "r+") as file:
        file.attrs["joint_names"] = names
    with EpisodeReader(path) as episode, pytest.raises(EpisodeError, match="those of no arms"):
        streams_of(episode)
