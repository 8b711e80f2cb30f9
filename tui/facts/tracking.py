"""How closely an episode that is played back is followed, tick by tick."""

import math
from pathlib import Path

from session.playback import EpisodePlayback
from teleop.errors import TrackError
from teleop.playback import farthest
from teleop.ring import Record
from teleop.track import Track, load
from tui.facts.facts import TrackingFacts


class TrackingLook:
    """Compares the newest tick with the recording; without one, knows nothing."""

    def __init__(self, playback: EpisodePlayback | None) -> None:
        self._playback = playback
        self._track = _track(playback)

    @property
    def ticks(self) -> int | None:
        """How many ticks it takes; None: nothing is played back."""
        return self._track.ticks if self._track else None

    def at(self, tick: Record | None) -> TrackingFacts | None:
        """Now; None: nothing is played back."""
        playback, track = self._playback, self._track
        if playback is None or track is None:
            return None
        joint, error_rad = "", math.nan
        if tick is not None and int(tick["step"]) >= 0:
            far = farthest(track, int(tick["step"]), tick["qpos"])
            joint, error_rad = far.joint, far.error_rad
        known = math.isfinite(error_rad)
        limit_rad = playback.leader.max_error_rad
        return TrackingFacts(playback.name, joint, error_rad if known else None, limit_rad)


def tracking_words(tracking: TrackingFacts, short: bool = False) -> str:
    """For people: what is played back, and how close the arms are to it."""
    if tracking.error_rad is None:
        return tracking.episode
    off = f"{round(tracking.error_rad, 3) + 0.0:+.3f} rad off"
    if short:
        return off
    return f"{tracking.episode}: {tracking.joint} {off} (holds at {tracking.limit_rad:g})"


def _track(playback: EpisodePlayback | None) -> Track | None:
    try:
        return load(Path(playback.leader.track), playback.leader.pace) if playback else None
    except TrackError:
        return None
