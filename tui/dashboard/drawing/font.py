"""Large letters, five pixels high, from half blocks."""

from typing import Final

HEIGHT: Final = 5
SMALL: Final = 3
"""Rows of the screen that letters take at scale 1."""
HALVES: Final = {"  ": " ", "# ": "▀", " #": "▄", "##": "█"}
GLYPHS: Final = {
    "A": (" ## ", "#  #", "####", "#  #", "#  #"),
    "B": ("### ", "#  #", "### ", "#  #", "### "),
    "C": (" ###", "#   ", "#   ", "#   ", " ###"),
    "D": ("### ", "#  #", "#  #", "#  #", "### "),
    "E": ("####", "#   ", "### ", "#   ", "####"),
    "F": ("####", "#   ", "### ", "#   ", "#   "),
    "G": (" ###", "#   ", "# ##", "#  #", " ###"),
    "H": ("#  #", "#  #", "####", "#  #", "#  #"),
    "I": ("###", " # ", " # ", " # ", "###"),
    "J": ("   #", "   #", "   #", "#  #", " ## "),
    "K": ("#  #", "# # ", "##  ", "# # ", "#  #"),
    "L": ("#   ", "#   ", "#   ", "#   ", "####"),
    "M": ("#   #", "## ##", "# # #", "#   #", "#   #"),
    "N": ("#   #", "##  #", "# # #", "#  ##", "#   #"),
    "O": (" ## ", "#  #", "#  #", "#  #", " ## "),
    "P": ("### ", "#  #", "### ", "#   ", "#   "),
    "Q": (" ## ", "#  #", "#  #", "# ##", " ###"),
    "R": ("### ", "#  #", "### ", "# # ", "#  #"),
    "S": (" ###", "#   ", " ## ", "   #", "### "),
    "T": ("#####", "  #  ", "  #  ", "  #  ", "  #  "),
    "U": ("#  #", "#  #", "#  #", "#  #", " ## "),
    "V": ("#   #", "#   #", " # # ", " # # ", "  #  "),
    "W": ("#   #", "#   #", "# # #", "## ##", "#   #"),
    "X": ("#   #", " # # ", "  #  ", " # # ", "#   #"),
    "Y": ("#   #", " # # ", "  #  ", "  #  ", "  #  "),
    "Z": ("####", "  # ", " #  ", "#   ", "####"),
    "0": (" ## ", "#  #", "#  #", "#  #", " ## "),
    "1": (" # ", "## ", " # ", " # ", "###"),
    "2": ("### ", "   #", " ## ", "#   ", "####"),
    "3": ("### ", "   #", " ## ", "   #", "### "),
    "4": ("#  #", "#  #", "####", "   #", "   #"),
    "5": ("####", "#   ", "### ", "   #", "### "),
    "6": (" ## ", "#   ", "### ", "#  #", " ## "),
    "7": ("####", "   #", "  # ", " #  ", " #  "),
    "8": (" ## ", "#  #", " ## ", "#  #", " ## "),
    "9": (" ## ", "#  #", " ###", "   #", " ## "),
    "/": ("   #", "  # ", "  # ", " #  ", "#   "),
    ".": (" ", " ", " ", " ", "#"),
    ":": (" ", "#", " ", "#", " "),
    "-": ("   ", "   ", "###", "   ", "   "),
    "?": ("### ", "   #", " ## ", "    ", " #  "),
    " ": ("  ", "  ", "  ", "  ", "  "),
}


def large(text: str, scale: int = 1) -> list[str]:
    """Text in rows of blocks: 3 rows high at scale 1, 6 at scale 2; unknown letters as "?".

    A pixel is `scale` columns wide and half as many rows high; half a row stays free above, so
    that the letters do not touch what is there.
    """
    glyphs = [GLYPHS.get(letter, GLYPHS["?"]) for letter in text.upper()]
    lines = [" ".join(glyph[line] for glyph in glyphs) for line in range(HEIGHT)]
    wide = ["".join(pixel * scale for pixel in line) for line in lines for _ in range(scale)]
    blank = " " * len(wide[0])
    halves = [blank, *wide, *([] if scale % 2 else [blank])]
    return [
        "".join(HALVES[upper + lower] for upper, lower in zip(one, two, strict=True))
        for one, two in zip(halves[::2], halves[1::2], strict=True)
    ]
