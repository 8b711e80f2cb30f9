"""Demonstrations of the task that a test module names in `TASK`, made once a module."""

import pytest
from demonstration import Episode, record

from sim.scenes.scene import Scene

SEEDS = range(4)


@pytest.fixture(scope="module")
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.module.TASK)


@pytest.fixture(scope="module")
def episodes(scene: Scene) -> list[Episode]:
    return [record(scene, seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def missed(scene: Scene) -> list[Episode]:
    """The same objects as in `episodes`, grasped in vain at first."""
    return [record(scene, seed, miss_share=1.0) for seed in SEEDS]
