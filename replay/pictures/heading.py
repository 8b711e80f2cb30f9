"""The title of a picture or video: what was recorded, on what, how it ended, how good it is."""

from typing import Final

from recorder.cameras.camera import Image
from recorder.episode.history import is_trimmed
from recorder.episode.reader import EpisodeReader
from replay import colours
from replay.inspect.report import KINDS
from replay.material import TRIMMED
from replay.pictures.canvas import FAINT, INK, PANEL, Colour, chip, fitted, text

HEIGHT: Final = 76
TITLE: Final = 28
SECOND_LINE: Final = 60
"""Its baseline, from the top."""
DETAIL: Final = 19
CHIP: Final = 18
CHIP_GAP: Final = 10
INK_ON_COLOUR: Final = (20, 20, 22)
FILLS: Final = {"ok": colours.GOOD, "warn": colours.WARN, "reject": colours.REJECT}
NO_VERDICT: Final = "#d5d5d3"


def heading(
    image: Image, episode: EpisodeReader, verdict: str, left: int, top: int, width: int, aside: int
) -> None:
    """Draw it, HEIGHT high.

    Args:
        aside: pixels at the right end of the second line to be left free.
    """
    facts = episode.facts
    end, baseline = left + width, top + TITLE
    kind = KINDS.get(facts.arms_kind, facts.arms_kind)
    fill = colours.rgb(FILLS.get(verdict, NO_VERDICT))
    plain = colours.rgb(NO_VERDICT)
    trimmed = is_trimmed(episode.path, facts.edits)
    for words, ink, colour in (
        (f"quality: {verdict}", _ink_on(verdict), fill),
        (facts.success, INK_ON_COLOUR, plain),
        *([(TRIMMED, INK_ON_COLOUR, plain)] if trimmed else []),
        (kind, PANEL, INK),
    ):
        shown = fitted(words, width // 5, CHIP, bold=True)
        end = chip(image, shown, end, baseline - 3, CHIP, ink, colour) - CHIP_GAP
    title = fitted(f"{facts.task}  {episode.path.stem}", end - left - CHIP_GAP, TITLE, bold=True)
    text(image, title, (left, baseline), TITLE, INK, bold=True)
    words = fitted(facts.prompt, width - aside, DETAIL)
    text(image, words, (left, top + SECOND_LINE), DETAIL, FAINT)


def _ink_on(verdict: str) -> Colour:
    return PANEL if verdict in ("ok", "reject") else INK_ON_COLOUR
