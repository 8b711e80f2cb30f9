"""What an export format is: its options, what it would write, and how it writes it.

Everything that is the same for all formats is not here: which episodes are meant and sound, whether
there is room, the folder that is whole or absent, and the notes of where everything came from
(`replay.export.run`; `replay.export.sources` finds the `Source`s). A format is a module of
`replay.export` with an `EXPORTER`, and a line in `replay.export.formats`. Importing it must be
cheap: packages that only its work needs are imported in its functions.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from recorder.episode.reader import EpisodeFacts, EpisodeReader
from replay.progress import Progress

Setting = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Source:
    """An episode that is to be exported: sound, and read again only when it is written.

    Attributes:
        steps: T.
        sizes: (width, height) in pixels by camera, in the order of `facts.camera_names`.
        image_bytes: all of its JPEGs together, without padding.
        new_image_bytes: of those, without pictures that are those of the step before.
        longest_jpeg_bytes: of all cameras.
    """

    path: Path
    facts: EpisodeFacts
    steps: int
    sizes: Mapping[str, tuple[int, int]]
    image_bytes: int
    new_image_bytes: int
    longest_jpeg_bytes: int

    def open(self) -> EpisodeReader:
        """The episode itself, to be closed by the caller.

        Raises:
            EpisodeError: it has gone, or been damaged, since.
        """
        return EpisodeReader(self.path)


@dataclass(frozen=True, slots=True)
class Entry:
    """What becomes of one episode.

    Attributes:
        files: that it alone goes into, relative to the export's folder; none where several share
            them.
        steps: of it in the export; fewer or more than it has if it is cut or padded.
        note: how that came, or what else is to be known of it, in a sentence; "": nothing.
    """

    source: Source
    files: tuple[str, ...]
    steps: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written. A format that needs more for its work has a subclass.

    Attributes:
        entries: one an episode, in the order in which they are exported.
        estimated_bytes: of all files together, as they usually are.
        most_bytes: the same, rather too many than too few: the disk must have room for them. 0: no
            more than is estimated.
        remarks: what people should know before, a sentence each: what is left out, padded, changed.
        settings: the options of the format as they are used, defaults and all, for `export.json`.
        files: relative to the export's folder, beside those of the entries.
        work: what `Progress` counts up to, e.g. pictures.
    """

    entries: tuple[Entry, ...]
    estimated_bytes: int
    remarks: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    work: int = 0
    most_bytes: int = 0


P = TypeVar("P", bound=Plan)


@dataclass(frozen=True, slots=True)
class Exporter(Generic[P]):
    """A format that episodes can be exported to.

    Attributes:
        name: as it is typed, e.g. "raw".
        what: one line about it, lower case, without a full stop; of whom it is for.
        add_arguments: its options; PATHS, --out and the filters are added by others.
        plan: what would be written of these episodes (at least one) with these options. Reads
            attributes at most, writes nothing. Raises ExportError, in one sentence, where it cannot
            be: pictures of several sizes, a missing camera, a package that is not installed (with
            the line that installs it).
        write: does it: into a folder that is there, empty, and not yet the final one, so that paths
            in the files must be relative. Raises ExportError, EpisodeError or OSError; the folder
            is then removed, so nothing needs to be cleaned up. No file needs to be synced.
        about: how the files are to be read, a line each, for the export's README.txt.
    """

    name: str
    what: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    plan: Callable[[Sequence[Source], argparse.Namespace], P]
    write: Callable[[P, Path, Progress], None]
    about: tuple[str, ...] = ()
