"""Journals that a recorder left behind become episode files at the next start."""

from collections.abc import Callable
from pathlib import Path

from recorder.errors import FinaliseError, JournalBusyError, RecorderError
from recorder.finalise import Saved, finalise, remove_parts
from recorder.numbering import episodes_in
from recorder.schema import JOURNAL_SUFFIX

Report = Callable[[str], object]


def recover_folder(folder: Path, report: Report) -> list[Saved]:
    """Finalise every leftover journal of a folder; call it with the folder locked.

    A journal that cannot be finalised now is reported and left for the next start.

    Args:
        report: gets a sentence for the operator about each journal.
    """
    remove_parts(folder)
    saved = []
    for journal in episodes_in(folder, JOURNAL_SUFFIX):
        try:
            result = finalise(journal, recovered=True)
        except JournalBusyError:
            continue
        except (FinaliseError, RecorderError) as error:
            report(str(error))
            continue
        report(_sentence(journal, result))
        if result.path:
            saved.append(result)
    return saved


def _sentence(journal: Path, result: Saved) -> str:
    if result.path:
        return f"Recovered {result.path.name}: {result.steps} steps. {result.note}".strip()
    return f"{journal.name} held no step and is gone. {result.note}".strip()
