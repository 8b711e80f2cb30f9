"""What is said before a session starts, in the form that whoever listens can use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from live_rings import config
from session_harness import ROOT

from tui.announcement import announcement
from tui.session import NO_RIG, greet


def test_a_collection_that_goes_on_is_announced(tmp_path: Path) -> None:
    resumes = "It goes on at episode 3 of 5."
    assert announcement(config(tmp_path, resumes=resumes)).endswith(f" {resumes}")
    assert announcement(config(tmp_path)) == announcement(config(tmp_path)).strip()


def test_without_a_rig_or_a_terminal_the_simulated_one_is_used_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert greet("battery", "dashboard", headless=True)
    assert capsys.readouterr().out == f"{NO_RIG}\n"
    assert greet("battery", "json", headless=False)
    record = json.loads(capsys.readouterr().out)
    assert (record["record"], record["text"]) == ("message", NO_RIG)


def test_textual_is_imported_only_for_the_dashboard() -> None:
    program = "import sys, collect; print([m for m in sys.modules if m.startswith('textual')])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
