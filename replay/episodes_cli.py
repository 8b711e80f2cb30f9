"""``episodes VERB``: the episodes that were collected, listed, checked, edited and handed on.

Every verb is a module of `replay.verbs`. What the exit status means is said by
``episodes VERB --help``.
"""

import argparse
import os
import sys
from typing import Final

from recorder.errors import RecorderError
from recorder.printable import printable, printable_lines
from replay.errors import ReplayError
from replay.printer import Printer
from replay.verbs import check, delete, export, label, merge, recover, stats, trim, undo
from replay.verbs import list as listing
from replay.verbs.verb import UNUSABLE, Verb
from teleop.config import ConfigError

INTERRUPTED: Final = 130
VERBS: Final[dict[str, Verb]] = {
    "list": listing.VERB,
    "check": check.VERB,
    "stats": stats.VERB,
    "label": label.VERB,
    "trim": trim.VERB,
    "delete": delete.DELETE,
    "restore": delete.RESTORE,
    "undo": undo.VERB,
    "merge": merge.VERB,
    "export": export.VERB,
    "recover": recover.VERB,
}
REFUSED: Final = "A wrong command line, or a path that is not there, is a 2."


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options, Printer(as_json=options.json))  # type: ignore[no-any-return]
    except (ReplayError, RecorderError, ConfigError) as error:
        sys.stderr.write(f"episodes: {printable_lines(str(error))}\n")
        return UNUSABLE
    except BrokenPipeError:  # whoever read has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except OSError as error:
        what = printable(str(error.filename))
        sys.stderr.write(f"episodes: cannot read {what}: {error.strerror}.\n")
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="episodes", description="List, check, edit and hand on collected episodes."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        added = verbs.add_parser(
            name,
            aliases=verb.aliases,
            help=verb.what,
            description=f"{verb.what[0].upper()}{verb.what[1:]}.",
            epilog=f"Exit status: {verb.statuses}. {REFUSED}",
        )
        verb.add_arguments(added)
        added.add_argument("--json", action="store_true", help="one JSON object a line")
        added.set_defaults(run=verb.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
