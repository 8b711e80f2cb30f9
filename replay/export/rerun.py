"""Episodes as recordings for Rerun: pictures as they are in the file, joints as curves, findings
and events as a log.

The package is imported where it is needed only: that takes a third of a second, and not everybody
has it. Nothing is sent anywhere: recordings go to files, and `rerun_viewer` shows those.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.judge import judge
from recorder.quality import Judgement
from replay.colours import COMMAND, FOLLOWER, LEADER, rgb
from replay.errors import ExportError
from replay.export.exporter import Entry, Exporter, Plan, Source
from replay.export.names import episode_names
from replay.export.rerun_layout import (
    ABOUT,
    LOG,
    STEP,
    TIME,
    about,
    camera_path,
    joint_path,
    layout,
)
from replay.export.rerun_viewer import check_viewer, show_file
from replay.material import Mark, Motion, marks_of, motion_of
from replay.pictures.whole_file import can_take, whole_file
from replay.progress import Progress

if TYPE_CHECKING:
    from rerun import RecordingStream

INSTALL: Final = ".venv/bin/pip install -c constraints.txt -e '.[rerun]'"
APPLICATION: Final = "tandem"
SUFFIX: Final = ".rrd"
PICTURES_AT_ONCE: Final = 64
"""Some MB: large enough to be quick, small enough to be looked up one by one."""
LEVELS: Final = {"reject": "ERROR", "warn": "WARN", "event": "INFO"}
CURVES: Final = (("leader", LEADER), ("command", COMMAND), ("follower", FOLLOWER))
OFF: Final = ("0", "false", "off")
CURVE_BYTES: Final = 32
"""Of a number in a curve: itself and two times; measured: 25."""
JPEG_SHARE: Final = 0.75
"""Rerun compresses JPEGs once more. Of quiet pictures so much is left; measured: 0.72."""
FILE_BYTES: Final = 1 << 20
"""Of a recording besides its data, and more."""


def check_rerun(path: Path | None) -> None:
    """See that a recording could be written there, before the work is done.

    Args:
        path: None: not to a file, but shown in the viewer.

    Raises:
        ExportError: Rerun is not installed; another ending than .rrd; no such folder; something
            there that is no file.
    """
    _package()
    if path is None:
        check_viewer()
    elif path.suffix.lower() != SUFFIX:
        raise ExportError(f"{path}: a Rerun recording is written as {SUFFIX}.")
    elif not can_take(path):
        raise ExportError(f"Cannot write {path}: that is no plain file. Name another.")
    elif not path.absolute().parent.is_dir():
        raise ExportError(f"Cannot write {path}: there is no folder {path.parent}.")


def write_rrd(episode: EpisodeReader, path: Path, progress: Progress = lambda _: None) -> bool:
    """Write the recording of an episode, whole or not at all; returns whether one was there, which
    it replaces.

    Args:
        progress: told of pictures.

    Raises:
        ExportError: it cannot be written.
        EpisodeError: the episode is damaged.
    """
    replaced = path.exists()
    try:
        with whole_file(path) as building:
            _write(episode, building, progress)
    except OSError as error:
        raise ExportError(f"Cannot write {path}: {error.strerror or error}.") from error
    return replaced


def show(episode: EpisodeReader) -> None:
    """Open it in the Rerun viewer; returns when that is closed.

    Raises:
        ExportError: it cannot be shown.
        EpisodeError: the episode is damaged.
    """
    show_file(episode.path.stem, lambda path: write_rrd(episode, path))


def _write(episode: EpisodeReader, path: Path, progress: Progress) -> None:
    """Write a file of that name; all of it is in memory before, twice.

    Rerun's own way to a file ends in silence, or never, where the disk refuses.

    Raises:
        OSError: the disk refuses.
    """
    rr = _package()
    recording = rr.RecordingStream(APPLICATION, recording_id=episode.facts.episode_id)
    stream = recording.binary_stream()
    judgement, motion = _judged(episode), motion_of(episode)
    recording.send_blueprint(layout(episode.facts.camera_names, motion.joint_names))
    recording.send_recording_name(f"{episode.facts.task} {episode.path.stem}")
    text = about(episode.facts, episode.steps, judgement)
    recording.log(ABOUT, rr.TextDocument(text, media_type="text/plain"), static=True)
    _write_joints(recording, motion)
    _write_log(recording, motion, marks_of(episode, judgement))
    for camera in episode.facts.camera_names:
        _write_pictures(recording, episode, camera, motion.seconds, progress)
    path.write_bytes(stream.read() or b"")  # once: every read ends the recording
    _check_whole(path)


def _judged(episode: EpisodeReader) -> Judgement | None:
    """As `episodes check` has it, but for pictures that do not decode; None: nobody can tell."""
    try:
        return judge(episode.path, pictures=False)
    except (EpisodeError, ArithmeticError, LookupError, ValueError):
        return None


def _times(seconds: npt.NDArray[np.float64], first: int) -> list[Any]:
    """The two time lines of these steps, of which the first is number `first`."""
    rr = _package()
    steps = np.arange(first, first + len(seconds))
    return [rr.TimeColumn(TIME, duration=seconds), rr.TimeColumn(STEP, sequence=steps)]


def _write_joints(recording: "RecordingStream", motion: Motion) -> None:
    rr = _package()
    times = _times(motion.seconds, 0)
    values = (motion.leader, motion.action, motion.qpos)
    for (curve, colour), of_joints in zip(CURVES, values, strict=True):
        style = rr.SeriesLines(colors=[rgb(colour)], names=[curve])
        for joint, name in enumerate(motion.joint_names):
            path = f"{joint_path(name)}/{curve}"
            recording.log(path, style, static=True)
            column = rr.Scalars.columns(scalars=of_joints[:, joint])
            recording.send_columns(path, times, column, strict=True)


def _write_log(recording: "RecordingStream", motion: Motion, marks: Sequence[Mark]) -> None:
    if not marks:
        return
    rr = _package()
    steps = [mark.first for mark in marks]
    times = [
        rr.TimeColumn(TIME, duration=motion.seconds[steps]),
        rr.TimeColumn(STEP, sequence=steps),
    ]
    columns = rr.TextLog.columns(
        text=[_sentence(mark) for mark in marks], level=[LEVELS[mark.severity] for mark in marks]
    )
    recording.send_columns(LOG, times, columns, strict=True)


def _sentence(mark: Mark) -> str:
    if mark.severity == "event":
        return mark.text
    return f"{mark.kind}: {mark.text} (steps {mark.first} to {mark.last}) {mark.advice}"


def _write_pictures(
    recording: "RecordingStream",
    episode: EpisodeReader,
    camera: str,
    seconds: npt.NDArray[np.float64],
    progress: Progress,
) -> None:
    rr = _package()
    path = camera_path(camera)
    recording.log(path, rr.EncodedImage.from_fields(media_type="image/jpeg"), static=True)
    for first, jpegs in _in_groups(episode.jpegs(camera)):
        times = _times(seconds[first : first + len(jpegs)], first)
        column = rr.EncodedImage.columns(blob=jpegs)
        recording.send_columns(path, times, column, strict=True)
        progress(len(jpegs))


def _in_groups(jpegs: Iterator[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    first = 0
    while group := list(islice(jpegs, PICTURES_AT_ONCE)):
        yield first, group
        first += len(group)


def _check_whole(path: Path) -> None:
    """Its last part is there, without which it is slow to open, or cut off.

    Raises:
        OSError: it is not.
    """
    from rerun_bindings import check_for_rrd_footer

    if not path.stat().st_size or not check_for_rrd_footer(path):
        raise OSError("Rerun has not written all of it")


def _package() -> Any:
    """Rerun's package.

    Raises:
        ExportError: it is not installed, or switched off.
    """
    if os.environ.get("RERUN", "").lower() in OFF:
        raise ExportError("RERUN=off is set, so that Rerun would record nothing: unset it.")
    os.environ.setdefault("RUST_LOG", "error")  # when interrupted it warns of what is thrown away
    try:
        import rerun
    except ImportError as error:
        raise ExportError(f"Rerun is not installed ({error}): {INSTALL}") from error
    return rerun


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def plan(sources: Sequence[Source], options: argparse.Namespace) -> Plan:
    """What would be written.

    Raises:
        ExportError: Rerun is not installed.
    """
    _package()
    names = episode_names([source.path for source in sources])
    numbers = sum(len(source.facts.joint_names) * source.steps for source in sources) * len(CURVES)
    besides = numbers * CURVE_BYTES + len(sources) * FILE_BYTES
    return Plan(
        entries=tuple(
            Entry(source, (f"{name}{SUFFIX}",), source.steps)
            for name, source in zip(names, sources, strict=True)
        ),
        # Of a picture that is there twice in a row, the second costs next to nothing.
        estimated_bytes=round(sum(source.new_image_bytes for source in sources) * JPEG_SHARE)
        + besides,
        most_bytes=sum(source.image_bytes for source in sources) + besides,
        work=sum(source.steps * len(source.sizes) for source in sources),
    )


def write(plan: Plan, folder: Path, progress: Progress) -> None:
    """Write one recording an episode."""
    for entry in plan.entries:
        with entry.source.open() as episode:
            _write(episode, folder / entry.files[0], progress)


EXPORTER: Final = Exporter(
    "rerun",
    "recordings for the Rerun viewer, one an episode",
    _add_arguments,
    plan,
    write,
    about=("rerun FILE opens one; older viewers than the rerun-sdk that wrote it may not.",),
)
