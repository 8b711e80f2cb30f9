"""Each edit goes to whoever can do it, as soon as it can be done."""

from collections.abc import Callable
from functools import partial
from typing import Final

from recorder.carry_out import carry_out
from recorder.changes import EpisodeChange
from recorder.config import RecorderConfig, plan_path
from recorder.edit_ledger import EditLedger
from recorder.edits import Edit, Note
from recorder.episode.finaliser import Finaliser
from recorder.folder.numbering import MAX_NUMBER
from recorder.inbox import Inbox
from recorder.journal.writer import MAX_TEXT_BYTES
from recorder.open_episode import OpenEpisode
from recorder.status import Change

ALL_ARE_OVER: Final = MAX_NUMBER
"""As the newest episode: none is to come."""


class EditDesk:
    """Takes the session's edits and keeps those that must wait.

    A note on the open episode becomes an event of it at once. Whatever else is asked of an episode
    that is open, or about to be, waits until it is over; the finaliser then does it, after the file
    is there.

    Args:
        tell: told of what was done at once.
    """

    def __init__(
        self,
        config: RecorderConfig,
        inbox: Inbox,
        finaliser: Finaliser,
        ledger: EditLedger,
        tell: Callable[[EpisodeChange], object],
    ) -> None:
        self._config = config
        self._inbox = inbox
        self._finaliser = finaliser
        self._ledger = ledger
        self._tell = tell
        self._waiting: list[Edit] = []

    def take(self, episode: OpenEpisode | None, newest: int, t_ns: int) -> None:
        """Take what has come, and do, or hand on, what can be done. Never blocks.

        Args:
            newest: number of the newest episode that control has told of.
            t_ns: of the newest tick.

        Raises:
            JournalError: a note could not be journaled; once the episode is closed, it goes into
                its file.
        """
        for edit in self._inbox.new():
            self._ledger.receive(edit.serial)
            self._waiting.append(edit)
        for edit in tuple(self._waiting):
            is_open = episode is not None and episode.number == edit.episode
            if episode and is_open and isinstance(edit, Note) and (text := _as_event(edit)):
                episode.note(t_ns, text)
                self._tell(_noted(edit, episode))
            elif is_open or self._is_to_come(edit.episode, newest):
                continue
            else:
                self._finaliser.then(partial(carry_out, edit, self._config.dataset_dir))
            self._waiting.remove(edit)

    def _is_to_come(self, number: int, newest: int) -> bool:
        """The session has planned it, and control has not begun it yet."""
        return number > newest and plan_path(self._config.runtime_dir, number).exists()


def _as_event(note: Note) -> str:
    """What the journal is given; "" if the note is too long for an event: it goes into the file."""
    text = f"operator: {' '.join(note.text.split())}"
    return text if len(text.encode()) <= MAX_TEXT_BYTES else ""


def _noted(note: Note, episode: OpenEpisode) -> EpisodeChange:
    return EpisodeChange(
        note.episode,
        Change.NOTED,
        note.serial,
        steps=episode.steps_journaled,
        size_bytes=episode.journal_bytes,
    )
