"""What the panels say: in words and symbols, in every size, and no wider than they are."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session.kind import RigKind
from session.status import Phase, TakeState
from tests.tui.dashboard.fake_facts import (
    CLOCK,
    KEYS,
    MESSAGES,
    STATES,
    buses,
    facts,
    idle,
    joint,
    loop,
    session,
    thumbnails,
)
from tui.dashboard.drawing.font import large
from tui.dashboard.drawing.rows import Row, width_of
from tui.dashboard.panels.arms import arms_rows, joint_row
from tui.dashboard.panels.arrangement import Place, Wanted, arrange
from tui.dashboard.panels.banner import asking_lines, banner_rows
from tui.dashboard.panels.cameras import CameraWall
from tui.dashboard.panels.events import events_rows
from tui.dashboard.panels.key_line import key_line_rows
from tui.dashboard.panels.loop import loop_rows
from tui.dashboard.panels.recorder import recorder_rows
from tui.dashboard.panels.scene import Draw, Scene
from tui.dashboard.panels.state import LOOKS, NO_DATA, look_of
from tui.dashboard.panels.takes import takes_rows
from tui.facts.facts import ArmsFacts, Facts, Message

ORDINARY = 80, 24
SIZES = [(80, 24), (100, 30), (109, 60), (126, 24), (110, 34), (120, 40), (160, 45), (300, 90)]


def scene(whole: Facts, **changes: Any) -> Scene:
    return replace(Scene(whole, MESSAGES, keys=KEYS, clock=CLOCK), **changes)


def state(name: str, **changes: Any) -> Scene:
    return scene(STATES[name], **changes)


def text_of(rows: list[Row]) -> str:
    return "\n".join("".join(text for text, _ in row) for row in rows)


def draws_for(whole: Scene) -> dict[str, Draw]:
    wall = CameraWall()
    wall.take(thumbnails(whole.facts))
    return {
        "banner": banner_rows,
        "loop": loop_rows,
        "arms": arms_rows,
        "cameras": wall.draw,
        "recorder": recorder_rows,
        "takes": takes_rows,
        "events": events_rows,
        "key_line": key_line_rows,
    }


def wanted_by(whole: Facts, width: int, pictures: bool = False) -> Wanted:
    return Wanted(
        joints=len(whole.arms.joints) if whole.arms else 14,
        cameras=len(whole.recording.cameras) if whole.recording else 4,
        pictures=pictures,
        asking=asking_lines(whole.session.question, width),
        recording=whole.session.purpose == "record",
    )


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("shaded", [False, True])
def test_no_panel_is_wider_or_higher_than_its_place(name: str, shaded: bool) -> None:
    whole = state(name, shaded=shaded, notice="Press d again: episode 16 goes to the trash.")
    for width, height in SIZES:
        draws = draws_for(whole)
        for panel, place in arrange(width, height, wanted_by(whole.facts, width)).items():
            rows = draws[panel](whole, place.width, place.height)
            assert panel in ("arms", "cameras") or len(rows) <= place.height, (panel, width)
            for row in rows:
                assert width_of(row) <= place.width, (panel, width, row)


@settings(max_examples=200)
@given(
    width=st.integers(80, 300),
    height=st.integers(24, 100),
    wanted=st.builds(
        Wanted,
        joints=st.sampled_from([7, 14]),
        cameras=st.integers(1, 16),
        pictures=st.booleans(),
        asking=st.integers(1, 2),
        recording=st.booleans(),
    ),
)
def test_panels_lie_on_the_screen_and_not_on_each_other(
    width: int, height: int, wanted: Wanted
) -> None:
    places = arrange(width, height, wanted)
    assert {"banner", "key_line"} < places.keys()
    taken: set[tuple[int, int]] = set()
    for name, place in places.items():
        assert place.width > 0, name
        assert place.height > 0, name
        cells = _cells(place)
        assert not cells & taken, name
        taken |= cells
    assert max(x for x, _ in taken) < width
    assert max(y for _, y in taken) < height
    if wanted.recording and not wanted.pictures:
        assert {"arms", "loop", "recorder", "cameras", "takes", "events"} <= places.keys()
        assert places["arms"].width >= 34


def _cells(place: Place) -> set[tuple[int, int]]:
    return {
        (x, y)
        for x in range(place.x, place.x + place.width)
        for y in range(place.y, place.y + place.height)
    }


@pytest.mark.parametrize("cameras", range(1, 5))
@pytest.mark.parametrize("size", [(120, 40), (160, 45), (200, 60)])
def test_there_is_room_for_pictures_from_120_columns_on(
    size: tuple[int, int], cameras: int
) -> None:
    whole = scene(facts(recording=STATES["recording"].recording))
    place = arrange(*size, Wanted(14, cameras))["cameras"]
    wall = CameraWall()
    wall.take(thumbnails(whole.facts))
    text = text_of(wall.draw(whole, place.width, place.height))
    assert "▀" in text


def test_every_state_has_a_word_a_symbol_and_nothing_but_the_word_twice() -> None:
    assert set(LOOKS) == set(Phase)
    looks = [*LOOKS.values(), NO_DATA]
    assert len({look.word for look in looks}) == len(looks)
    assert len({look.symbol for look in looks}) == len(looks)


def test_a_silent_session_is_no_data_but_an_ended_one_is_ended() -> None:
    assert look_of(session(silent_s=1.5)) is NO_DATA
    assert look_of(session(silent_s=0.5)).word == "RECORDING"
    assert look_of(session(silent_s=60.0, phase=Phase.ENDED)).word == "ENDED"


@pytest.mark.parametrize("size", [(80, 5), (120, 9), (160, 9)])
def test_the_banner_never_mistakes_the_arms(size: tuple[int, int]) -> None:
    for kind, words in [
        (RigKind.SIMULATED, "SIMULATED RIG"),
        (RigKind.EMULATED, "EMULATED ARMS"),
        (RigKind.REAL, "RIG aloha"),
    ]:
        rows = banner_rows(scene(facts(session=session(kind=kind))), *size)
        assert words in text_of(rows)
        badge = next(style for row in rows for text, style in row if words in text)
        assert badge == f"badge.{kind.name.lower()}.state.recording"


@pytest.mark.parametrize("size", [(80, 5), (120, 9)])
def test_the_banner_has_timer_counts_and_reset(size: tuple[int, int]) -> None:
    recording = text_of(banner_rows(state("recording"), *size))
    assert "12.4 / 24 s" in recording
    assert "✓ 16 accepted  ✗ 3 rejected" in recording
    assert CLOCK in recording
    assert "reset 4 s" in text_of(banner_rows(state("waiting"), *size))
    assert "scene should be reset" in text_of(banner_rows(state("homing"), *size))
    assert "then pause" in text_of(banner_rows(state("saving"), *size))


@pytest.mark.parametrize("size", [(80, 5), (120, 9)])
def test_a_session_that_ends_by_itself_counts_down_in_large_letters(size: tuple[int, int]) -> None:
    for left_s, words in ((41.6, "42"), (-3.0, "0")):
        review = idle(Phase.REVIEWING, reset_left_s=left_s)
        text = text_of(banner_rows(scene(review), *size))
        assert large(f"ENDS {words}")[1] in text
        assert f"ends in {words} s" in text
        assert "reset" not in text.lower()
    assert "ends" not in text_of(banner_rows(scene(idle(Phase.REVIEWING)), *size))


@pytest.mark.parametrize("size", [(80, 5), (120, 9)])
@pytest.mark.parametrize("phase", Phase)
def test_a_stage_counts_in_its_own_episode_only(phase: Phase, size: tuple[int, int]) -> None:
    shown = text_of(banner_rows(scene(idle(phase, stage="2/4 lifted")), *size))
    assert ("2/4 lifted" in shown) == (phase in (Phase.RECORDING, Phase.REPLAYING))
    assert "0/4" not in text_of(banner_rows(scene(idle(phase, stage="0/4 none")), *size))


@pytest.mark.parametrize("size", [(80, 5), (120, 9)])
@pytest.mark.parametrize("phase", [Phase.HOLDING, Phase.FAULT, Phase.PAUSED])
def test_nothing_runs_while_the_arms_are_stopped(phase: Phase, size: tuple[int, int]) -> None:
    stopped = idle(phase, reset_left_s=8.0, question="Enter: go on.")
    waiting = idle(Phase.READY, reset_left_s=8.0)
    reset = "\n".join(large("RESET 8"))
    for shown, whole in ((False, stopped), (True, waiting)):
        text = text_of(banner_rows(scene(whole), *size))
        assert ("reset 8 s" in text) == shown
        assert (reset.splitlines()[1] in text) == (shown and size[1] == 9)


def test_the_number_of_an_episode_that_is_too_long_for_large_letters_stands_in_the_line() -> None:
    text = text_of(banner_rows(state("long_names"), 80, 5))
    assert "1017/2500" in text
    assert "✓ 1016  ✗ 213" in text


def test_a_long_question_is_asked_in_full() -> None:
    whole = state("holding")
    question = whole.facts.session.question
    assert asking_lines(question, 80) == 2
    text = text_of(banner_rows(whole, 80, 6))
    assert all(word in text for word in question.split())
    assert asking_lines("Enter: start.", 80) == 1


def test_a_notice_stands_beside_the_question() -> None:
    rows = banner_rows(state("paused", notice="Nothing to undo."), 120, 9)
    assert {"question", "notice"} <= {style for _, style in rows[-1]}
    assert "Paused. Enter: go on with episode 17." in text_of(rows)
    assert "Nothing to undo." in text_of(rows)


def test_far_joints_are_told_while_following_only() -> None:
    whole = facts()
    assert whole.arms is not None
    far = joint(9, 1.0, leader=0.6, follower=0.51)
    near = joint(9, 1.0, leader=0.6, follower=0.53)
    assert "+9!" in text_of([joint_row(far, whole.arms, 44)])
    assert "alarm" in _styles(joint_row(far, whole.arms, 44))
    assert "!" not in text_of([joint_row(near, whole.arms, 44)])
    gripping = joint(13, 1.0, leader=0.0, follower=0.6, effort_share=1.0)
    assert "!" not in text_of([joint_row(gripping, whole.arms, 44)])
    waiting = replace(whole.arms, following=False)
    assert "alarm" not in _styles(joint_row(far, waiting, 44))


@pytest.mark.parametrize(
    ("degc", "words", "style"),
    [(59, "59 ", "ink"), (60, "60!", "warn"), (70, "70!", "severe"), (None, "?", "dim")],
)
def test_warm_and_hot_servos(degc: int | None, words: str, style: str) -> None:
    arms = facts().arms
    assert arms is not None
    row = joint_row(joint(2, 1.0, temperature_degc=degc), arms, 60)
    assert [each for text, each in row if words in text] == [style]


@pytest.mark.parametrize(
    ("limited", "words"),
    [("velocity", "vel"), ("position+step", "pos+"), ("not_finite", "NaN"), ("", "")],
)
def test_limits_that_were_hit(limited: str, words: str) -> None:
    arms = facts().arms
    assert arms is not None
    assert text_of([joint_row(joint(2, 1.0, limited=limited), arms, 60)]).rstrip().endswith(words)


@given(
    width=st.integers(36, 120),
    limited=st.sampled_from(["velocity", "position", "step", "position+velocity", "not_finite"]),
    following=st.booleans(),
    apart=st.floats(-1e4, 1e4),
    effort=st.floats(-1e6, 1e6),
    degc=st.integers(0, 255),
)
def test_no_figure_is_too_long_for_a_limit_to_be_read(
    width: int, limited: str, following: bool, apart: float, effort: float, degc: int
) -> None:
    whole = replace(_arms(), following=following)
    hit = joint(1, 1.0, limited=limited, apart=apart, effort=effort, temperature_degc=degc)
    for sided in (False, True):
        text = text_of([joint_row(hit, whole, width, sided)]).rstrip()
        assert text.endswith((" vel", " pos", " step", " pos+", " NaN"))


def _arms() -> ArmsFacts:
    arms = facts().arms
    assert arms is not None
    return arms


def test_a_joint_without_a_reading_says_so() -> None:
    arms = facts().arms
    assert arms is not None
    lost = joint(3, 1.0, leader=None, follower=None, held=True, effort=None)
    assert "old" in text_of([joint_row(lost, arms, 60)])


def test_left_and_right_stand_side_by_side_where_it_is_wide() -> None:
    narrow, wide = (arms_rows(state("recording"), width, 20) for width in (60, 100))
    assert (len(narrow), len(wide)) == (15, 8)
    assert text_of(wide).count("forearm roll") == 2


def _styles(row: Row) -> set[str]:
    return {style for _, style in row}


def test_a_lost_camera_says_what_to_do_in_place_of_its_picture() -> None:
    whole = state("trouble")
    wall = CameraWall()
    wall.take(thumbnails(whole.facts))
    text = text_of(wall.draw(whole, 67, 27))
    assert "LOST 3.2 s" in text
    assert "look at its plug" in text
    assert "STALE 140 ms" in text
    assert "! 21 Hz" in text
    assert "3 of 4 in trouble" in text


@pytest.mark.parametrize("name", ["recording", "trouble"])
@pytest.mark.parametrize("place", [(36, 3), (36, 5), (51, 21), (67, 27), (120, 21)])
def test_cameras_can_be_told_apart_by_their_names(name: str, place: tuple[int, int]) -> None:
    text = text_of(CameraWall().draw(state(name), *place))
    assert all(each in text for each in ("cam_high", "cam_low", "left_wri", "right_wri"))
    if name == "recording" or place[0] > 36:
        assert "left_wrist" in text
        assert "right_wrist" in text


def test_many_cameras_are_a_list_with_those_in_trouble_first() -> None:
    rows = CameraWall().draw(state("sixteen_cameras"), 50, 6)
    assert "STALLED 700 ms" in text_of(rows[1:2])
    assert "12 more: 30 30" in text_of(rows)


def test_the_newest_take_is_told_in_full() -> None:
    text = text_of(takes_rows(state("recording"), 51, 9))
    newest = facts().takes[0]
    assert all(word in text for word in f"{newest.reason} {newest.advice}".split())
    assert "✗ REJECTED" in text
    low = text_of(takes_rows(state("recording"), 36, 7))
    assert all(word in low for word in newest.reason.split())


def test_every_fate_of_a_take_has_a_word_of_its_own() -> None:
    take = facts().takes[1]
    words = {
        text_of(takes_rows(scene(facts(takes=(replace(take, state=each),))), 60, 5)[1:2])[5:15]
        for each in TakeState
    }
    assert len(words) == len(TakeState)


def test_what_to_do_about_the_last_take_can_be_read_while_the_next_is_recorded() -> None:
    under_way = replace(facts().takes[1], episode=17, state=TakeState.RECORDING, reason="")
    text = text_of(takes_rows(scene(facts(takes=(under_way, *facts().takes))), 51, 9))
    advice = facts().takes[0].advice
    assert text.index("recording") < text.index("16 ✓ accepted")
    assert all(word in text for word in advice.split())


def test_the_take_that_is_recorded_is_as_long_as_it_is_by_now() -> None:
    take = replace(facts().takes[1], state=TakeState.RECORDING, length_s=0.0)
    assert "12.4 s" in text_of(takes_rows(scene(facts(takes=(take,))), 60, 5))


def test_events_are_wrapped_newest_first_and_loud_ones_marked() -> None:
    rows = events_rows(state("recording"), 44, 12)
    text = " ".join(text_of(rows).split())
    assert text.index("Episode 16") < text.index("Episode 15") < text.index("cam_low gave")
    assert all(word in text for word in MESSAGES[3].text.split())
    assert "! follower_right" in text
    for loud, words in ((1, " 1 warning "), (2, " 2 warnings ")):
        some = tuple(each for each in MESSAGES if each.level == "warning")[:loud]
        assert text_of(events_rows(state("recording", messages=some), 44, 3)[:1]).endswith(words)


def test_what_the_takes_show_is_no_event_as_well() -> None:
    warned, rejected = facts().takes[0], facts().takes[2]
    head = "recorder: episode_16.hdf5: "
    twice = (
        "recorder: episode_014.hdf5: REJECT, better recorded again:",
        f"recorder: episode_14.hdf5: {rejected.reason}",
        f"{head}WARN, worth a look:",
        f"{head}{warned.reason}",
        f"{head}-> {warned.advice}",
        f"{head}-> {warned.advice} And so on, beyond what a status has room for.",
    )
    once = (
        f"{head}queue: a second finding.",
        f"{head}-> Its advice.",
        f"recorder: episode_3.hdf5: {warned.reason}",
        f"control: {warned.reason}",
        "recorder: Encoding is behind.",
    )
    messages = tuple(Message(text, time=CLOCK) for text in (*twice, *once))
    text = text_of(events_rows(scene(facts(), messages=messages), 200, 30))
    assert [each for each in twice if each in text] == []
    assert [each for each in once if each not in text] == []


def test_an_event_of_an_unknown_level_is_shown() -> None:
    whole = scene(facts(), messages=(Message("[bold]Hello[/]", "fatal", "10:00:00"),))
    assert "[bold]Hello[/]" in text_of(events_rows(whole, 60, 4))


def test_the_recorder_tells_of_a_full_disk_and_of_its_silence() -> None:
    assert "disk 1 min: FULL" in text_of(recorder_rows(state("disk_full"), 35, 3))
    assert "silent for 3 s" in text_of(recorder_rows(state("recorder_silent"), 35, 3))
    assert "51/64" in text_of(recorder_rows(state("trouble"), 35, 3))


def test_the_loop_names_what_is_wrong() -> None:
    assert "no tick for 4.0 s" in text_of(loop_rows(state("no_data"), 35, 5))
    assert "late 7.9 ms" in text_of(loop_rows(state("trouble"), 35, 5))
    assert "5 overload" in text_of(loop_rows(state("trouble"), 35, 5))
    assert "gone" in text_of(loop_rows(state("fault"), 35, 5))
    assert "GONE: plug it in" in text_of(loop_rows(state("fault"), 60, 10))
    assert "0.34x real time" in text_of(loop_rows(state("simulated"), 36, 4))
    assert "volt lead 12.1 12.1 foll 11.9 12.0 " in text_of(loop_rows(state("simulated"), 36, 4))


def test_replies_that_were_asked_for_again_are_no_alarm() -> None:
    repeated = tuple(replace(bus, lost=0, again=297) for bus in buses())
    rows = loop_rows(scene(facts(loop=loop(buses=repeated))), 60, 10)
    assert text_of(rows).count("lost 0  again 297") == 4
    assert {style for row in rows for text, style in row if "297" in text} == {"dim"}
    lost = tuple(replace(bus, lost=3, lost_lately=1) for bus in buses())
    rows = loop_rows(scene(facts(loop=loop(buses=lost))), 60, 10)
    assert {style for row in rows for text, style in row if "1 now" in text} == {"warn"}


def test_ticks_missed_long_ago_are_told_and_no_alarm() -> None:
    for lately, style in ((0, "ink"), (1, "warn")):
        row = loop_rows(scene(facts(loop=loop(missed=7, missed_lately=lately))), 60, 10)[1]
        assert (" 7", style) in row


@pytest.mark.parametrize("name", STATES)
def test_the_key_line_has_help_at_its_end_and_the_configured_keys(name: str) -> None:
    keys = {**KEYS, "go_on": "F5", "help": "F1"}
    text = text_of(key_line_rows(state(name, keys=keys), 80, 1))
    assert text.split()[-2:] == ["F1", "keys"]
    if look_of(STATES[name].session).word in ("WAITING", "RECORDING", "HOLDING"):
        assert text.strip().startswith("F5 ")


def keys_on(line: Scene, width: int) -> str:
    return text_of(key_line_rows(line, width, 1))


def test_while_recording_every_key_that_matters_has_room() -> None:
    text = keys_on(state("recording"), 80)
    for key in ("Enter end", "Space hold", "s good", "f fail", "r redo", "d discard", "n note"):
        assert key in text
    assert "c cam" in text
    assert "p pause" in text
    assert "s  success" in keys_on(state("recording"), 120)


@pytest.mark.parametrize("phase", [Phase.READY, Phase.PREPARING, Phase.PAUSED])
def test_without_a_take_there_is_no_key_for_the_last_one(phase: Phase) -> None:
    text = keys_on(scene(replace(idle(phase), takes=())), 160)
    for word in ("redo", "discard", "success", "failure", "accept", "undo", "note"):
        assert word not in text
        assert word in keys_on(scene(idle(phase)), 160)


def test_a_take_that_does_not_count_can_be_accepted_while_the_arms_hold() -> None:
    takes = facts().takes
    assert "accept" not in keys_on(state("holding"), 120)
    rejected = scene(replace(STATES["holding"], takes=takes[2:]))
    assert "a  accept" in keys_on(rejected, 120)


def test_the_key_that_pauses_goes_on_again() -> None:
    assert "p  pause" in keys_on(state("waiting"), 160)
    assert "p  go on" in keys_on(state("paused"), 160)


def test_nothing_is_known_yet() -> None:
    whole = scene(Facts(0.0))
    for draw in draws_for(whole).values():
        assert draw(whole, 80, 9)


def test_between_episodes_the_distance_is_in_rad() -> None:
    whole = scene(idle(Phase.READY))
    assert "rad" in text_of(arms_rows(whole, 60, 15)[:1])
    assert "+0.02" in text_of(arms_rows(whole, 60, 15))
