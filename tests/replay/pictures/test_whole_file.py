"""What a killed writer has left is removed by the next one; what is still written is not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.pictures.whole_file import whole_file

REPOSITORY = Path(__file__).parents[3]
PATIENCE_S = 60
WRITER = """
import sys
from pathlib import Path
from replay.pictures.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as building:
    building.write_text("half")
    print(building, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is writing tmp_path/a.mp4 until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "a.mp4")],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def write(path: Path) -> None:
    with whole_file(path) as building:
        building.write_text("whole")


def test_what_a_killed_writer_has_left_is_removed(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert writer.stdout
    building = Path(writer.stdout.readline().strip())
    others = tmp_path / ".b.new.mp4", tmp_path / ".config.1.new-idea"
    for other in others:
        other.touch()
    write(tmp_path / "b.mp4")
    assert building.exists()  # somebody is at it
    writer.kill()
    writer.wait()
    write(tmp_path / "b.mp4")
    assert set(tmp_path.iterdir()) == {tmp_path / "b.mp4", *others}


def test_a_writer_that_is_ended_leaves_nothing(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert writer.stdout
    assert Path(writer.stdout.readline().strip()).exists()
    writer.terminate()
    assert writer.wait(PATIENCE_S) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_another_writer_does_not_disturb_the_first(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert writer.stdout
    writer.stdout.readline()
    write(tmp_path / "a.mp4")
    writer.communicate("")
    assert (tmp_path / "a.mp4").read_text() == "half"  # it was the last to end
    assert list(tmp_path.iterdir()) == [tmp_path / "a.mp4"]
