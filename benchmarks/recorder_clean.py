"""Are clean simulated episodes left in peace by the quality checks, and what does judging cost?

Demonstrations of three tasks, as they come from the rig as it is (four cameras 640x480, lock-step,
`collect.py`), with seeds that no limit was calibrated on. Each file is judged anew with every
picture of it decoded, without decoding, and once more as the finaliser does it, which also writes
the verdict into a copy. Times are processor time, OpenCV on one thread.
"""

import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from benchmarks.recorder_options import Options
from benchmarks.recorder_process import REPOSITORY
from benchmarks.teleop_loop import head, row
from recorder.checks.finding import Finding
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.judge import judge, put_verdict
from recorder.quality import Judgement, Verdict, from_json

TASKS: Final = ("battery", "transfer_cube", "insertion")
FIRST_SEED: Final = 70_000
"""Limits were calibrated on seeds below 1000."""
STEPS: Final = 600
"""That the costs are told for: 12 s."""
WARN_BAR, CPU_BAR_S = 0.05, 3.0
COPIED: Final = "judged.hdf5"


@dataclass(frozen=True, slots=True)
class Judged:
    """One episode.

    Attributes:
        judgement: said anew, all pictures decoded.
        stored: the verdict in the file; None: it has none.
        is_same: what is said anew is what the file says, in every finding.
        cpu_s, columns_cpu_s, finaliser_cpu_s: with all pictures, without, and with the verdict
            written, for STEPS steps each.
    """

    name: str
    judgement: Judgement
    stored: str | None
    is_same: bool
    cpu_s: float
    columns_cpu_s: float
    finaliser_cpu_s: float


def clean(folder: Path, options: Options) -> None:
    """Record, judge, print the tables."""
    cv2.setNumThreads(1)
    if options.episodes_from:
        paths = _by_task(Path(options.episodes_from))
    else:
        paths = {
            task: record(folder, task, count, FIRST_SEED + options.seed)
            for task, count in _shares(options.clean).items()
        }
    judged = {task: [_judge(path, folder / COPIED) for path in its] for task, its in paths.items()}
    _report({task: its for task, its in judged.items() if its})


def record(
    folder: Path, task: str, episodes: int, seed: int, size: tuple[int, int] | None = None
) -> list[Path]:
    """Have `collect.py` record demonstrations on the simulated rig, in lock-step.

    Args:
        size: of the pictures; None: as the rig has it.

    Returns:
        The files, those of episodes that failed included.
    """
    if not episodes:
        return []
    command = [sys.executable, "collect.py", "--task", task, "--rig", str(_rig(folder, size))]
    command += ["--episodes", str(episodes), "--seed", str(seed), "--out", str(folder)]
    done = subprocess.run(
        [*command, "--headless"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    files = sorted((folder / task).glob("*.hdf5"))
    if done.returncode or len(files) != episodes:
        print(f"collect.py ended with {done.returncode}, {len(files)} of {episodes} files:\n"
              f"{done.stdout[-500:]}{done.stderr[-500:]}")  # fmt: skip
    return files


def _rig(folder: Path, size: tuple[int, int] | None) -> Path:
    """The simulated rig, also where the operator has one of his own."""
    text = (REPOSITORY / "configs/rigs/sim.toml").read_text()
    if size is not None:
        kind = 'kind = "simulated"\n'
        text = text.replace(kind, f"{kind}width = {size[0]}\nheight = {size[1]}\n")
    path = folder / "rig.toml"
    path.write_text(text)
    return path


def _shares(episodes: int) -> dict[str, int]:
    """How many of each task."""
    return {task: len(range(i, episodes, len(TASKS))) for i, task in enumerate(TASKS)}


def _by_task(folder: Path) -> dict[str, list[Path]]:
    """Episode files that are there already; those that cannot be read are said."""
    paths: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.hdf5")):
        try:
            with EpisodeReader(path) as episode:
                paths.setdefault(episode.facts.task, []).append(path)
        except EpisodeError as error:
            print(f"left out: {error}")
    return paths


# ---- judging -------------------------------------------------------------------------------------


def _judge(path: Path, copy: Path) -> Judged:
    with EpisodeReader(path) as episode:
        steps, facts = episode.steps, episode.facts
    judgement, cpu_s = _timed(lambda: judge(path))
    _, columns_cpu_s = _timed(lambda: judge(path, pictures=False))
    shutil.copyfile(path, copy)
    _, finaliser_cpu_s = _timed(lambda: put_verdict(copy))
    copy.unlink()
    kept = from_json(facts.findings or "")
    return Judged(
        f"{facts.task} {path.stem}, seed {facts.seed}",
        judgement,
        facts.verdict,
        kept is not None and kept.verdict == facts.verdict and _said(kept) == _said(judgement),
        cpu_s * STEPS / steps,
        columns_cpu_s * STEPS / steps,
        finaliser_cpu_s * STEPS / steps,
    )


def _timed(judging: Callable[[], Judgement]) -> tuple[Judgement, float]:
    """What is said, and the processor time that it took, s."""
    began_s = time.process_time()
    judgement = judging()
    return judgement, time.process_time() - began_s


def _said(judgement: Judgement) -> tuple[Verdict, tuple[Finding, ...]]:
    return judgement.verdict, judgement.findings


# ---- the tables ----------------------------------------------------------------------------------


def _report(judged: dict[str, list[Judged]]) -> None:
    everything = [each for its in judged.values() for each in its]
    head("task", "episodes", "ok", f"warn (bar {WARN_BAR:.0%} of all)", "reject (bar 0)",
         "worst finding", "verdict in the file as said anew",
         f"judge, CPU s a {STEPS} steps: median (bar {CPU_BAR_S:g})", "max",
         "of that without decoding: median", "max", "the finaliser's verdict: median",
         "max")  # fmt: skip
    for task, its in (*judged.items(), ("all", everything)):
        if its:
            row(task, *_verdicts(its), _worst(its), _as_stored(its), *_costs(its))
    print()
    for each in everything:
        for finding in each.judgement.findings:
            print(f"- {each.name}: {finding.severity} `{finding.check}`: {finding.text}")


def _verdicts(its: list[Judged]) -> tuple[object, ...]:
    counted = Counter(each.judgement.verdict for each in its)
    warned = f"{counted['warn']} ({counted['warn'] / len(its):.0%})"
    return len(its), counted["ok"], warned, counted["reject"]


def _worst(its: list[Judged]) -> str:
    """Rejects come before warnings."""
    findings = [finding for each in its for finding in each.judgement.findings]
    worst = min(findings, key=lambda finding: finding.severity != "reject", default=None)
    return "-" if worst is None else f"{worst.severity} `{worst.check}`"


def _as_stored(its: list[Judged]) -> str:
    without = sum(each.stored is None for each in its)
    same = f"{sum(each.is_same for each in its)} of {len(its) - without}"
    return f"{same} ({without} files have none)" if without else same


def _costs(its: list[Judged]) -> list[str]:
    """Median and maximum of each cost."""
    costs = (
        [each.cpu_s for each in its],
        [each.columns_cpu_s for each in its],
        [each.finaliser_cpu_s for each in its],
    )
    return [
        text for cost in costs for text in (f"{statistics.median(cost):.3f}", f"{max(cost):.3f}")
    ]
