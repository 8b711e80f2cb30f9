"""Text of others, made fit for a terminal: files, cameras and tasks may say what would move its
cursor or change its colours."""

UNPRINTABLE = "\ufffd"


def printable(text: str) -> str:
    """One line in which what cannot be printed is shown, and not obeyed."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else UNPRINTABLE for letter in text)


def printable_lines(text: str) -> str:
    """The same of text that may have several lines."""
    return "\n".join(map(printable, text.split("\n")))
