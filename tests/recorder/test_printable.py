"""What files and tasks say reaches no terminal as an order."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.printable import printable, printable_lines


def test_orders_to_a_terminal_are_shown() -> None:
    assert printable("a\x1b[2Jb\x07") == "a\ufffd[2Jb\ufffd"
    assert printable_lines("one\ntwo\t\x9b") == "one\ntwo\ufffd\ufffd"


@given(st.text())
def test_whatever_is_said_can_be_printed(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)
