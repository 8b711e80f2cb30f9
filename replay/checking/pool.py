"""Looking into many files at once: as many worker processes as there are cores, the answers in the
order of the files.

Python's threads would share one core, and a file may be such that the HDF5 library dies of it, or
never comes back: in a process of its own it takes nothing along. Workers are started anew and never
forked, speak JSON lines over pipes, and have a limit of memory (`replay.checking.worker`).
"""

import json
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from recorder.durations import in_words
from replay.checking.worker import READY
from replay.checking.worker_process import WorkerProcess
from replay.errors import ReplayError

Task = Literal["row", "check", "measure"]
"""What is asked of each file (`replay.checking.worker`)."""
WINDOW: Final = 64
"""Answers a worker that may wait for an earlier one."""
START_S: Final = 60.0
PATIENCE_S: Final = 60.0
SLOWEST_BYTES_S: Final = 1 << 20
"""A file gets PATIENCE_S, and as long as it takes at this rate: a hundredth of the usual one."""

Patience = Callable[[Path], float]


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that a worker did not survive.

    Attributes:
        why: how it ended, as the end of a sentence.
    """

    why: str


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def patience_s(path: Path) -> float:
    """How long looking into a file may take."""
    try:
        return PATIENCE_S + path.stat().st_size / SLOWEST_BYTES_S
    except OSError:
        return PATIENCE_S


def answers(
    task: Task,
    paths: Sequence[Path],
    *,
    jobs: int,
    about: Mapping[str, object] | None = None,
    ahead: int = 1,
    patience: Patience = patience_s,
) -> Generator[tuple[Path, Any]]:
    """Each file and what was said of it, in the order of the files. Blocks until it is there.

    Close the generator: that ends the workers.

    Args:
        jobs: how many workers.
        about: what they are told besides.
        ahead: files that each is handed at a time. One is best where they take long; with more, no
            worker waits for its next one.
        patience: the seconds that a file may take.

    Raises:
        ReplayError: no worker can be started.
    """
    order = json.dumps({"task": task, "about": about})
    pool = _Pool(order, paths, jobs, ahead, patience)
    try:
        yield from pool.run()
    finally:
        pool.end()


class _Pool:
    """The workers, what is still to be asked, and what has been answered too early."""

    def __init__(
        self, order: str, paths: Sequence[Path], jobs: int, ahead: int, patience: Patience
    ) -> None:
        self._order, self._paths, self._ahead, self._patience = order, paths, ahead, patience
        self._jobs = max(1, min(jobs, len(paths)))
        self._to_ask = deque(range(len(paths)))
        self._early: dict[int, Any] = {}
        self._next = 0
        self._workers: list[WorkerProcess] = []
        self._selector = selectors.DefaultSelector()

    def run(self) -> Iterator[tuple[Path, Any]]:
        """Ask, listen, and hand on."""
        while self._next < len(self._paths):
            self._hand_out()
            self._listen()
            while self._next in self._early:
                answer = self._early.pop(self._next)
                self._next += 1
                yield self._paths[self._next - 1], answer

    def end(self) -> None:
        """No worker is left."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()
        self._selector.close()

    def _hand_out(self) -> None:
        """A file to whoever has the fewest, as long as somebody has room and the answers in hand
        are not too many."""
        while self._to_ask and self._to_ask[0] < self._next + WINDOW * self._jobs:
            if (worker := self._free_worker()) is None:
                return
            if worker.ask(self._to_ask[0], self._paths[self._to_ask[0]]):
                self._to_ask.popleft()
            else:
                self._lose(worker, "")

    def _free_worker(self) -> WorkerProcess | None:
        if len(self._workers) < self._jobs:
            return self._start()
        worker = min(self._workers, key=lambda each: len(each.asked))
        return worker if worker.has_room else None

    def _start(self) -> WorkerProcess:
        try:
            worker = WorkerProcess(self._order, self._ahead)
        except OSError as error:
            raise ReplayError(f"Cannot start a process to look with: {error.strerror}.") from error
        self._workers.append(worker)
        self._selector.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
        return worker

    def _listen(self) -> None:
        """Wait for answers, or until somebody has taken too long."""
        busy = [worker for worker in self._workers if worker.asked]
        deadline_s = min(map(self._deadline_s, busy))
        for key, _ in self._selector.select(max(0.0, deadline_s - time.monotonic())):
            self._hear(key.data)
        for worker in list(self._workers):
            if worker.asked and time.monotonic() > self._deadline_s(worker):
                self._lose(worker, f"it took longer than {in_words(self._allowed_s(worker))}")

    def _hear(self, worker: WorkerProcess) -> None:
        try:
            for said in worker.listen():
                if worker.is_ready:
                    self._early[worker.answered()] = said
                else:
                    worker.is_ready = said == READY
                    worker.since_s = time.monotonic()
        except EOFError:
            self._lose(worker, "")

    def _lose(self, worker: WorkerProcess, why: str) -> None:
        """End a worker. The file that it was at is lost, the others go to somebody else."""
        self._selector.unregister(worker.process.stdout)  # type: ignore[arg-type]
        self._workers.remove(worker)
        status = worker.end()
        if not worker.is_ready:
            raise ReplayError("Cannot start a process to look with: it ended at once.")
        if worker.asked:
            index = worker.asked.popleft()
            self._early[index] = Lost(why or f"the process that looked at it {_ended(status)}")
            self._to_ask.extendleft(reversed(worker.asked))

    def _deadline_s(self, worker: WorkerProcess) -> float:
        return worker.since_s + self._allowed_s(worker)

    def _allowed_s(self, worker: WorkerProcess) -> float:
        return self._patience(self._paths[worker.asked[0]]) if worker.is_ready else START_S


def _ended(status: int) -> str:
    if status < 0:
        return f"died ({signal.strsignal(-status)})"
    return f"ended with status {status}"
