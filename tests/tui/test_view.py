"""The progress line: says what matters, and says SIMULATED RIG first."""

from pathlib import Path

import pytest

from session.kind import RigKind
from session.status import Phase
from tui.view import Pace, View, Viewer, progress_line


def test_line_of_a_simulated_recording() -> None:
    view = View(
        kind=RigKind.SIMULATED,
        phase=Phase.RECORDING,
        attempt=2,
        episodes=3,
        episode=12,
        step=412,
        stage="2/4 lifted",
        journal_bytes=18_240_000,
    )
    assert progress_line(view, 0.337) == (
        "SIMULATED RIG | episode 12 (2/3) | recording | step 412 | stage 2/4 lifted | 18.2 MB"
        " | 0.34x real time"
    )


def test_line_of_a_real_rig_never_says_simulated() -> None:
    line = progress_line(View(phase=Phase.RECORDING, episode=0, step=3), 1.0)
    assert "SIMULATED" not in line
    assert "real time" not in line


def test_line_of_emulated_arms_says_so() -> None:
    line = progress_line(View(kind=RigKind.EMULATED, phase=Phase.READY), 1.0)
    assert line == "EMULATED ARMS | ready"


def test_nothing_known_yet(tmp_path: Path) -> None:
    assert Viewer(tmp_path).look() == View()
    assert progress_line(View(), None) == "starting"


def test_pace_is_simulated_over_wall_time() -> None:
    pace = Pace(window_s=3.0)
    assert pace.update(10.0, None) is None
    assert pace.update(10.0, 0) is None
    assert pace.update(10.2, 100_000_000) is None  # too early to tell
    assert pace.update(12.0, 1_000_000_000) == pytest.approx(0.5)
    for second in range(13, 20):
        factor = pace.update(float(second), (second - 11) * 1_000_000_000)
    assert factor == pytest.approx(1.0)
