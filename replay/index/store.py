"""The index of a dataset folder: a hidden file with a row for each episode file.

It only saves time. A row is believed while its file is the same by name, inode, size and times of
change, which nobody can set back; the index as a whole while its checksum is right. Whatever is in
it, or in its way: then the episodes are read.
"""

import dataclasses
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recorder.episode.publish import write_atomically
from replay.index.row import FACTS, Facts, from_plain, to_plain

INDEX_FILE: Final = ".episodes.index"
LARGEST_BYTES: Final = 64 << 20
"""A row takes about 250 bytes."""
LARGEST_ROW: Final = 16 << 10
"""In characters; a row with longer notes is read from its file each time."""
_LAYOUT: Final = f"tandem episodes 1: {' '.join(FACTS)}"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells a file from all others, and from what it was before it changed."""

    inode: int
    size_bytes: int
    changed_ns: int
    status_changed_ns: int

    @classmethod
    def of(cls, about: os.stat_result) -> "Stamp":
        """Of a file as it is now."""
        return cls(about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


Indexed = dict[str, tuple[Stamp, Facts]]
"""By the file's name."""


def load(folder: Path) -> Indexed:
    """What the folder's index holds; nothing, if there is none that can be believed."""
    try:
        head, _, body = _content(folder / INDEX_FILE).partition(b"\n")
        if head.decode() != _head(body):
            return {}
        entries = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return {}
    return _checked(entries)


def save(folder: Path, rows: Mapping[str, tuple[Stamp, Facts]]) -> None:
    """Write the index, whole or not at all. Where that cannot be done, there is none."""
    entries = {
        name: [*dataclasses.astuple(stamp), to_plain(facts)]
        for name, (stamp, facts) in rows.items()
    }
    lines = (
        f"{json.dumps(name)}:{text}"
        for name, entry in entries.items()
        if len(text := json.dumps(entry)) <= LARGEST_ROW
    )
    body = "{" + ",\n".join(lines) + "}"
    if len(body) <= LARGEST_BYTES // 2:
        with suppress(OSError):
            write_atomically(folder / INDEX_FILE, f"{_head(body.encode())}\n{body}")


def _head(body: bytes) -> str:
    return f"{_LAYOUT} {hashlib.sha256(body).hexdigest()}"


def _content(path: Path) -> bytes:
    """The bytes of a plain file of bounded size; b"" of anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        about = os.fstat(descriptor)
        fits = stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST_BYTES
        return file.read(LARGEST_BYTES) if fits else b""


def _checked(entries: Any) -> Indexed:
    """The entries that are what `save` writes: a checksum proves nothing about who made it."""
    found: Indexed = {}
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if not isinstance(entry, list) or len(entry) != 5:
            continue
        *stamp, plain = entry
        facts = from_plain(plain)
        if facts is not None and all(type(each) is int for each in stamp):
            found[name] = Stamp(*stamp), facts
    return found
