"""``act-eval RUN``: how often a policy does its task on the simulated rig."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from act.errors import ConfigError
from act.rollout.evaluate import SEEDS, EvaluationReport, Rollout, evaluate
from act.rollout.led_session import FAILED, add_arguments, execution_of, guarded, told
from act.training.options import Parser
from act.training.progress import one_line, say
from recorder.durations import in_words
from recorder.episode.publish import write_atomically
from recorder.typed import typed
from session.config import MAX_SEED, SIMULATED_RATE_HZ
from session.processes import environment

REPORT: Final = "report.json"
MOST_JOBS: Final = 64


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    return guarded("act-eval", lambda: _do(options))


def _do(options: argparse.Namespace) -> int:
    """Evaluate; tell and keep what came of it. Returns the exit status."""
    first, count, jobs = options.first_seed, options.seeds, options.jobs
    if not (first >= 0 and 1 <= count <= MAX_SEED - first and 1 <= jobs <= MOST_JOBS):
        raise ConfigError(
            f"--seeds must be 1 or more, and from --first-seed up to {MAX_SEED}; --jobs 1 to "
            f"{MOST_JOBS}."
        )
    out = options.out or Path("evaluations") / datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    tell = _silent if options.json else say
    with one_line(not options.json) as show:
        report = evaluate(
            options.checkpoint,
            out=out,
            task=options.task,
            rig=options.rig,
            seeds=range(first, first + count),
            execution=execution_of(options),
            jobs=jobs,
            device=options.device,
            threads=options.threads,
            on_progress=_progress(show or tell),
        )
    for line in table(report):
        tell(line)
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / REPORT, json.dumps(report.to_json(), indent=1) + "\n")
    if options.videos:
        _film(report, out / "videos", tell)
    if options.json:
        say(json.dumps(report.to_json()))
    tell(f"Report: {out / REPORT}")
    return _ended(report, out, options.keep)


def _ended(report: EvaluationReport, out: Path, keep: str) -> int:
    """Say what is left to do, or throw away what is not to be kept; returns the exit status."""
    if report.left:
        code = 128 + report.signal if report.signal else FAILED
        why = "Interrupted" if report.signal else report.trouble.rstrip(".") or "Not finished"
        left = f"{len(report.left)} of {len(report.seeds)} seeds are left"
        again = typed("--out", out)
        return told("act-eval", f"{why}: {left}. To go on: the same command with {again}", code)
    for each in report.rollouts:
        if keep == "none" or (keep == "failures" and each.success):
            Path(each.episode).unlink(missing_ok=True)
    return 0


def table(report: EvaluationReport) -> Iterator[str]:
    """What came of it, for people."""
    count, (low, high), ticks = len(report.rollouts), report.interval, report.success_ticks
    policy = json.loads(report.policy)
    yield f"Policy: {policy['checkpoint']}, step {policy['step']}."
    yield f"{report.task} on {report.rig}, {count} rollouts; {report.execution}."
    if not count:
        return
    for name, reached in report.reached.items():
        yield f"  {name:<20}{reached:>5}  {reached / count:4.0%}"
    took = f", in {ticks / SIMULATED_RATE_HZ:.1f} s on average" if ticks else ""
    yield (
        f"Success: {report.successes} of {count}, {report.successes / count:.0%} "
        f"(95 %: {low:.0%} to {high:.0%}){took}."
    )
    failed = sorted((each for each in report.rollouts if not each.success), key=_stage)
    for stage, group in groupby(failed, _stage):
        seeds = ", ".join(str(each.seed) for each in group)
        yield f"Failed after {_name(report, stage)!r}: seeds {seeds}."
    for each in failed:
        if each.fault:
            yield f"Seed {each.seed}: the arms held after {each.ticks} ticks. {each.fault}"
    if report.latency_ms is not None:
        p50, p99 = report.latency_ms
        yield f"A prediction took {p50:.1f} ms (median), 99 % of them at most {p99:.1f} ms."


def _stage(rollout: Rollout) -> int:
    return rollout.stage


def _name(report: EvaluationReport, stage: int) -> str:
    return report.stages[stage] if stage < len(report.stages) else f"stage {stage}"


def _film(report: EvaluationReport, folder: Path, tell: Callable[[str], None]) -> None:
    """Videos of the failures."""
    if all(each.success for each in report.rollouts):
        return tell("No failures, so no videos.")
    for each in report.rollouts:
        video = folder / f"seed_{each.seed}_{_name(report, each.stage).replace(' ', '_')}.mp4"
        if each.success or video.exists():
            continue
        folder.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "replay", each.episode, "--video", str(video), "--no-view"]
        done = subprocess.run(command, env=environment(), capture_output=True, check=False)
        words = done.stderr.decode(errors="replace").strip().splitlines()
        tell(f"video: {video}" if video.exists() else f"No video of seed {each.seed}: {words[-1:]}")


def _silent(_text: str) -> None:
    """What programs read is the report only."""


def _progress(show: Callable[[str], None]) -> Callable[[EvaluationReport], None]:
    """Tells how far it is."""
    began: list[tuple[float, int]] = []

    def tell(report: EvaluationReport) -> None:
        done = len(report.rollouts)
        began.append((time.monotonic(), done))
        made, spent_s = done - began[0][1], began[-1][0] - began[0][0]
        left_s = spent_s / made * len(report.left) if made else 0
        left = f", {in_words(left_s)} left" if left_s else ""
        if report.signal:
            left = "; ending, Ctrl-C again: at once"
        show(f"{done} of {len(report.seeds)} rollouts, {report.successes} successes{left}")

    return tell


def _parser() -> Parser:
    made = Parser(
        prog="act-eval",
        allow_abbrev=False,
        description="Roll a policy out on the simulated rig, and count.",
        epilog="Exit status: 0: evaluated; 1: something broke; 2: it cannot be done, or a wrong "
        "command line; 130: Ctrl-C (it says how to go on).",
    )
    add_arguments(made)
    add = made.add_argument
    add(
        "--rig", metavar="NAME", help="a simulated one (default: sim-small if its pictures will do)"
    )
    add(
        "--seeds", type=int, default=len(SEEDS), metavar="N", help="rollouts (default: %(default)s)"
    )
    add("--first-seed", type=int, default=SEEDS.start, metavar="N", help="default: %(default)s")
    add("--jobs", type=int, default=1, metavar="J", help="sessions at a time (default: 1)")
    add("--out", type=Path, metavar="FOLDER", help="of the episodes (default: evaluations/TIME)")
    add("--keep", choices=("all", "failures", "none"), default="all", help="of the episodes")
    add("--videos", action="store_true", help="of the failures")
    add("--json", action="store_true", help="print the report as JSON, and nothing else")
    return made


if __name__ == "__main__":
    sys.exit(main())
