"""One look at the rings of a session, whatever state they are in."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from live_rings import PERIOD_NS, SECOND_NS, LiveRings

from recorder.cameras.camera import CameraState
from recorder.status import THUMBNAIL_RING, Verdict, thumbnail_dtype
from session.config import SimulationMode
from session.kind import RigKind
from session.launch import CONFIG
from session.status import Phase, TakeState
from teleop.ring import RingWriter
from teleop.tick import Outcome, State
from tui.facts.facts import Facts, SessionFacts
from tui.facts.pace import Pace
from tui.facts.viewer import Viewer

TAKE = (7, TakeState.REJECTED, Outcome.FAILURE, Verdict.REJECT, 150, b"stale", b"look", b"slipped")


@pytest.fixture
def rings(tmp_path: Path) -> Iterator[LiveRings]:
    made = LiveRings(tmp_path, mode=SimulationMode(realtime=True))
    yield made
    made.close()


def test_nothing_known_yet(tmp_path: Path) -> None:
    assert Viewer(tmp_path).look(5.0) == Facts(5.0, SessionFacts())
    assert Viewer(tmp_path / "gone").thumbnails() is None


def test_before_the_first_tick_only_the_configuration_speaks(
    rings: LiveRings, tmp_path: Path
) -> None:
    facts = Viewer(tmp_path).look(5.0)
    assert (facts.loop, facts.arms, facts.recording, facts.takes) == (None, None, None, ())
    session = facts.session
    assert (session.kind, session.rig, session.task) == (RigKind.SIMULATED, "sim", "battery")
    assert session.prompt == rings.config.task.prompt
    assert session.longest_s == rings.config.task.max_steps * 0.02
    assert (session.phase, session.state, session.by_grippers) == (Phase.STARTING, None, False)


def test_an_episode_being_recorded(rings: LiveRings, tmp_path: Path) -> None:
    rings.say(
        **{"phase": Phase.RECORDING, "kind": RigKind.SIMULATED, "attempt": 2, "episodes": 3},
        **{"episode": 8, "accepted": 1, "rejected": 1, "heartbeat_ns": 9 * SECOND_NS},
        **{"reset_until_ns": 12 * SECOND_NS, "pausing": True, "prompt": b"Press Enter."},
    )
    rings.run(100, 8 * SECOND_NS, state=State.FOLLOWING, step=99)
    session = Viewer(tmp_path).look(10.0).session
    assert (session.phase, session.attempt, session.episodes) == (Phase.RECORDING, 2, 3)
    assert (session.episode, session.step, session.elapsed_s) == (8, 99, 2.0)
    assert (session.accepted, session.rejected, session.pausing) == (1, 1, True)
    assert (session.reset_left_s, session.silent_s) == (2.0, 1.0)
    assert (session.question, session.state) == ("Press Enter.", State.FOLLOWING)
    assert session.pace == 1.0


def test_takes_are_told_newest_first_and_read_anew_only_when_they_change(
    rings: LiveRings, tmp_path: Path
) -> None:
    viewer = Viewer(tmp_path)
    rings.say(takes=1, take=np.array([TAKE] * 12, rings.session.dtype["take"].base))
    (take,) = viewer.look(0.0).takes
    assert (take.episode, take.state, take.verdict) == (7, TakeState.REJECTED, Verdict.REJECT)
    assert (take.length_s, take.reason, take.advice, take.label) == (
        3.0,
        "stale",
        "look",
        "slipped",
    )
    assert viewer.look(0.1).takes[0] is take
    rings.say(takes=2, take=np.array([(8, *TAKE[1:]), TAKE] * 6, rings.session.dtype["take"].base))
    assert [each.episode for each in viewer.look(0.2).takes] == [8, 7]


def test_cameras_and_how_fast_the_journal_grows(rings: LiveRings, tmp_path: Path) -> None:
    viewer = Viewer(tmp_path)
    names = [b"cam_high", b"cam_low"]
    fields = {"cameras": 2, "camera_name": names, "camera_rate_hz": [49.6, np.nan], "episode": 4}
    fields |= {"camera_state": [CameraState.LIVE, CameraState.STALLED], "stale_cameras": 2}
    fields |= {"camera_silent_ns": [4_000_000, -1], "camera_age_ns": [12_000_000, -1]}
    for second in range(3):
        rings.record(journal_bytes=5_000_000 * second, heartbeat_ns=second * SECOND_NS, **fields)
        facts = viewer.look(second + 0.5)
    assert facts.recording is not None
    high, low = facts.recording.cameras
    assert (high.name, high.rate_hz, high.wanted_hz) == ("cam_high", pytest.approx(49.6), 50.0)
    assert (high.silent_s, high.age_ms, high.stale) == (pytest.approx(0.004), 12.0, False)
    assert (low.state, low.rate_hz, low.silent_s, low.stale) == (
        *(CameraState.STALLED, None, None, True),
    )
    assert facts.recording.mb_s == pytest.approx(5.0)
    assert facts.recording.silent_s == pytest.approx(0.5)
    rings.record(journal_bytes=100, episode=5)
    after = viewer.look(4.0).recording
    assert after is not None
    assert after.mb_s is None  # another episode: too early to tell
    assert after.last_saved is None


def test_a_successor_of_control_and_a_session_that_is_gone(
    rings: LiveRings, tmp_path: Path
) -> None:
    viewer = Viewer(tmp_path)
    rings.run(20, state=State.FOLLOWING)
    assert viewer.look(0.0).session.state is State.FOLLOWING
    rings.new_ticks()
    rings.run(2, state=State.CHECKING)
    assert viewer.look(0.1).session.state is State.CHECKING
    for path in tmp_path.iterdir():
        path.unlink()
    facts = viewer.look(60.0)
    assert facts.session.state is State.CHECKING
    assert facts.loop is not None
    assert facts.loop.silent_s == pytest.approx(60.0, abs=0.1)


def test_files_that_are_no_rings_are_no_facts(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text('{"rig_file": {}}')
    for name in ("session", "ticks", "recorder", "thumbnails"):
        (tmp_path / name).write_bytes(b"")
    viewer = Viewer(tmp_path)
    assert viewer.look(1.0) == Facts(1.0)
    (tmp_path / "ticks").write_bytes(b"TANDRINK" * 100)
    assert viewer.look(1.0) == Facts(1.0)


def test_thumbnails_are_told_once_each(rings: LiveRings, tmp_path: Path) -> None:
    names = [camera.name for camera in rings.config.rig_file.cameras]
    viewer = Viewer(tmp_path)
    assert viewer.thumbnails() is None
    with RingWriter(tmp_path / THUMBNAIL_RING, thumbnail_dtype(len(names)), 4) as writer:
        slot = writer.begin()
        slot["number"], slot["size"] = 41, 0
        slot["size"][1] = 45, 80
        slot["image"][1] = 7
        writer.commit()
        found = viewer.thumbnails()
        assert found is not None
        assert [(each.camera, each.number) for each in found] == [(names[1], 41)]
        assert found[0].image.shape == (45, 80, 3)
        assert (found[0].image == 7).all()
        assert viewer.thumbnails() is None


def test_pace_is_simulated_over_wall_time() -> None:
    pace = Pace(window_s=3.0)
    assert pace.update(10.0, None) is None
    assert pace.update(10.0, 0) is None
    assert pace.update(10.2, 100_000_000) is None  # too early to tell
    assert pace.update(12.0, 1_000_000_000) == pytest.approx(0.5)
    for second in range(13, 20):
        factor = pace.update(float(second), (second - 11) * 1_000_000_000)
    assert factor == pytest.approx(1.0)


def test_a_look_is_cheap(rings: LiveRings, tmp_path: Path) -> None:
    """Ten looks a second beside 50 Hz of control; generous, as machines are busy."""
    viewer = Viewer(tmp_path)
    rings.say(takes=12, take=np.array([TAKE] * 12, rings.session.dtype["take"].base))
    rings.record(cameras=4, camera_name=[b"a", b"b", b"c", b"d"])
    now_ns = rings.run(500)
    viewer.look(0.0)
    costs = []
    for _ in range(30):
        now_ns = rings.run(5, now_ns)
        began = time.thread_time()
        viewer.look(now_ns * 1e-9)
        costs.append(time.thread_time() - began)
    assert np.median(costs) < 5e-3
    assert now_ns == 650 * PERIOD_NS


def test_what_control_has_let_go_of_is_not_gone(rings: LiveRings, tmp_path: Path) -> None:
    viewer = Viewer(tmp_path)
    rings.run(10, state=State.RESTING, connected=True, held=False)
    before = viewer.look(1.0)
    rings.run(1, 10 * PERIOD_NS, state=State.DISCONNECTED, connected=False, held=True)
    after = viewer.look(1.1)
    assert (after.loop, after.arms) == (before.loop, before.arms)
    assert after.loop is not None
    assert all(bus.connected for bus in after.loop.buses)
    assert after.session.state is State.DISCONNECTED
