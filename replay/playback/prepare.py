"""Which of the episodes can be played, found out before any arm moves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from replay.errors import PlaybackError
from replay.playback.options import PlaybackOptions
from replay.playback.session import rig_path, wanted_of
from session.config import load_rig


@dataclass(frozen=True, slots=True)
class Prepared:
    """One episode.

    Attributes:
        refused: why it cannot be played; "": it can.
        warnings: what to know before it is.
    """

    path: Path
    refused: str = ""
    warnings: tuple[str, ...] = ()


def prepare(paths: Sequence[Path], options: PlaybackOptions) -> list[Prepared]:
    """Look at all of them, half a second each; nothing is started.

    Raises:
        ConfigError: there is no such rig, or its file is wrong.
    """
    simulated = load_rig(rig_path(options)).rig.simulated
    return [_prepared(path, options, simulated) for path in paths]


def _prepared(path: Path, options: PlaybackOptions, simulated: bool) -> Prepared:
    try:
        with EpisodeReader(path) as episode:
            wanted_of(episode, options)
            faults = check(episode, decode=False)
            if faults and not simulated:
                return Prepared(path, f"{path} is unsound: {faults[0]} It is not played on a rig.")
            warnings = (*_unsound(path, faults), *_verdict(episode), *_kind(episode, simulated))
    except (EpisodeError, PlaybackError) as error:
        return Prepared(path, str(error))
    return Prepared(path, warnings=warnings)


def _unsound(path: Path, faults: Sequence[str]) -> Iterator[str]:
    if faults:
        yield f"{path.name} is unsound: {faults[0]}"


def _verdict(episode: EpisodeReader) -> Iterator[str]:
    if episode.facts.verdict == "reject":
        yield f"{episode.path.name} was rejected by the quality checks: replay it without --on."


def _kind(episode: EpisodeReader, simulated: bool) -> Iterator[str]:
    """Recorded commands carry over from one rig to another as far as the rigs are alike."""
    name, kind = episode.path.name, episode.facts.arms_kind
    if simulated and kind != "simulated":
        yield (
            f"{name} was recorded on {kind} arms: what lies on the simulated table is not what lay "
            "there, and the task is not judged."
        )
    elif not simulated and kind != "real":
        yield f"{name} was recorded on {kind} arms: keep clear, and begin with --speed 0.2."
