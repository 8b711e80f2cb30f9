"""`episodes export lerobot`: the set as its readers find it."""

import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recorder.episode.reader import EpisodeReader
from replay.export.lerobot.features import VECTORS
from teleop.joints import JOINT_NAMES
from tests.replay.export import lerobot_sets as sets

LENGTHS = (30, 1, 41)
KEYS = [f"observation.images.cam_{camera}" for camera in range(sets.CAMERAS)]
TINY = ("--video-mb", "0", "--data-mb", "0.003", "--files-per-chunk", "2")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return sets.make_episodes(tmp_path_factory.mktemp("recorded"), LENGTHS)


@pytest.fixture(scope="module")
def as_video(recorded: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("video") / "set"
    assert sets.export(recorded, out) == 0
    return out


@pytest.fixture(scope="module")
def as_jpeg(recorded: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("jpeg") / "set"
    assert sets.export(recorded, out, "--images", "jpeg", "--data-mb", "0.05") == 0
    return out


def columns_of(recorded: list[Path], path: str) -> np.ndarray:
    """A column of all episodes, one after the other."""
    parts = []
    for each in recorded:
        with EpisodeReader(each) as episode:
            parts.append(episode.column(path))
    return np.concatenate(parts)


def files_in(out: Path) -> set[str]:
    return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}


def test_rows_are_those_of_the_episodes_in_their_order(
    recorded: list[Path], as_video: Path
) -> None:
    rows = sets.data(as_video)
    for key, path in VECTORS.items():
        assert rows.schema.field(key).type == pa.list_(pa.float32(), len(JOINT_NAMES))
        values = np.array(rows[key].to_pylist(), np.float32)
        np.testing.assert_array_equal(values, columns_of(recorded, path))
    steps = np.concatenate([np.arange(length) for length in LENGTHS])
    assert rows["index"].to_pylist() == list(range(sum(LENGTHS)))
    assert rows["frame_index"].to_pylist() == steps.tolist()
    assert rows["episode_index"].to_pylist() == np.repeat([0, 1, 2], LENGTHS).tolist()
    assert set(rows["task_index"].to_pylist()) == {0}
    assert rows.schema.field("timestamp").type == pa.float32()
    assert rows["timestamp"].to_numpy().tolist() == (steps / sets.FPS).astype("f4").tolist()
    assert set(rows.column_names) == set(sets.info(as_video)["features"]) - set(KEYS)


def test_info_says_what_there_is(as_video: Path) -> None:
    info = sets.info(as_video)
    assert info["codebase_version"] == "v3.0"
    assert info["robot_type"] == "aloha"
    assert info["fps"] == sets.FPS
    counted = (info["total_episodes"], info["total_frames"], info["total_tasks"])
    assert counted == (len(LENGTHS), sum(LENGTHS), 1)
    assert info["splits"] == {"train": "0:3"}
    picture = info["features"][KEYS[0]]
    assert (picture["dtype"], picture["shape"]) == ("video", [48, 64, 3])
    assert picture["names"] == ["height", "width", "channels"]
    assert picture["info"]["video.codec"] == "h264"
    assert info["features"]["action"]["names"] == list(JOINT_NAMES)
    assert all("names" in feature for feature in info["features"].values())
    written = info["features"]["observation.state"]["shape"], info["features"]["index"]["shape"]
    assert written == ([14], [1])


def test_there_are_no_files_but_those_of_a_set_and_of_every_export(as_video: Path) -> None:
    assert files_in(as_video) == {
        "README.txt",
        "export.json",
        "data/chunk-000/file-000.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        *(f"videos/{key}/chunk-000/file-000.mp4" for key in KEYS),
    }


def test_every_picture_is_found_by_its_time(as_video: Path) -> None:
    for number, row in enumerate(sets.episodes(as_video)):
        for camera, key in enumerate(KEYS):
            wanted = [sets.code(number, camera, step) for step in range(LENGTHS[number])]
            assert sets.codes_of(as_video, row, key) == wanted


def test_an_episode_begins_with_a_key_frame_and_every_other_frame_is_one(as_video: Path) -> None:
    with av.open(str(as_video / f"videos/{KEYS[0]}/chunk-000/file-000.mp4")) as film:
        stream = film.streams.video[0]
        packets = [packet for packet in film.demux(stream) if packet.pts is not None]
        assert stream.average_rate == sets.FPS
    keys = [packet.is_keyframe for packet in packets]
    assert len(keys) == sum(LENGTHS)
    assert all(keys[start] for start in (0, LENGTHS[0], LENGTHS[0] + LENGTHS[1]))
    assert all(first or second for first, second in pairwise(keys))


def test_episodes_say_where_they_lie(as_video: Path) -> None:
    rows, first = sets.episodes(as_video), 0
    for number, (row, steps) in enumerate(zip(rows, LENGTHS, strict=True)):
        assert (row["episode_index"], row["length"]) == (number, steps)
        assert (row["dataset_from_index"], row["dataset_to_index"]) == (first, first + steps)
        assert row["tasks"] == ["Insert the battery."]
        times = [row[f"videos/{KEYS[1]}/{name}_timestamp"] for name in ("from", "to")]
        assert times == [first / sets.FPS, (first + steps) / sets.FPS]
        assert (row["meta/episodes/chunk_index"], row["meta/episodes/file_index"]) == (0, 0)
        first += steps


def test_small_limits_make_several_files_and_folders(recorded: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    assert sets.export(recorded, out, *TINY) == 0
    names = [f"chunk-{number // 2:03d}/file-{number % 2:03d}" for number in range(3)]
    assert {name for name in files_in(out) if name.startswith(("data", "videos"))} == {
        *(f"data/{name}.parquet" for name in names),
        *(f"videos/{key}/{name}.mp4" for key in KEYS for name in names),
    }
    rows = sets.episodes(out)
    assert [(row["data/chunk_index"], row["data/file_index"]) for row in rows] == [
        (0, 0),
        (0, 1),
        (1, 0),
    ]
    for number, row in enumerate(rows):
        assert row[f"videos/{KEYS[0]}/from_timestamp"] == 0
        wanted = [sets.code(number, 0, step) for step in range(LENGTHS[number])]
        assert sets.codes_of(out, row, KEYS[0]) == wanted
    assert sets.data(out)["index"].to_pylist() == list(range(sum(LENGTHS)))
    assert sets.info(out)["chunks_size"] == 2


def test_jpegs_are_the_recorded_bytes(recorded: list[Path], as_jpeg: Path) -> None:
    rows = sets.data(as_jpeg)
    first = 0
    for path, steps in zip(recorded, LENGTHS, strict=True):
        with EpisodeReader(path) as episode:
            for camera, key in zip(episode.facts.camera_names, KEYS, strict=True):
                column = rows[key].slice(first, steps).to_pylist()
                assert [each["bytes"] for each in column] == list(episode.jpegs(camera))
        first += steps
    info = sets.info(as_jpeg)
    assert info["video_path"] is None
    assert info["features"][KEYS[0]]["dtype"] == "image"
    assert not (as_jpeg / "videos").exists()
    assert len(list(as_jpeg.glob("data/*/*"))) > 1
    named = json.loads(
        pq.read_schema(as_jpeg / "data/chunk-000/file-000.parquet").metadata[b"huggingface"]
    )
    assert named["info"]["features"][KEYS[0]] == {"_type": "Image"}


def test_statistics_are_numpys_of_all_frames(recorded: list[Path], as_video: Path) -> None:
    found = sets.statistics(as_video)
    for key, path in VECTORS.items():
        values = columns_of(recorded, path).astype(np.float64)
        for name in ("min", "max", "mean", "std"):
            np.testing.assert_allclose(found[key][name], getattr(values, name)(axis=0))
        for name, share in (("q01", 0.01), ("q50", 0.5), ("q99", 0.99)):
            np.testing.assert_allclose(found[key][name], np.quantile(values, share, axis=0))
        assert found[key]["count"] == [sum(LENGTHS)]
    assert found["index"]["max"] == [sum(LENGTHS) - 1]
    assert set(found) == set(sets.info(as_video)["features"])


def test_statistics_of_pictures_are_those_of_the_recording(
    recorded: list[Path], as_video: Path, as_jpeg: Path
) -> None:
    """Of short episodes with small pictures every pixel counts."""
    pictures = []
    for path in recorded:
        with EpisodeReader(path) as episode:
            pictures += [episode.image("cam_1", step) for step in range(episode.steps)]
    pixels = np.stack(pictures).reshape(-1, 3) / 255
    for out in (as_video, as_jpeg):
        found = sets.statistics(out)[KEYS[1]]
        for name in ("min", "max", "mean", "std"):
            wanted = getattr(pixels, name)(axis=0).reshape(3, 1, 1)
            np.testing.assert_allclose(found[name], wanted, atol=1e-12)
        for name, share in (("q10", 0.1), ("q90", 0.9)):
            wanted = np.quantile(pixels, share, axis=0).reshape(3, 1, 1)
            np.testing.assert_allclose(found[name], wanted, atol=1e-12)
        assert found["count"] == [sum(LENGTHS)]


def test_each_episode_has_its_own_statistics(recorded: list[Path], as_video: Path) -> None:
    row = sets.episodes(as_video)[2]
    actions = columns_of(recorded[2:], "/action").astype(np.float64)
    np.testing.assert_allclose(row["stats/action/mean"], actions.mean(axis=0))
    np.testing.assert_allclose(row["stats/action/q90"], np.quantile(actions, 0.9, axis=0))
    assert row["stats/action/count"] == [LENGTHS[2]]
    assert np.shape(row[f"stats/{KEYS[0]}/std"]) == (3, 1, 1)
    assert row["stats/frame_index/max"] == [LENGTHS[2] - 1]


def test_tasks_are_rows_found_by_their_text(tmp_path: Path) -> None:
    """Without the words of pandas a reader would hand out numbers for tasks."""
    first, second = (tmp_path / name for name in ("first", "second"))
    for folder in (first, second):
        folder.mkdir()
    paths = sets.make_episodes(first, (2,)) + sets.make_episodes(
        second, (3,), prompt="", task="cables", episode_id="another"
    )
    out = tmp_path / "set"
    assert sets.export([*paths, paths[0]][:2], out) == 0
    table = pq.read_table(out / "meta/tasks.parquet")
    assert table.to_pydict() == {"task_index": [0, 1], "task": ["Insert the battery.", "cables"]}
    assert table.schema.field("task_index").type == pa.int64()
    about = json.loads(table.schema.metadata[b"pandas"])
    assert about["index_columns"] == ["task"]
    assert sets.data(out)["task_index"].to_pylist() == [0, 0, 1, 1, 1]
    assert [row["tasks"] for row in sets.episodes(out)] == [["Insert the battery."], ["cables"]]


def test_velocity_and_effort_can_be_left_out(recorded: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set"
    assert sets.export(recorded[1:2], out, "--without-velocity-and-effort") == 0
    names = set(sets.info(out)["features"])
    assert {name for name in names if name.startswith(("obs", "act"))} == {
        "observation.state",
        "action",
        *KEYS,
    }
    assert "observation.effort" not in sets.data(out).column_names
    assert "observation.effort" not in sets.statistics(out)


def test_the_number_of_threads_changes_nothing(
    recorded: list[Path], as_video: Path, tmp_path: Path
) -> None:
    out = tmp_path / "set"
    assert sets.export(recorded, out, "--jobs", "1") == 0
    same = files_in(out) - {"README.txt", "export.json"}
    for name in same:
        assert (out / name).read_bytes() == (as_video / name).read_bytes(), name
