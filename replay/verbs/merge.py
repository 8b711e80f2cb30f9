"""``episodes merge``: a new folder of the episodes of others, which stay as they are."""

import argparse
import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.episode.amend import copy_file
from recorder.episode.publish import write_atomically
from recorder.episode.reader import EpisodeReader
from recorder.episode.room import check_room
from recorder.errors import FolderError
from recorder.folder.identity import FolderIdentity
from recorder.folder.numbering import NEXT_FILE, episode_path
from recorder.folder.whole_folder import check_new, nearest_folder, whole_folder
from replay.errors import EditError
from replay.find import find_episodes
from replay.printer import Printer
from replay.verbs.editing import said_if_interrupted, would
from replay.verbs.verb import WELL, Verb

MEGABYTE: Final = 1e6


@dataclass(frozen=True, slots=True)
class Source:
    """An episode that goes into the new folder."""

    path: Path
    episode_id: str
    identity: FolderIdentity
    task: str
    steps: int
    size_bytes: int


def merge(paths: Sequence[Path], options: argparse.Namespace, printer: Printer) -> int:
    """Make the folder, and say which episode each of its episodes is; or only say it.

    Raises:
        EpisodeError: one cannot be read.
        EditError, FolderError: it cannot be made; nothing of it is left then.
    """
    sources, doubles = without_doubles([_source(path) for path in paths])
    _check_alike(sources)
    folder = check_new(options.into)
    for path, first in doubles:
        printer.line(f"{path} is the same episode as {first}: left out")
        printer.record({"path": str(path), "result": "left out", "same_as": str(first)})
    if len(tasks := sorted({source.task for source in sources})) > 1:
        printer.line(f"Mind that these are several tasks: {', '.join(tasks)}")
    needed = 0 if options.link else sum(source.size_bytes for source in sources)
    _check_room(folder, needed)
    if not options.dry_run:
        _write(folder, sources, link=options.link)
    for number, source in enumerate(sources):
        _say(episode_path(folder, number), source, printer, dry_run=options.dry_run)
    printer.line(_summary(folder, sources, dry_run=options.dry_run))
    return WELL


def without_doubles(
    sources: Sequence[Source],
) -> tuple[list[Source], list[tuple[Path, Path]]]:
    """Each episode once; and those left out, with the one that is the same."""
    kept: dict[str, Source] = {}
    doubles = []
    for source in sources:
        if (first := kept.setdefault(source.episode_id, source)) is not source:
            doubles.append((source.path, first.path))
    return list(kept.values()), doubles


def _source(path: Path) -> Source:
    with EpisodeReader(path) as episode:
        return Source(
            path=path,
            episode_id=episode.facts.episode_id,
            identity=FolderIdentity.of_episode(episode),
            task=episode.facts.task,
            steps=episode.steps,
            size_bytes=episode.size_bytes,
        )


def _check_alike(sources: Sequence[Source]) -> None:
    first = sources[0]
    for source in sources[1:]:
        if differs := first.identity.difference(source.identity):
            raise EditError(
                f"{first.path} was recorded {differs[0]}, and {source.path} {differs[1]}: they "
                "must not be mixed in one folder."
            )


def _check_room(folder: Path, needed_bytes: int) -> None:
    try:
        check_room(nearest_folder(folder), needed_bytes)
    except OSError as error:
        raise FolderError(
            f"There is no room for {folder}: {error}. Make room, or try --link."
        ) from error


def _write(folder: Path, sources: Sequence[Source], *, link: bool) -> None:
    try:
        with said_if_interrupted(lambda: _made(folder)), whole_folder(folder) as building:
            _fill(building, sources, link=link)
            write_atomically(building / NEXT_FILE, f"{len(sources)}\n")
    except OSError as error:
        raise FolderError(f"Cannot make {folder}: {error.strerror or error}.") from error


def _made(folder: Path) -> str:
    return f"{folder} is {'made' if folder.exists() else 'not made, and nothing is left of it'}"


def _fill(building: Path, sources: Sequence[Source], *, link: bool) -> None:
    for number, source in enumerate(sources):
        target = episode_path(building, number)
        try:
            if link:
                os.link(source.path.resolve(), target)
            else:
                copy_file(source.path, target)
        except OSError as error:
            across = link and error.errno in (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP)
            advice = ": leave --link out, it needs one disk that has hard links" if across else ""
            raise FolderError(f"Cannot copy {source.path}: {error.strerror}{advice}.") from error


def _say(path: Path, source: Source, printer: Printer, *, dry_run: bool) -> None:
    printer.line(f"{path.stem}: {would(dry_run)}{source.path}")
    printer.record(
        {
            "path": str(path),
            "source": str(source.path),
            "steps": source.steps,
            "result": f"{would(dry_run)}merged",
        }
    )


def _summary(folder: Path, sources: Sequence[Source], *, dry_run: bool) -> str:
    count = f"{len(sources)} episode{'' if len(sources) == 1 else 's'}"
    size = f"{sum(source.size_bytes for source in sources) / MEGABYTE:.1f} MB"
    return (
        f"{folder} {'would have' if dry_run else 'has'} {count}, {size}. The sources are "
        "untouched: to undo it, remove the new folder."
    )


def _run(options: argparse.Namespace, printer: Printer) -> int:
    return merge(find_episodes(options.sources), options, printer)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="folders, files or patterns of episodes"
    )
    parser.add_argument(
        "--into", type=Path, required=True, metavar="FOLDER", help="to be made, as a whole"
    )
    parser.add_argument(
        "--link",
        action="store_true",
        help="hard links instead of copies: no room on the disk is needed",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


VERB: Final = Verb(
    _run,
    "make a new folder of the episodes of several, numbered anew; nothing else changes",
    "0: it is made",
    _add_arguments,
)
