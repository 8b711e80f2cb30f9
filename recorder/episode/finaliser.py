"""Finalising beside the next episode: one worker thread, one journal after the other."""

import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.finalise import Saved, finalise
from recorder.errors import FinaliseError, RecorderError


@dataclass(frozen=True, slots=True)
class Job:
    """A journal to be closed and finalised."""

    journal: Path
    close: Callable[[], None]
    recovered: bool


class Finaliser:
    """Turns journals into episode files in a thread.

    Args:
        on_done: called from the thread after each journal.
    """

    def __init__(self, on_done: Callable[[], object]) -> None:
        self._on_done = on_done
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Saved | RecorderError] = queue.SimpleQueue()
        self._submitted = 0
        self._done = 0
        self._thread = threading.Thread(target=self._run, name="finaliser")
        self._thread.start()

    def submit(self, journal: Path, close: Callable[[], None], *, recovered: bool = False) -> None:
        """Close this journal, which waits for the disk, and finalise it when its turn comes.

        Args:
            recovered: the recorder could not bring it to its end.
        """
        self._submitted += 1
        self._waiting.put(Job(journal, close, recovered))

    def pending(self) -> int:
        """Journals not yet finalised, the one in work included."""
        return self._submitted - self._done

    def results(self) -> list[Saved | RecorderError]:
        """What has become of journals since the last call; after an error the journal is kept."""
        return [self._results.get() for _ in range(self._results.qsize())]

    def close(self) -> None:
        """Finalise what was submitted, then end the thread. Blocks until then."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._waiting.get()) is not None:
            try:
                job.close()
                self._results.put(finalise(job.journal, recovered=job.recovered))
            except RecorderError as error:
                self._results.put(error)
            except Exception as error:  # a fault of ours: the journal is kept, the next one is done
                traceback.print_exc()
                self._results.put(FinaliseError(f"Cannot finalise {job.journal}: {error!r}."))
            self._done += 1
            self._on_done()
