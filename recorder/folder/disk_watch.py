"""The disk while a session goes on: looked at once a second, for the status and in a sentence."""

import contextlib
from typing import Any, Final

from recorder.config import RecorderConfig
from recorder.durations import in_words
from recorder.episode.schema import JOURNAL_SUFFIX
from recorder.folder.disk import (
    LONGEST_S,
    DiskUse,
    Outlook,
    Room,
    expected_rate,
    measured_rate,
    outlook,
)
from recorder.folder.guards import free_bytes
from recorder.folder.numbering import episodes_in
from recorder.open_episode import OpenEpisode

RESERVE_BYTES: Final = 1 << 20


class DiskWatch:
    """Knows what recording takes, and how much of the disk that leaves."""

    def __init__(self, config: RecorderConfig, state_size: int) -> None:
        self._config = config
        self._state_size = state_size
        self._episode_s = min(config.max_steps / config.rate_hz, LONGEST_S)
        self._rate = expected_rate(
            config.cameras, config.recording, config.rate_hz, self._state_size
        )
        self._before = Room.AMPLE
        self._fault: str | None = None

    def look(self, episode: OpenEpisode | None, status: Any) -> list[str]:
        """Put what is left into `status` (a record of STATUS_DTYPE); what is new, in a sentence."""
        if episode is not None:
            self._measure(episode)
        try:
            free = free_bytes(self._config.dataset_dir)
        except OSError as error:
            news, self._fault = error.strerror != self._fault, error.strerror
            return [f"{self._config.dataset_dir} cannot be seen: {error.strerror}."] if news else []
        self._fault = None
        reserve = max(self._config.min_free_bytes, RESERVE_BYTES)
        left = outlook(DiskUse(free, reserve, self._journals()), self._rate, self._episode_s)
        status["disk_free_bytes"] = free
        status["disk_left_s"] = left.left_s
        room = left.room if episode else min(left.room, Room.NO_EPISODE)  # nothing is to be stopped
        status["disk_low"] = room >= Room.NO_EPISODE
        status["disk_stop"] = room is Room.STOP
        worse, self._before = room > self._before, room
        return [_sentence(room, left)] if worse else []

    def _measure(self, episode: OpenEpisode) -> None:
        self._rate = measured_rate(
            self._rate,
            steps=episode.steps_journaled,
            journal_bytes=episode.journal_bytes,
            longest_jpegs=episode.longest_jpegs,
            state_size=self._state_size,
            rate_hz=self._config.rate_hz,
        )

    def _journals(self) -> int:
        """Bytes of all that are no files yet."""
        total = 0
        for journal in episodes_in(self._config.dataset_dir, JOURNAL_SUFFIX):
            with contextlib.suppress(OSError):  # it has just become a file
                total += journal.stat().st_size
        return total


def _sentence(room: Room, left: Outlook) -> str:
    if room is Room.STOP:
        return "The disk is nearly full: the open episode just fits."
    if room is Room.NO_EPISODE:
        return "The disk has no room for another whole episode: make room."
    return f"The disk is filling up: room for {in_words(left.left_s)} of recording."
