"""``episodes export FORMAT``: episodes as other programs read them."""

import argparse
from pathlib import Path
from typing import Final

from replay.export.formats import FORMATS
from replay.export.run import export
from replay.filters import add_filters
from replay.printer import Printer
from replay.verbs.verb import Verb

STATUSES: Final = (
    "0: all are exported; 1: unsound ones were left out; 2: nothing is exported, and nothing is "
    "left of it"
)


def _run(options: argparse.Namespace, printer: Printer) -> int:
    return export(FORMATS[options.format], options, printer)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    formats = parser.add_subparsers(dest="format", required=True, metavar="FORMAT")
    for exporter in FORMATS.values():
        added = formats.add_parser(
            exporter.name,
            help=exporter.what,
            description=f"{exporter.what[0].upper()}{exporter.what[1:]}.",
            epilog=f"Exit status: {STATUSES}.",
        )
        _add_common(added)
        exporter.add_arguments(added)
        add_filters(added)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "episodes", nargs="+", metavar="PATH", help="files, folders or patterns of episodes"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="to be made: whole, or not at all"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written")
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,  # else it would undo a --json before FORMAT
        help="one JSON object a line",
    )


VERB: Final = Verb(
    _run,
    "write episodes as other programs read them",
    STATUSES,
    _add_arguments,
)
