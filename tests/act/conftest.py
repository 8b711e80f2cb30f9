"""Small episodes to learn from: two cameras of 64x48, arms that move calmly."""

from pathlib import Path
from typing import Any

import pytest
import torch

from act.data.episode import Episode, read_episode
from tests.recorder.fake_rig import calm, make_episode

LENGTHS = (30, 41, 36, 33)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small tensors: threads would only wait for each other, and for other tests."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def episode_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`datasets/battery` with four successes of different lengths. To be read only."""
    folder = tmp_path_factory.mktemp("datasets") / "battery"
    folder.mkdir()
    for number, steps in enumerate(LENGTHS):

        def change(step: int, tick: Any, number: int = number) -> None:
            calm(step + 7 * number, tick)

        make_episode(folder, steps, number, change)
    return folder


@pytest.fixture(scope="session")
def episodes(episode_folder: Path) -> list[Episode]:
    """The same, read."""
    return [read_episode(episode_folder / f"episode_{i}.hdf5") for i in range(len(LENGTHS))]
