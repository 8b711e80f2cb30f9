"""The screen of an emulated terminal: what pyte lacks, and what its characters look like."""

import copy
from collections.abc import Mapping
from typing import Any, Final

import pyte
from pyte.screens import Char
from terminal_picture import Cell, Rgb

ALTERNATE: Final = 1049
FOREGROUND, BACKGROUND = (204, 204, 204), (12, 12, 12)
ANSI: Final[Mapping[str, Rgb]] = {
    **{"black": (12, 12, 12), "red": (197, 15, 31), "green": (19, 161, 14)},
    **{"brown": (193, 156, 0), "blue": (0, 55, 218), "magenta": (136, 23, 152)},
    **{"cyan": (58, 150, 221), "white": (204, 204, 204), "brightblack": (118, 118, 118)},
    **{"brightred": (231, 72, 86), "brightgreen": (22, 198, 12)},
    **{"brightbrown": (249, 241, 165), "brightyellow": (249, 241, 165)},
    **{"brightblue": (59, 120, 255), "brightmagenta": (180, 0, 158)},
    **{"brightcyan": (97, 214, 214), "brightwhite": (242, 242, 242)},
}
"""The sixteen colours by pyte's names, as a common terminal has them."""


class Screen(pyte.Screen):
    """pyte's, with an alternate screen, and with dim text where it would blink."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self._main: tuple[Any, Any] | None = None

    @property
    def is_alternate(self) -> bool:
        """The program has a screen of its own, and the shell's waits under it."""
        return self._main is not None

    def set_mode(self, *modes: int, **options: Any) -> None:
        """Sets modes, and enters the alternate screen."""
        if options.get("private") and ALTERNATE in modes and self._main is None:
            self._main = copy.deepcopy(self.buffer), copy.copy(self.cursor)
            self.erase_in_display(2)
        super().set_mode(*modes, **options)

    def reset_mode(self, *modes: int, **options: Any) -> None:
        """Resets modes, and leaves the alternate screen."""
        if options.get("private") and ALTERNATE in modes and self._main is not None:
            self.buffer, self.cursor = self._main
            self._main = None
        super().reset_mode(*modes, **options)

    def select_graphic_rendition(self, *attributes: int, **options: Any) -> None:
        """Colours and styles: dim goes where pyte keeps blinking, which it does not know to dim."""
        if not {38, 48} & set(attributes):  # those are followed by numbers that mean colours
            attributes = tuple(5 if it == 2 else it for it in attributes if it != 5)
            attributes += (25,) if 22 in attributes else ()
        super().select_graphic_rendition(*attributes, **options)

    def report_device_attributes(self, *_: Any, **__: Any) -> None:
        """Nobody is answered."""

    report_device_status = report_device_attributes


def cell_of(char: Char) -> Cell:
    """A character of the screen, and the colours it is seen in."""
    fore, back = _colour(char.fg, FOREGROUND), _colour(char.bg, BACKGROUND)
    if char.reverse:
        fore, back = back, fore
    if char.blink:  # dim, see `Screen`
        fore = Rgb((a + b) // 2 for a, b in zip(fore, back, strict=True))
    return Cell(char.data, fore, back, char.bold, char.underscore)


def _colour(name: str, default: Rgb) -> Rgb:
    """A colour as pyte writes it: "default", a name, or six hexadecimal digits."""
    if name == "default":
        return default
    return ANSI.get(name) or (int(name[:2], 16), int(name[2:4], 16), int(name[4:], 16))
