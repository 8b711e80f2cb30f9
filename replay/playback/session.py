"""The session that plays one episode on a rig."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.folder.numbering import number_of
from replay.errors import PlaybackError
from replay.playback.material import arms_in, scene_of, track_of
from replay.playback.options import PlaybackOptions
from session import runtime_dir
from session.calibration import load_calibration
from session.config import (
    RigFile,
    SessionConfig,
    SimulationMode,
    TaskConfig,
    find_rig,
    load_rig,
    load_task,
)
from session.paths import datasets_dir
from session.playback import EpisodePlayback
from teleop.config import ConfigError
from teleop.rig_config import PlaybackConfig
from teleop.track import Track, save

TRACK: Final = "track.npy"


def session_of(episode: EpisodeReader, options: PlaybackOptions, report: Path) -> SessionConfig:
    """A session with a runtime directory of its own, in which the track lies.

    Args:
        report: where the session leaves what came of it.

    Raises:
        PlaybackError: this episode cannot be played on that rig.
        ConfigError: the rig's file is wrong, or there is none.
        EpisodeError: the file is damaged.
    """
    wanted = wanted_of(episode, options)
    try:
        runtime = runtime_dir.create()
    except OSError as error:
        raise PlaybackError(_no_room(error)) from error
    try:
        save(wanted.track, runtime / TRACK)
        return _config(episode, options, wanted, runtime, report)
    except OSError as error:
        runtime_dir.remove(runtime)
        raise PlaybackError(_no_room(error)) from error
    except BaseException:
        runtime_dir.remove(runtime)
        raise


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is played, and on what."""

    rig_path: Path
    rig_file: RigFile
    task: TaskConfig
    track: Track
    state: tuple[float, ...]


def wanted_of(episode: EpisodeReader, options: PlaybackOptions) -> Wanted:
    """The same as `session_of`, and what it raises, with nothing started or made."""
    path = rig_path(options)
    rig_file = load_rig(path)
    SimulationMode(realtime=options.realtime).check(rig_file)
    _check_arms(episode, rig_file)
    return Wanted(
        rig_path=path,
        rig_file=rig_file,
        task=_task(episode, rig_file),
        track=track_of(episode, options.speed, rig_file.rig),
        state=scene_of(episode) if rig_file.rig.simulated else (),
    )


def _config(
    episode: EpisodeReader, options: PlaybackOptions, wanted: Wanted, runtime: Path, report: Path
) -> SessionConfig:
    rig, track = wanted.rig_file.rig, wanted.track
    return SessionConfig(
        rig_file=wanted.rig_file,
        task=wanted.task,
        episodes=1,
        seed=episode.facts.seed or 0,
        out=str(datasets_dir()),
        runtime_dir=str(runtime),
        mode=SimulationMode(realtime=options.realtime),
        purpose="replay",
        rig_path=str(wanted.rig_path.resolve()),
        calibration=() if rig.simulated else load_calibration(wanted.rig_path),
        playback=EpisodePlayback(
            name=episode.path.stem,
            episode=number_of(episode.path) or 0,
            leader=PlaybackConfig(str(runtime / TRACK), track.pace, options.max_error_rad),
            speed=options.speed,
            seconds=track.ticks * rig.period_s,
            recorded=episode.facts.success,
            state=wanted.state,
            report=str(report),
        ),
    )


def _no_room(error: OSError) -> str:
    return f"No session can start in {runtime_dir.PARENT}: {error.strerror or error}."


def rig_path(options: PlaybackOptions) -> Path:
    """The rig's file; `sim` is another one in real time."""
    name = "sim-realtime" if options.rig == "sim" and options.realtime else options.rig
    return find_rig(name)


def _check_arms(episode: EpisodeReader, rig_file: RigFile) -> None:
    recorded, there = arms_in(episode).sides, rig_file.rig.sides
    if recorded != there:
        raise PlaybackError(
            f"{episode.path} has the arms {' and '.join(recorded)}, rig {rig_file.rig.name!r} has "
            f"{' and '.join(there)}."
        )


def _task(episode: EpisodeReader, rig_file: RigFile) -> TaskConfig:
    """What the session calls it; on a simulated rig with the scene that it was recorded in, or
    else the one that its task has."""
    facts = episode.facts
    scene = facts.scene
    if rig_file.rig.simulated and scene is None:
        scene = _scene_of_task(episode)
    try:
        return TaskConfig(facts.task, facts.prompt, max(episode.steps, 1), scene=scene)
    except ValueError as error:
        raise PlaybackError(f"{episode.path}: {error}") from error


def _scene_of_task(episode: EpisodeReader) -> str:
    try:
        scene = load_task(episode.facts.task).scene
    except ConfigError:
        scene = None
    if scene is None:
        raise PlaybackError(
            f"{episode.path} was not recorded on a simulated rig, and its task "
            f"{episode.facts.task!r} has no simulated scene to play it in."
        )
    return scene
