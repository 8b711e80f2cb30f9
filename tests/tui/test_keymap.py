"""Keys by a rig's table, and what they are called."""

import pytest

from session.keys import KeysConfig
from tui.keymap import SENTENCES, Action, Keymap, name_of, word_of


def test_every_field_of_the_rig_files_table_is_an_action_and_the_other_way_round() -> None:
    fields = set(KeysConfig.__dataclass_fields__)
    assert {action.value for action in Action} == fields | {"help"}
    assert set(SENTENCES) == set(Action)


def test_usual_keys_and_those_that_nobody_can_change() -> None:
    keymap = Keymap(KeysConfig(hold=("b", "f5")))
    assert keymap.action("enter") is Action.GO_ON
    assert keymap.action("b") is keymap.action("f5") is keymap.action("f9") is Action.HOLD
    assert keymap.action("question_mark") is Action.HELP
    assert keymap.action("space") is None
    assert keymap.keys(Action.HOLD) == ("b", "f5", "f9")
    assert (keymap.word(Action.HOLD), keymap.words(Action.HOLD)) == ("b", "b, F5, F9")


def test_an_action_may_have_no_key_and_is_not_in_the_help_then() -> None:
    keymap = Keymap(KeysConfig(theme=()))
    assert keymap.word(Action.THEME) == ""
    assert SENTENCES[Action.THEME] not in dict(keymap.help()).values()
    assert ("Enter", SENTENCES[Action.GO_ON]) in keymap.help()
    assert ("Space, F9", SENTENCES[Action.HOLD]) in keymap.help()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *(("enter", "Enter"), ("f9", "F9"), ("question_mark", "?"), ("pageup", "PgUp")),
        *(("ctrl+a", "Ctrl-A"), ("d", "d"), ("D", "D"), ("full_stop", "."), ("f", "f")),
        *(("shift+f5", "Shift-F5"), ("slash", "/"), ("minus", "-"), ("plus", "+"), ("huh", "huh")),
    ],
)
def test_words(name: str, word: str) -> None:
    assert word_of(name) == word


def test_signs_have_the_names_that_rig_files_use() -> None:
    typed = "a?.,-+/ \r\x01"
    assert [name_of(letter) for letter in typed] == [
        *("a", "question_mark", "full_stop", "comma", "minus", "plus", "slash", "space", "enter"),
        "ctrl+a",
    ]


def test_where_nothing_is_recorded_no_key_is_said_to_touch_an_episode() -> None:
    rows = dict(Keymap().help(recording=False))
    assert {"Enter", "Space, F9", "?"} < set(rows)
    assert not any("episode" in sentence or "trash" in sentence for sentence in rows.values())
