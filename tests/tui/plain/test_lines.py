"""The progress line: SIMULATED RIG first, trouble before what is calm."""

from dataclasses import replace

import pytest

from recorder.cameras.camera import CameraState
from recorder.durations import in_words
from recorder.status import Verdict
from session.kind import RigKind
from session.status import Phase, TakeState
from teleop.tick import Outcome
from tui.facts.facts import (
    ArmsFacts,
    BusFacts,
    CameraFacts,
    Facts,
    JointFacts,
    LoopFacts,
    RecordingFacts,
    SessionFacts,
    TakeFacts,
)
from tui.plain.lines import (
    detail_lines,
    health_line,
    progress_line,
    recording_line,
    session_line,
    take_line,
)
from tui.plain.news import News

HIGH = CameraFacts("cam_high", CameraState.LIVE, 49.6, 50.0, 0.01)
LOW = CameraFacts("cam_low", CameraState.LIVE, 50.2, 50.0, 0.01)
WELL = RecordingFacts((HIGH, LOW), 0.0, 0, 32, 0, 0, 0, 18.24, None, 7300.0, False, 0.0)
BUS = BusFacts("leader_left", True, 3, 8, 0, 12.1)
LOOP = LoopFacts(50.0, 50.0, False, 2.0, 9.5, (), 0, 0.0, "ordinary", (BUS,))
TAKE = TakeFacts(4, TakeState.REJECTED, Outcome.FAILURE, Verdict.REJECT, 3.0, "stale", "look")


def of(phase: Phase, recording: RecordingFacts | None = None, **session: object) -> Facts:
    return Facts(0.0, SessionFacts(phase=phase, **session), recording=recording)


def parts(**changes: object) -> list[str]:
    return recording_line(of(Phase.RECORDING, replace(WELL, **changes))).split(" | ")


def test_line_of_a_simulated_recording() -> None:
    facts = of(
        Phase.RECORDING,
        WELL,
        kind=RigKind.SIMULATED,
        **{"attempt": 2, "episodes": 3, "episode": 12, "step": 412, "stage": "2/4 lifted"},
        **{"accepted": 1, "rejected": 2, "pace": 0.337},
    )
    assert progress_line(facts) == (
        "SIMULATED RIG | episode 12 (2/3) | recording | step 412 | stage 2/4 lifted | 18.2 MB"
        " | accepted 1, rejected 2 | 0.34x real time | cameras 50 Hz | disk 2 h"
    )


def test_line_of_a_real_rig_never_says_simulated() -> None:
    line = session_line(of(Phase.RECORDING, episode=0, step=3, pace=1.0))
    assert "SIMULATED" not in line
    assert "real time" not in line


def test_line_of_emulated_arms_says_so() -> None:
    assert progress_line(of(Phase.READY, kind=RigKind.EMULATED)) == "EMULATED ARMS | ready"


def test_nothing_known_yet() -> None:
    assert progress_line(Facts(0.0)) == "starting"
    assert detail_lines(Facts(0.0)) == []


def test_countdown_and_pause() -> None:
    assert session_line(of(Phase.READY, reset_left_s=7.6)) == "ready | reset the scene: 8 s"
    assert "reset the scene: 2.5 s over" in session_line(of(Phase.READY, reset_left_s=-2.5))
    assert session_line(of(Phase.RECORDING, pausing=True)) == "recording | pausing after this"
    assert session_line(of(Phase.PAUSED, pausing=True)) == "paused"


def test_recording_shows_where_something_is_recorded_only() -> None:
    assert parts() == ["cameras 50 Hz", "disk 2 h"]
    assert recording_line(of(Phase.STARTING, WELL)) == ""


def test_a_slow_camera_and_one_that_is_silent() -> None:
    silent = replace(LOW, state=CameraState.STALLED, rate_hz=None, silent_s=0.7)
    said = parts(cameras=(replace(HIGH, rate_hz=17.2), silent))
    assert said[:2] == ["cam_low STALLED 700 ms", "cameras 17 - Hz"]
    opening = replace(LOW, state=CameraState.OPENING, silent_s=None)
    assert parts(cameras=(HIGH, opening))[0] == "cam_low OPENING"


def test_back_pressure_is_shown_long_before_anything_is_dropped() -> None:
    assert "encoding behind 9/32" in parts(queue=9)
    assert not [part for part in parts(queue=8) if "behind" in part]
    assert "3 steps without pictures of their own" in parts(dropped=3)


def test_skew_and_the_verdict_on_the_last_file() -> None:
    assert "skew 12 ms" in parts(skew_ms=12.3)
    assert "last: 4 reject" in parts(last_saved=(4, Verdict.REJECT))
    assert not [part for part in parts(last_saved=(4, Verdict.UNKNOWN)) if "last" in part]


def test_how_the_arms_do_while_they_mirror() -> None:
    joint = JointFacts("right_elbow", 0.5, 0.5, 0.0, "position+velocity")
    arms = ArmsFacts((joint,), True, "mA", ("follower_left 4", 41))
    expected = (
        "50.0 Hz | late 2.00 ms | missed 0 | lost 3, asked again 8 | "
        "limited: right_elbow (position+velocity) | hottest follower_left 4 41 °C"
    )
    assert health_line(LOOP, arms) == expected
    facts = Facts(0.0, SessionFacts(phase=Phase.MIRRORING), LOOP, arms)
    assert progress_line(facts) == f"mirroring | {expected}"


def test_the_lines_below_have_what_a_screen_has() -> None:
    joint = JointFacts("left_waist", 0.25, None, None, "velocity", 41, 120.4, 0.1)
    other = replace(joint, name="right_elbow", follower=0.5, limited="")
    arms = ArmsFacts((joint, other), True, "mA")
    stale = replace(HIGH, age_ms=12.3, stale_steps=3)
    recording = replace(WELL, cameras=(stale,), mb_s=4.44, skew_ms=2.0, disk_low=True)
    lines = detail_lines(Facts(0.0, SessionFacts(), LOOP, arms, recording))
    assert lines == [
        "  loop: 50.0 of 50 Hz, late 2.00 ms, at most 9.50 ms, missed 0, ordinary",
        "  buses: leader_left lost 3 again 8 12.1 V",
        "  left arm: waist 0.25/- 41 °C 120 mA limited (velocity)",
        "  right arm: elbow 0.25/0.50 41 °C 120 mA",
        "  cameras: cam_high live 50 Hz 12 ms old 3 stale steps",
        "  recorder: queue 0/32, 4.4 MB/s, skew 2 ms, disk 2 h, too little for another episode",
    ]
    gone = replace(BUS, connected=False, voltage_v=None, errors="5 overloaded")
    lockstep = replace(LOOP, lockstep=True, buses=(gone,))
    assert detail_lines(Facts(0.0, loop=lockstep)) == [
        "  loop: 50.0 of 50 Hz, in lock-step with the simulated world",
        "  buses: leader_left lost 3 again 8 not connected 5 overloaded",
    ]


def test_a_take_is_told_when_its_fate_is_known_and_when_it_changes() -> None:
    assert take_line(TAKE) == "Episode 4 rejected, quality reject: stale. Look."
    news = News()
    saving = replace(TAKE, state=TakeState.SAVING)
    assert news.of([TAKE]) == []  # it was there before us
    assert news.of([TAKE]) == []
    assert news.of([replace(saving, episode=5), TAKE]) == []
    fine = TakeFacts(5, TakeState.ACCEPTED, Outcome.SUCCESS, Verdict.OK, 3.0)
    assert news.of([fine, TAKE]) == ["Episode 5 accepted, quality ok."]
    assert news.of([fine, replace(TAKE, state=TakeState.DISCARDED)]) == [
        "Episode 4 discarded, quality reject: stale. Look."
    ]


def test_a_take_that_grows_is_no_news() -> None:
    news = News()
    growing = replace(TAKE, state=TakeState.RECORDING)
    news.changed([])
    assert news.changed([growing]) == [growing]
    assert news.changed([replace(growing, length_s=9.0)]) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0432, "43 ms"), (3.44, "3.4 s"), (44.4, "44 s"), (100, "2 min"), (6000, "2 h")],
)
def test_durations_as_a_person_says_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
