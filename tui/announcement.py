"""The first words of a command that moves arms: which arms, what for, and how to stop them."""

from typing import Final

from recorder.durations import in_words
from session.config import SessionConfig
from session.kind import RigKind, kind_of
from tui.keymap import Action, Keymap

KEYS: Final = "{hold} stops the arms where they are, Ctrl-C brings them to rest."


def announcement(config: SessionConfig) -> str:
    """What is about to happen, in a line or two, and which collection goes on."""
    return " ".join(filter(None, [_begins(config), config.resumes]))


def _begins(config: SessionConfig) -> str:
    keys = KEYS.format(hold=Keymap(config.rig_file.keys).word(Action.HOLD))
    match kind_of(config.rig_file):
        case RigKind.SIMULATED:
            return _simulated(config)
        case RigKind.EMULATED:
            return f"EMULATED ARMS: {_work(config)}. No real arm moves. {keys}"
        case RigKind.REAL:
            return (
                f"Rig {config.rig_file.rig.name}: {_work(config)}. The arms move at once: stand "
                f"clear of them. {keys}"
            )


def _work(config: SessionConfig) -> str:
    match config.purpose:
        case "record":
            led = f"led by the policy {config.policy.name}, " if config.policy else ""
            episodes = f"{config.episodes} episode(s) into {config.out}"
            return f"task {config.task.name}, {led}{episodes}"
        case "mirror":
            return "mirroring, nothing is recorded"
        case "rest":
            return "the arms go to rest"
        case "replay":
            return _playback(config)


def _playback(config: SessionConfig) -> str:
    assert config.playback is not None
    playback = config.playback
    return (
        f"{playback.name} is played back at {playback.speed:g}x, {in_words(playback.seconds)}; the "
        f"arms hold where a joint is {playback.leader.max_error_rad:g} rad from the recording"
    )


def _simulated(config: SessionConfig) -> str:
    how = " in real time" if config.mode.realtime else ""
    led = f"led by the policy {config.policy.name}, " if config.policy else ""
    what = f"task {config.task.name}, {led}{config.episodes} episode(s) from seed {config.seed}"
    where = f" into {config.out}"
    lasts = (
        " An episode takes about "
        f"{'five minutes' if config.mode.quality == 'high' else 'half a minute'}."
    )
    if config.purpose != "record":
        what, where, lasts = _work(config), "", ""
    return f"SIMULATED RIG{how}: {what}{where}. No real arm moves.{lasts}"
