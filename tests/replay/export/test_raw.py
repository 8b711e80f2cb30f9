"""`episodes export raw`, read as the original loader reads: one file by its number, all of its
joints, the pictures of one step, and from all files the joints, stacked."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import checksum
from tests.replay.export.export_bench import export, make_episodes, notes
from tests.replay.pictures.well_behaved import replace_pictures

LENGTHS = (12, 9)


@pytest.fixture(scope="module")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_episodes(tmp_path_factory.mktemp("raw") / "battery", *LENGTHS)


def load(folder: Path, number: int, start: int, cameras: list[str]) -> dict[str, np.ndarray]:
    """A sample of the original loader: the future of an observation, as long as the episode."""
    with h5py.File(folder / f"episode_{number}.hdf5") as root:
        is_sim = root.attrs["sim"]
        steps, joints = root["/action"].shape
        first = start if is_sim else max(0, start - 1)  # on real arms it looks one action back
        actions = root["/action"][first:]
        padded = np.zeros((steps, joints), np.float32)
        padded[: len(actions)] = actions
        return {
            "qpos": root["/observations/qpos"][start],
            "qvel": root["/observations/qvel"][start],
            "images": np.stack([root[f"/observations/images/{name}"][start] for name in cameras]),
            "actions": padded,
            "is_pad": np.arange(steps) >= len(actions),
        }


def test_the_original_loader_reads_it(episodes: list[Path], tmp_path: Path) -> None:
    out, cameras = tmp_path / "out", ["cam_1", "cam_0"]
    assert export("raw", *episodes, "--out", out) == 0
    qpos, actions = [], []
    for number in range(len(episodes)):
        with h5py.File(out / f"episode_{number}.hdf5") as root:
            qpos.append(root["/observations/qpos"][()])
            actions.append(root["/action"][()])
            assert root["/observations/images/cam_0"].chunks == (1, 48, 64, 3)
            assert {root[name].dtype.str for name in ("/action", "/observations/effort")} == {"<f4"}
            assert not root["/observations/images/cam_0"].compression
    assert np.stack(qpos).std(axis=(0, 1)).shape == np.stack(actions).mean(axis=(0, 1)).shape
    sample = load(out, 1, 4, cameras)
    with EpisodeReader(episodes[1]) as episode:
        assert np.array_equal(sample["qpos"], episode.column("/observations/qpos")[4])
        for place, camera in enumerate(cameras):
            assert np.array_equal(sample["images"][place], episode.image(camera, 4))
        recorded = episode.column("/action")
        assert np.array_equal(sample["actions"][:5], recorded[4:])
        assert np.array_equal(sample["actions"][5:8], np.tile(recorded[-1], (3, 1)))  # it holds
        assert np.array_equal(load(out, 1, 11, cameras)["images"][0], episode.image("cam_1", 8))
        assert np.array_equal(load(out, 1, 11, cameras)["qpos"], qpos[1][8])
    assert sample["is_pad"].tolist() == [False] * 8 + [True] * 4
    red, green, blue = (sample["images"][0][24, column].tolist() for column in (8, 32, 56))
    assert [int(np.argmax(colour)) for colour in (red, green, blue)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("wanted", "steps", "first_note", "second_note"),
    [
        ("shortest", 9, "Cut from 12 to its first 9 steps.", None),
        ("5", 5, "Cut from 12 to its first 5 steps.", "Cut from 9 to its first 5 steps."),
        ("10", 10, "Cut from 12 to its first 10 steps.", "Padded from 9 to 10 steps"),
    ],
)
def test_lengths_are_made_one(
    episodes: list[Path],
    tmp_path: Path,
    wanted: str,
    steps: int,
    first_note: str,
    second_note: str | None,
) -> None:
    out = tmp_path / "out"
    assert export("raw", *episodes, "--out", out, "--length", wanted, "--cameras", "cam_1") == 0
    for number in range(2):
        with h5py.File(out / f"episode_{number}.hdf5") as root:
            assert root["/action"].shape == (steps, 14)
            assert list(root["/observations/images"]) == ["cam_1"]
            assert root["/observations/images/cam_1"].shape == (steps, 48, 64, 3)
    first, second = (each["note"] for each in notes(out)["episodes"])
    assert first == first_note
    assert second == second_note or second.startswith(second_note)


def test_the_estimate_is_not_too_low(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("raw", "aloha-swapped", "rerun"):
        out = tmp_path / name
        assert export(name, "--json", *episodes, "--out", out) == 0
        estimated = int(capsys.readouterr().out.split('"most_bytes": ')[1].split(",")[0])
        written = sum(path.stat().st_size for path in out.glob("episode_*"))
        assert written <= estimated


def test_one_arm_pair_has_seven_joints(tmp_path: Path) -> None:
    paths = make_episodes(tmp_path / "battery", 4, sides=("right",))
    assert export("raw", *paths, "--out", tmp_path / "out") == 0
    assert load(tmp_path / "out", 0, 1, ["cam_0"])["actions"].shape == (4, 7)


def test_what_a_loader_could_not_stack_is_refused(
    episodes: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*words: object) -> str:
        assert export("raw", *words, "--out", tmp_path / "out") == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        return error

    assert "has no camera 'cam_9'; it has cam_0, cam_1." in refused(
        *episodes, "--cameras", "cam_0,cam_9"
    )
    (third,) = make_episodes(tmp_path / "three", 4, cameras=3, episode_id="three")
    assert "has other cameras (cam_0, cam_1, cam_2)" in refused(*episodes, third)
    (one_pair,) = make_episodes(tmp_path / "pair", 4, sides=("left",), episode_id="pair")
    assert "has other joints" in refused(*episodes, one_pair)
    (slow,) = make_episodes(tmp_path / "slow", 4, rate_hz=25, episode_id="slow")
    assert "has other steps a second (25)" in refused(*episodes, slow)
    with pytest.raises(SystemExit):
        export("raw", *episodes, "--out", tmp_path / "out", "--length", "0")
    capsys.readouterr()
    (wide,) = make_episodes(tmp_path / "wide", 4)
    replace_pictures(wide, "cam_1", (96, 48))
    with EpisodeReader(wide) as episode:
        checksums = episode.column("/tandem/frame_crc32")
        checksums[:, 1] = checksum(episode.jpeg("cam_1", 0))
    with h5py.File(wide, "r+") as file:
        file["/tandem/frame_crc32"][...] = checksums
    assert "has pictures of 96x48" in refused(wide)
    assert export("raw", wide, "--out", tmp_path / "out", "--cameras", "cam_1") == 0
