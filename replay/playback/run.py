"""`replay EPISODE --on RIG`: one session an episode, and what came of each."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from recorder.printable import printable
from replay.playback.options import PlaybackOptions, wanted
from replay.playback.prepare import Prepared, prepare
from replay.playback.report import lines_of, read_report, record_of, summary_of
from replay.playback.report_folder import report_folder
from replay.playback.session import session_of
from replay.printer import Printer
from session import runtime_dir
from session.tracking import PlaybackReport
from tui.session import Display, run_session

__all__ = ["play", "wanted"]

DONE: Final = 0
NOT_DONE: Final = 1
UNUSABLE: Final = 2
INTERRUPTED: Final = 130
NO_REPORT: Final = "{name}: nothing is known of what was played; the reason stands above."


def play(paths: Sequence[Path], options: PlaybackOptions, printer: Printer) -> int:
    """Play them one after the other, and say what came of each. What cannot be played is found out
    before anything moves; of several it is left out.

    Returns:
        The exit status: NOT_DONE if one did not come to its end, UNUSABLE if none of them can be
        played, INTERRUPTED after Ctrl-C.

    Raises:
        ConfigError: there is no such rig.
        LaunchError: a session could not be started.
    """
    runtime_dir.sweep()
    prepared = prepare(paths, options)
    for each in prepared:
        for text in (*filter(None, [each.refused]), *each.warnings):
            sys.stderr.write(f"replay: {printable(text)}\n")
    playable = [each for each in prepared if not each.refused]
    if not playable:
        return UNUSABLE
    status, reports = DONE if len(playable) == len(prepared) else NOT_DONE, []
    for each in playable:
        ended, report = _play_one(each, options, printer, alone=len(prepared) == 1)
        status = max(status, ended)
        if report is not None:
            reports.append(report)
        if ended >= INTERRUPTED:
            break
    if len(prepared) > 1:
        for line in summary_of(reports, len(prepared)):
            printer.line(line)
    return status


def _play_one(
    prepared: Prepared, options: PlaybackOptions, printer: Printer, *, alone: bool
) -> tuple[int, PlaybackReport | None]:
    """One session; its exit status, and the report that it left."""
    with report_folder() as folder:
        left = folder / "report.json"
        with EpisodeReader(prepared.path) as episode:
            config = session_of(episode, options, left)
        status = run_session(config, display=_display(options, alone), headless=options.headless)
        report = read_report(left)
    if report is None:
        printer.line(NO_REPORT.format(name=prepared.path.stem))
        return max(status, NOT_DONE), None
    for line in lines_of(report):
        printer.line(line)
    printer.record(record_of(prepared.path, report))
    return max(status, DONE if report.complete else NOT_DONE), report


def _display(options: PlaybackOptions, alone: bool) -> Display:
    """Of several, a line each: a dashboard that comes and goes shows nothing."""
    if options.json:
        return "json"
    return "dashboard" if alone else "lines"
