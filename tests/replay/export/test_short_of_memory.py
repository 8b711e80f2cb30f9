"""Exports for which the system has no memory or no thread: a sentence, and nothing is left."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.export.lerobot import dataset
from tests.replay.export.export_bench import REPOSITORY, export, make_episodes

pyarrow = pytest.importorskip("pyarrow")
SHORT = """
import resource, sys
from pathlib import Path
import replay.export.lerobot.dataset
from replay.episodes_cli import main
from replay.export import run

write = run.whole_folder

def in_need(target):
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (4 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return write(target)

run.whole_folder = in_need
sys.exit(main())
"""
"""An export that has 4 MiB from where it begins to write: less than the stack of a thread."""


@pytest.fixture(scope="module")
def episodes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return make_episodes(tmp_path_factory.mktemp("export") / "battery", 12)


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    """Where an export goes, of which nothing is left."""
    yield tmp_path / "out"
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["lerobot", "raw"])
def test_no_thread_is_to_be_had(episodes: list[Path], out: Path, name: str) -> None:
    command = [sys.executable, "-c", SHORT, "export", name, *map(str, episodes), "--out", str(out)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"episodes: Cannot write {out}: ")
    assert done.stderr.endswith(". Nothing is left of it.\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            pyarrow.ArrowException("Failed to launch worker thread"),
            "Failed to launch worker thread",
        ),
        (RuntimeError("can't start new thread"), "can't start new thread"),
        (MemoryError(), "there is not enough memory"),
        (ImportError("libarrow.so: cannot map"), "libarrow.so: cannot map"),
    ],
)
def test_however_a_library_says_it(
    episodes: list[Path],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    why: str,
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(dataset, "write_data", refuse)
    assert export("lerobot", *episodes, "--out", out) == 2
    said = capsys.readouterr().err
    assert said == f"episodes: Cannot write {out}: {why}. Nothing is left of it.\n"
