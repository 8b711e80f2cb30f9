"""Which of the episodes that are meant can be exported: those that are sound."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import COMPRESS_LEN
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from replay.export.exporter import Source

REPEAT: Final = "/tandem/frame_repeat"


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
    """What was meant, sorted.

    Attributes:
        left_out: cannot be exported.
        copies: of others among the sources, which are exported.
    """

    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    copies: tuple[LeftOut, ...] = ()


def look_at(paths: Sequence[Path], done: Callable[[int], None] = lambda _: None) -> Found:
    """Read every file, its checksums too, but decode no picture: some 0.1 s an episode.

    Args:
        done: told of each that has been looked at.
    """
    sources: dict[str, Source] = {}
    left_out, copies = [], []
    for path in paths:
        try:
            source = source_of(path)
        except EpisodeError as error:
            left_out.append(LeftOut(path, str(error)))
        else:
            first = sources.setdefault(source.facts.episode_id, source)
            if first is not source:
                copies.append(LeftOut(path, f"{path} is a copy of {first.path}."))
        done(1)
    return Found(tuple(sources.values()), tuple(left_out), tuple(copies))


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
            new_image_bytes=int(lengths.sum(dtype="f8", where=episode.column(REPEAT).T == 0)),
            longest_jpeg_bytes=int(lengths.max(initial=0)),
        )
