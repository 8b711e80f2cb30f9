"""Finalising beside the next episode: one worker thread, one journal after the other, and between
them what is to be done with files that are there."""

import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recorder.changes import EpisodeChange
from recorder.episode.finalise import Saved, finalise
from recorder.errors import FinaliseError, RecorderError


@dataclass(frozen=True, slots=True)
class Job:
    """A journal to be closed and finalised."""

    journal: Path
    close: Callable[[], None]
    recovered: bool


Edit = Callable[[], EpisodeChange]
"""What is to be done with a file; it says what came of it, and raises nothing."""
Result = Saved | EpisodeChange | RecorderError


@dataclass(slots=True)
class Count:
    """Of what was handed to the thread, and of what it has done."""

    submitted: int = 0
    done: int = 0

    @property
    def pending(self) -> int:
        """Not done yet, the one in work included."""
        return self.submitted - self.done


class Finaliser:
    """Turns journals into episode files in a thread, and changes files when their turn comes.

    Args:
        on_done: called from the thread after each of them.
    """

    def __init__(self, on_done: Callable[[], object]) -> None:
        self._on_done = on_done
        self._waiting: queue.SimpleQueue[Job | Edit | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._journals = Count()
        self._edits = Count()
        self._thread = threading.Thread(target=self._run, name="finaliser")
        self._thread.start()

    def submit(self, journal: Path, close: Callable[[], None], *, recovered: bool = False) -> None:
        """Close this journal, which waits for the disk, and finalise it when its turn comes.

        Args:
            recovered: the recorder could not bring it to its end.
        """
        self._journals.submitted += 1
        self._waiting.put(Job(journal, close, recovered))

    def then(self, edit: Edit) -> None:
        """Do this after all that was submitted before: what was an open episode then, is a file."""
        self._edits.submitted += 1
        self._waiting.put(edit)

    def journals(self) -> int:
        """Journals not yet finalised, the one in work included."""
        return self._journals.pending

    def pending(self) -> int:
        """All that is not done yet: journals and edits."""
        return self._journals.pending + self._edits.pending

    def results(self) -> list[Result]:
        """What has become of journals and files since the last call, in the order it was done;
        after an error the journal is kept."""
        return [self._results.get() for _ in range(self._results.qsize())]

    def close(self) -> None:
        """Do what was submitted, then end the thread. Blocks until then."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            if isinstance(job, Job):
                self._results.put(_finalised(job))
                self._journals.done += 1
            else:
                self._results.put(job())
                self._edits.done += 1
            self._on_done()


def _finalised(job: Job) -> Result:
    try:
        job.close()
        return finalise(job.journal, recovered=job.recovered)
    except RecorderError as error:
        return error
    except Exception as error:  # a fault of ours: the journal is kept, the next one is done
        traceback.print_exc()
        return FinaliseError(f"Cannot finalise {job.journal}: {error!r}.")
