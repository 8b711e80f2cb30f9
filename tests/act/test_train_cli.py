"""``act-train`` as somebody types it."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from terminal import Terminal

from act.checkpoints import runs
from act.checkpoints.checkpoint import load
from act.training.cli import main
from act.training.progress import Progress
from act.training.ranks import Ranks
from tests.act.train_bench import TINY, losses, traces, words
from tests.recorder.fake_rig import calm, make_episode

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """The command chooses them for its process, and this one lives on."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def two_tasks(tmp_path: Path) -> Path:
    """`datasets` with two episodes of each of two tasks."""
    for task in ("battery", "cube"):
        (tmp_path / "datasets" / task).mkdir(parents=True)
        for number in range(2):
            folder = tmp_path / "datasets" / task
            make_episode(folder, 25, number, change=calm, task=task, episode_id=f"{task}{number}")
    return tmp_path / "datasets"


def test_nothing_is_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "act-train datasets/" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--stepz 3", "there is no option --stepz; did you mean --steps?"),
        ("--xyzzy", "there is no option --xyzzy (--help says more)"),
        ("--steps many", "invalid int value: 'many'"),
        ("--preset papper", "invalid choice: 'papper'"),
        ("--minutes 0", "more than 0"),
        ("--threads 0", "1 to 1024"),
        ("--image-size big", "height and width, as in 240x320"),
        ("--crop cam_0=0.5,0,0.6,1", "is no part of a picture"),
        ("--crop 0,0,1,1", "is no part of a picture"),
        ("--crop cam_0=a,b,c,d", "'cam_0=a,b,c,d' is no part of a picture"),
    ],
)
def test_words_that_are_not_known(
    line: str, said: str, episode_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([str(episode_folder), *words(line)])
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--chunk 0", "chunk must be a whole number of 1 to 2000, and is 0"),
        ("--hidden 36 --heads 8", "hidden (36) must be a multiple of heads"),
        ("--lr -1", "lr must be a number of 0 to 10, and is -1"),
        ("--lr nan", "lr must be"),
        ("--image-size 8x8", "image_height must be"),
        ("--preset small --crop cam_9=0,0,1,1", "--crop cam_9: the policy looks through cam_0"),
        ("--image-size 96x128", "cam_0 has 64x48 px, and the policy takes 128x96 px: choose"),
        ("--crop cam_0=0,0,1,.5", "cam_1 has 64x48 px, of which it sees 64x48, and the policy ta"),
        ("--device cuda", "there is no GPU for PyTorch"),
        ("--device gpu", "There is no device 'gpu'"),
        ("--cameras cam_9", "no episode has a camera 'cam_9'; there are: cam_0, cam_1"),
        ("--overfit 9", "--overfit takes up to 4 episodes of battery"),
        ("--name ../up", "cannot be a run's name"),
        ("--backbone resnet18 --backbone-weights no.pth", "Cannot read no.pth"),
        ("--backbone resnet18 --backbone-weights /dev/zero", "/dev/zero is no ordinary file"),
        ("--preset small --backbone-weights no.pth", "add --backbone resnet18"),
        ("--resume nowhere", "EPISODES does not go with --resume"),
    ],
)
def test_what_makes_no_sense_is_a_sentence_and_leaves_nothing(
    line: str,
    said: str,
    episode_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(episode_folder), "--out", str(tmp_path / "runs"), *words(line)]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.startswith("act-train: ")
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_what_cannot_go_on(
    episode_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "battery" / "once"
    assert main(["--resume", str(tmp_path)]) == 2
    assert "last: nothing to go on from was saved yet" in capsys.readouterr().err
    command = [str(episode_folder), *TINY, "--steps", "3", "--out", str(tmp_path), "--name", "once"]
    assert main(command) == 0
    for arguments, said in (
        (["--resume", str(run)], f"{run} is finished, with 3 steps: --steps adds to them"),
        (["--resume", str(run / "last"), "--lr", "1"], "--lr does not go with --resume"),
        (command, "is there already: go on with act-train --resume"),
    ):
        assert main(arguments) == 2
        assert said in capsys.readouterr().err
    with runs.held(run, Ranks()):
        config = (run / "last" / "config.json").rename(tmp_path / "config.json")
        assert main(["--resume", str(run), "--steps", "5"]) == 2
        assert "Another process is training" in capsys.readouterr().err  # it read nothing yet
        config.rename(run / "last" / "config.json")
    assert main(["--resume", str(run / "last"), "--steps", "5"]) == 0
    assert load(run / "last").meta["step"] == 5


def test_one_that_was_killed_before_it_kept_anything_is_begun_again(
    episode_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "battery" / "once"
    run.mkdir(parents=True)
    (run / ".lock").touch()
    (run / "log.jsonl").write_text('{"step": 1, "total": 123.0}\n')
    assert main(["--resume", str(run)]) == 2
    assert "saved yet. Train anew; where there is no best either" in capsys.readouterr().err
    command = [str(episode_folder), *TINY, "--steps", "3", "--out", str(tmp_path), "--name", "once"]
    (run / "notes.txt").touch()  # somebody else's
    assert main(command) == 2
    assert "is there already" in capsys.readouterr().err
    (run / "notes.txt").unlink()
    with runs.held(run, Ranks()):
        assert main(command) == 2
        assert "Another process is training" in capsys.readouterr().err
    assert traces(run) == {"log.jsonl"}
    assert main(command) == 0
    assert 123.0 not in losses(run).values()


def test_sigterm_while_steps_are_timed_leaves_nothing(episode_folder: Path, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from act.training import cli; "
        "cli.step_s = lambda *_: os.kill(os.getpid(), signal.SIGTERM); cli.main(sys.argv[1:])"
    )
    line = [str(episode_folder), *TINY, "--minutes", "1", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", program, *line], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, b"")
    assert not list((tmp_path / "battery").iterdir())


def test_a_dry_run_says_what_and_why(
    two_tasks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "--dry-run --device cpu --lr 0.002 --chunk 20 --minutes 3"
    assert main([str(two_tasks), *words(line), "--out", str(tmp_path / "runs")]) == 0
    said = capsys.readouterr().out
    for expected in (
        "2 tasks, one after another: battery, cube",
        "Preset small, because there is no GPU here",
        "battery: 2 episodes, 50 steps; small, ",
        "cube: 2 episodes",
        "cam_0, cam_1 at ",
        "chunk 20",
    ):
        assert expected in said, expected
    line = "--dry-run --preset paper --backbone-weights none --together"
    assert main([str(two_tasks), *words(line)]) == 0
    said = capsys.readouterr().out
    assert "battery+cube: 4 episodes, 100 steps; paper, 8" in said
    assert "100000 steps of 8 samples" in said
    assert not (tmp_path / "runs").exists()


def test_tasks_are_trained_apart_or_together(two_tasks: Path, tmp_path: Path) -> None:
    line = [str(two_tasks), *TINY, "--steps", "2", "--out", str(tmp_path), "--name", "it"]
    assert main(line) == 0
    for task in ("battery", "cube"):
        run = tmp_path / task / "it"
        assert traces(run) == {"best", "last", "log.jsonl", "curves.png", "metrics.json"}
        best = load(run / "best")
        assert best.meta["task"] == task
        assert best.meta["prompt"] == "Insert the battery."
        assert {Path(each).parent.name for each in best.meta["episodes"]} == {task}
        assert best.meta["fps"] == 50
        assert json.loads(best.meta["software"])["python"]
        assert best.meta["backbone"] == "from scratch"
    assert main([*line, "--together"]) == 0
    assert len(load(tmp_path / "battery+cube" / "it" / "best").meta["episodes"]) == 4


def test_minutes_become_steps_and_are_written_down(
    episode_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [str(episode_folder), *TINY, "--out", str(tmp_path), "--name", "timed"]
    assert main([*line, "--minutes", "0.002"]) == 0
    found = re.search(r"0.002 minutes are (\d+) steps here", capsys.readouterr().out)
    assert found
    assert load(tmp_path / "battery" / "timed" / "last").train.steps == int(found[1])


def test_at_a_terminal_it_is_one_line_until_ctrl_c(episode_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "act.training.cli", str(episode_folder), *TINY]
    command += ["--out", str(tmp_path), "--name", "seen", "--steps", "1000000"]
    with Terminal(command, width=100, height=20, cwd=REPOSITORY) as terminal:
        told = re.compile(r"step \d\d+/1000000  loss \d.*samples/s .* left")
        seen = terminal.wait_for(told, 60)
        assert seen.count("samples/s") == 1
        terminal.press("ctrl+c")
        terminal.wait_for("Stopped. To go on: ")
        assert terminal.process.wait(20) == 128 + signal.SIGINT
        assert not terminal.leftovers()
    assert load(tmp_path / "battery" / "seen" / "last", to_go_on=True).meta["step"] > 10


def test_the_line_says_how_fast_and_how_long() -> None:
    now_s, shown = 0.0, list[str]()
    progress = Progress(5000, 8, 0, shown.append, lambda: now_s)
    for step in range(1, 201):
        now_s += 0.5 if step > 100 else 2.0
        progress.step(step, "loss 1")
    assert shown[-1] == "step 200/5000  loss 1  16 samples/s  40:00 left"
    assert shown[49] == "step 50/5000  loss 1  4 samples/s  2:45:00 left"


def test_elsewhere_it_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now_s = 0.0
    progress = Progress(100, 1, 0, None, lambda: now_s)
    for step in range(1, 101):
        now_s += 0.5
        progress.step(step, "loss 1")
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said] == ["20/100", "40/100", "60/100", "80/100", "100/100"]
