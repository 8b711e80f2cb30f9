"""``replay EPISODES --report FOLDER``: pages that say what the files hold, whatever that is."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest

from recorder.episode.history import History, TrimEdit
from replay.cli import main
from replay.pages.build import write_pages
from replay.printer import Printer
from tests.recorder.fake_rig import make_episode
from tests.replay.pages.reading import read_report

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> \x1b]0;x\x07 </style>&amp;'


def calm(step: int, tick: Any) -> None:
    """Arms that move as arms do."""
    pose = 0.4 * np.sin(step / 25 + np.arange(14) / 7)
    pose[[6, 13]] = 0.5 + pose[[6, 13]]
    for name in ("leader", "action", "qpos"):
        tick[name] = pose
    tick["qvel"] = tick["effort"] = 0
    tick["lost"] = tick["retries"] = tick["rejected"] = 0
    tick["held"] = tick["servo_error"] = 0
    tick["temperature_degc"], tick["hardware_error"] = 30, 0


def jumping(step: int, tick: Any) -> None:
    """The same, but for one command that leaps."""
    calm(step, tick)
    if step == 80:
        tick["action"][9] += 2.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Episodes 0 (calm), 1 (a jump), 2 (wild). Not to be changed."""
    folder = tmp_path_factory.mktemp("battery")
    for number, change in enumerate((calm, jumping, lambda step, tick: None)):
        make_episode(folder, 160, number, change=change)
    return folder


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., int]:
    """Writes a report of files to `out`."""

    def write(*paths: Path) -> int:
        return write_pages(paths, tmp_path / "out", Printer(as_json=False))

    return write


def change(path: Path, **attributes: str) -> None:
    with h5py.File(path, "r+") as episode:
        for name, value in attributes.items():
            episode.attrs[name] = np.bytes_(value.encode())


def test_it_tells_a_dataset_and_each_episode(
    made: Path, tmp_path: Path, report: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(*sorted(made.iterdir())[-3:]) == 1
    said = capsys.readouterr().out
    assert "3 episodes" in said
    assert f"pages: {tmp_path / 'out' / 'index.html'}" in said
    pages = read_report(tmp_path / "out")
    assert len(pages) == 4
    index = pages["index.html"]
    for expected in ("SIMULATED RIG", "episode_0", "3.2 s", "success", "action jump", "Lengths"):
        assert expected in index.text, expected
    page = pages["episodes/episode_1.html"]
    for expected in (
        "SIMULATED RIG",
        "Insert the battery.",
        "right elbow",
        "command jumps at steps 80",
        "Check the leader's servo",
        "the arm has bumped",
        "cam_1",
        "50.0 a second",
        "seed",
    ):
        assert expected in page.text, expected
    assert "finding-1" in page.ids
    assert "#finding-1" in page.links  # from where it was, in the drawing
    assert {"episode_0.html", "episode_2.html", "../index.html"} <= set(page.links)
    assert page.tags.count("path") > 14 * 3


def test_what_was_cut_is_said_and_a_new_report_replaces_the_old(
    made: Path, tmp_path: Path, report: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copy(made / "episode_0.hdf5", tmp_path))
    assert report(path) == 0
    assert "in place of" not in capsys.readouterr().out
    assert not [page for page in read_report(tmp_path / "out").values() if "trimmed" in page.text]
    change(path, edits=History(path, None).with_edit(TrimEdit("now", 5, 164, 200, "old")))
    assert report(path) == 0
    assert "MB), in place of an earlier report\n" in capsys.readouterr().out
    pages = read_report(tmp_path / "out")
    assert all("trimmed" in page.text for page in pages.values())
    assert len(pages) == 2


def test_pictures_are_small_and_decode(
    made: Path, tmp_path: Path, report: Callable[..., int]
) -> None:
    report(made / "episode_0.hdf5")
    pictures = sorted((tmp_path / "out" / "pictures").iterdir())
    assert [path.name for path in pictures] == [
        "episode_0-0.jpg",
        "episode_0-1.jpg",
        "episode_0.jpg",
    ]
    for path in pictures:
        image = cv2.imread(str(path))
        assert image is not None
        assert image.shape[1] < 1800
    first, last = np.split(cv2.imread(str(pictures[-1]))[:, :416], 2, axis=1)
    assert np.abs(first.astype(int) - last).mean() > 5  # the brightness tells the step


def test_nothing_is_loaded_from_elsewhere_and_no_style_or_script_but_ours(
    made: Path, tmp_path: Path, report: Callable[..., int]
) -> None:
    report(made / "episode_1.hdf5")
    for page in read_report(tmp_path / "out").values():
        content = page.path.read_text()
        assert not re.findall(r"(?:https?:)?//[a-z]|@import|url\(", content)
        policy = next(value for _, value in page.attributes if value.startswith("default-src"))
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert page.tags.count("script") == page.tags.count("style") == 1
        names = {name for name, _ in page.attributes}
        assert not [name for name in names if name == "style" or name.startswith("on")]


def test_what_a_file_says_is_text(made: Path, tmp_path: Path, report: Callable[..., int]) -> None:
    folder = tmp_path / '<b onclick="x">'
    folder.mkdir()
    path = shutil.copy(made / "episode_0.hdf5", folder / 'a"><script>.hdf5')
    names = ("task", "prompt", "label_reason", "notes", "rig", "software", "servos", "started_utc")
    change(path, **dict.fromkeys(names, HOSTILE))
    change(path, arms=HOSTILE, success=HOSTILE, cameras=json.dumps({"\ud800": HOSTILE}))
    report(path)
    pages = read_report(tmp_path / "out")
    for page in pages.values():
        assert page.tags.count("script") == 1  # ours
        assert "x" not in page.links
        assert not {name for name, _ in page.attributes if name.startswith("on")}
        assert "\x1b" not in page.path.read_text()
    page = next(page for name, page in pages.items() if name != "index.html")
    assert '<script>alert(1)</script> "><img src=x onerror=alert(2)>' in page.text


def test_damaged_files_are_listed_with_their_sentence(
    made: Path, tmp_path: Path, report: Callable[..., int]
) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    whole, cut, gone, blind, bare = (
        Path(shutil.copy(made / "episode_0.hdf5", folder / f"episode_{number}.hdf5"))
        for number in (0, 3, 4, 5, 8)
    )
    cut.write_bytes(cut.read_bytes()[:20_000])
    with h5py.File(gone, "r+") as episode:
        del episode["/tandem/leader"]
        episode["/observations/qpos"][:] = np.nan
    with h5py.File(blind, "r+") as episode:
        episode["/observations/images/cam_0"][:] = 7
    with h5py.File(bare, "r+") as episode:
        del episode["/tandem/frame_number"]
    text = folder / "episode_6.hdf5"
    text.write_text("no episode")
    assert report(whole, cut, gone, blind, bare, text, folder / "episode_7.hdf5") == 2
    pages = read_report(tmp_path / "out")
    assert len(pages) == 8
    index = pages["index.html"].text
    assert "episode_3.hdf5 is not an episode file, or a damaged one" in index
    assert "episode_7.hdf5 is gone meanwhile." in index
    assert "has no dataset /tandem/leader" in pages["episodes/episode_4.html"].text
    assert "too damaged to say" in pages["episodes/episode_4.html"].text
    assert "cam_0 at step 0 is no JPEG" in pages["episodes/episode_5.html"].text


def test_none_that_can_be_used_is_a_2(tmp_path: Path, report: Callable[..., int]) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_text("no episode")
    assert report(path) == 2
    assert "unusable" in read_report(tmp_path / "out")["index.html"].text


def test_any_numbers_are_drawn(made: Path, tmp_path: Path, report: Callable[..., int]) -> None:
    path = Path(shutil.copy(made / "episode_0.hdf5", tmp_path))
    with h5py.File(path, "r+") as episode:
        episode["/action"][:, 0] = np.nan
        episode["/action"][10:20, 1] = np.inf
        episode["/action"][30:40, 2] = np.finfo(np.float32).max
        episode["/observations/qpos"][50, 3] = np.nan
        episode.attrs["fps"] = 0
    assert report(path) == 1
    page = read_report(tmp_path / "out")["episodes/episode_0.html"]
    assert "nan" not in "".join(value for name, value in page.attributes if name == "d")


def test_episodes_of_two_folders_have_a_page_each(
    made: Path, tmp_path: Path, report: Callable[..., int]
) -> None:
    for folder in ("cube", "Cube!"):
        (tmp_path / folder).mkdir()
        shutil.copy(made / "episode_0.hdf5", tmp_path / folder)
    assert report(*tmp_path.glob("?ube*/episode_0.hdf5")) == 0
    assert len(read_report(tmp_path / "out")) == 3


def test_the_command_writes_it(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(made / "episode_0.hdf5"), "--json", "--report", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert [json.loads(line)["result"] for line in capsys.readouterr().out.splitlines()] == ["ok"]
    assert main([*arguments[:-1], str(tmp_path)]) == 2
    assert "is there already and is no report" in capsys.readouterr().err
