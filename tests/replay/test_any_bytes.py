"""Whatever bytes a file has: an error that names it and its fault, in bounded memory and time."""

import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.checking.measure import measure_plain
from replay.checking.worker import READY
from replay.episodes_cli import main
from replay.index.read import read_row
from replay.index.row import Unreadable
from replay.inspect.checked import check_file
from tests.recorder.fake_rig import make_episode

REPOSITORY = Path(__file__).parents[2]
FILES = 150
MEMORY_BYTES = 3 << 30
"""Of address space; what is loaded takes a good part of it."""
PATIENCE_S = 300.0


def spoilt(content: bytes, seed: int) -> bytes:
    """Cut, flipped, zeroed, doubled or replaced by noise somewhere, by a seed."""
    chance = random.Random(seed)
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(8192)
        size = chance.choice((1, 8, 512, 4096))
        match chance.randrange(5):
            case 0:
                del data[max(at, 1) :]
            case 1:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 2:
                data[at : at + size] = bytes(len(data[at : at + size]))
            case 3:
                data[at : at + size] = chance.randbytes(len(data[at : at + size]))
            case 4:
                data[at : at + size] = data[: len(data[at : at + size])]
    return bytes(data)


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def test_any_bytes_are_a_result_within_memory_and_time(tmp_path: Path) -> None:
    small = make_episode(tmp_path, 6, cameras=1).read_bytes()
    folder = tmp_path / "spoilt"
    folder.mkdir()
    expected = [f"episode_{seed}.hdf5" for seed in range(FILES)]
    for seed, name in enumerate(expected):
        (folder / name).write_bytes(spoilt(small, seed))
    for verb in ("check", "list", "stats"):
        done = subprocess.run(
            [sys.executable, "-m", "replay.episodes_cli", verb, "--json", str(folder)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            preexec_fn=limited,
            check=False,
        )
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        results = [json.loads(line) for line in done.stdout.splitlines()]
        if verb == "stats":
            (stats,) = results
            assert stats["episodes"] + len(stats["errors"]) == FILES
            assert all(str(folder) in error for error in stats["errors"])
            continue
        assert [Path(each["path"]).name for each in results] == expected
        for each in results:
            assert not each.get("error") or each["path"] in each["error"]


# -- the same of a single file, by what each verb makes of it


class Looking:
    """The processes that look into files for `list`, `check` and `stats`: they survive it all."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "replay.checking.worker", "--parent", str(os.getpid())]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._processes = {
            task: subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL, **pipes)
            for task in ("row", "check", "measure")
        }
        for task in self._processes:
            assert self._ask(task, {"task": task, "about": None}) == READY

    def at(self, path: Path) -> tuple[Any, Any, Any]:
        """What `list`, `check` and `stats` know of it then."""
        row, checked, measured = (self._ask(task, str(path)) for task in self._processes)
        return row, checked, measured

    def _ask(self, task: str, question: object) -> Any:
        process = self._processes[task]
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"the file ends the process that looks at it for {task}"
        return json.loads(answer)

    def close(self) -> None:
        """They end with what they are asked."""
        for process in self._processes.values():
            process.communicate()


@pytest.fixture(scope="module")
def looking() -> Iterator[Looking]:
    looking = Looking()
    yield looking
    looking.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("small"), 6, cameras=1).read_bytes()


def is_sentence(text: object, path: Path) -> bool:
    return isinstance(text, str) and str(path) in text and "\n" not in text


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_spoilt_bytes_are_a_row_a_verdict_and_numbers_or_sentences(
    looking: Looking, small: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    path, content = tmp_path / "episode_0.hdf5", bytearray(small)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)) | st.integers(0, 8192))
        noise = data.draw(st.binary(min_size=1, max_size=64))
        content[at : at + len(noise)] = noise
    path.write_bytes(content)
    row, checked, measured = looking.at(path)
    assert isinstance(row, list) or is_sentence(row, path)
    assert checked["judgement"] or checked["faults"] or is_sentence(checked["error"], path)
    assert isinstance(measured, dict) or is_sentence(measured, path)


CUTS = (0, 1, 7, 8, 9, 47, 48, 95, 96, 512, 800, 2048, 0.25, 0.5, 0.75, 0.999)
"""Bytes, or shares of the file."""


@pytest.mark.parametrize("cut", CUTS)
def test_a_file_that_is_cut_short_is_unusable(
    looking: Looking, small: bytes, tmp_path: Path, cut: float
) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(small[: int(cut if cut >= 1 else cut * len(small))])
    row, checked, measured = looking.at(path)
    for text in (row, checked["error"], measured):
        assert is_sentence(text, path)
        assert "is not an episode file, or a damaged one (" in text
        assert "synchronously" not in text
        assert "sblock" not in text


def absurd(file: h5py.File, path: str, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
    """A dataset that claims more than there is in the world, and takes no room."""
    dtype = file[path].dtype
    del file[path]
    file.create_dataset(path, shape, dtype, chunks=chunks, compression="gzip")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: absurd(f, "/action", (2**50, 14), (1, 14)),
        lambda f: absurd(f, "/observations/qpos", (2**50, 14), (1, 14)),
        lambda f: absurd(f, "/action", (6, 2**30), (6, 2**24)),
        lambda f: absurd(f, "/tandem/limited", (6, 2**30), (1, 2**24)),
    ],
)
def test_absurd_claims_are_sentences(
    looking: Looking, small: bytes, tmp_path: Path, spoil: Callable[[h5py.File], None]
) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(small)
    with h5py.File(path, "r+") as file:
        spoil(file)
    _, checked, measured = looking.at(path)
    assert is_sentence(measured, path)
    faults = [checked["error"], *checked["faults"]]
    assert any("claims to be larger than the file" in fault for fault in faults)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/action", [0.0]),
        ("/action", 1.0),
        ("/observations/qpos", [[1.0] * 14]),
        ("/tandem/limited", [[b"text"] * 14] * 6),
        ("/tandem/frame_repeat", [[0, 0]] * 6),
    ],
)
def test_wrong_shapes_are_sentences(
    looking: Looking, small: bytes, tmp_path: Path, path: str, value: object
) -> None:
    file_path = tmp_path / "episode_0.hdf5"
    file_path.write_bytes(small)
    with h5py.File(file_path, "r+") as file:
        del file[path]
        file[path] = value
    row, checked, measured = looking.at(file_path)
    assert isinstance(row, list) or is_sentence(row, file_path)
    assert checked["faults"] or is_sentence(checked["error"], file_path)
    assert is_sentence(measured, file_path)


def put_folder(path: Path) -> None:
    path.mkdir()


def put_pipe(path: Path) -> None:
    os.mkfifo(path)


def put_link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [put_folder, put_pipe, put_link_to_device])
def test_what_is_no_file_is_a_sentence_at_once(
    tmp_path: Path, put: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "episode_0.hdf5"
    put(path)
    row = read_row(path)
    assert isinstance(row, Unreadable)
    for text in (row.error, check_file(path).error, measure_plain(path)):
        assert is_sentence(text, path)
    for verb in ("list", "check", "stats"):
        assert main([verb, str(tmp_path)]) == 0
        assert capsys.readouterr().out == "No episodes.\n"
