"""``replay EPISODE``: what an episode file holds, how good it is, and whether it is sound.

Exit code 0: sound; 1: unsound, the findings are listed; 2: not an episode, or a wrong command line.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.printable import printable
from replay.contact_sheet import SheetError, check_sheet_path, write_contact_sheet
from replay.find import NotFoundError, find_episode
from replay.quality import quality
from replay.report import report
from replay.summary import summarise

SOUND: Final = 0
UNSOUND: Final = 1
UNUSABLE: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.contact_sheet:
            check_sheet_path(options.contact_sheet)
        with EpisodeReader(find_episode(options.episode)) as episode:
            return _show(episode, options.contact_sheet)
    except (EpisodeError, NotFoundError, SheetError) as error:
        sys.stderr.write(f"replay: {error}\n")
        return UNUSABLE
    except BrokenPipeError:  # whoever read has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="replay", description="Say what an episode file holds and whether it is sound."
    )
    parser.add_argument("episode", help="an episode file; a bare name is searched under datasets/")
    parser.add_argument(
        "--contact-sheet",
        type=Path,
        metavar="OUT.png",
        help="also write a picture of all cameras at six moments (.png or .jpg)",
    )
    return parser


def _show(episode: EpisodeReader, sheet: Path | None) -> int:
    findings = check(episode)
    try:
        lines = list(report(episode, summarise(episode)))
    except (EpisodeError, ArithmeticError, ValueError, IndexError) as error:
        # The check has found what makes the numbers impossible; say it rather than half of them.
        if not findings:
            raise EpisodeError(f"{episode.path}: {error}") from error
        lines = [str(episode.path), "  too damaged to say what it holds, or to draw it"]
        sheet = None
    if sheet:
        write_contact_sheet(episode, sheet)
        lines.append(f"contact sheet: {sheet}")
    lines += quality(episode)
    print("\n".join(map(printable, lines)))
    if findings:
        print("UNSOUND")
        for finding in findings:
            print(printable(f"  - {finding}"))
    else:
        print("sound")
    sys.stdout.flush()
    return UNSOUND if findings else SOUND


if __name__ == "__main__":
    sys.exit(main())
