"""What `replay` prints about an episode: the verdict first, and lines that fit a terminal."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from recorder.episode.amend import amend
from recorder.episode.reader import EpisodeReader
from recorder.folder.versions import trim
from replay.inspect.checked import check_file
from replay.inspect.filled import WIDTH, filled
from replay.inspect.lines import about, lines_of
from tests.recorder.fake_rig import calm, make_episode


def said(path: Path) -> list[str]:
    checked = check_file(path)
    with EpisodeReader(path) as episode:
        return list(lines_of(checked, about(episode, checked), ["video: clip.mp4"]))


def row(lines: list[str], begin: str) -> int:
    (found,) = (at for at, line in enumerate(lines) if line.startswith(begin))
    return found


def test_the_verdict_is_above_the_details_and_where_it_comes_from_below(tmp_path: Path) -> None:
    lines = said(make_episode(tmp_path, 60, change=calm))
    order = ("  task", "  recorded", "  outcome", "quality   warn (", "file      sound: ")
    order += ("cameras", "joints", "losses", "events", "software", "id ", "video: ", "sound")
    rows = [row(lines, begin) for begin in order]
    assert rows == sorted(rows)
    assert lines[-1] == "sound"


def test_what_was_found_follows_the_verdict(tmp_path: Path) -> None:
    lines = said(make_episode(tmp_path, 60))  # wild
    at = row(lines, "quality   reject (")
    assert lines[at + 1].startswith("  reject  ")
    assert at < row(lines, "file      sound") < row(lines, "cameras")


def test_an_unsound_file_is_called_so_above_and_its_faults_are_the_end(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 60, change=calm)
    with h5py.File(path, "r+") as file:
        file["/observations/qpos"][7] = np.nan
    lines = said(path)
    assert row(lines, "file      UNSOUND: ") < row(lines, "cameras")
    assert lines[row(lines, "UNSOUND") + 1 :] == [
        f"  - {fault}" for fault in check_file(path).faults
    ]


def test_lines_fit_a_terminal(tmp_path: Path) -> None:
    def trouble(step: int, tick: Any) -> None:
        calm(step, tick)
        tick["rejected"][3] += 3
        tick["connected"][1] = step < 55
        tick["deadline_ns"] = tick["t_ns"] - 2_500_000
        tick["limited"][3] = step % 2 * 7

    facts = {"state_size": 0, "simulated": False, "time_base": "monotonic", "seed": None}
    path = make_episode(tmp_path, 60, change=trouble, cameras=3, **facts)
    amend(path, reason="It slipped out of the gripper. " * 8, note="Once more, but slower. " * 9)
    trim(path, 0, 50, "2026-01-02T03:04:05+00:00")
    lines = said(path)[1:]  # but for the path
    assert [line for line in lines if len(line) > WIDTH] == []
    assert " ".join(" ".join(lines).split()).count("Once more, but slower.") == 9
    assert row(lines, "  trimmed   to steps 0-50 of 60") < row(lines, "quality")


def test_clauses_are_kept_whole() -> None:
    long = "x" * 100
    assert list(filled("a  ", ["b", long, "c", "d"])) == ["a  b,", f"   {long},", "   c, d"]
    assert list(filled("a  ", [])) == ["a"]
