"""``episodes list | check | recover`` as somebody types it (`discard` and `restore` have a file of
their own)."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from recorder.folder.guards import folder_lock
from recorder.folder.versions import trim
from recorder.journal.writer import JournalWriter
from replay.episodes_cli import main
from replay.verbs.list_totals import VERDICTS
from tests.recorder.fake_rig import make_episode, make_header
from tests.recorder.test_recover import damaged, left_behind

REPOSITORY = Path(__file__).parents[2]
VERSION_2 = REPOSITORY / "tests" / "recorder" / "data" / "version_2.hdf5.gz"
STEPS = 200


def calm(step: int, tick: Any) -> None:
    """A demonstration that the quality checks have nothing against."""
    t_s = step / 50
    for name in ("leader", "qpos", "action"):
        tick[name] = 0.3 + 0.2 * np.sin(2 * t_s)
    tick["qvel"], tick["effort"] = 0.4 * np.cos(2 * t_s), 0
    tick["held"], tick["servo_error"] = 0, 0


def jumping(step: int, tick: Any) -> None:
    """The same, but for one joint that cannot have been where it says it was."""
    calm(step, tick)
    tick["qpos"][2] += 2.0 * (step in range(60, 160, 2))


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("good"), STEPS, change=calm).read_bytes()


@pytest.fixture
def datasets(tmp_path: Path, good: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``datasets/`` with two tasks: episodes 0 and 2, and episode 7."""
    folder = tmp_path / "datasets"
    for module in ("verbs.places", "find"):
        monkeypatch.setattr(f"replay.{module}.datasets_dir", lambda: folder)
    for task, numbers in (("battery", (2, 0)), ("cube", (7,)), (".hidden", (9,))):
        (folder / task).mkdir(parents=True)
        for number in numbers:
            (folder / task / f"episode_{number}.hdf5").write_bytes(good)
    (folder / "README.md").touch()
    return folder


Said = Callable[[], "pytest.CaptureResult[str]"]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return capsys.readouterr


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# -- list


def test_list_gives_a_line_an_episode_and_a_sum(datasets: Path, said: Said) -> None:
    assert main(["list"]) == 0
    lines = said().out.splitlines()
    numbers = [line.split()[0] for line in lines if "success" in line and line[2].isspace()]
    assert [number for number in numbers if number.isdigit()] == ["0", "2", "7"]
    assert str(datasets / "battery") in lines
    (row,) = (line for line in lines if line.startswith("       7"))
    assert row.split() == ["7", "200", "4.00", row.split()[3], "success", "ok"]
    assert lines.count("  cameras: cam_0 cam_1") == 2  # once a folder
    assert lines[-2] == VERDICTS
    assert lines[-1].startswith("3 episodes: 600 steps, 12.0 s, ")
    assert lines[-1].endswith("MB, 3 success, 3 ok.")


def test_named_files_are_in_the_order_of_their_numbers(datasets: Path, said: Said) -> None:
    good = datasets / "cube" / "episode_7.hdf5"
    named = [str(good.with_name(f"episode_{number}.hdf5")) for number in (10, 100, 9)]
    for name in named:
        os.link(good, name)
    assert main(["list", *named, str(good)]) == 0
    lines = said().out.splitlines()
    assert lines[0] == str(datasets / "cube")
    assert [line.split()[0] for line in lines[3:-2]] == ["7", "9", "10", "100"]


def test_list_takes_folders_and_files_each_once(datasets: Path, said: Said) -> None:
    battery = str(datasets / "battery")
    file = str(datasets / "cube" / "episode_7.hdf5")
    assert main(["list", battery, file, battery, file]) == 0
    assert said().out.splitlines()[-1].startswith("3 episodes")


def test_list_and_check_take_names_numbers_and_patterns(datasets: Path, said: Said) -> None:
    for names in (["7"], ["episode_7"], ["episode_7*"], [str(datasets / "*" / "*_7.hdf5")]):
        assert main(["list", *names]) == 0
        assert said().out.splitlines()[-1].startswith("1 episode: ")
        assert main(["check", *names]) == 0
        assert said().out.splitlines()[-1] == "1 episode: 1 ok."
    assert main(["list", "--task", "battery", "2"]) == 0
    assert str(datasets / "battery") in said().out.splitlines()
    assert main(["list", "8"]) == 2
    assert said().err.startswith("episodes: There is no episode_8.hdf5 under datasets/. Nearest: ")


def test_list_says_what_is_recovered_and_what_cannot_be_read(datasets: Path, said: Said) -> None:
    folder = datasets / "cube"
    with h5py.File(folder / "episode_7.hdf5", "r+") as file:
        file.attrs["recovered"] = True
        del file.attrs["verdict"]  # as files of before there were any
    (folder / "episode_8.hdf5").write_bytes(b"text")
    JournalWriter(folder / "episode_9.journal", make_header(9)).close()
    assert main(["list", str(folder)]) == 1
    out = said().out
    assert "  success     -        recovered\n" in out
    assert "8  " in out
    assert "is not an episode file" in out
    assert f"9  is a journal: a recorder has left it behind (episodes recover {folder})" in out
    assert out.splitlines()[-1].endswith("1 success, 1 recovered, 1 cannot be read.")


def test_cameras_are_named_again_only_where_they_are_others(datasets: Path, said: Said) -> None:
    make_episode(datasets / "battery", 20, 3, cameras=4)
    assert main(["list", "--json"]) == 0
    cameras = {each["number"]: each["cameras"] for each in objects(said().out)}
    assert cameras[3] == [f"cam_{camera}" for camera in range(4)]
    assert main(["list", "battery"]) == 0
    lines = said().out.splitlines()
    assert lines[1] == "  cameras: cam_0 cam_1"
    assert lines[6] == "          cameras: cam_0 cam_1 cam_2 cam_3"
    assert sum("cameras:" in line for line in lines) == 2


def test_a_trimmed_episode_is_marked_and_its_original_counted(datasets: Path, said: Said) -> None:
    path = datasets / "battery" / "episode_2.hdf5"
    trim(path, 50, 150, "2026-01-02T03:04:05+00:00")
    assert main(["delete", str(datasets / "battery" / "episode_0.hdf5")]) == 0
    said()
    assert main(["list", str(datasets / "battery")]) == 0
    lines = said().out.splitlines()
    assert lines[3].endswith("warn     trimmed")
    trash = datasets / "battery" / ".trash"
    size_mb = sum(file.stat().st_size for file in trash.iterdir()) / 1e6
    assert lines[4] == (
        f"  in the trash: 1 deleted, 1 original of a trim, {size_mb:.1f} MB, "
        f"e.g. episodes restore {trash / 'episode_0.hdf5'}"
    )
    assert lines[-1].endswith("1 success, 1 warn, 1 trimmed.")
    assert main(["undo", str(path)]) == 0
    said()
    assert main(["list", str(path.parent)]) == 0
    assert "in the trash: 1 deleted, 1 undone trim, " in said().out
    assert main(["list", "--json", str(path.parent)]) == 0
    assert [each["path"] for each in objects(said().out)[1:]] == [
        str(trash / "episode_0.hdf5"),
        str(trash / "episode_2.trimmed_1.hdf5"),
    ]


def test_a_line_of_the_list_fits_a_terminal(datasets: Path, said: Said) -> None:
    names = ("cam_high", "cam_low", "cam_left_wrist", "cam_right_wrist")
    with h5py.File(datasets / "cube" / "episode_7.hdf5", "r+") as file:
        several = [f"{name}_{at}".encode() for at in "ab" for name in names]
        file.attrs["camera_names"] = np.array(several)
        file.attrs["recovered"] = True
    assert main(["list", str(datasets / "cube"), "--sort", "size"]) == 0
    lines = said().out.splitlines()[1:]
    assert all(len(line) <= 80 for line in lines)
    assert lines[1].startswith("           cam_")


def test_what_lies_below_here_is_said_from_here(
    datasets: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(datasets.parent)
    assert main(["list"]) == 0
    assert {"datasets/battery", "datasets/cube"} < set(said().out.splitlines())
    assert main(["list", "--json"]) == 0
    assert objects(said().out)[0]["path"] == "datasets/battery/episode_0.hdf5"


def test_numbers_are_in_order_whatever_is_there_of_them(datasets: Path, said: Said) -> None:
    folder = datasets / "cube"
    (folder / "episode_3.hdf5").write_bytes(b"text")
    (folder / "episode_5.journal").touch()
    recording = JournalWriter(folder / "episode_10.journal", make_header(10))
    assert main(["list", str(folder)]) == 1
    recording.close()
    lines = said().out.splitlines()[3:-2]
    assert [line.split()[0] for line in lines] == ["3", "5", "7", "10"]
    assert "left it behind" in lines[1]
    assert lines[3] == "      10  is a journal: it is being recorded, or saved"


def test_a_folder_with_nothing_but_a_journal_is_listed(datasets: Path, said: Said) -> None:
    (datasets / "new").mkdir()
    journal = datasets / "new" / "episode_0.journal"
    journal.touch()
    for named in (journal.parent, journal):
        assert main(["list", str(named)]) == 0
        assert said().out.splitlines()[1:] == [
            "       0  is a journal: a recorder has left it behind (episodes recover "
            f"{datasets / 'new'})",
            "No episodes.",
        ]


def test_list_as_json(datasets: Path, said: Said) -> None:
    (datasets / "cube" / "episode_8.hdf5").write_bytes(b"text")
    (datasets / "cube" / "episode_9.journal").touch()
    assert main(["list", "--json"]) == 1
    found = objects(said().out)
    assert [each["number"] for each in found] == [0, 2, 7, 8, 9]
    assert found[0] == {
        "path": str(datasets / "battery" / "episode_0.hdf5"),
        "number": 0,
        "task": "battery",
        "steps": STEPS,
        "seconds": 4.0,
        "bytes": (datasets / "battery" / "episode_0.hdf5").stat().st_size,
        "label": "success",
        "success": "success",
        "reason": None,
        "verdict": "ok",
        "recovered": False,
        "trimmed": False,
        "cameras": ["cam_0", "cam_1"],
        "notes": [],
        "fps": 50,
        "started_utc": "2025-01-01T00:00:00.000+00:00",
    }
    assert "is not an episode file" in found[3]["error"]
    assert (found[4]["journal"], found[4]["left_behind"]) == (True, True)


def test_a_file_may_be_called_anything(datasets: Path, said: Said) -> None:
    path = (datasets / "cube" / "episode_7.hdf5").rename(datasets / "mine.h5")
    assert main(["list", str(path)]) == 0
    assert "mine.h5" in said().out
    assert main(["list", "--json", str(path)]) == 0
    assert objects(said().out)[0]["number"] is None


def test_without_episodes_it_says_so(datasets: Path, said: Said, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for verb in ("list", "check"):
        assert main([verb, str(empty)]) == 0
        assert said().out == "No episodes.\n"
    assert main(["recover", str(empty)]) == 0
    assert said().out == "Nothing to recover.\n"


def test_without_a_datasets_folder_there_is_nothing(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.verbs.places.datasets_dir", lambda: tmp_path / "none")
    assert [main([verb]) for verb in ("list", "check", "recover")] == [0, 0, 0]
    assert said().out == "No episodes.\nNo episodes.\nNothing to recover.\n"


def test_what_a_file_says_of_itself_is_shown_and_not_obeyed(datasets: Path, said: Said) -> None:
    path = datasets / "cube" / "episode_7.hdf5"
    with h5py.File(path, "r+") as file:
        file.attrs["success"] = "\x1b[2Jyes\n"
    assert main(["list", str(path)]) == 0
    assert "\ufffd[2Jyes\ufffd" in said().out


# -- check


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


# -- recover


def test_what_was_left_behind_is_saved_folder_by_folder(datasets: Path, said: Said) -> None:
    left_behind(datasets / "battery", 3)
    left_behind(datasets / "cube", 8)
    (datasets / "cube" / ".episode_8.4711.part").touch()
    assert main(["recover"]) == 0
    out = said().out
    assert f"{datasets / 'battery'}: Recovered episode_3.hdf5: 20 steps." in out
    assert f"{datasets / 'cube'}: Recovered episode_8.hdf5: 20 steps." in out
    assert not list(datasets.rglob("*.journal"))
    assert not list(datasets.rglob("*.part"))
    assert main(["recover"]) == 0
    assert said().out == "Nothing to recover.\n"


def test_only_the_journal_that_is_named_is_recovered(datasets: Path, said: Said) -> None:
    left_behind(datasets / "battery", 3)
    named = left_behind(datasets / "battery", 4)
    assert main(["recover", str(named)]) == 0
    assert [path.name for path in datasets.rglob("*.journal")] == ["episode_3.journal"]


def test_half_written_files_alone_are_removed(datasets: Path, said: Said) -> None:
    (datasets / "cube" / ".episode_8.4711.part").touch()
    assert main(["recover"]) == 0
    assert not list(datasets.rglob("*.part"))


def test_what_is_missing_is_said_and_is_a_status(datasets: Path, said: Said) -> None:
    damaged(left_behind(datasets / "cube", 8), step=7)
    assert main(["recover"]) == 1
    out = said().out
    assert "Recovered episode_8.hdf5: 7 steps." in out
    assert "About 12 more steps stand after the damage." in out
    assert "kept in episode_8.journal.damaged" in out


def test_recover_as_json(datasets: Path, said: Said) -> None:
    damaged(left_behind(datasets / "cube", 8), step=7)
    assert main(["recover", "--json", str(datasets)]) == 1
    (found,) = objects(said().out)
    assert found["path"] == str(datasets / "cube" / "episode_8.hdf5")
    assert (found["steps"], found["whole"]) == (7, False)
    assert found["kept"].endswith("episode_8.journal.damaged")
    assert main(["recover", "--json", str(datasets)]) == 0
    assert said().out == ""


def test_where_a_recorder_is_at_work_nothing_is_touched(datasets: Path, said: Said) -> None:
    left_behind(datasets / "battery", 3)
    left_behind(datasets / "cube", 8)
    with folder_lock(datasets / "battery", 0.0):
        assert main(["recover"]) == 1
    result = said()
    assert "recorder (process " in result.err
    assert result.err.count("\n") == 1
    assert "Recovered episode_8.hdf5" in result.out
    assert (datasets / "battery" / "episode_3.journal").exists()


def test_folders_without_leftovers_are_left_alone(datasets: Path, said: Said) -> None:
    assert main(["recover"]) == 0
    assert not list(datasets.rglob(".recorder.lock"))


def test_what_cannot_be_removed_is_named_and_the_other_folders_are_recovered(
    datasets: Path, said: Said
) -> None:
    (datasets / "battery" / ".episode_1.4711.part").mkdir()
    left_behind(datasets / "cube", 8)
    assert main(["recover"]) == 1
    result = said()
    battery = datasets / "battery"
    assert result.err == f"episodes: Cannot recover what is in {battery}: Is a directory.\n"
    assert "Recovered episode_8.hdf5" in result.out


def test_what_is_no_journal_cannot_be_recovered(datasets: Path, said: Said) -> None:
    for name in ("cube/episode_7.hdf5", "README.md"):
        assert main(["recover", str(datasets / name)]) == 2
        assert "is no journal: give a folder, or an episode_<number>.journal" in said().err


# -- all


@pytest.mark.parametrize("verb", ["list", "check", "recover"])
def test_a_path_that_is_not_there_is_one_sentence(datasets: Path, said: Said, verb: str) -> None:
    left_behind(datasets / "battery", 3)
    assert main([verb, str(datasets), str(datasets / "none")]) == 2
    result = said()
    assert (result.out, result.err) == ("", f"episodes: {datasets / 'none'} does not exist.\n")
    assert (datasets / "battery" / "episode_3.journal").exists()


def test_a_path_that_can_be_none_is_one_sentence(said: Said) -> None:
    assert main(["list", "x" * 5000]) == 2
    assert said().err.endswith("File name too long.\n")


def test_ctrl_c_is_no_traceback(datasets: Path) -> None:
    for number in range(10, 60):
        os.link(datasets / "cube" / "episode_7.hdf5", datasets / "cube" / f"episode_{number}.hdf5")
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command("check", datasets), cwd=REPOSITORY, **pipes) as process:
        process.stdout.readline()  # type: ignore[union-attr]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert (process.returncode, err) == (130, b"")


@pytest.mark.parametrize(
    ("verb", "statuses"),
    [
        ("list", "0: all could be read; 1: not all."),
        ("check", "0: all are ok or warn; 1: some are reject or unsound; 2: some are unusable"),
        ("recover", "0: all that was left behind is saved whole, or there was nothing; 1: not all"),
    ],
)
def test_help_says_what_the_exit_status_means(verb: str, statuses: str, said: Said) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([verb, "--help"])
    assert exit_.value.code == 0
    assert f"Exit status: {statuses}" in " ".join(said().out.split())


@pytest.mark.parametrize("arguments", [[], ["play"], ["list", "--jsno"], ["recover", "--task"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], said: Said) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "replay.episodes_cli", *map(str, arguments)]


@pytest.mark.parametrize("verb", ["list", "check"])
def test_who_stops_reading_gets_no_traceback(datasets: Path, verb: str) -> None:
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command(verb, datasets), cwd=REPOSITORY, **pipes) as process:
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""


def test_a_name_that_the_terminal_cannot_show_is_written_all_the_same(
    datasets: Path,
) -> None:
    folder = os.fsencode(datasets) + b"/caf\xe9"
    os.rename(datasets / "cube", folder)
    for arguments in (["list", folder], ["list", "--json", folder], ["check", folder]):
        done = subprocess.run(
            [*command()[:3], *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"episode_7" in done.stdout or b"       7" in done.stdout
