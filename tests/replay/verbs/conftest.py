"""A datasets folder with episodes that the quality checks have nothing against."""

from pathlib import Path

import pytest

from tests.recorder.fake_rig import calm, make_episode

STEPS = 200


@pytest.fixture(scope="session")
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
