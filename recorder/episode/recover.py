"""Journals that a recorder left behind become episode files at the next start."""

import fcntl
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.finalise import Saved, finalise, remove_parts
from recorder.episode.schema import JOURNAL_SUFFIX
from recorder.errors import FinaliseError, JournalBusyError, RecorderError
from recorder.folder.numbering import episodes_in

Report = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of one leftover journal.

    Attributes:
        saved: None if it could not be finalised: it is where it was then, and `error` says why.
        kept: where it was set aside, because not all of it could be read; None if all could.
    """

    journal: Path
    saved: Saved | None
    kept: Path | None = None
    error: RecorderError | None = None

    @property
    def is_whole(self) -> bool:
        """Everything that was in the journal is in the episode file."""
        return self.saved is not None and self.kept is None

    @property
    def sentence(self) -> str:
        """For the operator."""
        if self.saved is None:
            return str(self.error)
        note, path = self.saved.note, self.saved.path
        if path:
            steps = "1 step" if self.saved.steps == 1 else f"{self.saved.steps} steps"
            judged = self.saved.judgement
            verdict = f"Quality: {judged.verdict}." if judged else ""
            return " ".join(filter(None, [f"Recovered {path.name}: {steps}.", note, verdict]))
        if self.kept:
            return f"{self.journal.name} is damaged, and no step of it could be read. {note}"
        return f"{self.journal.name} held no step and is gone. {note}".strip()


def is_left_behind(journal: Path) -> bool:
    """Whether nobody is at work on a journal any more: who records or finalises one locks it.

    One that cannot be opened counts as left behind (recovering it tells why); one that is gone, as
    it has just become a file, does not.
    """
    try:
        descriptor = os.open(journal, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # for microseconds, if at all
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def recover_folder(folder: Path, report: Report) -> list[Saved]:
    """Finalise every leftover journal of a folder; call it with the folder locked.

    A journal that cannot be finalised now is reported and left for the next start.

    Args:
        report: gets a sentence for the operator about each journal.

    Returns:
        What became of those that could be: of one without a step, too, which is no file.

    Raises:
        FolderError: the folder cannot be read.
        OSError: nor can what is half written be removed.
    """
    saved = []
    for recovery in recover_each(folder):
        if isinstance(recovery.error, JournalBusyError):
            continue
        report(recovery.sentence)
        if recovery.saved:
            saved.append(recovery.saved)
    return saved


def recover_each(folder: Path) -> Iterator[Recovery]:
    """Remove what is half written, then finalise the journals, lowest number first; folder locked.

    Raises:
        FolderError, OSError: as `recover_folder`.
    """
    remove_parts(folder)
    for journal in episodes_in(folder, JOURNAL_SUFFIX):
        yield recover_one(journal)


def recover_one(journal: Path) -> Recovery:
    """Finalise a leftover journal; call it with its folder locked."""
    try:
        saved = finalise(journal, recovered=True)
    except RecorderError as error:
        return Recovery(journal, None, error=error)
    except Exception as error:  # one journal that no recorder wrote must not keep the rest waiting
        fault = FinaliseError(
            f"Cannot turn {journal} into an episode file ({error!r}); it is kept."
        )
        return Recovery(journal, None, error=fault)
    return Recovery(journal, saved, saved.kept)
