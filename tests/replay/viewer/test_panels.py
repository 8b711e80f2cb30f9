"""What the parts of the screen say, and that they fit wherever they stand."""

from dataclasses import replace
from pathlib import Path
from queue import Queue
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.drivers._writer_thread import WriterThread

from replay.material import Mark
from replay.viewer.app import is_behind
from replay.viewer.arrangement import arrange, grid_of
from replay.viewer.board import DRAWS
from replay.viewer.drawing import looks
from replay.viewer.flags import PictureFlags
from replay.viewer.keys import ACTIONS, KEYS
from replay.viewer.loaded import Loaded, load
from replay.viewer.moves import moved_by
from replay.viewer.panels.cameras import flag_words
from replay.viewer.panels.head import head_rows
from replay.viewer.panels.note import note_rows
from replay.viewer.state import LAYOUTS, State
from replay.viewer.view import View
from tests.replay.viewer.viewer_bench import make, troubled
from tui.dashboard.drawing.rows import Row, fit, width_of

ELSEWHERE = {"leave", "stop", "theme", "help", "findings", "go", "mark", "episode"}
"""Actions that are not about the state alone."""
MARKS = (
    Mark(0, 199, "warn", "skew", "all of it", "look at it"),
    Mark(20, 80, "warn", "stale", "long", "do this"),
    Mark(40, 50, "reject", "stale", "short", "do that"),
    Mark(120, 120, "event", "event", "something was said"),
)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    found = load(make(tmp_path_factory.mktemp("episode"), 0, troubled), None)
    return replace(found, marks=MARKS)


def said(rows: list[Row]) -> str:
    return "\n".join("".join(text for text, _ in row) for row in rows)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (PictureFlags(11.6), "12 ms"),
        (PictureFlags(20.0, repeat=True), "repeat 20 ms"),
        (PictureFlags(80.0, repeat=True, stale=True), "STALE 80 ms"),
        (PictureFlags(80.0, stale=True, dropped=True), "DROPPED 80 ms"),
        (PictureFlags(None, missing=True, stale=True), "MISSING"),
        (PictureFlags(), ""),
    ],
)
def test_captions_say_the_worst_of_a_picture(flags: PictureFlags, words: str) -> None:
    assert said([flag_words(flags)]) == words


@pytest.mark.parametrize(
    ("at_s", "words"),
    [
        (0.0, "Insert the battery."),  # what is about all of it is told on request
        (0.5, "2/4  0.40 to 1.60 s  stale: long"),
        (0.9, "3/4  0.80 to 1.00 s  stale: short"),
        (2.9, "4/4  2.40 s  something was said"),
        (3.6, "Insert the battery."),
    ],
)
def test_the_note_tells_of_what_lies_over_the_moment(
    loaded: Loaded, at_s: float, words: str
) -> None:
    text = " ".join(said(note_rows(View(loaded, State(at_s)), 120, 3)).split())
    assert " ".join(words.split()) in text


def test_a_mark_that_was_jumped_to_is_told_with_its_advice(loaded: Loaded) -> None:
    text = said(note_rows(View(loaded, State(mark=0)), 80, 2))
    assert "all of it" in text
    assert "→ look at it" in text
    assert "Ctrl-Z" in said(note_rows(View(loaded, State(mark=0), notice="Ctrl-Z: no."), 80, 2))


@pytest.mark.parametrize(
    ("kind", "badge"),
    [
        ("real", "RIG sim"),
        ("emulated", "EMULATED ARMS"),
        ("simulated", "SIMULATED RIG"),
        ("?", "RIG sim"),
    ],
)
def test_nobody_takes_one_kind_of_arms_for_another(loaded: Loaded, kind: str, badge: str) -> None:
    assert loaded.facts is not None
    other = replace(loaded, facts=replace(loaded.facts, arms=kind))
    (row,) = head_rows(View(other), 80, 1)
    assert row[1] == (
        f" {badge} ",
        f"badge.{kind if kind != '?' else 'real'}.state.moving",
    )


@settings(max_examples=40)
@given(
    width=st.integers(80, 220),
    height=st.integers(24, 70),
    layout=st.integers(0, len(LAYOUTS) - 1),
    at_s=st.floats(0, 4),
    joint=st.integers(0, 13),
    zoom=st.integers(0, 3),
    mark=st.none() | st.integers(0, len(MARKS) - 1),
)
def test_everything_fits_and_has_a_style(
    loaded: Loaded,
    width: int,
    height: int,
    layout: int,
    at_s: float,
    joint: int,
    zoom: int,
    mark: int | None,
) -> None:
    state = State(at_s, False, 1.0, joint, layout, zoom, None, mark)
    view = View(loaded, state, 3, 20)
    places = arrange(width, height, 2, large=False)
    for name, place in places.items():
        assert place.x + place.width <= width
        assert place.y + place.height <= height
        if name == "cameras":
            continue
        rows = DRAWS[name](view, place.width, place.height)
        assert name == "joints" or len(rows) <= place.height, name
        for row in rows:
            assert width_of(fit(row, place.width)) == place.width
            for _, style in row:
                assert style in looks.DARK.looks, style
                assert style in looks.LIGHT.looks, style
                assert style in looks.PLAIN.looks, style


@given(st.integers(1, 12), st.integers(1, 220), st.integers(1, 60))
def test_pictures_stand_beside_each_other(count: int, width: int, height: int) -> None:
    columns, tile, rows = grid_of(count, width, height)
    if columns:
        assert columns * tile + 2 * (columns - 1) <= width
        assert -(-count // columns) * (rows + 1) <= height


def test_every_key_does_something(loaded: Loaded) -> None:
    busy = State(at_s=1.0, speed=0.5, camera=1)
    for key, action in ACTIONS.items():
        if action.partition("_")[0] in ELSEWHERE:
            continue
        states = [moved_by(action, start, loaded) for start in (busy, State(), State(at_s=3.98))]
        changed = states != [busy, State(), State(at_s=3.98)]
        assert changed or action in {f"camera_{i}" for i in range(3, 10)}, key
    assert len(ACTIONS) == sum(len(row.does) for row in KEYS)  # no key twice


def test_a_slow_link_gets_fewer_pictures() -> None:
    waiting: Queue[str | None] = Queue()
    driver = SimpleNamespace(_writer_thread=SimpleNamespace(_queue=waiting))
    assert not is_behind(driver)
    for _ in range(3):
        waiting.put("picture")
    assert is_behind(driver)
    assert not is_behind(object())
    assert isinstance(WriterThread(SimpleNamespace())._queue, Queue)  # type: ignore[arg-type]


def test_loading_tells_of_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.hdf5").write_bytes(b"text")
    found = load(tmp_path / "a.hdf5", None)
    assert "not an episode file" in found.fault
    assert found.cameras == found.joints == ()
