"""What the session may ask of the recorder about an episode: one JSON object a datagram.

Edits of an episode that is still open, or not a file yet, wait until it is one; only a note goes
into it at once. What came of each shows in the ring `recorder.status.SAVED_RING`, and up to which
serial they are done in the status (`edits_done`): an edit that a dying recorder has not done is to
be sent to its successor.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

from recorder.folder.numbering import MAX_NUMBER
from teleop.config import ConfigError, build
from teleop.tick import Outcome

MAX_BYTES: Final = 8192
MAX_SERIAL: Final = 2**63 - 1


class EditError(Exception):
    """A datagram that is no edit."""


@dataclass(frozen=True, slots=True)
class Label:
    """Call it a success, a failure or neither, and say why (may be empty)."""

    serial: int
    episode: int
    outcome: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.outcome.upper() not in Outcome.__members__:
            raise ValueError(f"outcome must be one of {', '.join(Outcome.__members__).lower()}.")


@dataclass(frozen=True, slots=True)
class Note:
    """Add a line that the operator has written."""

    serial: int
    episode: int
    text: str


@dataclass(frozen=True, slots=True)
class Discard:
    """Move its file to the folder's trash."""

    serial: int
    episode: int


@dataclass(frozen=True, slots=True)
class Restore:
    """Move its file back from the trash."""

    serial: int
    episode: int


Edit = Label | Note | Discard | Restore
_KINDS: Final = {kind.__name__.lower(): kind for kind in (Label, Note, Discard, Restore)}


def _check(edit: Edit) -> None:
    """What holds of all of them."""
    if not 0 < edit.serial <= MAX_SERIAL:
        raise ValueError("serial must be 1 or more")
    if not 0 <= edit.episode < MAX_NUMBER:
        raise ValueError("there is no episode of that number")
    json.dumps(asdict(edit), ensure_ascii=False).encode()  # letters that are none: UnicodeError


def encode(edit: Edit) -> bytes:
    """The datagram of an edit."""
    return json.dumps({"edit": type(edit).__name__.lower(), **asdict(edit)}).encode()


def decode(datagram: bytes) -> Edit:
    """The edit in a datagram.

    Raises:
        EditError: it is none, or its fields are wrong.
    """
    try:
        table = json.loads(datagram)
        edit = build(_KINDS[table.pop("edit")], table, "edit")
        assert isinstance(edit, Label | Note | Discard | Restore)
        _check(edit)
        return edit
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ConfigError) as error:
        raise EditError(f"Not an edit: {datagram[:80]!r} ({error}).") from error
