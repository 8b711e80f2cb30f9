"""Playing an episode back: recorded commands lead, nothing is recorded.

It has the ways of `session.attempt.Attempt`, for the same flow. Control plays and compares; here it
is started and ended, in simulation with the recorded scene on the table, and what came of it told.
"""

from pathlib import Path
from typing import Final

from session.attempt import CLOSE_TIMEOUT_S, DEBOUNCE_TICKS
from session.errors import NotStartedError
from session.feed import Feed
from session.station import Station
from session.status import Phase
from session.takes import Cause
from session.tracking import PlaybackReport, Tracking, save_report
from session.world_link import Score
from teleop.commands import Start, Stop
from teleop.tick import TICK_RING, Outcome, State
from teleop.track import load

ENDS_IT: Final = "Press Enter to end it here."
SETTLE_TICKS: Final = 25
"""After the last command: followers are some ticks behind it."""
ENDED_BY: Final = {
    Cause.LEFT: "the operator left",
    Cause.UNWATCHED: "no terminal was watching",
    Cause.STOPPED: "the operator stopped the arms",
}


class Playing:
    """The one playback of a session.

    Attributes:
        done: it is over, however it ended; it is not made again.
        failed: a fault has ended it.
    """

    def __init__(self, station: Station) -> None:
        assert station.config.playback is not None
        self._station = station
        self._playback = station.config.playback
        track = load(Path(self._playback.leader.track), self._playback.leader.pace)
        self._tracking = Tracking(track, self._playback.episode)
        self._ticks = Feed(station.runtime / TICK_RING)
        self._started_at_tick = 0
        self.done = self.failed = False

    def begin(self) -> bool:
        """Put the recorded scene on the table, and have control follow the recording."""
        station, playback = self._station, self._playback
        station.episode = playback.episode
        if station.link is not None and playback.state:
            station.link.restore(playback.state)
        self._look()
        station.tell(Start(playback.episode, self._tracking.track.ticks + SETTLE_TICKS))
        self._started_at_tick = station.watch.tick
        station.enter(Phase.REPLAYING, ENDS_IT if station.attended else "")
        return True

    def is_over(self) -> bool:
        """It has come to its end, or somebody wants it to.

        Raises:
            NotStartedError: control does not follow.
        """
        station = self._station
        self._look()
        if station.obeyed and station.watch.state is not State.FOLLOWING and not self._has_ended():
            raise NotStartedError("Control did not start; the reason stands above.")
        if station.answered and station.watch.tick < self._started_at_tick + DEBOUNCE_TICKS:
            station.answered = False
        return self._has_ended() or station.answered

    def close(self, cause: Cause = Cause.DONE) -> bool:
        """End it, and tell what came of it; true: no fault ended it."""
        station = self._station
        ended_by, by_operator = self._why(cause)
        score = self._score()
        if not self._has_ended():
            station.tell(Stop(Outcome.UNLABELLED))
        station.resume()
        station.wait(self._has_ended, CLOSE_TIMEOUT_S, "the end of the playback", False)
        self._report(ended_by, score, fault=not by_operator)
        return not self.failed

    def give_up(self, why: str) -> None:
        """The session cannot go on: what was played until then is told all the same."""
        if self._started_at_tick and not self.done:
            self._report(why, None, fault=True)

    def abandon(self) -> None:
        """There is no recorder to be lost."""

    def withdraw(self) -> None:
        """Nothing is kept of what never began."""

    # -- inside

    def _look(self) -> None:
        self._tracking.take_in(self._ticks.poll())

    def _has_ended(self) -> bool:
        return self._station.watch.has_ended(self._playback.episode)

    def _is_complete(self) -> bool:
        return self._tracking.played >= self._tracking.track.ticks

    def _score(self) -> Score | None:
        """What the restored scene has come to."""
        link = self._station.link
        return link.score() if link is not None and self._playback.state else None

    def _why(self, cause: Cause) -> tuple[str, bool]:
        """Why it ends, where that is before its end; and whether the operator wants that."""
        station = self._station
        if cause in ENDED_BY:
            return ENDED_BY[cause], True
        if not self._has_ended():
            return "the operator ended it", True
        if station.must_ask:
            return ENDED_BY[Cause.STOPPED], True
        return station.watch.why_held or "a fault", False

    def _report(self, ended_by: str, score: Score | None, *, fault: bool) -> None:
        self._look()
        report = self._tracking.report(
            episode=self._playback.name,
            ended_by="" if self._is_complete() else ended_by,
            recorded=self._playback.recorded,
            stage=score.stage if score else None,
            stages=score.stages if score else (),
        )
        self.done, self.failed = True, fault and not report.complete
        self._tell(report)

    def _tell(self, report: PlaybackReport) -> None:
        try:
            save_report(report, Path(self._playback.report))
        except OSError as error:  # what is told must not keep the arms from what they do now
            self._station.log(f"The report cannot be left: {error.strerror}.", "warning")
        if report.complete:
            self._station.log(f"{report.episode} was played back to its end.")
        else:
            share = f"{report.played} of {report.ticks} ticks"
            self._station.log(f"{report.episode}: {share} played: {report.ended_by}", "warning")
