"""What terminals send, as names of keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plain.key_names import key_names


@pytest.mark.parametrize(
    ("sent", "names"),
    [
        ("\r ab", ["enter", "space", "a", "b"]),
        ("\x1b[15~\x1bOP\x1b[[A\x1b[11~", ["f5", "f1", "f1", "f1"]),
        ("\x1b[5~\x1b[H\x1b[4~", ["pageup", "home", "end"]),
        ("\x1b[1;5A\x1b[15;2~\x1b[15;99~", ["ctrl+up", "shift+f5"]),
        ("\x01\x1a\t\x7f", ["ctrl+a", "ctrl+z", "tab", "backspace"]),
        ("?-/", ["question_mark", "minus", "slash"]),
        ("\x1b[?1;2c\x1b[<0;3;4M", []),
    ],
)
def test_names(sent: str, names: list[str]) -> None:
    assert key_names(sent) == (names, "")


def test_an_urgent_key_after_escape_is_no_part_of_a_sequence() -> None:
    assert key_names("\x1b ") == (["escape", "space"], "")
    assert key_names("\x1b[ ")[0][-1] == "space"


@given(st.lists(st.sampled_from(["\x1b[20~", "\x1bOS", " ", "x", "\x1b[1;5C", "\x1b[[E"])))
def test_cut_anywhere_the_same_keys_come(keys: list[str]) -> None:
    whole = "".join(keys)
    for cut in range(len(whole) + 1):
        if whole[:cut].endswith("\x1b"):  # which is a key of its own
            continue
        first, rest = key_names(whole[:cut])
        second, left = key_names(rest + whole[cut:])
        assert first + second == key_names(whole)[0]
        assert left == ""


@given(st.text())
def test_whatever_is_typed_has_names_or_none(typed: str) -> None:
    names, _ = key_names(typed)
    assert all(names)
