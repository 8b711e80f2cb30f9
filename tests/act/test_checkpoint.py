"""Checkpoints: what was saved is loaded, whenever whoever saves is killed."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from act.checkpoints.checkpoint import load, save
from act.checkpoints.runs import find, held, new_run
from act.checkpoints.swap import replace_folder, standing
from act.errors import CheckpointError
from act.training.ranks import Ranks
from tests.act.checkpoint_bench import is_whole, make_checkpoint
from tests.helpers.disk_limits import no_file_longer_than

REPOSITORY = Path(__file__).parents[2]
SAVER = """
import os, signal, sys
from pathlib import Path
from act.checkpoints.checkpoint import save
from tests.act.checkpoint_bench import make_checkpoint
made = [make_checkpoint(step) for step in range(64)]
print("ready", flush=True)
for line in sys.stdin:
    folder, first = line.split()
    child = os.fork()
    if not child:
        for step in range(int(first), 64):
            save(Path(folder), made[step])
            print(step, flush=True)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("over", flush=True)
"""


class Saver:
    """A process that saves one checkpoint after the other until it is killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", SAVER],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def killed(self, folder: Path, first: int, after: int, delay_s: float) -> list[int]:
        """Steps that it says it has saved; killed a moment after it has said so often."""
        assert self._process.stdin
        self._process.stdin.write(f"{folder} {first}\n")
        self._process.stdin.flush()
        child, saved = int(self._line()), []
        while (line := self._line()) != "over":
            saved.append(int(line))
            if len(saved) == after:
                killer = threading.Timer(delay_s, os.kill, (child, 9))
                killer.start()
        killer.join()
        return saved

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def saver() -> Iterator[Saver]:
    saver = Saver()
    yield saver
    saver.close()


@pytest.mark.parametrize(
    "kills", [12, pytest.param(300, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_kill_it_at_any_moment(saver: Saver, tmp_path: Path, kills: int) -> None:
    moments = random.Random(7)
    folder = tmp_path / "last"
    for _ in range(kills):
        saved = saver.killed(folder, 0, moments.randint(1, 3), moments.uniform(0, 0.03))
        found = load(folder, to_go_on=True)
        assert is_whole(found)
        assert found.meta["step"] in (saved[-1], saved[-1] + 1)
    save(folder, make_checkpoint(5))
    assert os.listdir(tmp_path) == ["last"]
    assert load(folder).meta["step"] == 5


def test_what_is_saved_is_loaded_to_the_bit(tmp_path: Path) -> None:
    made = make_checkpoint()
    weights = {name: torch.rand_like(each.float()) for name, each in made.weights.items()}
    made.weights.update({name: weights[name].to(it.dtype) for name, it in made.weights.items()})
    kernel = "backbone.conv1.weight"
    made.weights[kernel] = made.weights[kernel].to(memory_format=torch.channels_last)
    written = save(tmp_path / "last", made)
    found = load(tmp_path / "last", to_go_on=True)
    assert (found.model, found.train, found.meta) == (made.model, made.train, made.meta)
    assert found.identity == written.identity
    for ours, theirs in ((made.weights, found.weights), (made.training, found.training)):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert not load(tmp_path / "last").training


def test_a_disk_that_refuses_leaves_the_last(tmp_path: Path) -> None:
    folder = tmp_path / "last"
    save(folder, make_checkpoint(1))
    for most in (0, 100, 2000, 20_000):
        with no_file_longer_than(most), pytest.raises(CheckpointError, match="Cannot write"):
            save(folder, make_checkpoint(2))
        assert load(folder, to_go_on=True).meta["step"] == 1
        assert os.listdir(tmp_path) == ["last"]


def test_what_is_no_checkpoint_is_not_replaced(tmp_path: Path) -> None:
    mine = tmp_path / "last" / "thesis.tex"
    mine.parent.mkdir()
    mine.write_text("years")
    with pytest.raises(CheckpointError, match="is in the way, and is no checkpoint"):
        save(mine.parent, make_checkpoint())
    assert mine.read_text() == "years"


def test_where_folders_cannot_be_exchanged_the_earlier_one_is_found_aside(tmp_path: Path) -> None:
    last, building = tmp_path / "last", tmp_path / ".last.building"
    save(last, make_checkpoint(1))
    save(building, make_checkpoint(2))

    def killed(_one: Path, _other: Path) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_folder(building, last, killed)
    assert load(last).meta["step"] == 1
    last.rename(tmp_path / ".last.old")  # and killed here
    assert standing(last) != last
    assert load(last).meta["step"] == 1
    assert find(tmp_path) == last
    replace_folder(building, last, lambda one, other: False)
    assert load(last).meta["step"] == 2
    save(building, make_checkpoint(3))
    replace_folder(building, last, lambda one, other: False)
    assert load(last).meta["step"] == 3
    assert os.listdir(tmp_path) == ["last"]


def test_one_that_is_replaced_while_it_is_read(saver: Saver, tmp_path: Path) -> None:
    folder = tmp_path / "last"
    save(folder, make_checkpoint())
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            assert is_whole(load(folder, to_go_on=True))
            seen.append(1)

    seen: list[int] = []
    reader = threading.Thread(target=read)
    reader.start()
    saver.killed(folder, 0, 40, 0)
    over.set()
    reader.join()
    assert seen


def test_a_checkpoint_is_found_by_what_somebody_types(tmp_path: Path) -> None:
    older, newer = tmp_path / "cube" / "older", tmp_path / "cube" / "newer"
    for time, each in enumerate(
        (older / "best", older / "last", newer / "last", tmp_path / "battery" / "a" / "last")
    ):
        save(each, make_checkpoint(time))
        os.utime(each, (time, time))
    for typed, meant in {
        older: older / "best",
        older / "last": older / "last",
        older / "last" / "model.safetensors": older / "last",
        newer: newer / "last",
        tmp_path / "cube": newer / "last",
        tmp_path / "cube" / "best": older / "best",
        tmp_path: tmp_path / "battery" / "a" / "last",
    }.items():
        assert find(typed) == meant
    with pytest.raises(CheckpointError, match=r"no checkpoint in .*/cubes. Nearby: .*battery"):
        find(tmp_path / "cubes")
    with pytest.raises(CheckpointError, match="act-train makes one"):
        find(Path("/proc/self"))
    with pytest.raises(CheckpointError, match="is no checkpoint: name a folder"):
        find(Path(__file__))


def test_the_reference_is_found_too(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs" / "policy_best.ckpt"
    theirs.parent.mkdir()
    theirs.write_bytes(b"")
    assert find(theirs) == theirs
    assert find(theirs.parent) == theirs.parent


def test_a_run_is_one_training_at_a_time(tmp_path: Path) -> None:
    with new_run(tmp_path, "../a task", "one", Ranks()) as folder:
        assert folder == tmp_path / "a_task" / "one"
        with pytest.raises(Exception, match="Another process is training"), held(folder, Ranks()):
            pass
        save(folder / "last", make_checkpoint())
    with held(folder, Ranks()):
        pass
    with pytest.raises(Exception, match="is there already: go on with"):
        new_run(tmp_path, "../a task", "one", Ranks()).__enter__()
    for name in ("..", "a/b", "."):
        with pytest.raises(Exception, match="cannot be a run's name"):
            new_run(tmp_path, "cube", name, Ranks()).__enter__()
    with new_run(tmp_path, "cube", None, Ranks()) as folder:
        assert folder.is_dir()
    assert not folder.exists()
