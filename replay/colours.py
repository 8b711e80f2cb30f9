"""One set of colours for everything that is drawn: viewer, pictures, video, pages.

Okabe and Ito's, which most colour-blind people can tell apart. No meaning hangs on a colour alone:
lines are labelled, and findings are written out.
"""

from typing import Final

LEADER: Final = "#8a8f94"
COMMAND: Final = "#0072b2"
FOLLOWER: Final = "#d55e00"
"""Where the leader was, what was sent, where the follower was."""
REJECT: Final = "#b34700"
WARN: Final = "#e69f00"
GOOD: Final = "#009e73"
EVENT: Final = "#56b4e9"


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green, blue 0-255 of "#rrggbb"."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
