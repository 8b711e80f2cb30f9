"""``episodes check`` of many files: by several processes, whatever becomes of these."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from replay.checking.pool import Lost, answers
from replay.checking.worker import MEMORY_BYTES
from replay.episodes_cli import main
from replay.inspect.checked import check_file, from_plain
from tests.recorder.fake_rig import calm, jumping, make_episode

REPOSITORY = Path(__file__).parents[2]
STEPS = 60
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve episodes: 4 jumps, 7 is none, 10 claims nonsense."""
    folder = tmp_path_factory.mktemp("many")
    good = make_episode(folder, STEPS, 0, change=calm)
    for number in range(1, 12):
        os.link(good, folder / f"episode_{number}.hdf5")
    for number in (4, 7):
        (folder / f"episode_{number}.hdf5").unlink()
    make_episode(folder, 200, 4, change=jumping)
    (folder / "episode_7.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))
    return folder


def in_order(folder: Path) -> list[Path]:
    return [folder / f"episode_{number}.hdf5" for number in range(12)]


def workers_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "replay.episodes_cli", "check", *map(str, arguments)]


def test_several_processes_find_what_one_finds_in_the_same_order(folder: Path) -> None:
    with closing(answers("check", in_order(folder), jobs=3)) as results:
        found = [(path, from_plain(answer)) for path, answer in results]
    assert [path for path, _ in found] == in_order(folder)
    assert [checked for _, checked in found] == list(map(check_file, in_order(folder)))


@pytest.mark.parametrize("jobs", ["1", "2", "40"])
def test_check_says_the_same_whatever_the_jobs(
    folder: Path, jobs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json", "--jobs", jobs, str(folder)]) == 2
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(each["path"]) for each in found] == in_order(folder)
    words = [each["result"] for each in found]
    assert (words[4], words[7]) == ("reject", "unusable")
    assert set(words) == {"warn", "reject", "unusable"}  # short ones are a warning


def test_the_last_lines_count_what_was_found(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(folder)])
    *_, kinds, last = capsys.readouterr().out.splitlines()
    assert kinds.startswith("Findings: too_short in 10, position_jump in 1")
    assert last == "12 episodes: 10 warn, 1 reject, 1 unusable."


def test_only_what_a_filter_takes_is_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["check", str(folder), "--min-steps", "100"])
    assert capsys.readouterr().out.splitlines()[-1] == "2 episodes: 1 reject, 1 unusable."


def test_relative_paths_mean_what_they_mean_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    main(["check", folder.name])
    assert f"{folder.name}/episode_0.hdf5: warn" in capsys.readouterr().out.splitlines()


def test_a_folder_here_that_is_called_like_ours_is_not_imported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("replay", "json"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    with closing(answers("check", in_order(folder)[:2], jobs=2)) as results:
        assert [from_plain(answer).word for _, answer in results] == ["warn", "warn"]


@pytest.mark.parametrize(
    ("ends", "patience_s", "why"),
    [
        (signal.SIGKILL, PATIENCE_S, "the process that looked at it died (Killed)"),
        (signal.SIGSEGV, PATIENCE_S, "the process that looked at it died (Segmentation fault)"),
        (signal.SIGSTOP, 0.2, "it took longer than 200 ms"),
    ],
)
def test_a_file_that_a_worker_does_not_survive_is_lost_and_the_rest_is_checked(
    folder: Path, ends: signal.Signals, patience_s: float, why: str
) -> None:
    bad = in_order(folder)[5]

    def patience(path: Path) -> float:
        """Asked when the worker is at a file: it meets its end then."""
        if path != bad:
            return PATIENCE_S
        for pid in workers_of(os.getpid()):
            os.kill(pid, ends)
        return patience_s

    with closing(answers("check", in_order(folder), jobs=1, patience=patience)) as results:
        found = list(results)
    assert [path for path, _ in found] == in_order(folder)
    assert found[5][1] == Lost(why)
    assert sum(isinstance(answer, Lost) for _, answer in found) == 1
    assert not workers_of(os.getpid())


def test_a_lost_file_is_unusable_in_a_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("replay.checking.pool.PATIENCE_S", -1e9)
    assert main(["check", str(folder / "episode_0.hdf5"), str(folder / "episode_1.hdf5")]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{folder / 'episode_0.hdf5'}: unusable"
    assert lines[1].startswith(f"  - {folder / 'episode_0.hdf5'} cannot be checked: it took longer")
    assert lines[-1] == "2 episodes: 2 unusable."


def test_whoever_stops_asking_leaves_no_process(folder: Path) -> None:
    with closing(answers("check", in_order(folder), jobs=2)) as results:
        next(results)
        assert workers_of(os.getpid())
    assert not workers_of(os.getpid())


def test_a_worker_may_use_no_more_memory_than_it_needs(folder: Path) -> None:
    with closing(answers("check", in_order(folder), jobs=1)) as results:
        next(results)
        (worker,) = workers_of(os.getpid())
        limits = Path(f"/proc/{worker}/limits").read_text()
    (line,) = (line for line in limits.splitlines() if line.startswith("Max address space"))
    assert MEMORY_BYTES < int(line.split()[3]) < 2 * MEMORY_BYTES


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_the_command(folder: Path, tmp_path: Path, how: signal.Signals) -> None:
    for number in range(1000):  # far too many to be done before they are ended
        os.link(folder / "episode_4.hdf5", tmp_path / f"episode_{number}.hdf5")
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command("--jobs", 2, tmp_path), cwd=REPOSITORY, **pipes) as process:
        process.stdout.readline()  # type: ignore[union-attr]
        workers = workers_of(process.pid)
        assert len(workers) == 2
        process.send_signal(how)
        _, err = process.communicate()
        assert process.returncode == (130 if how == signal.SIGINT else -how)
        assert err == b""
    deadline_s = time.monotonic() + PATIENCE_S
    while any(_is_alive(pid) for pid in workers):
        assert time.monotonic() < deadline_s


def _is_alive(pid: int) -> bool:
    """And no zombie that waits for whoever adopts it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("on_terminal", [True, False])
def test_there_is_a_bar_where_somebody_sees_it(folder: Path, on_terminal: bool) -> None:
    """On stderr; what is on stdout is the same with it and without."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(folder),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=theirs if on_terminal else subprocess.PIPE,
        text=True,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(theirs)
        out, err = process.communicate()
    seen = os.read(ours, 1 << 16).decode() if on_terminal else err
    os.close(ours)
    assert out.splitlines()[-1].startswith("12 episodes: ")
    assert "\x1b" not in out
    assert ("0/12" in seen) == on_terminal
    assert on_terminal or seen == ""


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1000000000000"])
def test_a_number_of_jobs_that_makes_no_sense_is_refused(
    jobs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["check", "--jobs", jobs])
    assert exit_.value.code == 2
    assert "is not a number from 1 to 256" in capsys.readouterr().err
