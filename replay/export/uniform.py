"""What must be the same in all episodes of an export, because its readers stack them."""

import argparse
from collections.abc import Callable, Sequence
from typing import TypeVar

from replay.errors import ExportError
from replay.export.exporter import Source

T = TypeVar("T")


def add_cameras(parser: argparse.ArgumentParser) -> None:
    """The option that `chosen_cameras` reads."""
    parser.add_argument(
        "--cameras",
        metavar="NAME,NAME",
        help="only these; default: all, which must then be the same in all episodes",
    )


def chosen_cameras(sources: Sequence[Source], wanted: str | None) -> tuple[str, ...]:
    """The cameras to be exported, in the order of the alphabet, in which HDF5 lists them too.

    Raises:
        ExportError: an episode lacks one, or they differ and none were chosen.
    """
    if wanted is None:
        return one(sources, "cameras", lambda source: tuple(sorted(source.sizes)), "--cameras")
    names = tuple(sorted({name.strip() for name in wanted.split(",")}))
    for source in sources:
        if lacking := set(names) - set(source.sizes):
            has = ", ".join(source.facts.camera_names)
            raise ExportError(f"{source.path} has no camera {min(lacking)!r}; it has {has}.")
    return names


def one_size(sources: Sequence[Source], cameras: Sequence[str]) -> tuple[int, int]:
    """Width and height that all these cameras have, in pixels.

    Raises:
        ExportError: they have several.
    """
    first = sources[0].sizes[cameras[0]]
    for source in sources:
        for name in cameras:
            if (size := source.sizes[name]) != first:
                raise ExportError(
                    f"{name} of {source.path} has pictures of {size[0]}x{size[1]}, and "
                    f"{cameras[0]} of {sources[0].path} of {first[0]}x{first[1]}: readers of this "
                    "format stack them, so choose cameras of one size by --cameras."
                )
    return first


def one(sources: Sequence[Source], what: str, of: Callable[[Source], T], option: str = "") -> T:
    """What all episodes have.

    Args:
        what: it is, in the plural, e.g. "joints".
        option: that makes a choice among them; "": none does.

    Raises:
        ExportError: they differ.
    """
    first = of(sources[0])
    for source in sources:
        if (other := of(source)) != first:
            advice = f"choose by {option}, or export them apart" if option else "export them apart"
            raise ExportError(
                f"{source.path} has other {what} ({_words(other)}) than {sources[0].path} "
                f"({_words(first)}): {advice}."
            )
    return first


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
