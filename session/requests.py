"""What a client may ask of the session: ``{"op": NAME, ...}`` on its socket, checked here.

| op | what it asks | fields |
| --- | --- | --- |
| go_on | the one thing that the status asks for: start, end the episode, go on after a hold | |
| hold | stop the arms where they are | |
| end | end the episode now, with this label | outcome, text: why |
| label | label the last take | outcome, text: why; episode |
| discard | the episode being recorded, or else the last take, goes to the trash | episode |
| redo | the same, and it is recorded again at once: no pause, no countdown | episode |
| undo | take back the last discard or redo | |
| accept | the last take counts, whatever its verdict | |
| note | write this into the episode being recorded, or else the last take | text; episode |
| pause | start nothing after this; once more: go on | |
| lead | where a policy leads: the operator takes over; once more: the policy goes on | |
| stop | close the episode, bring the arms to rest, end | |
| quit | end at once, arms holding | |
| alive | nothing: the terminal is there | |

`episode` is the number of another take of this session; a person who has thought of one take must
not hit the next one, which has begun meanwhile.
"""

from dataclasses import dataclass
from typing import Final

from session.errors import RequestError
from teleop.config import nearest
from teleop.lockstep import Message
from teleop.tick import Outcome

OPERATIONS: Final = (
    *("go_on", "hold", "end", "label", "discard", "redo", "undo", "accept", "note", "pause"),
    "lead",
    *("stop", "quit", "alive"),
)
MAX_TEXT: Final = 400
"""Characters of a note or a reason; what is longer is cut off."""


@dataclass(frozen=True, slots=True)
class Request:
    """One wish of a client.

    Attributes:
        text: one line; the reason of a label, or a note.
        episode: which take it is about; None: as the table above says.
    """

    op: str
    outcome: Outcome = Outcome.UNLABELLED
    text: str = ""
    episode: int | None = None


def request_of(message: Message) -> Request:
    """The request in a message.

    Raises:
        RequestError: it is none; the text is for the operator.
    """
    op = message.get("op")
    if op not in OPERATIONS:
        raise RequestError(f"Unknown request {str(op)[:40]!r}. {nearest(str(op), OPERATIONS)}.")
    outcome = str(message.get("outcome", "unlabelled")).upper()
    if outcome not in Outcome.__members__:
        raise RequestError(f"{op}: outcome must be success, failure or unlabelled.")
    text = " ".join(str(message.get("text", "")).split())
    printable = "".join(letter for letter in text if letter.isprintable())[:MAX_TEXT]
    if op == "note" and not printable:
        raise RequestError("A note without words is none.")
    episode = message.get("episode")
    if episode is not None and (not isinstance(episode, int) or isinstance(episode, bool)):
        raise RequestError(f"{op}: episode must be a number.")
    return Request(op, Outcome[outcome], printable, episode)
