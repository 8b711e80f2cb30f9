"""``replay EPISODE`` as somebody types it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest

from recorder.checks.tracking import lag_ticks
from recorder.episode.reader import EpisodeReader
from replay.cli import main
from replay.errors import NotFoundError
from replay.find import find_episode
from replay.inspect.summary import summarise
from replay.pictures.contact_sheet import contact_sheet
from tests.recorder.fake_rig import calm, make_episode

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with ``datasets/``: three tasks, the numbers 3; 3 and 4; none."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "datasets"
    monkeypatch.setattr("replay.find.datasets_dir", lambda: folder)  # not what lies in the checkout
    for task, numbers in (("battery", [3]), ("cube", [3, 4]), ("empty", [])):
        (folder / task).mkdir(parents=True)
        for number in numbers:
            make_episode(folder / task, 60, number, change=calm)
    return folder


def test_it_says_what_a_file_holds(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets/battery/episode_3.hdf5"]) == 0
    said = capsys.readouterr().out
    for expected in (
        "battery: Insert the battery.",
        "SIMULATED RIG",
        "outcome   success",
        "60 steps, 1.20 s at 50 Hz of simulated time",
        "cam_1",
        "64x48",
        "50.0 fps",
        "left_waist",
        "0 steps missing",
        "no hardware errors",
        "the arm has bumped",
        "seed 7",
    ):
        assert expected in said, expected
    assert said.splitlines()[-1] == "sound"


def test_it_says_what_went_wrong_with_real_arms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def trouble(step: int, tick: Any) -> None:
        calm(step, tick)
        if step >= 40:
            tick["rejected"][3] += 3
        tick["connected"][1] = step < 55
        tick["deadline_ns"] = tick["t_ns"] - (2_500_000 if step == 9 else 0)
        tick["stage_ns"] = (5_000_000, 100_000, 250_000, 50_000)

    facts = {"state_size": 0, "simulated": False, "time_base": "monotonic", "seed": None}
    path = make_episode(tmp_path, 60, change=trouble, cameras=3, sides=("right",), **facts)
    assert main([str(path), "--contact-sheet", str(tmp_path / "sheet.png")]) == 0
    said = capsys.readouterr().out
    for expected in (
        "quality   warn",
        "on real rig",
        "at 50 Hz of real time",
        "cam_2",
        "right_gripper",
        "not believed: follower_right 3",
        "unplugged leader_right 5 steps",
        "2.50 ms at worst;",
        "median ms: observe 5.00, limit 0.10, command 0.25, publish 0.05",
        "SCHED_FIFO, memory not locked",
    ):
        assert expected in said, expected
    assert "left_waist" not in said
    assert said.splitlines()[-1] == "sound"
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[0] > 3 * 240


def test_emulated_arms_are_called_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"state_size": 0, "time_base": "monotonic", "seed": None}
    path = make_episode(tmp_path, 60, change=calm, **facts)
    assert main([str(path)]) == 0
    assert "EMULATED ARMS" in capsys.readouterr().out


def test_who_stops_reading_gets_no_traceback_and_the_picture_all_the_same(datasets: Path) -> None:
    sheet = datasets / "sheet.png"
    command = [sys.executable, "-m", "replay", str(datasets / "battery" / "episode_3.hdf5")]
    command += ["--contact-sheet", str(sheet)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=REPOSITORY, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.close()
        assert process.stderr.read() == b""
    assert sheet.exists()


def test_an_unsound_file_is_called_so(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = datasets / "battery" / "episode_3.hdf5"
    with h5py.File(path, "r+") as file:
        file["/observations/images/cam_0"][5, 50] ^= 0xFF
        file["/observations/qpos"][7] = np.nan
    assert main([str(path)]) == 1
    said = capsys.readouterr().out
    assert "UNSOUND" in said
    assert "cam_0 differ from what was recorded at step 5." in said
    assert "/observations/qpos is not finite at step 7." in said


def test_a_file_without_its_columns_is_unsound(
    datasets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = datasets / "battery" / "episode_3.hdf5"
    with h5py.File(path, "r+") as file:
        del file["/tandem/tick_ns"]
    assert main([str(path)]) == 1
    said = capsys.readouterr().out
    assert "too damaged to say what it holds" in said
    assert "no dataset /tandem/tick_ns" in said


@pytest.mark.parametrize(
    ("attribute", "value", "finding"),
    [
        ("fps", 0, "fps is 0."),
        ("bus_names", [b"one"], "bus_names are not the buses of those arms"),
        ("camera_names", [b"none"], "frame_crc32 has shape (60, 2), not (60, 1)"),
        (
            "camera_names",
            np.array(["cam_0", "up///"], "S5"),
            "camera_names has some that no dataset can have.",
        ),
    ],
)
def test_facts_that_make_no_sense_are_findings(
    datasets: Path, capsys: pytest.CaptureFixture[str], attribute: str, value: Any, finding: str
) -> None:
    path, sheet = datasets / "battery" / "episode_3.hdf5", datasets / "sheet.png"
    with h5py.File(path, "r+") as file:
        file.attrs[attribute] = value
    assert main([str(path), "--contact-sheet", str(sheet)]) == 1
    said = capsys.readouterr().out
    assert "too damaged to say what it holds, or to draw it" in said
    assert finding in said
    assert not sheet.exists()


def test_a_bare_name_is_searched(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["episode_4.hdf5"]) == 0
    assert main(["episode_4"]) == 0
    assert "datasets/cube/episode_4.hdf5" in capsys.readouterr().out


def test_several_matches_are_listed(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["episode_3.hdf5"]) == 2
    said = capsys.readouterr().err
    assert "datasets/battery/episode_3.hdf5" in said
    assert "datasets/cube/episode_3.hdf5" in said


def test_the_nearest_names_are_listed(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["epsode_4.hdf5"]) == 2
    assert "datasets/cube/episode_4.hdf5" in capsys.readouterr().err


def test_the_nearest_name_comes_first(tmp_path: Path) -> None:
    for name in ("a/episode_1.hdf5", "b/episode_10.hdf5", "c/episode_42.hdf5", "d/pisode_420.hdf5"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    with pytest.raises(NotFoundError, match=r"Nearest: \S*/c/episode_42\.hdf5, "):
        find_episode("epsode_42", [tmp_path])


def test_without_any_episode_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No episode has been recorded"):
        find_episode("episode_1.hdf5", [tmp_path])
    with pytest.raises(NotFoundError, match=r"a/b\.hdf5 does not exist"):
        find_episode("a/b.hdf5", [tmp_path])


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n" + bytes(500)])
def test_what_is_no_episode_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """As a process: one sentence, exit code 2, no traceback."""
    path = tmp_path / "something.hdf5"
    path.write_bytes(content)
    command = [sys.executable, "-m", "replay", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"replay: {path} is not an episode file")
    assert done.stderr.count("\n") == 1


def test_a_journal_is_called_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = tmp_path / "episode_3.journal"
    journal.touch()
    assert main([str(journal)]) == 2
    sentence = f"replay: {journal} is a journal: `episodes recover` makes a file of it.\n"
    assert capsys.readouterr().err == sentence


def test_a_folder_means_its_episodes_and_the_worst_of_them_is_the_status(
    datasets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets"]) == 0
    names = ("battery/episode_3.hdf5", "cube/episode_3.hdf5", "cube/episode_4.hdf5")
    assert capsys.readouterr().out.splitlines() == [f"datasets/{name}: warn" for name in names]
    make_episode(datasets / "cube", 60, 5)  # wild: rejected
    assert main(["datasets/cube"]) == 1
    said = capsys.readouterr().out
    assert "datasets/cube/episode_4.hdf5: warn\n" in said
    assert "datasets/cube/episode_5.hdf5: reject\nquality   reject\n  reject  " in said
    (datasets / "cube" / "episode_6.hdf5").write_text("no HDF5")
    assert main(["datasets/cube"]) == 2
    assert "episode_6.hdf5 is not an episode file" in capsys.readouterr().err


def test_a_folder_without_episodes_is_refused(
    datasets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets/empty"]) == 2
    assert "datasets/empty" in capsys.readouterr().err


def test_the_verdict_as_json(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["episode_4", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    record = json.loads(line)
    assert record["verdict"] == record["result"] == "warn"
    assert record["findings"][0]["check"]


def test_pictures_are_of_one_episode(datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets/cube", "--contact-sheet", "sheet.png"]) == 2
    expected = "replay: --contact-sheet is about one episode, and these are 2.\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("first", ["--on", "--report"])
def test_what_would_be_left_undone_is_refused(
    datasets: Path, capsys: pytest.CaptureFixture[str], first: str
) -> None:
    assert main(["episode_4", first, "sim", "--video", "out.mp4"]) == 2
    assert f"replay: {first} does not go with --video" in capsys.readouterr().err
    assert not (datasets / "sim").exists()


def test_each_that_cannot_be_played_is_told_in_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / f"episode_{number}.hdf5" for number in range(3)]
    for path in paths:
        path.write_text("no HDF5")
    assert main([str(tmp_path), "--on", "sim"]) == 2
    lines = capsys.readouterr().err.splitlines()
    for line, path in zip(lines, paths, strict=True):
        assert line.startswith(f"replay: {path} is not an episode file")


@pytest.mark.parametrize("name", ["sheet.png", "sheet.JPG"])
def test_a_contact_sheet_shows_every_camera(datasets: Path, tmp_path: Path, name: str) -> None:
    assert main(["episode_4", "--contact-sheet", str(tmp_path / name)]) == 0
    sheet = cv2.cvtColor(cv2.imread(str(tmp_path / name)), cv2.COLOR_BGR2RGB).astype(int)
    # The test picture has a pure red, green and blue third: count their pixels in the sheet.
    for channel in range(3):
        others = [index for index in range(3) if index != channel]
        pure = (sheet[..., channel] > 180) & (sheet[..., others].max(axis=2) < 100)
        assert pure.sum() > 0.9 * 2 * 6 * (320 // 3) * 240


@pytest.mark.parametrize("size", [(1, 8000), (8000, 1), (300, 400)])
def test_no_picture_makes_a_huge_sheet(datasets: Path, size: tuple[int, int]) -> None:
    """1x8000 drawn as wide as the others would be two gigabytes a tile."""
    path = datasets / "battery" / "episode_3.hdf5"
    jpeg = cv2.imencode(".jpg", np.zeros((size[1], size[0], 3), np.uint8))[1]
    with h5py.File(path, "r+") as file:
        file["/compress_len"][0] = len(jpeg)
        del file["/observations/images/cam_0"]
        rows = file.create_dataset("/observations/images/cam_0", data=np.tile(jpeg, (60, 1)))
        rows.attrs["width"], rows.attrs["height"] = size
    with EpisodeReader(path) as episode:
        height, width, _ = contact_sheet(episode).shape
    assert height < 1400
    assert width < 2100


@pytest.mark.parametrize(("name", "fault"), [("a.gif", "written as .png"), ("no/a.png", "Cannot")])
def test_a_sheet_that_cannot_be_written(
    datasets: Path, capsys: pytest.CaptureFixture[str], name: str, fault: str
) -> None:
    assert main(["episode_4", "--contact-sheet", name]) == 2
    assert fault in capsys.readouterr().err


@pytest.mark.parametrize("lag", [0, 3, 12])
def test_the_tracking_lag_is_found(lag: int) -> None:
    random = np.random.default_rng(lag)
    motion = np.cumsum(random.normal(0, 0.02, (300, 14)), axis=0)
    noise = random.normal(0, 0.001, motion.shape)
    assert lag_ticks(motion[lag:], (motion + noise)[: len(motion) - lag]) == lag


def test_what_does_not_move_has_no_lag() -> None:
    assert lag_ticks(np.zeros((50, 14)), np.zeros((50, 14))) is None
    assert lag_ticks(np.ones((1, 14)), np.ones((1, 14))) is None


def test_achieved_rate_counts_distinct_frames(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 101)
    with h5py.File(path, "r+") as file:  # every second frame repeated: 25 a second
        for name in ("frame_number", "frame_capture_ns"):
            column = file[f"/tandem/{name}"][:]
            column[1::2] = column[:-1:2]
            file[f"/tandem/{name}"][:] = column
        file["/tandem/lost"][50:] += 2
    with EpisodeReader(path) as episode:
        summary = summarise(episode)
    assert [camera.fps for camera in summary.cameras] == pytest.approx([25.0, 25.0])
    assert summary.lost["follower_left"] == 2
