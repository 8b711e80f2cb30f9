"""`replay EPISODE --on RIG`: one session an episode, and what came of each."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeReader
from replay.playback.options import PlaybackOptions, wanted
from replay.playback.report import lines_of, read_report, record_of, summary_of
from replay.playback.session import rig_path, session_of
from replay.printer import Printer
from session import runtime_dir
from session.config import load_rig
from session.tracking import PlaybackReport
from tui.session import Display, run_session

__all__ = ["play", "wanted"]

DONE: Final = 0
NOT_DONE: Final = 1
INTERRUPTED: Final = 130


def play(paths: Sequence[Path], options: PlaybackOptions, printer: Printer) -> int:
    """Play them one after the other, and say what came of each.

    Returns:
        The exit status: NOT_DONE if one did not come to its end, INTERRUPTED after Ctrl-C.

    Raises:
        PlaybackError, EpisodeError, ConfigError: one cannot be played; those before it were.
        LaunchError: no session could be started.
    """
    runtime_dir.sweep()
    status, reports = DONE, []
    for path in paths:
        ended, report = _play_one(path, options, printer, alone=len(paths) == 1)
        status = max(status, ended)
        if report is not None:
            reports.append(report)
        if ended >= INTERRUPTED:
            break
    if len(paths) > 1:
        for line in summary_of(reports, len(paths)):
            printer.line(line)
    return status


def _play_one(
    path: Path, options: PlaybackOptions, printer: Printer, *, alone: bool
) -> tuple[int, PlaybackReport | None]:
    """One session; its exit status, and the report that it left."""
    with tempfile.TemporaryDirectory(prefix="tandem-replay-") as folder:
        left = Path(folder) / "report.json"
        with EpisodeReader(path) as episode:
            _warn(episode, options)
            config = session_of(episode, options, left)
        status = run_session(config, display=_display(options, alone), headless=options.headless)
        report = read_report(left)
    if report is None:
        printer.line(f"{path.stem} was not played back: the reason stands above.")
        return max(status, NOT_DONE), None
    for line in lines_of(report):
        printer.line(line)
    printer.record(record_of(path, report))
    return max(status, DONE if report.complete else NOT_DONE), report


def _display(options: PlaybackOptions, alone: bool) -> Display:
    """Of several, a line each: a dashboard that comes and goes shows nothing."""
    if options.json:
        return "json"
    return "dashboard" if alone else "lines"


def _warn(episode: EpisodeReader, options: PlaybackOptions) -> None:
    """Recorded commands carry over from one rig to another as far as the rigs are alike."""
    simulated = load_rig(rig_path(options)).rig.simulated
    kind = episode.facts.arms_kind
    if simulated and kind != "simulated":
        sys.stderr.write(
            f"replay: {episode.path.name} was recorded on {kind} arms: what lies on the simulated "
            "table is not what lay there, and the task is not judged.\n"
        )
    elif not simulated and kind != "real":
        sys.stderr.write(
            f"replay: {episode.path.name} was recorded on {kind} arms: keep clear, and begin with "
            "--speed 0.2.\n"
        )
