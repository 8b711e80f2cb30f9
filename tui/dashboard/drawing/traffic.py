"""What pictures send to a terminal, and which of them may be drawn: whole ones, in turn."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tui.dashboard.drawing.rows import Row

LEAP_S: Final = 0.2
"""Of a budget that was not used: the pictures of all cameras come at once, five times a second."""
CELLS: Final = 864
"""Of four pictures at 120x40, for which the budgets are; larger ones have more of it."""


class Cost(NamedTuple):
    """Bytes of pictures to a terminal.

    Attributes:
        pair, ground: of setting the colours of both halves of a cell, or one colour for both.
        budget: a second; with it and the rest of the screen 120x40 stays below 130 kB/s in full
            colour and 90 kB/s in 256 colours, whatever the cameras see.
    """

    pair: int
    ground: int
    budget: float


FULL_COLOUR: Final = Cost(39, 22, 76e3)
FEWER_COLOURS: Final = Cost(25, 15, 52e3)


def cost_of(color_system: str | None) -> Cost:
    """For a terminal of that many colours, as Rich names them ("truecolor", "256", ...)."""
    return FULL_COLOUR if color_system == "truecolor" else FEWER_COLOURS


def bytes_of(old: Sequence[Row], new: Sequence[Row], cost: Cost) -> int:
    """What replacing these rows sends, about. Of a row, Textual sends all up to the last difference
    from where its widget begins."""
    if len(old) != len(new):
        old = [[]] * len(new)
    return sum(_bytes_of_row(*pair, cost) for pair in zip(old, new, strict=True))


def _bytes_of_row(old: Row, new: Row, cost: Cost) -> int:
    if old == new:
        return 0
    last = 0
    while last < min(len(old), len(new)) and old[-1 - last] == new[-1 - last]:
        last += 1
    spans = new[: len(new) - last]
    return sum(len(text.encode()) + _colours(style, cost) for text, style in spans)


def _colours(style: str, cost: Cost) -> int:
    if not style.startswith("#"):
        return 0
    return cost.pair if "/" in style else cost.ground


class Budget:
    """Lets through as many pictures as the terminal may be sent, none overtaken by another.

    A picture is drawn whole, whatever it costs, as long as there is anything left; what it took too
    much is missing afterwards.
    """

    def __init__(self) -> None:
        self._left = 0.0
        self._at_s = float("-inf")
        self._turns: dict[str, int] = {}
        self._turn = 0

    def grant(self, wanted: Mapping[str, int], rate: float, now_s: float) -> list[str]:
        """The names of those that may be drawn now, of `wanted` by their bytes.

        Args:
            rate: bytes a second.
            now_s: of any clock that does not go back.
        """
        passed_s = max(now_s - self._at_s, 0.0)
        self._at_s = now_s
        self._left = min(self._left + min(passed_s, 1e3) * rate, LEAP_S * rate)
        granted = []
        for name in sorted(wanted, key=lambda each: self._turns.get(each, 0)):
            if self._left <= 0:
                break
            self.spend(name, wanted[name])
            granted.append(name)
        return granted

    def spend(self, name: str, size: int) -> None:
        """This one is drawn, granted or not."""
        self._left -= size
        self._turn += 1
        self._turns[name] = self._turn
