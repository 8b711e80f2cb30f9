"""An unfinished collection, so that tomorrow's session goes on where today's stopped.

``<dataset>/.collection.json``: how many episodes were wanted, which of them are recorded, and which
number is open just now (a session that is killed cannot say what became of it). It is no record of
what lies in the folder, the files are: a number counts as long as its file exists.
"""

import contextlib
import json
import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recorder.episode.publish import write_atomically
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.numbering import MAX_NUMBER, episode_path
from session.config import MAX_EPISODES, MAX_SEED, SessionConfig
from session.takes import Takes
from teleop.config import ConfigError, build, read_json
from teleop.tick import Outcome

FILE: Final = ".collection.json"
MAX_BYTES: Final = 4_000_000
"""More than the largest collection takes."""
FINISH_TIMEOUT_S: Final = 10.0
NO_FILE: Final = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """A number of episodes that are to be recorded, in one session or several.

    Attributes:
        numbers: of the episodes that count.
        open: number of the episode that is being recorded; None: none is.
        next_seed: of the next simulated demonstration.
    """

    wanted: int
    numbers: tuple[int, ...] = ()
    open: int | None = None
    next_seed: int = 0
    updated_utc: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.wanted <= MAX_EPISODES or len(self.numbers) > 2 * MAX_EPISODES:
            raise ValueError(f"a collection has 1-{MAX_EPISODES} episodes.")
        numbers = [*self.numbers, 0 if self.open is None else self.open]
        if not all(0 <= number < MAX_NUMBER for number in numbers):
            raise ValueError(f"an episode's number is 0-{MAX_NUMBER - 1}.")
        if not 0 <= self.next_seed <= MAX_SEED:
            raise ValueError(f"next_seed must be 0-{MAX_SEED}.")


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a session that is about to start finds of earlier ones.

    Attributes:
        collection: to go on with, its numbers those of files that exist; None: a new one begins.
        text: for the operator; "": nothing is to be said.
    """

    collection: Collection | None = None
    text: str = ""


def load(folder: Path) -> Collection | None:
    """The collection under way in this dataset folder; None: there is none.

    Raises:
        ConfigError: its file cannot be read, or is none.
    """
    path = folder / FILE
    if not path.exists():
        return None
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise ConfigError(f"{path} is no collection.")
    return build(Collection, read_json(path), str(path))


def resume(folder: Path, episodes: int | None) -> Resumed:
    """What there is to go on with. Changes nothing.

    Args:
        episodes: as many as the operator asks for; another number than was wanted begins a new
            collection. None: whatever was wanted.
    """
    try:
        collection = load(folder)
    except ConfigError:
        return Resumed(None, f"{folder / FILE} cannot be read: a new collection begins.")
    if collection is None:
        return Resumed()
    numbers = _still_there(folder, collection)
    count, wanted = len(numbers), collection.wanted
    if not 0 < count < wanted or not set(collection.numbers) & set(numbers):
        return Resumed()
    if episodes not in (None, wanted):
        left = f"The unfinished collection ({count} of {wanted} recorded) is not gone on with"
        return Resumed(None, f"{left}: a new one begins.")
    text = f"Going on with the collection: {count} of {wanted} recorded."
    return Resumed(replace(collection, numbers=numbers, open=None), text)


def collection_of(config: SessionConfig, takes: Takes) -> Collection:
    """The collection as a session has brought it on so far."""
    numbers = (*config.earlier, *(take.episode for take in takes.all() if take.counts))
    next_seed = min(config.seed + len(takes), MAX_SEED)
    open_ = None if takes.open is None else takes.open.episode
    return Collection(config.episodes, numbers, open_, next_seed)


class CollectionFile:
    """Keeps the file as the session goes on, in a thread: a session that waits for a disk hears no
    key. A disk that does not take it costs one warning.

    Args:
        warn: hears of it, within a call of a method.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self._path = folder / FILE
        self._warn = warn
        self._kept: Collection | None = None
        self._told = False
        self._work: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._faults: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="collection", daemon=True)
        self._thread.start()

    def keep(self, collection: Collection) -> None:
        """Have this in the file soon, if it is news."""
        self._tell()
        if collection == self._kept:
            return
        self._kept = collection
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._work.put(json.dumps(asdict(replace(collection, updated_utc=now))) + "\n")

    def finish(self, collection: Collection) -> None:
        """The session ends: what is complete, or has not one episode, is no unfinished one. Waits
        for the disk, but not for ever."""
        if 0 < len(collection.numbers) < collection.wanted:
            self.keep(collection)
        elif self._kept is not None:
            self._work.put(NO_FILE)
        self._work.put(None)
        self._thread.join(FINISH_TIMEOUT_S)
        if self._thread.is_alive():
            self._faults.put("the disk does not answer")
        self._tell()

    def _run(self) -> None:
        while (text := self._work.get()) is not None:
            try:
                if text == NO_FILE:
                    self._path.unlink(missing_ok=True)
                else:
                    write_atomically(self._path, text)
            except OSError as error:
                self._faults.put(error.strerror or repr(error))

    def _tell(self) -> None:
        while not self._faults.empty():
            why = self._faults.get()
            if not self._told:
                self._told = True
                self._warn(
                    f"{self._path} cannot be kept ({why}): a later session will not know how far "
                    "this one came."
                )


def _still_there(folder: Path, collection: Collection) -> tuple[int, ...]:
    """Numbers of the episodes that count: of those that were accepted, and of the one that was open
    when the session was killed, if it had been brought to its end by then, and is good."""
    there = {n for n in collection.numbers if episode_path(folder, n).is_file()}
    if collection.open is not None and _is_good(episode_path(folder, collection.open)):
        there.add(collection.open)
    return tuple(sorted(there))


def _is_good(path: Path) -> bool:
    with contextlib.suppress(EpisodeError, OSError), EpisodeReader(path) as episode:
        is_over = episode.facts.outcome is not Outcome.UNLABELLED
        return is_over and episode.facts.verdict != "reject"
    return False
