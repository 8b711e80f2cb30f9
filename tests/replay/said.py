"""What a command has printed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Said = Callable[[], "pytest.CaptureResult[str]"]
"""What was printed since it was called last."""


def objects(text: str) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]
