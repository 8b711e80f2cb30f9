"""What every test of these commands looks at."""

import pytest

from tests.replay.said import Said


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return capsys.readouterr
