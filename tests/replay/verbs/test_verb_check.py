"""``episodes check`` as somebody types it."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from recorder.journal.writer import JournalWriter
from replay.episodes_cli import main
from tests.recorder.fake_rig import calm, jumping, make_episode, make_header
from tests.recorder.test_recover import damaged, left_behind
from tests.replay.said import Said, objects

REPOSITORY = Path(__file__).parents[3]
STEPS = 200
VERSION_2 = REPOSITORY / "tests" / "recorder" / "data" / "version_2.hdf5.gz"


def test_good_episodes_are_good(datasets: Path, said: Said) -> None:
    assert main(["check"]) == 0
    lines = said().out.splitlines()
    assert lines[0] == f"{datasets / 'battery' / 'episode_0.hdf5'}: ok"
    assert lines[-1] == "3 episodes: 3 ok."


def test_a_reject_has_its_steps_number_limit_and_advice(datasets: Path, said: Said) -> None:
    path = make_episode(datasets / "cube", STEPS, 8, change=jumping)
    assert main(["check", str(path)]) == 1
    lines = said().out.splitlines()
    assert lines[0] == f"{path}: reject"
    (finding,) = (line for line in lines if "left_elbow: position jumps" in line)
    assert finding.startswith("  - reject: position_jump: left_elbow: ")
    assert "60" in finding
    assert "allowed" in finding
    assert lines[lines.index(finding) + 1].startswith("    Check the servo's cable")
    assert lines[-1] == "1 episode: 1 reject."


def test_many_findings_of_a_kind_are_not_all_listed(datasets: Path, said: Said) -> None:
    path = make_episode(datasets / "cube", STEPS, 8)  # every joint flies, every bus loses replies
    assert main(["check", str(path)]) == 1
    jumps = [line for line in said().out.splitlines() if "position jumps" in line]
    assert len(jumps) == 3
    assert main(["check", "--json", str(path)]) == 1
    (found,) = objects(said().out)
    all_of_them = [each for each in found["findings"] if each["check"] == "position_jump"]
    assert len(all_of_them) > 3
    assert {"where", "spans", "value", "limit", "advice"} <= all_of_them[0].keys()


def test_an_unsound_file_is_named_with_its_faults(datasets: Path, said: Said) -> None:
    path = datasets / "cube" / "episode_7.hdf5"
    with h5py.File(path, "r+") as file:
        file["/observations/images/cam_0"][5, 50] ^= 0xFF
    assert main(["check", str(path)]) == 1
    out = said().out
    assert f"{path}: unsound" in out
    assert "Images of cam_0 differ from what was recorded at step 5." in out


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f.__delitem__("/tandem/tick_ns"),
        lambda f: f.attrs.__setitem__("fps", -(2**62)),
        lambda f: f.attrs.__setitem__("camera_names", np.array([b"cam_0", b"cam_1"] * 50)),
        lambda f: f.attrs.__setitem__("joint_names", np.array([b"a"] * 14)),
        lambda f: f.attrs.__setitem__("quality_limits", "nonsense"),
        lambda f: f.attrs.__setitem__("camera_rate_hz", "nonsense"),
        lambda f: f.attrs.__setitem__("servos", "[[["),
        lambda f: f["/tandem/frame_capture_ns"].__setitem__(slice(None), -(2**63)),
        lambda f: f["/tandem/second_step"].__setitem__(slice(None), 2**62),
        lambda f: f["/observations/qpos"].__setitem__(slice(None), np.nan),
        lambda f: f["/compress_len"].__setitem__(slice(None), np.inf),
    ],
)
def test_whatever_makes_no_sense_is_a_result_and_not_a_traceback(
    datasets: Path, said: Said, spoil: Callable[[h5py.File], object]
) -> None:
    path = datasets / "cube" / "episode_7.hdf5"
    with h5py.File(path, "r+") as file:
        spoil(file)
    status = main(["check", str(path)])
    assert status in (0, 1)
    assert main(["check", "--json", str(path)]) == status
    out = said().out
    assert (f"{path}: ok" in out) == (status == 0)
    assert main(["list", str(path)]) == 0


def test_one_missed_slot_is_no_damage(datasets: Path, said: Said) -> None:
    def late(step: int, tick: Any) -> None:
        calm(step, tick)
        tick["number"] += step >= 60

    path = make_episode(datasets / "cube", STEPS, 8, change=late)
    assert main(["check", str(path)]) == 0
    assert said().out.splitlines() == [f"{path}: ok", "1 episode: 1 ok."]


def test_lost_steps_are_a_finding_and_no_damage(datasets: Path, said: Said) -> None:
    def lossy(step: int, tick: Any) -> None:
        calm(step, tick)
        tick["number"] += 2 * (step >= 60)
        tick["step"] += 2 * (step >= 60)

    path = make_episode(datasets / "cube", STEPS, 8, change=lossy)
    assert main(["check", str(path)]) == 0
    out = said().out
    assert f"{path}: warn" in out
    assert "  - warn: lost_steps: 2 steps were lost; the gaps end at step 60" in out


def test_a_task_judges_by_its_present_limits(datasets: Path, tmp_path: Path, said: Said) -> None:
    strict = tmp_path / "strict.toml"
    strict.write_text(
        'name = "strict"\nprompt = "Do."\nmax_steps = 9\n\n'
        '[quality]\nignore = ["gripper_still"]\nshort_warn_s = 60\nshort_reject_s = 30\n'
    )
    path = datasets / "cube" / "episode_7.hdf5"
    assert main(["check", "--task", str(strict), str(path)]) == 1
    out = said().out
    assert "  - reject: too_short: The episode is too short" in out
    assert "  - not checked, as the limits say: gripper_still" in out
    assert main(["check", "--json", "--task", str(strict), str(path)]) == 1
    assert objects(said().out)[0]["not_checked"] == ["gripper_still"]
    assert main(["check", "--json", str(path)]) == 0
    assert objects(said().out)[0]["not_checked"] == []


@pytest.mark.parametrize("name", ["batery", "none.toml"])
def test_a_task_that_there_is_not_is_one_sentence(datasets: Path, said: Said, name: str) -> None:
    assert main(["check", "--task", name]) == 2
    result = said()
    assert result.out == ""
    assert result.err.startswith("episodes: ")
    assert result.err.count("\n") == 1


def test_what_an_older_file_has_not_is_told_to_programs_only(datasets: Path, said: Said) -> None:
    path = datasets / "cube" / "episode_7.hdf5"
    path.write_bytes(gzip.decompress(VERSION_2.read_bytes()))
    main(["check", str(path)])
    assert "not checked" not in said().out
    main(["check", "--json", str(path)])
    assert {"black", "blurred"} <= set(objects(said().out)[0]["not_checked"])


def test_a_recovered_file_repeats_what_its_journal_lacked(datasets: Path, said: Said) -> None:
    damaged(left_behind(datasets / "cube", 8), step=7)
    main(["recover"])
    said()
    path = datasets / "cube" / "episode_8.hdf5"
    main(["check", str(path)])
    assert "  - recovered: The journal ends after 7 steps: " in said().out
    main(["check", "--json", str(path)])
    assert "About 12 more steps" in objects(said().out)[0]["recovery_note"]


def test_journals_beside_the_files_are_mentioned_and_no_status(datasets: Path, said: Said) -> None:
    folder = datasets / "cube"
    for number in (3, 9):
        left_behind(folder, number)
    recording = JournalWriter(folder / "episode_10.journal", make_header(10))
    assert main(["check"]) == 0
    lines = said().out.splitlines()
    assert f"{folder}: 2 journals are no files yet: episodes recover {folder}" in lines
    assert lines[-1] == "3 episodes: 3 ok."
    assert main(["check", "--json", str(folder)]) == 0
    assert [each["number"] for each in objects(said().out) if "journal" in each] == [3, 9]
    recording.close()


def test_a_journal_that_is_named_is_unusable_and_it_is_said_what_it_is(
    datasets: Path, said: Said
) -> None:
    path = left_behind(datasets / "cube", 9)
    assert main(["check", str(path)]) == 2
    assert said().out.splitlines() == [
        f"{path}: unusable",
        f"  - {path} is a journal: `episodes recover` makes a file of it.",
        "1 episode: 1 unusable.",
    ]


def test_what_is_no_episode_is_unusable_and_the_rest_is_checked(datasets: Path, said: Said) -> None:
    (datasets / "battery" / "episode_1.hdf5").write_bytes(b"text")
    assert main(["check"]) == 2
    out = said().out
    assert "episode_1.hdf5: unusable" in out
    assert out.splitlines()[-1] == "4 episodes: 3 ok, 1 unusable."
