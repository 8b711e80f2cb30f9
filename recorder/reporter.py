"""What the recorder tells the others: its status, and sentences for the operator."""

from collections.abc import Sequence
from time import monotonic, monotonic_ns
from typing import Final

from recorder.cameras.camera import Camera, Record
from recorder.cameras.watch import CameraWatch
from recorder.changes import EpisodeChange, change_of
from recorder.config import RecorderConfig
from recorder.edit_ledger import EditLedger
from recorder.episode.finalise import Saved
from recorder.episode.finaliser import Finaliser
from recorder.errors import RecorderError
from recorder.folder.disk_watch import DiskWatch
from recorder.open_episode import MAX_QUEUE, OpenEpisode
from recorder.pictures.encode import EncodePool
from recorder.status import MAX_STATUS_CAMERAS, NONE, Change, RecorderState
from recorder.status_board import StatusBoard
from recorder.thumbnails import Thumbnails
from recorder.verdict import in_sentences, verdict_of
from teleop.tick import NO_EPISODE

INTERVAL_S: Final = 0.04
DISK_INTERVAL_S: Final = 1.0
BUSY_SHARE: Final = 0.25
"""Of the encoders' queue: when so much of it is full, the operator is told."""


class Reporter:
    """Keeps a `StatusBoard` up to date: once a step, and 25 times a second where there is none.

    Raises:
        JournalError: from `report` and `say`: what is told goes into the open episode as well.
    """

    def __init__(
        self,
        config: RecorderConfig,
        cameras: Sequence[Camera],
        state_size: int,
        board: StatusBoard,
        pool: EncodePool,
        finaliser: Finaliser,
        ledger: EditLedger,
    ) -> None:
        self._lives = config.time_base == "monotonic"  # simulated time stands where its ticks are
        self._board = board
        self._pool = pool
        self._finaliser = finaliser
        self._ledger = ledger
        self._cameras = CameraWatch(cameras, config.cameras)
        self._thumbnails = Thumbnails(config.runtime_dir, cameras)
        self._disk = DiskWatch(config, state_size)
        self._due = self._disk_due = 0.0
        self._reported: tuple[int, ...] = ()
        self._told_busy = NO_EPISODE

    def say(
        self, text: str, tick: Record | None = None, episode: OpenEpisode | None = None
    ) -> None:
        """Tell the operator something; of an open episode it is an event, too."""
        t_ns, number = (int(tick["t_ns"]), int(tick["number"])) if tick is not None else (0, 0)
        self._board.say(text, t_ns, number)
        if episode and tick is not None:
            episode.note(t_ns, f"recorder: {text}")

    def report(self, episode: OpenEpisode | None, lag: int, t_ns: int) -> None:
        """Publish the status, if there is news or it is time.

        Args:
            lag: ticks that were published and not taken in yet.
            t_ns: of the newest tick.
        """
        news = self._news(episode)
        if news == self._reported and monotonic() < self._due:
            return
        self._reported = news
        self._due = monotonic() + INTERVAL_S
        self._board.status["tick_lag"] = lag
        now_ns = monotonic_ns() if self._lives else t_ns
        self._report_cameras(episode, now_ns)
        self._thumbnails.show(now_ns)
        self._report_episode(episode)
        self.report_saved()
        self._report_disk(episode)
        self._board.publish()

    def report_saved(self) -> None:
        """Put what the finaliser has done into the status, and tell of it."""
        status = self._board.status
        status["finalise_queue"] = self._finaliser.journals()
        for result in self._finaliser.results():
            if isinstance(result, EpisodeChange):
                self.tell(result)
            elif isinstance(result, RecorderError):
                self.say(str(result))
                status["state"] = RecorderState.FAILED
            else:
                self._report_saved(result)
        status["edits_done"] = self._ledger.done

    def _news(self, episode: OpenEpisode | None) -> tuple[int, ...]:
        """What is worth a status at once: once a step, not at every wake-up of the loop."""
        journaled = (episode.number, episode.steps_journaled) if episode else (NONE, 0)
        return (int(self._board.state), self._finaliser.pending(), *journaled)

    def tell(self, change: EpisodeChange) -> None:
        """Tell of what has become of an episode; of what was refused, the operator too."""
        self._board.tell(change)
        if change.edit != NONE:
            self._ledger.settle(change.edit)
        if change.change is Change.REFUSED:
            self.say(change.reason)

    def close(self) -> None:
        """Let the ring of small pictures go."""
        self._thumbnails.close()

    def _report_cameras(self, episode: OpenEpisode | None, now_ns: int) -> None:
        """How the cameras do, and what has changed about that."""
        for news in self._cameras.look(now_ns, self._board.status):
            self._board.say(news, now_ns)
            if episode:
                episode.note(now_ns, f"recorder: {news}")

    def _report_episode(self, episode: OpenEpisode | None) -> None:
        status = self._board.status
        status["episode"] = episode.number if episode else NONE
        status["step"] = int(episode.last.tick["step"]) if episode and episode.last else NONE
        status["encode_queue"] = episode.queued() if episode else 0
        status["encode_room"] = MAX_QUEUE
        status["encode_cpu_ns"] = self._pool.cpu_ns
        if episode and episode.last:
            self._report_steps(episode)
            self._report_frames(episode)
            self._warn_if_busy(episode)
            return
        status["stale_cameras"] = 0
        status["skew_ns"], status["camera_age_ns"] = NONE, NONE

    def _report_steps(self, episode: OpenEpisode) -> None:
        status = self._board.status
        status["steps_journaled"] = episode.steps_journaled
        status["journal_bytes"] = episode.journal_bytes
        status["missing_steps"] = episode.missing_steps
        status["dropped_steps"] = episode.dropped_steps

    def _report_frames(self, episode: OpenEpisode) -> None:
        """Of the newest step."""
        assert episode.last is not None
        status, frames = self._board.status, episode.last.frames[:MAX_STATUS_CAMERAS]
        status["skew_ns"] = episode.last.skew_ns
        status["camera_age_ns"][: len(frames)] = [frame.age_ns for frame in frames]
        status["stale_cameras"] = sum(frame.stale << bit for bit, frame in enumerate(frames))
        status["stale_steps"][: len(frames)] = episode.stale_steps[:MAX_STATUS_CAMERAS]

    def _warn_if_busy(self, episode: OpenEpisode) -> None:
        """Once an episode, long before anything is dropped."""
        queued = episode.queued()
        if queued <= BUSY_SHARE * MAX_QUEUE or self._told_busy == episode.number:
            return
        self._told_busy = episode.number
        text = f"Encoding is behind: {queued} steps wait for their pictures, {MAX_QUEUE} may."
        self.say(text, episode.last.tick if episode.last else None, episode)

    def _report_disk(self, episode: OpenEpisode | None) -> None:
        if monotonic() < self._disk_due:
            return
        self._disk_due = monotonic() + DISK_INTERVAL_S
        if episode:
            episode.check_journal()
        for sentence in self._disk.look(episode, self._board.status):
            self.say(sentence)

    def _report_saved(self, saved: Saved) -> None:
        if saved.path:
            self._report_file(saved, saved.path.name)
        elif saved.kept:
            self.say(f"Episode {saved.number} is damaged and not saved. {saved.note}")
            self._board.status["state"] = RecorderState.FAILED
        else:
            self.say(f"Episode {saved.number} had no step and is not saved.")
        self.tell(change_of(saved))

    def _report_file(self, saved: Saved, name: str) -> None:
        status = self._board.status
        status["last_saved_episode"] = saved.number
        status["last_saved_steps"] = saved.steps
        status["last_saved_bytes"] = saved.size_bytes
        status["last_saved_outcome"] = saved.outcome
        status["last_saved_verdict"] = verdict_of(saved.judgement)
        for sentence in filter(None, [saved.note, *in_sentences(saved.judgement)]):
            self.say(f"{name}: {sentence}")
