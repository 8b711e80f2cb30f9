"""Which of the episodes that are meant can be exported: those that are sound."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import COMPRESS_LEN
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from replay.export.exporter import Source


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An episode that is not exported.

    Attributes:
        why: in a sentence.
    """

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What was meant, sorted."""

    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]


def look_at(paths: Sequence[Path], done: Callable[[int], None] = lambda _: None) -> Found:
    """Read every file, its checksums too, but decode no picture: some 0.1 s an episode.

    Args:
        done: told of each that has been looked at.
    """
    sources, left_out = [], []
    for path in paths:
        try:
            sources.append(source_of(path))
        except EpisodeError as error:
            left_out.append(LeftOut(path, str(error)))
        done(1)
    return Found(tuple(sources), tuple(left_out))


def source_of(path: Path) -> Source:
    """A sound episode.

    Raises:
        EpisodeError: it is none, or not sound.
    """
    with EpisodeReader(path) as episode:
        if faults := check(episode, decode=False):
            raise EpisodeError(f"{path} is unsound: {faults[0]}")
        lengths = episode.column(COMPRESS_LEN)
        return Source(
            path=path,
            facts=episode.facts,
            steps=episode.steps,
            sizes={name: episode.image_size(name) for name in episode.facts.camera_names},
            image_bytes=int(lengths.sum(dtype="f8")),
            longest_jpeg_bytes=int(lengths.max(initial=0)),
        )
