"""`episodes export rerun` and `replay --rerun`: recordings read back by Rerun's own reader, and the
viewer's program started, which stands in here as a script: there is no screen."""

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from replay.errors import ExportError
from replay.export.rerun import check_rerun, show, write_rrd
from replay.material import motion_of
from tests.recorder.fake_rig import make_episode
from tests.replay.export.export_bench import export, make_episodes

rerun_chunk = pytest.importorskip("rerun.chunk")
STEPS = 130
"""More than pictures are sent at once."""


@pytest.fixture(scope="module")
def episode_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rerun") / "battery"
    (path,) = make_episodes(folder, STEPS)
    with h5py.File(path, "r+") as file:
        file.attrs["notes"] = b"a \x1b[2J note"
    return path


def column(path: Path, entity: str, ending: str) -> tuple[list, list, list]:
    """Steps, seconds and values of what lies in a recording, in the order of the steps."""
    rows = []
    for chunk in rerun_chunk.RrdReader(path).stream():
        if chunk.entity_path != entity:
            continue
        batch = chunk.to_record_batch()
        names = [name for name in batch.schema.names if name.endswith(ending)]
        if not names:
            continue
        values = batch.column(names[0]).to_pylist()
        if "step" in batch.schema.names:
            seconds = [time.total_seconds() for time in batch.column("time").to_pylist()]
            rows += zip(batch.column("step").to_pylist(), seconds, values, strict=True)
        else:
            rows += [(-1, 0.0, value) for value in values]
    rows.sort(key=lambda row: row[0])
    return tuple(map(list, zip(*rows, strict=True)))  # type: ignore[return-value]


def test_everything_is_in_the_recording(episode_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export("rerun", episode_path, "--out", out) == 0
    path = out / "episode_0.rrd"
    with EpisodeReader(episode_path) as episode:
        motion = motion_of(episode)
        for camera in episode.facts.camera_names:
            steps, seconds, blobs = column(path, f"/cameras/{camera}", ":blob")
            assert steps == list(range(STEPS))
            assert seconds == pytest.approx(motion.seconds.tolist())
            assert [bytes(blob[0]) for blob in blobs] == list(episode.jpegs(camera))
    assert column(path, "/cameras/cam_0", ":media_type")[2] == [["image/jpeg"]]
    curves = {"leader": motion.leader, "command": motion.action, "follower": motion.qpos}
    for name, values in curves.items():
        for joint, entity in ((0, "left/waist"), (13, "right/gripper")):
            steps, _, found = column(path, f"/joints/{entity}/{name}", ":scalars")
            assert steps == list(range(STEPS))
            assert np.ravel(found).tolist() == values[:, joint].tolist()
    ((about,),) = column(path, "/about", ":text")[2]
    assert about.startswith("SIMULATED: ")
    for line in ("task: battery", "prompt: Insert the battery.", "outcome: success", "verdict: "):
        assert line in about
    assert "note: a \ufffd[2J note" in about
    assert rerun_chunk.RrdReader(path).recordings()[0].recording_id == "id-0"
    assert len(rerun_chunk.RrdReader(path).blueprints()) == 1


def test_findings_and_events_are_logged_where_they_are(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 60)  # wild joints
    with EpisodeReader(path) as episode:
        write_rrd(episode, tmp_path / "it.rrd")
    steps, _, texts = column(tmp_path / "it.rrd", "/log", ":text")
    levels = column(tmp_path / "it.rrd", "/log", ":level")[2]
    told = [(step, *text, *level) for step, text, level in zip(steps, texts, levels, strict=True)]
    assert any("the arm has bumped" in text and level == "INFO" for _, text, level in told)
    assert any(level == "ERROR" for _, _, level in told)
    assert all(0 <= step < 60 for step, _, _ in told)


def test_what_cannot_be_written_is_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ExportError, match=r"written as \.rrd"):
        check_rerun(tmp_path / "it.mp4")
    with pytest.raises(ExportError, match="there is no folder"):
        check_rerun(tmp_path / "nowhere" / "it.rrd")
    check_rerun(tmp_path / "it.rrd")
    monkeypatch.setenv("RERUN", "off")
    with pytest.raises(ExportError, match="RERUN=off is set"):
        check_rerun(tmp_path / "it.rrd")


def test_without_rerun_a_sentence_says_how_to_install_it(
    episode_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "rerun", None)  # as Python has it of what is not there
    assert export("rerun", episode_path, "--out", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert "pip install -c constraints.txt -e '.[rerun]'" in error
    assert error.count("\n") == 1
    assert not any(tmp_path.iterdir())


@pytest.fixture
def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of the viewer's, and a screen; what it is given is in the file `seen`."""
    program, seen = tmp_path / "viewer", tmp_path / "seen"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {seen}; env >> {seen}\n'
        f'for last; do :; done; test ! -f "$last" || cp "$last" {tmp_path}/shown.rrd\n'
        'test ! -e "$0.fails" || { echo "no screen" >&2; exit 3; }\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("RERUN_CLI_PATH", str(program))
    monkeypatch.setenv("DISPLAY", ":99")
    return program


def test_the_viewer_is_kept_to_this_machine(
    episode_path: Path, viewer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EpisodeReader(episode_path) as episode:
        show(episode)
    first, *_ = lines = (tmp_path / "seen").read_text().splitlines()
    assert first == "analytics disable"
    (started,) = (line for line in lines if line.startswith("--bind"))
    assert started.startswith("--bind 127.0.0.1 --port auto ")
    assert "HTTPS_PROXY=http://127.0.0.1:9" in lines
    shown = Path(started.split()[-1])
    assert shown.name == "episode_0.rrd"
    assert not shown.parent.exists()  # it is temporary
    assert len(column(tmp_path / "shown.rrd", "/cameras/cam_1", ":blob")[0]) == STEPS
    (tmp_path / "viewer.fails").touch()
    with EpisodeReader(episode_path) as episode:
        with pytest.raises(ExportError, match="status 3: no screen"):
            show(episode)
        monkeypatch.delenv("DISPLAY")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        with pytest.raises(ExportError, match="no display"):
            check_rerun(None)
