"""Which files are learned from, and what is said of those that are not."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from act.data.episode import Episode
from act.data.find import common, find_episodes
from act.errors import DataError
from tests.act.foreign import make_compressed, make_raw
from tests.act.test_dataset import samples_of


@pytest.fixture
def folder(episode_folder: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    copied: Path = shutil.copytree(episode_folder, tmp_path / "datasets" / "battery")
    return copied


def numbers(found: list[Episode]) -> list[str]:
    return [each.path.stem for each in found]


def test_a_folder_is_its_episodes_by_task_and_number(folder: Path) -> None:
    shutil.copy(folder / "episode_0.hdf5", folder / "episode_10.hdf5")
    relabel(folder / "episode_10.hdf5", episode_id="id-10")
    other = folder.parent / "cube"
    other.mkdir()
    shutil.copy(folder / "episode_0.hdf5", other / "episode_0.hdf5")
    relabel(other / "episode_0.hdf5", episode_id="another", task="cube")
    found = find_episodes([folder.parent])
    assert list(found.tasks) == ["battery", "cube"]
    assert numbers(found.tasks["battery"]) == [f"episode_{i}" for i in (0, 1, 2, 3, 10)]
    assert found.remarks == []
    assert found.tasks["battery"][1].steps == 41
    assert found.tasks["battery"][1].sizes == {"cam_0": (64, 48), "cam_1": (64, 48)}


def relabel(path: Path, **attributes: str) -> None:
    with h5py.File(path, "r+") as file:
        for name, value in attributes.items():
            file.attrs[name] = np.bytes_(value.encode())


def test_the_trash_journals_and_hidden_files_are_no_episodes(folder: Path) -> None:
    for name in (".trash", ".hidden"):
        (folder / name).mkdir()
        shutil.copy(folder / "episode_0.hdf5", folder / name / "episode_9.hdf5")
        relabel(folder / name / "episode_9.hdf5", episode_id=name)
    (folder / "episode_8.journal").write_bytes(b"half")
    (folder / ".episodes.index").write_bytes(b"{}")
    (folder / ".episode_7.hdf5").write_bytes(b"half written")
    (folder / "notes.txt").write_text("none")
    found = find_episodes([folder])
    assert len(found.tasks["battery"]) == 4
    assert found.remarks == []


def test_whoever_is_named_twice_is_taken_once(folder: Path) -> None:
    copy = folder / "episode_11.hdf5"
    shutil.copy(folder / "episode_1.hdf5", copy)
    (folder.parent / "link").symlink_to(folder)
    found = find_episodes([folder, folder / "episode_1.hdf5", folder.parent])
    assert numbers(found.tasks["battery"]) == [f"episode_{i}" for i in range(4)]
    assert found.remarks == [f"Left out: {copy} is {folder / 'episode_1.hdf5'} once more."]


def test_folders_that_lead_in_a_circle_are_walked_once(folder: Path) -> None:
    (folder / "again").symlink_to(folder.parent)
    assert len(find_episodes([folder.parent]).tasks["battery"]) == 4


def test_a_folder_under_datasets_needs_no_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("act.data.find.datasets_dir", lambda: folder.parent)
    assert len(find_episodes([Path("battery")]).tasks["battery"]) == 4


def test_what_does_not_exist_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere does not exist, nor does it under datasets/\.$"):
        find_episodes([tmp_path / "nowhere"])
    with pytest.raises(DataError, match=r"^There is no episode to learn from in "):
        find_episodes([tmp_path])


def label(path: Path, word: str) -> None:
    relabel(path, success=word)


def test_failures_and_unlabelled_ones_are_left_out_and_counted(folder: Path) -> None:
    label(folder / "episode_1.hdf5", "failure")
    label(folder / "episode_2.hdf5", "\x1b[2J")
    found = find_episodes([folder])
    assert numbers(found.tasks["battery"]) == ["episode_0", "episode_3"]
    assert found.remarks == [
        "battery: 2 of 4 episodes are successes, and taken; left out: failure 1, unlabelled 1 "
        "(--success all takes all)."
    ]
    everything = find_episodes([folder], "all")
    assert len(everything.tasks["battery"]) == 4
    assert everything.remarks == []


def test_where_nobody_has_labelled_any_all_are_taken_and_it_is_said(folder: Path) -> None:
    for path in folder.glob("*.hdf5"):
        label(path, "unlabelled")
    found = find_episodes([folder])
    assert len(found.tasks["battery"]) == 4
    assert found.remarks == ["battery: nothing is labelled: all 4 are taken."]
    with pytest.raises(DataError, match="0 of 4 episodes are successes"):
        find_episodes([folder], "success")


def test_without_any_success_nothing_is_learned(folder: Path) -> None:
    for path in folder.glob("*.hdf5"):
        label(path, "failure")
    with pytest.raises(DataError, match=r"no episode .* left out: failure 4 \(--success all"):
        find_episodes([folder])


def test_numbers_that_are_none_are_never_trained_on(folder: Path) -> None:
    for name, dataset, value in (
        ("episode_1.hdf5", "/action", np.nan),
        ("episode_2.hdf5", "/observations/qpos", np.inf),
    ):
        with h5py.File(folder / name, "r+") as file:
            file[dataset][7, 3] = value
    found = find_episodes([folder])
    assert numbers(found.tasks["battery"]) == ["episode_0", "episode_3"]
    assert [remark.split(": ", 1)[1] for remark in found.remarks] == [
        f"{folder / 'episode_1.hdf5'}: /action is no number at step 7: `episodes trim` it.",
        f"{folder / 'episode_2.hdf5'}: /observations/qpos is no number at step 7: "
        "`episodes trim` it.",
    ]
    with pytest.raises(DataError, match="is no number at step 7"):
        find_episodes([folder / "episode_1.hdf5"])


def test_a_broken_file_is_left_out_of_a_folder_and_refused_by_name(folder: Path) -> None:
    broken = folder / "episode_2.hdf5"
    broken.write_bytes(broken.read_bytes()[:5000])
    (folder / "episode_3.hdf5").unlink()
    os.mkfifo(folder / "episode_3.hdf5")
    found = find_episodes([folder])
    assert numbers(found.tasks["battery"]) == ["episode_0", "episode_1"]
    assert [str(folder / f"episode_{i}.hdf5") in found.remarks[i - 2] for i in (2, 3)] == [True] * 2
    with pytest.raises(DataError, match=r"is not an episode file, or a damaged one \(it is cut"):
        find_episodes([broken])


def test_raw_files_of_the_original_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "sim_transfer"
    folder.mkdir()
    for number in range(3):
        make_raw(folder / f"episode_{number}.hdf5", steps=8 + number)
    found = find_episodes([folder])
    episodes = found.tasks["sim_transfer"]
    assert [each.steps for each in episodes] == [8, 9, 10]
    assert not episodes[0].simulated
    shared = common(episodes)
    assert (shared.cameras, shared.size) == (("cam_high", "cam_left_wrist"), (48, 64))
    assert (shared.state_dim, shared.action_dim) == (14, 14)


@pytest.mark.parametrize("make", [make_raw, make_compressed])
def test_what_is_red_in_a_foreign_file_is_red(
    make: Callable[[Path, int], Path], tmp_path: Path
) -> None:
    make(tmp_path / "episode_0.hdf5", 6)
    episodes = find_episodes([tmp_path]).tasks[tmp_path.name]
    cameras = common(episodes).cameras
    samples = samples_of(episodes, cameras=cameras, image_height=48, image_width=64)
    images = samples.batch(samples.train_index).images
    assert images.shape == (6, 2, 48, 64, 3)
    for third, channel in ((10, 0), (32, 1), (54, 2)):
        assert (images[:, :, 24, third].argmax(dim=-1) == channel).all()


def test_episodes_of_other_arms_or_rates_are_not_mixed(episodes: list[Episode]) -> None:
    first, second = episodes[:2]
    one_arm = replace(second, qpos=second.qpos[:, :7], action=second.action[:, :7])
    for other, words in (
        (one_arm, "7 joints and 7 actions, not the 14 and 14 of"),
        (replace(second, joint_names=("x",) * 14), "other joints than those of"),
        (replace(second, fps=25), "25 steps a second, not the 50 of"),
    ):
        with pytest.raises(DataError) as refused:
            common([first, other])
        assert str(refused.value) == f"{second.path} has {words} {first.path}."


def test_a_file_that_names_other_joints_than_it_has_is_refused(folder: Path) -> None:
    path = folder / "episode_0.hdf5"
    with h5py.File(path, "r+") as file:
        file.attrs["joint_names"] = file.attrs["joint_names"][:7]
    with pytest.raises(DataError, match=r"has other joints than it names\.$"):
        find_episodes([path])


def test_one_arm_is_learned_as_two_are(episodes: list[Episode]) -> None:
    one_arm = [replace(each, qpos=each.qpos[:, :7], action=each.action[:, :7]) for each in episodes]
    assert common(one_arm).state_dim == 7


def test_a_missing_camera_is_an_error_or_left_out_or_masked(episodes: list[Episode]) -> None:
    lacking = [*episodes[:3], replace(episodes[3], sizes={"cam_1": (32, 24)})]
    with pytest.raises(DataError, match=r"has no camera 'cam_0', which others have: give --cam"):
        common(lacking)
    assert common(lacking, missing="intersect").cameras == ("cam_1",)
    assert common(lacking, missing="intersect").size == (24, 32)
    assert common(lacking, missing="mask").cameras == ("cam_0", "cam_1")
    assert common(lacking, ["cam_1"]).cameras == ("cam_1",)
    with pytest.raises(DataError, match=r"no episode has a camera 'cam_9'; there are: cam_0, cam"):
        common(lacking, ["cam_9"])
    with pytest.raises(DataError, match="there is no camera that all have"):
        common([replace(episodes[0], sizes={})])
    with pytest.raises(DataError, match="no episode to learn from"):
        common([])


def test_what_a_file_says_does_not_reach_the_terminal(folder: Path) -> None:
    relabel(folder / "episode_0.hdf5", task="\x1b[2Jbattery", success="unlabelled")
    (remark,) = find_episodes([folder]).remarks
    assert remark.startswith("\ufffd[2Jbattery: nothing is labelled: all 1")


def test_what_a_policy_has_done_is_no_demonstration(folder: Path) -> None:
    relabel(folder / "episode_1.hdf5", policy='{"identity": "0123"}')
    found = find_episodes([folder])
    assert numbers(found.tasks["battery"]) == ["episode_0", "episode_2", "episode_3"]
    assert found.remarks == [
        f"Left out: {folder / 'episode_1.hdf5'} was led by a policy: it is no demonstration."
    ]
    with pytest.raises(DataError, match="was led by a policy"):
        find_episodes([folder / "episode_1.hdf5"])
