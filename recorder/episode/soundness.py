"""Is an episode sound? Findings, each a sentence; none means yes.

Unsound is what is damaged, or contradicts itself. What is merely missing from a recording, and is
counted in it (steps, slots, pictures), is for the quality checks to weigh.
"""

from collections.abc import Iterator
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from recorder.align import NO_TIME
from recorder.arms import Arms, arms_of
from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from recorder.episode.writer import missing_steps
from recorder.errors import EpisodeError
from recorder.pictures.decode import decode_jpeg, jpeg_size
from recorder.status import Verdict
from teleop.tick import Outcome

MAX_LISTED: Final = 3
AGES_SINCE: Final = 3
"""The version of the format that brought age and skew."""
FINITE: Final = ("/observations/qpos", "/action")
"""Control leaves no gap in these; gaps in velocity and effort the quality checks weigh."""


def check(episode: EpisodeReader, *, decode: bool = True) -> list[str]:
    """Everything that is wrong with an episode file.

    Args:
        decode: also decode every image (about 1.3 ms each at 640x480); without it the checksums
            are still compared.
    """
    findings = [*_until_fault(_attributes(episode)), *_until_fault(_shapes(episode))]
    if not _malformed(episode):
        for part in (_numbers, _times, _seconds, _events):
            findings += _until_fault(part(episode))
        for camera in episode.facts.camera_names:
            findings += _until_fault(_images(episode, camera, decode))
    return findings


def _malformed(episode: EpisodeReader) -> bool:
    """Whether shapes are such that looking at the data makes no sense."""
    return episode.steps == 0 or any(_until_fault(_shapes(episode)))


def _until_fault(findings: Iterator[str]) -> Iterator[str]:
    try:
        yield from findings
    except EpisodeError as error:
        yield str(error)


def _attributes(episode: EpisodeReader) -> Iterator[str]:
    facts = episode.facts
    if facts.schema_version not in schema.READABLE_VERSIONS:
        yield f"schema_version is {facts.schema_version}, this is version {schema.SCHEMA_VERSION}."
    arms = arms_of(facts.joint_names)
    if arms is None:
        yield "joint_names are not the joints of one or two arms in their order."
    if facts.bus_names != (arms or Arms()).bus_names:
        yield "bus_names are not the buses of those arms in their order."
    if facts.arms_kind not in get_args(schema.ArmsKind) or facts.sim == (facts.arms_kind == "real"):
        yield f"arms is {facts.arms_kind!r}, which does not agree with sim being {facts.sim}."
    if any(not name or "/" in name for name in facts.camera_names):
        yield "camera_names has some that no dataset can have."
    if facts.success.upper() not in Outcome.__members__:
        yield f"success is {facts.success!r}, not success, failure or unlabelled."
    if facts.fps < 1:
        yield f"fps is {facts.fps}."
    if facts.arms == "simulated" and not _state_size(episode):
        yield "There is no /tandem/sim_state, as a simulated rig has it."
    if episode.steps == 0:
        yield "There are no steps."
    if facts.verdict is not None and facts.verdict.upper() not in Verdict.__members__:
        yield f"verdict is {facts.verdict!r}, not ok, warn or reject."
    if facts.recovery_note and not facts.recovered:
        yield f"recovery_note without recovered: {facts.recovery_note}"


def _shapes(episode: EpisodeReader) -> Iterator[str]:
    layout = _layout(episode)
    rows = {
        "step": episode.steps,
        "second": len(schema.second_rows(episode.steps, max(episode.facts.fps, 1))),
    }
    for column in layout.columns():
        expected = column.shape(rows[column.every], layout)
        yield from _until_fault(_shape(episode, column.path, column.dtype, expected))
    lengths = (layout.cameras, episode.steps)
    yield from _until_fault(_shape(episode, schema.COMPRESS_LEN, "<f4", lengths))
    seconds = (rows["second"],)
    yield from _until_fault(_shape(episode, schema.SECOND_STEP, "<i8", seconds))


def _layout(episode: EpisodeReader) -> schema.Layout:
    """What the file says of itself; of what it says wrongly the usual, so that it is found."""
    facts = episode.facts
    known = facts.schema_version in schema.READABLE_VERSIONS
    version = facts.schema_version if known else schema.SCHEMA_VERSION
    arms = arms_of(facts.joint_names) or Arms()
    return schema.Layout(len(facts.camera_names), _state_size(episode), arms, version)


def _shape(
    episode: EpisodeReader, path: str, dtype: str, expected: tuple[int, ...]
) -> Iterator[str]:
    shape, found = episode.shape(path), episode.dtype(path)
    if shape != expected:
        yield f"{path} has shape {shape}, not {expected}."
    if found != np.dtype(dtype):
        yield f"{path} has type {found}, not {np.dtype(dtype)}."


def _state_size(episode: EpisodeReader) -> int:
    """Size of the physics state; 0 where there is none, as on real and emulated arms."""
    try:
        shape = episode.shape("/tandem/sim_state")
    except EpisodeError:
        return 0
    return shape[1] if len(shape) == 2 else 0


def _numbers(episode: EpisodeReader) -> Iterator[str]:
    for path in FINITE:
        bad = ~np.isfinite(episode.column(path)).reshape(episode.steps, -1).all(axis=1)
        if bad.any():
            yield f"{path} is not finite at {_rows(bad)}."
    if _state_size(episode):
        bad = ~np.isfinite(episode.column("/tandem/sim_state")).all(axis=1)
        if bad.any():
            yield f"/tandem/sim_state is not known at {_rows(bad)}."


def _times(episode: EpisodeReader) -> Iterator[str]:
    for path in ("/tandem/tick", "/tandem/step", "/tandem/tick_ns"):
        if (np.diff(episode.column(path)) <= 0).any():
            yield f"{path} does not always increase."
    steps: list[int] = episode.column("/tandem/step").tolist()
    told, first = episode.facts.missing_steps, episode.facts.first_step
    if first is not None and not 0 <= first <= steps[0]:
        yield f"first_step is {first}, but /tandem/step begins with {steps[0]}."
    elif told != (lacking := missing_steps(steps) - (first or 0)):
        yield f"missing_steps is {told}, but /tandem/step lacks {lacking}."
    if episode.facts.schema_version >= AGES_SINCE:
        yield from _ages(episode)


def _ages(episode: EpisodeReader) -> Iterator[str]:
    """Age and skew are what the times say."""
    capture = episode.column("/tandem/frame_capture_ns")
    seen = capture != NO_TIME
    age = np.where(seen, episode.column("/tandem/tick_ns")[:, None] - capture, NO_TIME)
    wrong = (age != episode.column("/tandem/frame_age_ns")).any(axis=1)
    if wrong.any():
        yield f"/tandem/frame_age_ns is not tick minus capture at {_rows(wrong)}."
    least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    newest = np.where(seen, capture, least).max(axis=1, initial=least)
    oldest = np.where(seen, capture, most).min(axis=1, initial=most)
    skew = np.where(seen.sum(axis=1) > 1, newest - oldest, NO_TIME)
    wrong = skew != episode.column("/tandem/frame_skew_ns")
    if wrong.any():
        yield f"/tandem/frame_skew_ns is not what the capture times say at {_rows(wrong)}."


def _seconds(episode: EpisodeReader) -> Iterator[str]:
    expected = schema.second_rows(episode.steps, max(episode.facts.fps, 1))
    if not np.array_equal(episode.column(schema.SECOND_STEP), expected):
        yield f"{schema.SECOND_STEP} does not give one row a second."


def _events(episode: EpisodeReader) -> Iterator[str]:
    episode.events()
    yield from ()


def _images(episode: EpisodeReader, camera: str, decode: bool) -> Iterator[str]:
    path = f"{schema.IMAGES}/{camera}"
    shape, row = episode.shape(path), episode.facts.camera_names.index(camera)
    lengths = episode.column(schema.COMPRESS_LEN)[row]
    checksums = episode.column("/tandem/frame_crc32")[:, row]
    if len(shape) != 2 or shape[0] != episode.steps or episode.dtype(path) != np.uint8:
        yield f"{path} has shape {shape}, not ({episode.steps}, L) bytes."
        return
    beyond = ~((lengths >= 1) & (lengths <= shape[1]))
    if beyond.any():
        yield f"/compress_len of {camera} does not fit its rows at {_rows(beyond)}."
        return
    yield from _rows_of(episode, camera, checksums, decode)


def _rows_of(
    episode: EpisodeReader, camera: str, checksums: npt.NDArray[np.uint32], decode: bool
) -> Iterator[str]:
    changed, resized, undecodable = np.zeros((3, episode.steps), bool)
    asked, other = episode.image_size(camera), (0, 0)
    for step, jpeg in enumerate(episode.jpegs(camera)):
        changed[step] = schema.checksum(jpeg) != checksums[step]
        size = jpeg_size(jpeg)
        if size and size != asked:  # not decoded: a few kB may claim to be a gigabyte
            other, resized[step] = size if not resized.any() else other, True
        else:
            undecodable[step] = decode and (size is None or decode_jpeg(jpeg) is None)
    if changed.any():
        yield f"Images of {camera} differ from what was recorded at {_rows(changed)}."
    if resized.any():
        sizes = "{}x{}, not {}x{}".format(*other, *asked)
        yield f"Images of {camera} are {sizes}, at {_rows(resized)}."
    if undecodable.any():
        yield f"Images of {camera} do not decode at {_rows(undecodable)}."


def _rows(marked: npt.NDArray[np.bool_]) -> str:
    """The first marked steps, in words."""
    rows = np.flatnonzero(marked)
    first = ", ".join(map(str, rows[:MAX_LISTED].tolist()))
    rest = len(rows) - MAX_LISTED
    word = "step" if len(rows) == 1 else "steps"
    return f"{word} {first}" + (f" and {rest} more" if rest > 0 else "")
