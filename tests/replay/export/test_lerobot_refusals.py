"""What `episodes export lerobot` refuses, in a sentence, and leaves nothing of."""

import dataclasses
import importlib.util
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from recorder.errors import EpisodeError
from replay.errors import ExportError
from replay.export.exporter import Source
from replay.export.lerobot.exporter import EXPORTER
from replay.export.sources import source_of
from tests.recorder.fake_rig import make_episode
from tests.replay.export import lerobot_sets as sets


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return source_of(sets.make_episodes(tmp_path_factory.mktemp("recorded"), (4,))[0])


def options(*words: str) -> Namespace:
    parser = ArgumentParser()
    EXPORTER.add_arguments(parser)
    return parser.parse_args(words)


def with_facts(source: Source, **facts: Any) -> Source:
    return dataclasses.replace(
        source,
        path=Path("other.hdf5"),
        facts=dataclasses.replace(source.facts, **facts),
    )


def with_sizes(source: Source, **sizes: tuple[int, int]) -> Source:
    return dataclasses.replace(source, path=Path("other.hdf5"), sizes=sizes)


DIFFERENT: dict[str, tuple[Callable[[Source], Source], str]] = {
    "fps": (lambda source: with_facts(source, fps=30), "steps a second"),
    "joints": (lambda source: with_facts(source, joint_names=("left_waist",)), "joints"),
    "cameras": (lambda source: with_sizes(source, cam_0=(64, 48)), "cameras"),
    "sizes": (lambda source: with_sizes(source, cam_0=(64, 48), cam_1=(32, 24)), "sizes"),
    "units": (lambda source: with_facts(source, effort_unit="0.1 % load"), "Effort"),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_episodes_that_differ(source: Source, case: str) -> None:
    change, said = DIFFERENT[case]
    with pytest.raises(ExportError, match=said) as refused:
        EXPORTER.plan([source, change(source)], options())
    assert "other.hdf5" in str(refused.value)
    assert str(source.path) in str(refused.value)


def test_cameras_in_another_order_are_the_same(source: Source) -> None:
    turned = with_sizes(source, **dict(reversed(source.sizes.items())))
    assert len(EXPORTER.plan([source, turned], options()).entries) == 2


def test_units_of_effort_do_not_matter_without_it(source: Source) -> None:
    other = with_facts(source, effort_unit="0.1 % load")
    assert EXPORTER.plan([source, other], options("--without-velocity-and-effort")).entries


def test_odd_sizes_as_video_only(source: Source) -> None:
    odd = with_sizes(source, cam_0=(63, 48), cam_1=(64, 48))
    with pytest.raises(ExportError, match=r"cam_0 is 63x48.*--images jpeg"):
        EXPORTER.plan([odd], options())
    assert EXPORTER.plan([odd], options("--images", "jpeg")).entries


def test_an_episode_too_long_for_times_of_single_precision(source: Source) -> None:
    long = dataclasses.replace(source, steps=2049 * 50)
    with pytest.raises(ExportError, match=r"longer than 2048 s"):
        EXPORTER.plan([long], options())


def test_a_camera_whose_name_would_lead_out_of_the_folder(source: Source) -> None:
    with pytest.raises(ExportError, match="no name of a camera"):
        EXPORTER.plan([with_sizes(source, **{"../../cam": (64, 48)})], options())


def test_no_episodes() -> None:
    with pytest.raises(ExportError, match="no episodes"):
        EXPORTER.plan([], options())


def test_a_missing_package_is_named_with_the_line_that_installs_it(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "pyarrow" else find(name)
    )
    with pytest.raises(ExportError, match=r"pip install -c constraints.txt -e '\.\[lerobot\]'"):
        EXPORTER.plan([source], options())


def test_without_the_package_all_but_the_work_goes_on() -> None:
    """`episodes` knows the format by import, whether pyarrow is there or not."""
    absent = "import sys; sys.modules.update(pyarrow=None, av=None, cv2=None); "
    subprocess.run(
        [sys.executable, "-c", absent + "import replay.export.lerobot.exporter"],
        cwd=Path(__file__).parents[3],
        check=True,
    )


@pytest.mark.parametrize(
    "words", [("--crf", "52"), ("--data-mb", "x"), ("--jobs", "0"), ("--images", "png")]
)
def test_wrong_options(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(*words)
    assert words[0] in capsys.readouterr().err


def test_numbers_that_are_not_known_leave_nothing(tmp_path: Path) -> None:
    def forget(step: int, tick: Any) -> None:
        if step == 3:
            tick["effort"][2] = np.nan

    path = make_episode(tmp_path, 5, change=forget)
    out = tmp_path / "set"
    with pytest.raises(ExportError, match=r"effort is not known at 1 of 5 steps"):
        sets.export([path], out)
    assert not out.exists()
    assert sets.export([path], out, "--without-velocity-and-effort") == 0


def test_a_picture_that_was_damaged_since_is_told(source: Source, tmp_path: Path) -> None:
    spoilt = tmp_path / "episode_0.hdf5"
    spoilt.write_bytes(source.path.read_bytes())
    moved = dataclasses.replace(source, path=spoilt)
    plan = EXPORTER.plan([moved], options())
    with h5py.File(spoilt, "r+") as file:
        file["observations/images/cam_1"][2] = 0
    with pytest.raises(EpisodeError, match=r"cam_1 at step 2"):
        EXPORTER.write(plan, tmp_path, lambda _: None)
    assert not (tmp_path / "meta/info.json").exists()
