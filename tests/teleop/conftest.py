"""A control process on a tiny world, for tests of what it does."""

from pathlib import Path
from typing import Any

import pytest
from control_harness import Control, TinyWorld


@pytest.fixture
def world(tmp_path: Path) -> Any:
    world = TinyWorld(tmp_path)
    yield world
    world.end()


@pytest.fixture
def control(tmp_path: Path, world: TinyWorld) -> Any:
    control = Control(tmp_path, world.ports)
    yield control
    control.end()
