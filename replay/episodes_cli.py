"""``episodes list | check | recover [FOLDER_OR_FILE ...]``: the episodes that were collected, and
``episodes discard | restore FILE_OR_NUMBER ...``: to the trash and back.

Without a folder or file, the former look at all below ``datasets/``. What the exit status means is
in `VERBS`, and in ``episodes VERB --help``.
"""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.errors import RecorderError
from recorder.folder.trash import discard, restore
from replay.episode_checks import check_episodes
from replay.episode_recovery import recover_episodes
from replay.episode_rows import list_episodes
from replay.episode_trash import move_episodes
from replay.find import NotFoundError
from replay.printer import Printer
from session.config import load_task
from teleop.config import ConfigError

UNUSABLE: Final = 2
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Verb:
    """What ``episodes`` can do.

    Attributes:
        run: does it; returns the exit status.
        statuses: what that means, beside REFUSED.
        add_arguments: what it is told on the command line, beside --json.
    """

    run: Callable[[argparse.Namespace, Printer], int]
    what: str
    statuses: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def _list(options: argparse.Namespace, printer: Printer) -> int:
    return list_episodes(options.paths, printer)


def _check(options: argparse.Namespace, printer: Printer) -> int:
    limits = None if options.task is None else load_task(options.task).quality
    return check_episodes(options.paths, printer, limits)


def _recover(options: argparse.Namespace, printer: Printer) -> int:
    return recover_episodes(options.paths, printer)


def _discard(options: argparse.Namespace, printer: Printer) -> int:
    return move_episodes(options.episodes, options.task, printer, discard, "discarded")


def _restore(options: argparse.Namespace, printer: Printer) -> int:
    return move_episodes(options.episodes, options.task, printer, restore, "restored")


def _take_paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="FOLDER_OR_FILE",
        help="episodes or folders of them; default: all below datasets/",
    )


def _take_paths_and_limits(parser: argparse.ArgumentParser) -> None:
    _take_paths(parser)
    parser.add_argument(
        "--task",
        metavar="NAME",
        help="judge by the limits that this task has now, not by those in each file",
    )


def _take_episodes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "episodes",
        nargs="+",
        metavar="FILE_OR_NUMBER",
        help="episode files, or with --task their numbers",
    )
    parser.add_argument("--task", metavar="NAME", help="numbers are those in datasets/NAME")


VERBS: Final = {
    "list": Verb(_list, "one line an episode", "0: all could be read; 1: not all", _take_paths),
    "check": Verb(
        _check,
        "say whether each is sound, and good enough to learn from",
        "0: all are ok or warn; 1: some are reject or unsound; 2: some are unusable (no episodes, "
        "or too damaged to tell)",
        _take_paths_and_limits,
    ),
    "recover": Verb(
        _recover,
        "make files of what a recorder that died has left behind",
        "0: all that was left behind is saved whole, or there was nothing; 1: not all",
        _take_paths,
    ),
    "discard": Verb(
        _discard,
        "move episodes to the trash of their folder (.trash); nothing is deleted",
        "0: all were moved; 1: not all",
        _take_episodes,
    ),
    "restore": Verb(
        _restore,
        "move episodes back from the trash",
        "0: all were moved; 1: not all",
        _take_episodes,
    ),
}
REFUSED: Final = "A wrong command line, or a path that is not there, is a 2."


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return VERBS[options.verb].run(options, Printer(as_json=options.json))
    except (NotFoundError, RecorderError, ConfigError) as error:
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
        prog="episodes", description="List, check, recover or discard collected episodes."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, verb in VERBS.items():
        added = verbs.add_parser(
            name,
            help=verb.what,
            description=f"{verb.what[0].upper()}{verb.what[1:]}.",
            epilog=f"Exit status: {verb.statuses}. {REFUSED}",
        )
        verb.add_arguments(added)
        added.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
