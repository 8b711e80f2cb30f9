"""``episodes list | check | recover [FOLDER_OR_FILE ...]``: the episodes that were collected.

Without a folder or file, all below ``datasets/``. Exit codes:

list      0: all could be read; 1: not all
check     0: all are sound, and their quality is ok or worth a warning; 1: not all; 2: some are no
          episodes, or too damaged to tell
recover   0: all that was left behind is saved whole, or there was nothing; 1: not all
any       2: a wrong command line, or a path that is not there
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from recorder.errors import RecorderError
from replay.episode_checks import check_episodes
from replay.episode_recovery import recover_episodes
from replay.episode_rows import list_episodes
from replay.find import NotFoundError
from replay.printer import Printer

UNUSABLE: Final = 2
INTERRUPTED: Final = 130
Verb = Callable[[Sequence[Path], Printer], int]
VERBS: Final[dict[str, tuple[Verb, str]]] = {
    "list": (list_episodes, "one line an episode"),
    "check": (check_episodes, "is each sound, and good enough to learn from?"),
    "recover": (recover_episodes, "make files of what a recorder that died has left behind"),
}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    verb, _ = VERBS[options.verb]
    try:
        return verb(options.paths, Printer(as_json=options.json))
    except (NotFoundError, RecorderError) as error:
        sys.stderr.write(f"episodes: {error}\n")
        return UNUSABLE
    except BrokenPipeError:  # whoever read has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except OSError as error:
        sys.stderr.write(f"episodes: cannot read {error.filename}: {error.strerror}.\n")
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="episodes", description="List, check or recover collected episodes."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, (_, what) in VERBS.items():
        verb = verbs.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
        verb.add_argument(
            "paths",
            nargs="*",
            type=Path,
            metavar="FOLDER_OR_FILE",
            help="episodes or folders of them; default: all below datasets/",
        )
        verb.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
