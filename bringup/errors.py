"""What a bring-up command can fail of.

BringupError    the text says what happened, where, and what to do next; the command ends with 2
"""


class BringupError(Exception):
    """A bring-up command cannot go on."""
