"""What all verbs of ``episodes`` have in common: paths, statuses, help, interruptions."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from replay.episodes_cli import main
from tests.recorder.test_recover import left_behind
from tests.replay.said import Said

REPOSITORY = Path(__file__).parents[3]


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
    for number in range(10, 1010):  # far too many to be done before it is interrupted
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
