"""``replay NAME ...``: what episodes hold and how good they are; and then the viewer, a rig, a
video, a contact sheet, Rerun or pages.

Exit status 0: all are ok or warn; 1: one is reject or unsound, or what was played back did not come
to its end; 2: one is no episode, or a wrong command line.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.errors import RecorderError
from recorder.printable import printable, printable_lines
from recorder.quality import Judgement
from replay.checking.files import check_files
from replay.errors import ReplayError
from replay.find import NAMES, find_episodes
from replay.inspect.checked import UNUSABLE, Checked, facts_of, weighed
from replay.inspect.lines import about, lines_of
from replay.inspect.quality import quality
from replay.interrupted import interruption_told
from replay.printer import Printer
from session.errors import LaunchError
from teleop.config import ConfigError

INTERRUPTED: Final = 130
REPLACED: Final = " (replaced the earlier one)"
VIEWER: Final = "viewer"
"""What `--rerun` without a file means."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    printer = Printer(as_json=options.json)
    try:
        _check_together(options)
        with interruption_told(*_to_write(options)):
            return _do(options, printer)
    except (ReplayError, RecorderError, ConfigError, LaunchError) as error:
        sys.stderr.write(f"replay: {printable_lines(str(error))}\n")
        return UNUSABLE
    except BrokenPipeError:  # whoever read has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        sys.stderr.write(f"replay:{printable(where)}: {error.strerror or error}.\n")
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED


def _to_write(options: argparse.Namespace) -> Iterator[Path]:
    """The files and the folder that are asked for."""
    yield from filter(None, (options.report, options.contact_sheet, options.video))
    if options.rerun and options.rerun != VIEWER:
        yield Path(options.rerun)


def _do(options: argparse.Namespace, printer: Printer) -> int:
    """What is asked for; returns the exit status."""
    paths = find_episodes(options.episodes, task=options.task)
    if options.report is not None:
        from replay.pages.build import write_pages

        return write_pages(paths, options.report, printer)
    if options.on is not None:
        from replay.playback.run import play, wanted

        return play(paths, wanted(options), printer)
    return _look(paths, options, printer)


def _check_together(options: argparse.Namespace) -> None:
    """That what is asked for goes together.

    Raises:
        ReplayError: one of it would be left undone.
    """
    asked = {
        "--on": options.on,
        "--report": options.report,
        "--contact-sheet": options.contact_sheet,
        "--video": options.video,
        "--rerun": options.rerun,
    }
    given = [option for option, value in asked.items() if value is not None]
    if len(given) > 1 and given[0] in ("--on", "--report"):
        raise ReplayError(f"{given[0]} does not go with {given[1]}: one after the other.")


def _look(paths: Sequence[Path], options: argparse.Namespace, printer: Printer) -> int:
    """Check them and say so; make what is asked for; look at them on a terminal."""
    _check_outputs(paths, options)
    made = any((options.contact_sheet, options.video, options.rerun))
    named = list(map(Path, options.episodes))
    checked = {}
    with closing(check_files(paths)) as results:
        for path, result in zip(paths, results, strict=True):
            each = checked[path] = weighed(result, named)
            if len(paths) > 1:
                _say_shortly(each, printer)
            else:
                _say(each, options, printer)
    usable = [path for path, each in checked.items() if not each.error]
    if usable and _has_terminal() and not (made or options.json or options.no_view):
        from replay.viewer.run import view

        view(usable, checked)
    there = [each.status for each in checked.values() if not each.gone]
    return max(there, default=UNUSABLE)


def _check_outputs(paths: Sequence[Path], options: argparse.Namespace) -> None:
    """What is to be written can be: asked before the work is done.

    Raises:
        ReplayError: it cannot.
    """
    asked = {
        "--contact-sheet": options.contact_sheet,
        "--video": options.video,
        "--rerun": options.rerun,
    }
    given = [option for option, value in asked.items() if value]
    if given and len(paths) > 1:
        raise ReplayError(f"{given[0]} is about one episode, and these are {len(paths)}.")
    if options.contact_sheet:
        from replay.pictures.contact_sheet import check_sheet_path

        check_sheet_path(options.contact_sheet)
    if options.video:
        from replay.pictures.video import check_video_path

        check_video_path(options.video)
    if options.rerun:
        from replay.export.rerun import check_rerun

        check_rerun(None if options.rerun == VIEWER else Path(options.rerun))


def _say(checked: Checked, options: argparse.Namespace, printer: Printer) -> None:
    """What an episode holds and what was found; before that, the files that were asked for, so that
    they are there whoever reads on."""
    if _is_unusable(checked, printer):
        return
    with EpisodeReader(checked.path) as episode:
        told = about(episode, checked)
        made = _make(episode, options, checked.judgement) if told else []
    printer.record(facts_of(checked))
    for line in lines_of(checked, told, made):
        printer.line(line)


def _say_shortly(checked: Checked, printer: Printer) -> None:
    """One of several: its findings only where it is not good."""
    if _is_unusable(checked, printer):
        return
    printer.record(facts_of(checked))
    printer.line(f"{checked.path}: {checked.word}")
    for line in quality(checked) if checked.status else ():
        printer.line(line)
    for fault in checked.faults:
        printer.line(f"  - {fault}")


def _is_unusable(checked: Checked, printer: Printer) -> bool:
    if checked.error:
        printer.record(facts_of(checked))
        sys.stderr.write(f"replay: {printable(checked.error)}\n")
    return bool(checked.error)


def _make(
    episode: EpisodeReader, options: argparse.Namespace, judgement: Judgement | None
) -> list[str]:
    """Write the files that were asked for; a line about each."""
    said = []
    if options.contact_sheet:
        from replay.pictures.contact_sheet import write_contact_sheet

        replaced = write_contact_sheet(episode, options.contact_sheet, judgement)
        said.append(f"contact sheet: {options.contact_sheet}{REPLACED if replaced else ''}")
    if options.video:
        from replay.pictures.video import write_video

        replaced = write_video(episode, options.video, judgement)
        said.append(f"video: {options.video}{REPLACED if replaced else ''}")
    if options.rerun:
        from replay.export.rerun import show, write_rrd

        if options.rerun == VIEWER:
            show(episode)
        else:
            replaced = write_rrd(episode, Path(options.rerun))
            said.append(f"Rerun: {options.rerun}{REPLACED if replaced else ''}")
    return said


def _has_terminal() -> bool:
    able = os.environ.get("TERM", "dumb") != "dumb"
    return able and sys.stdin.isatty() and sys.stdout.isatty()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="replay",
        description="Check episodes, look at them, play them back on a rig, or make pictures, a "
        "video or pages of them.",
        epilog="Exit status: 0: all are ok or warn (played back: came to its end); 1: one is "
        "reject or unsound (did not); 2: one is no episode, or a wrong command line; 130: ended by "
        "Ctrl-C.",
    )
    parser.add_argument(
        "episodes",
        nargs="+",
        metavar="EPISODE",
        help=NAMES,
    )
    parser.add_argument("--task", metavar="NAME", help="bare names and numbers are of this task")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--no-view", action="store_true", help="print, do not open the viewer")
    made = parser.add_argument_group("make")
    made.add_argument(
        "--contact-sheet",
        type=Path,
        metavar="OUT.png",
        help="a picture of all cameras at six moments (.png or .jpg)",
    )
    made.add_argument(
        "--video", type=Path, metavar="OUT.mp4", help="all cameras side by side, joints below"
    )
    made.add_argument(
        "--rerun",
        nargs="?",
        const=VIEWER,
        metavar="OUT.rrd",
        help="open it in the Rerun viewer, or write a recording for it",
    )
    made.add_argument(
        "--report", type=Path, metavar="FOLDER", help="pages about all of them that open offline"
    )
    played = parser.add_argument_group("play back")
    played.add_argument(
        "--on",
        metavar="RIG",
        help="let the recorded commands lead a rig: sim, a rig of configs/rigs, or a .toml file",
    )
    played.add_argument("--speed", type=float, default=1.0, metavar="X", help="0.1 to 2")
    played.add_argument(
        "--max-error",
        type=float,
        default=0.35,
        metavar="RAD",
        help="hold where a joint is farther than this from the recording (default: 0.35)",
    )
    played.add_argument(
        "--realtime", action="store_true", help="simulate against the wall clock, not in lock-step"
    )
    played.add_argument("--headless", action="store_true", help="plain lines, no dashboard")
    return parser


if __name__ == "__main__":
    sys.exit(main())
