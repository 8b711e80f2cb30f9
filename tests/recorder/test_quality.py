"""The verdict on an episode: what it says of clean ones, how findings weigh, how it is kept."""

import json
import warnings
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import pytest
from demonstration import record
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recorder.checks.finding import LARGEST, MAX_TEXT, MAX_WHERE, Measure
from recorder.checks.kinds import KINDS, Kind
from recorder.checks.spans import MAX_SPANS
from recorder.checks.streams import PictureNumbers, Streams
from recorder.limits import QualityLimits
from recorder.quality import CHECKS, MAX_FINDINGS, MAX_JSON_BYTES, from_json, judge, to_json
from sim.scenes.scene import Scene
from tests.recorder.quality_streams import FAST, STEPS, clean, found, only, put

LIMITS = QualityLimits()
RIGS = [
    ((50.0, 30.0), (4.0, 25.0)),
    ((15.0, 15.0), (0.0, 0.0)),
    ((30.0, 60.0), (60.0, 40.0)),
    ((60.0, 60.0), (5.0, 30.0)),
    ((90.0, 10.0), (1.0, 40.0)),
]


def everything_wrong(steps: int = STEPS) -> Streams:
    """Faults in every joint, camera and bus."""
    streams = clean(steps)
    return replace(
        streams,
        qpos=streams.qpos * np.nan,
        action=streams.action * np.nan,
        qvel=streams.qvel * np.inf,
        held=np.ones_like(streams.held),
        frame_stale=np.ones_like(streams.frame_stale),
        frame_missing=np.ones_like(streams.frame_missing),
    )


@pytest.mark.parametrize(("rates_hz", "ways_ms"), RIGS)
def test_cameras_of_all_kinds_are_well_when_they_keep_their_own_time(
    rates_hz: tuple[float, ...], ways_ms: tuple[float, ...]
) -> None:
    judgement = judge(clean(seed=3, rates_hz=rates_hz, ways_ms=ways_ms), LIMITS)
    assert judgement.findings == ()
    assert judgement.verdict == "ok"
    assert judgement.not_checked == ()


@pytest.mark.sim
@pytest.mark.parametrize("task", ["battery", "transfer_cube", "insertion"])
@pytest.mark.parametrize("miss_share", [0.0, 1.0])
def test_what_scripted_operators_do_is_well(task: str, miss_share: float) -> None:
    episode = record(Scene(task), 5, miss_share=miss_share)
    motion = {"action": episode.action.astype("f4"), "qpos": episode.qpos.astype("f4")}
    assert found(clean(episode.ticks, **motion)) == []


@pytest.mark.sim
def test_what_goes_wrong_with_scripted_operators_is_found_where_it_does() -> None:
    episode = record(Scene("transfer_cube"), 5)
    qpos = episode.qpos.astype("f4")
    clean_one = clean(episode.ticks, action=episode.action.astype("f4"), qpos=qpos)
    assert only(replace(clean_one, qpos=put(qpos, (200, 3), np.nan)), "not_finite").spans == (
        (200, 200),
    )
    jump = put(qpos, (slice(200, 203), 3), qpos[200, 3] + 0.3)
    assert only(replace(clean_one, qpos=jump), "position_jump").spans == ((200, 200), (203, 203))
    stuck = put(qpos, np.s_[:, 6], qpos[0, 6])
    assert only(replace(clean_one, qpos=stuck), "gripper_still").severity == "reject"


def test_there_is_a_check_for_every_kind() -> None:
    assert set(CHECKS) == set(KINDS) == set(get_args(Kind))
    limits = {each.name for each in fields(QualityLimits)} - {"ignore"}
    assert {name for info in KINDS.values() for name in info.limits} == limits


def test_the_worst_finding_is_the_verdict_and_comes_first() -> None:
    short = clean(100)
    assert judge(short, LIMITS).verdict == "warn"
    damaged = replace(short, qpos=put(short.qpos, (30, 3), np.nan))
    judgement = judge(damaged, LIMITS)
    assert judgement.verdict == "reject"
    assert [each.check for each in judgement.findings] == ["not_finite", "too_short"]


def test_what_the_task_ignores_is_not_looked_for() -> None:
    judgement = judge(clean(100), QualityLimits(ignore=("too_short",)))
    assert (judgement.verdict, judgement.findings) == ("ok", ())
    assert judgement.not_checked == ("too_short",)


def test_what_is_just_at_a_limit_reads_right() -> None:
    assert str(Measure(0.1, 0.1, "s in a row")) == "0.1 s in a row, allowed: less than 0.1"
    assert str(Measure(1.22, 3.0, "s", "at least")) == "1.22 s, allowed: at least 3"
    assert str(Measure(50.0, 8.0, "rad/s", "at most")) == "50 rad/s, allowed: at most 8"
    assert str(Measure(1.0, 0.0, "steps")) == "1 step, allowed: none"
    assert str(Measure(3.0, 0.0, "reports")) == "3 reports, allowed: none"
    assert str(Measure(1.0, 0.0, "s in a row")) == "1 s in a row, allowed: none"


def test_files_of_older_versions_are_judged_by_what_they_have() -> None:
    second = replace(clean(), frame_dropped=None, pictures=None)
    pictures = ("dropped_pictures", "black", "over_exposed", "blurred")
    assert judge(second, LIMITS).not_checked == pictures
    first = replace(second, rejected=None, connected=None, undecodable=None)
    judgement = judge(first, LIMITS)
    assert judgement.not_checked == (*pictures, "undecodable", "rejected_readings", "unplugged")
    assert judgement.findings == ()


def test_a_finding_says_what_where_how_much_and_what_to_do() -> None:
    streams = clean()
    stale = replace(streams, frame_stale=put(streams.frame_stale, np.s_[200:230, 0], 1))
    stale = replace(stale, frame_capture_ns=put(stale.frame_capture_ns, np.s_[200:230, 0], 0))
    finding = only(stale, "stale")
    assert finding.text == (
        "cam_high: no new picture at steps 200-229 (0.6 s in a row, allowed: less than 0.1)."
    )
    assert finding.where == FAST
    assert finding.spans == ((200, 229),)
    assert (finding.steps, finding.value, finding.limit, finding.unit) == (
        30,
        0.6,
        0.1,
        "s in a row",
    )
    assert finding.advice == KINDS["stale"].advice


def test_of_many_stretches_the_longest_are_named_and_all_are_counted() -> None:
    streams = clean()
    held = np.zeros_like(streams.held)
    for stretch in range(40):
        held[10 * stretch : 10 * stretch + (3 if stretch < 20 else 2), 2, 4] = 1
    finding = only(replace(streams, held=held), "held_readings")
    assert finding.steps == 100
    assert finding.spans == tuple((10 * i, 10 * i + 2) for i in range(MAX_SPANS))
    assert "at steps 0-2, 10-12, 20-22 and 37 more stretches" in finding.text


def test_a_judgement_survives_its_text() -> None:
    for streams in (clean(), clean(100), everything_wrong()):
        judgement = judge(streams, LIMITS)
        text = to_json(judgement)
        assert from_json(text) == judgement
        assert json.loads(text)["verdict"] == judgement.verdict


def test_findings_are_bounded() -> None:
    names = tuple(f"{'é' * 300}_{i}" for i in range(60))  # six bytes each in JSON
    streams = clean()
    columns = [each.name for each in fields(Streams) if each.name.startswith("frame_")]
    wide: dict[str, Any] = {
        name: np.repeat(getattr(streams, name)[:, :1], 60, axis=1)
        for name in columns
        if getattr(streams, name).ndim == 2
    }
    wide["frame_skew_ns"] = np.zeros(STEPS, "i8")
    wide["frame_missing"] = (np.arange(STEPS)[:, None] + np.arange(60)) % 4 // 2  # never all
    many = replace(
        streams,
        camera_names=names,
        camera_rate_hz=(50.0,) * 60,
        pictures=None,
        undecodable=None,
        **wide,
    )
    judgement = judge(many, LIMITS)
    assert len(judgement.findings) == MAX_FINDINGS
    assert judgement.left_out == 60 - MAX_FINDINGS
    assert {len(each.text) for each in judgement.findings} == {MAX_TEXT}
    assert {len(each.where) for each in judgement.findings} == {MAX_WHERE}
    text = to_json(judgement)
    assert len(text) <= MAX_JSON_BYTES
    kept = from_json(text)
    assert kept is not None
    assert 10 < len(kept.findings) < MAX_FINDINGS
    assert len(kept.findings) + kept.left_out == 60
    assert kept.verdict == judgement.verdict


def test_infinities_are_kept_as_numbers() -> None:
    streams = clean()
    infinite = replace(streams, qpos=put(streams.qpos, (300, 2), np.inf))
    jump = next(each for each in found(infinite) if each.check == "position_jump")
    assert jump.value == LARGEST
    assert "Infinity" not in to_json(judge(infinite, LIMITS))


GOOD = to_json(judge(everything_wrong(), LIMITS))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"verdict": "fine"}',
        '{"verdict": "ok", "findings": 3}',
        GOOD.replace('"spans": [[0, 599]]', '"spans": [[0]]', 1),
        GOOD.replace('"not_finite"', '"not_funny"', 1),
        "[" * 100_000,
    ],
)
def test_text_that_is_no_judgement_is_none(text: str) -> None:
    assert text != GOOD
    assert from_json(text) is None


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_judgement_or_none(text: str) -> None:
    assert from_json(text) is None or json.loads(text)["verdict"] in ("ok", "warn", "reject")


@st.composite
def any_streams(draw: st.DrawFn) -> Streams:
    """Columns of their types and shapes, with any numbers in them."""
    steps, cameras = draw(st.integers(0, 40)), draw(st.integers(0, 3))
    template = clean(max(steps, 1))
    cut: dict[str, Any] = {}
    for each in fields(Streams):
        value = getattr(template, each.name)
        if isinstance(value, np.ndarray):
            cut[each.name] = _any(draw, _shape(each.name, value, steps, cameras), value.dtype)
    shape = (steps, cameras)
    numbers = [_any(draw, shape, np.dtype("f4")) for _ in range(3)]
    rates_hz = st.floats(-1, 1e3) | st.just(np.nan) | st.just(np.inf)
    return replace(
        template,
        fps=draw(st.integers(-1, 200)),
        camera_names=tuple(f"cam_{i}" for i in range(cameras)),
        camera_rate_hz=tuple(draw(st.lists(rates_hz, min_size=cameras, max_size=cameras))),
        pictures=PictureNumbers(*numbers),
        **cut,
    )


def _shape(name: str, value: Any, steps: int, cameras: int) -> tuple[int, ...]:
    if name == "effort_limit":
        return tuple(value.shape)
    of_cameras = name.startswith("frame_") or name == "undecodable"
    rest = (cameras,) if of_cameras and value.ndim == 2 else value.shape[1:]
    return (len(value) if name in ("second_step", "hardware_error") else steps, *rest)


def _any(draw: st.DrawFn, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    if draw(st.booleans()):
        return draw(arrays(dtype, shape))
    seed = draw(st.integers(0, 1000))  # many different values, where hypothesis likes few
    values = np.random.default_rng(seed).normal(0, 10.0 ** (seed % 12), shape)
    if dtype.kind in "ui":
        return values.astype("i8").astype(dtype)
    return values.astype(dtype)


@given(any_streams())
def test_any_numbers_are_judged_without_a_word(streams: Streams) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judgement = judge(streams, LIMITS)
    assert judgement.verdict in ("ok", "warn", "reject")
    assert from_json(to_json(judgement)) == judgement
    for finding in judgement.findings:
        assert all(0 <= first <= last < streams.steps for first, last in finding.spans)
        assert finding.text.endswith(".")


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_the_shortest_episodes_are_too_short_and_nothing_else(steps: int) -> None:
    streams = clean(max(steps, 1))
    if not steps:
        streams = replace(
            streams,
            pictures=None,
            **{
                each.name: getattr(streams, each.name)[:0]
                for each in fields(Streams)
                if isinstance(getattr(streams, each.name), np.ndarray)
                and each.name != "effort_limit"
            },
        )
    assert only(streams, "too_short").severity == "reject"
