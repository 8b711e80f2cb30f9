"""What a session is told of the episode that it plays back."""

from dataclasses import dataclass

from teleop.rig_config import PlaybackConfig


@dataclass(frozen=True, slots=True)
class EpisodePlayback:
    """One recorded episode, ready to be played.

    Attributes:
        name: what it is called, e.g. "episode_12".
        episode: its number, which the ticks carry.
        leader: the recorded commands, for control.
        speed: of the recording's; for people, `leader.pace` is what counts.
        seconds: that it takes.
        recorded: the outcome that it has.
        state: the simulated scene at its first step; empty: it has none, or the rig has none.
        report: where to leave what came of it (`session.tracking.PlaybackReport`, JSON).
    """

    name: str
    episode: int
    leader: PlaybackConfig
    speed: float = 1.0
    seconds: float = 0.0
    recorded: str = "unlabelled"
    state: tuple[float, ...] = ()
    report: str = ""

    def __post_init__(self) -> None:
        if self.episode < 0:
            raise ValueError(f"episode must not be negative, as {self.episode} is.")
