"""Names of styles to styles, for dark and light terminals and for those without colour.

The colours are Okabe and Ito's, which most colour-blind people can tell apart; the saturated ones
are darkened where white letters stand on them. No meaning hangs on a colour alone.
"""

from dataclasses import dataclass, field
from typing import Final

from rich.color import Color
from rich.style import Style

SKY: Final = "#56b4e9"
ORANGE: Final = "#e69f00"
VERMILLION: Final = "#b34700"
"""Darkened, as white stands on it."""
YELLOW: Final = "#f0e442"
BLUE: Final = "#0072b2"
PURPLE: Final = "#cc79a7"
BLACK: Final = "#000000"
WHITE: Final = "#ffffff"


@dataclass(frozen=True, slots=True)
class Look:
    """One style. `ink`, `ground`: "#rrggbb"; "": the terminal's own."""

    ink: str = ""
    ground: str = ""
    bold: bool = False
    dim: bool = False
    reverse: bool = False
    underline: bool = False


@dataclass(frozen=True)
class Palette:
    """Styles by name, each made once: what hangs on a `Style` object is costly to make anew.

    Besides the names of `looks` there are the pixels of pictures: "#rgb" a ground, "#rgb/#rgb" the
    upper and the lower half of a cell. `colours`: whether these can be shown.
    """

    name: str
    looks: dict[str, Look]
    colours: bool = True
    _styles: dict[str, Style] = field(default_factory=dict, repr=False)

    def style(self, name: str) -> Style:
        """The style of that name; KeyError for one that there is not."""
        made = self._styles.get(name)
        if made is None:
            made = pixel_style(name) if name.startswith("#") else style_of(self.looks[name])
            self._styles[name] = made
        return made


def style_of(look: Look) -> Style:
    """A look as Rich has it."""
    return Style(
        color=look.ink or None,
        bgcolor=look.ground or None,
        bold=look.bold or None,
        dim=look.dim or None,
        reverse=look.reverse or None,
        underline=look.underline or None,
    )


def pixel_style(name: str) -> Style:
    """Of "#rgb" or "#rgb/#rgb"."""
    upper, _, lower = name.partition("/")
    if not lower:
        return Style(bgcolor=_colour(upper))
    return Style(color=_colour(upper), bgcolor=_colour(lower))


def _colour(digits: str) -> Color:
    red, green, blue = (17 * int(digit, 16) for digit in digits[1:])
    return Color.from_rgb(red, green, blue)


STATES: Final = {
    "state.recording": Look(WHITE, VERMILLION, bold=True),
    "state.waiting": Look(WHITE, "#005f96", bold=True),
    "state.mirroring": Look(WHITE, "#00755a", bold=True),
    "state.review": Look(WHITE, "#00755a", bold=True),
    "state.saving": Look(BLACK, SKY, bold=True),
    "state.holding": Look(BLACK, YELLOW, bold=True),
    "state.paused": Look(BLACK, PURPLE, bold=True),
    "state.moving": Look(WHITE, "#4a5866", bold=True),
    "state.fault": Look(WHITE, BLACK, bold=True),
}
"""The same on dark and light ground: an operator knows a state by them."""
BADGES: Final = {"simulated": "#ffafd7", "emulated": "#ffd75f", "real": WHITE}
"""What tells the arms apart; colours that 256 of them have, too."""


def badge_on(kind: str, state: str) -> str:
    """The name of a badge's style on the ground of a state."""
    return f"badge.{kind}.{state}"


def _badges(states: dict[str, Look]) -> dict[str, Look]:
    """Every badge on every state: bright where that is dark, and the other way round."""
    return {
        badge_on(kind, name): Look(BLACK, colour, bold=True)
        if state.ink == WHITE
        else Look(colour, BLACK, bold=True)
        for kind, colour in BADGES.items()
        for name, state in states.items()
    }


def _coloured(name: str, ground: str, ink: str, faint: str, bar: str, shade: str) -> Palette:
    """`faint`: text that only accompanies; `bar`: titles' ground; `shade`: what bars run on."""
    dark = name == "dark"
    warning = ORANGE if dark else "#9a5200"
    silent = Look(BLACK, WHITE, bold=True) if dark else Look(WHITE, BLACK, bold=True)
    states = {"state.silent": silent, **STATES}
    looks = {
        "ink": Look(ink, ground),
        "strong": Look(ink, ground, bold=True),
        "dim": Look(faint, ground),
        "title": Look(ink, bar, bold=True),
        "title.warn": Look(BLACK, ORANGE, bold=True),
        "warn": Look(warning, ground, bold=True),
        "alarm": Look(BLACK, ORANGE, bold=True),
        "severe": Look(WHITE, VERMILLION, bold=True),
        "good": Look(SKY if dark else "#005f96", ground, bold=True),
        "gone": Look(PURPLE if dark else "#8f3c6a", ground, bold=True),
        "absent": Look(warning, shade, bold=True),
        "absent.calm": Look(ink, shade),
        "bar": Look(SKY if dark else BLUE, shade),
        "bar.warn": Look(ORANGE, shade),
        "leader": Look(WHITE if dark else BLACK, shade, bold=True),
        "leader.on": Look(BLACK if dark else WHITE, SKY if dark else BLUE, bold=True),
        "leader.on.warn": Look(BLACK, ORANGE, bold=True),
        "counts": Look(SKY if dark else BLUE, ground),
        "counts.late": Look(warning, ground),
        "question": Look(ground, ink, bold=True),
        "notice": Look(BLACK, SKY, bold=True),
        "key": Look(ground, ink, bold=True),
        "key.word": Look(ink, bar),
        "hatch": Look(YELLOW, BLACK),
        **states,
        **_badges(states),
    }
    return Palette(name, looks)


def _plain() -> Palette:
    """Without colour: bold and inverse only."""
    looks = {name: Look() for name in DARK.looks}
    for name in ("strong", "absent", "warn", "good", "gone", "leader"):
        looks[name] = Look(bold=True)
    looks["dim"] = Look(dim=True)
    inverse = ("alarm", "severe", "question", "notice", "key", "leader.on", "leader.on.warn")
    for name in (*inverse, "title", "title.warn", "state.silent", *STATES):
        looks[name] = Look(bold=True, reverse=True)
    for name in ("hatch", "state.fault"):
        looks[name] = Look(bold=True)
    for name in looks:
        if name.startswith("badge."):
            looks[name] = Look(bold=True, underline=True)
    return Palette("plain", looks, colours=False)


DARK: Final = _coloured("dark", "#0d1114", "#e9ebe8", "#96a0a8", "#2a3a47", "#1e2830")
LIGHT: Final = _coloured("light", "#fbfbf8", "#14181b", "#5c656c", "#cfd8de", "#dfe4e6")
PLAIN: Final = _plain()
