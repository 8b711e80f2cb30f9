"""How often a policy does its task: rollouts on the simulated rig, in sessions side by side.

What came of a rollout is read from its episode. So an evaluation that was interrupted goes on in
its folder; and an attempt that the machine has spoiled, not the policy, is none: it is made again.
"""

import math
import os
import select
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from act.errors import ConfigError
from act.rollout.execution import ExecutionConfig
from act.rollout.led_session import Pilot
from act.rollout.policy import Latency
from act.training.stop import Stop
from recorder.episode.reader import EpisodeReader
from recorder.errors import EpisodeError
from recorder.folder.numbering import episodes_in
from session import runtime_dir
from session.config import SessionConfig, load_rig, load_task
from session.errors import LaunchError
from session.feed import Feed
from session.launch import launch
from teleop.targets import TARGET_RING
from teleop.tick import Outcome
from tui.link import Ended, Link

SEEDS: Final = range(10_000, 10_050)
"""Unless others are asked for: no demonstration is likely to have these."""
STAGES: Final = {
    "transfer_cube": ("none", "touched", "lifted", "attempted transfer", "transferred"),
    "insertion": ("none", "touched", "lifted", "contact", "inserted"),
    "battery": ("none", "touched", "lifted", "in slot", "seated"),
}
"""Of the simulated scenes, which are a program apart (`sim.scenes`)."""
HELD: Final = "Holding: "
UNHEARD: Final = "has not been heard of"
"""So control begins to say why it holds; and what it says of a process that was killed."""
LOOK_S: Final = 0.2
Z95: Final = 1.959964


@dataclass(frozen=True, slots=True)
class Rollout:
    """One attempt.

    Attributes:
        success: it ended in the last stage.
        stage: that it has reached at best.
        fault: why the arms held before its end, which is a failure; "": they did not.
    """

    seed: int
    success: bool
    stage: int
    ticks: int
    fault: str
    episode: str


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What came of it.

    Attributes:
        policy: as the episodes have it: JSON, with the checkpoint's identity.
        execution: in words.
        stages: their names, in order; the last is success.
        rollouts: by seed; none of those seeds that are `left`.
        latency_ms: of the predictions that were made now; None: there was none.
        trouble: why a session could not go on; "": all could.
        signal: that has interrupted it; 0: none.
    """

    task: str
    rig: str
    policy: str
    execution: str
    stages: tuple[str, ...]
    seeds: range
    rollouts: tuple[Rollout, ...] = ()
    latency_ms: Latency | None = None
    trouble: str = ""
    signal: int = 0

    @property
    def successes(self) -> int:
        """How many there are."""
        return sum(each.success for each in self.rollouts)

    @property
    def interval(self) -> tuple[float, float]:
        """In which the share of successes is."""
        return wilson(self.successes, len(self.rollouts))

    @property
    def reached(self) -> dict[str, int]:
        """How many came to each stage or beyond it, but for the first, in which all begin."""
        names = list(enumerate(self.stages))[1:]
        return {name: sum(each.stage >= n for each in self.rollouts) for n, name in names}

    @property
    def success_ticks(self) -> float | None:
        """Of successes, on average; a task must stay done for the last half second."""
        ticks = [each.ticks for each in self.rollouts if each.success]
        return float(np.mean(ticks)) if ticks else None

    @property
    def left(self) -> list[int]:
        """Seeds of which nothing is known."""
        return sorted(set(self.seeds) - {each.seed for each in self.rollouts})

    def to_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        low, high = self.interval
        return asdict(self) | {
            "seeds": [self.seeds.start, self.seeds.stop],
            "latency_ms": self.latency_ms and self.latency_ms._asdict(),
            "successes": self.successes,
            "wilson_95": [low, high],
            "reached": self.reached,
            "success_ticks": self.success_ticks,
            "left": self.left,
        }


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Bounds of a share, with 95 % confidence (Wilson 1927)."""
    if count == 0:
        return 0.0, 1.0
    share, spread = successes / count, Z95**2 / count
    half = Z95 * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    low, high = ((share + spread / 2 + side) / (1 + spread) for side in (-half, half))
    return max(0.0, min(low, share)), min(1.0, max(high, share))  # rounding must not cross them


def evaluate(
    checkpoint: Path,
    *,
    out: Path,
    task: str | None = None,
    rig: str | None = None,
    seeds: range = SEEDS,
    execution: ExecutionConfig | None = None,
    jobs: int = 1,
    device: str = "auto",
    threads: int | None = None,
    on_progress: Callable[[EvaluationReport], None] = lambda _: None,
) -> EvaluationReport:
    """Roll it out from every seed of which `out` has no rollout. Ctrl-C and SIGTERM end that in
    order, a second Ctrl-C at once.

    Args:
        out: a new folder, or that of an evaluation that was interrupted.
        task: None: that it has learned.
        rig: None: as `usual_rig` has it.
        execution: None: each chunk as a whole.
        jobs: so many sessions at a time.
        threads: of each policy; None: they share the cores.
        on_progress: is told at the start, and of each rollout.

    Raises:
        ActError, teleop.config.ConfigError, FolderError, OSError: it cannot be done.
    """
    threads = threads or max(1, len(os.sched_getaffinity(0)) // jobs)
    pilot = Pilot.find(checkpoint, execution or ExecutionConfig(), device, threads)
    name, rig = task or pilot.checkpoint.meta["task"], rig or usual_rig(pilot)
    task_config, rig_file = load_task(name), load_rig(rig)
    if not rig_file.rig.simulated:
        raise ConfigError(f"Rig {rig_file.rig.name!r} is a real one: act-run has a policy lead it.")
    pilot.check(rig_file)
    report = EvaluationReport(
        task=task_config.name,
        rig=rig_file.rig.name,
        policy=pilot.about(evaluating=True),
        execution=pilot.execution.describe(pilot.checkpoint.model.chunk),
        stages=STAGES.get(task_config.scene or "", ()),
        seeds=seeds,
    )
    files = _Files(out, report)
    report = replace(report, rollouts=files.rollouts())

    def session(folder: Path, first: int, count: int) -> SessionConfig:
        wanted = {"episodes": count, "seed": first, "out": folder}
        return pilot.session(name, rig, evaluating=True, **wanted)

    runtime_dir.sweep()
    shares = np.array_split(np.array(report.left, int), min(jobs, len(report.left) or 1))
    lanes = [
        _Lane(out / f"part_{number}", share.tolist(), files, session)
        for number, share in enumerate(shares)
    ]
    return _roll_out(lanes, files, report, on_progress)


def usual_rig(pilot: Pilot) -> str:
    """The one with small pictures, where these are large enough."""
    return "sim" if pilot.why_not(load_rig("sim-small")) else "sim-small"


def _roll_out(
    lanes: Sequence["_Lane"],
    files: "_Files",
    report: EvaluationReport,
    on_progress: Callable[[EvaluationReport], None],
) -> EvaluationReport:
    """Until all of them have come to their end."""
    running = list(lanes)
    on_progress(report)
    try:
        with Stop() as stop:
            while running := [each for each in running if each.goes_on(stop.number > 0)]:
                select.select([each.link for each in running if each.link], [], [], LOOK_S)
                news = replace(report, rollouts=files.rollouts(), signal=stop.number)
                if news != report:
                    report = news
                    on_progress(report)
    finally:
        for link in filter(None, (each.link for each in running)):
            link.interrupt()
    took_ms = [ms for lane in lanes for ms in lane.took_ms]
    return replace(
        report,
        rollouts=files.rollouts(anew=True),
        latency_ms=Latency(*np.percentile(took_ms, (50, 99)).tolist()) if took_ms else None,
        trouble=" ".join(dict.fromkeys(filter(None, (lane.trouble for lane in lanes)))),
        signal=stop.number,
    )


class _Files:
    """The rollouts that are in a folder."""

    def __init__(self, out: Path, report: EvaluationReport) -> None:
        self._out, self._report = out, report
        self._known: dict[Path, Rollout | None] = {}

    def rollouts(self, anew: bool = False) -> tuple[Rollout, ...]:
        """Those of our seeds, by seed.

        Args:
            anew: a file that was read may be another by now.

        Raises:
            ConfigError: the folder is another evaluation's.
            FolderError: it cannot be read.
        """
        if anew:
            self._known.clear()
        by_seed: dict[int, Rollout] = {}
        for part in sorted(self._out.glob("part_*")):
            for path in episodes_in(part / self._report.task):
                if path not in self._known:
                    self._read(path)
                if (it := self._known.get(path)) and it.seed in self._report.seeds:
                    by_seed.setdefault(it.seed, it)
        return tuple(by_seed[seed] for seed in sorted(by_seed))

    def _read(self, path: Path) -> None:
        try:
            with EpisodeReader(path) as episode:
                self._known[path] = self._rollout(episode)
        except EpisodeError:
            pass  # it is being amended, or damaged: it is none

    def _rollout(self, episode: EpisodeReader) -> Rollout | None:
        """None: it was cut short."""
        facts, report = episode.facts, self._report
        if (facts.policy, facts.rig) != (report.policy, report.rig) or facts.seed is None:
            raise ConfigError(
                f"{self._out} has rollouts of another policy or rig, or executed in another way: "
                "give another folder, by --out."
            )
        judged = facts.outcome is not Outcome.UNLABELLED
        held = [each.text for each in episode.events() if each.text.startswith(HELD)]
        fault = "" if judged or not held else held[0].removeprefix(HELD)
        if not judged and (not fault or UNHEARD in fault):
            return None
        success = facts.outcome is Outcome.SUCCESS
        reached = max(episode.column("/tandem/stage").tolist(), default=0)
        best = max(reached, len(report.stages) - 1) if success else reached
        return Rollout(facts.seed, success, best, episode.steps, fault, str(episode.path))


class _Lane:
    """Sessions, one after another, until each of its seeds has its rollout.

    Attributes:
        link: to the session that runs.
        took_ms: how long predictions took.
        trouble: why it could not go on.
    """

    def __init__(
        self,
        folder: Path,
        seeds: Sequence[int],
        files: _Files,
        session: Callable[[Path, int, int], SessionConfig],
    ) -> None:
        self._folder, self._left, self._files, self._session = folder, seeds, files, session
        self._plans: Feed | None = None
        self._observed = 0
        self._last_words = ""
        self.link: Link | None = None
        self.took_ms: list[float] = []
        self.trouble = ""

    def goes_on(self, stopping: bool) -> bool:
        """See how it gets on, and have it do what comes next; False: nothing does."""
        if self.link is None:
            return bool(self._left) and not stopping and self._begins(self._left)
        if stopping and not self.link.interrupts:
            self.link.interrupt()
        self._note_latency()
        while (said := self.link.hear()) is not None:
            if isinstance(said, Ended):
                return self._has_more(said) and not stopping and self._begins(self._left)
            if said.level == "error":  # the arms hold, and it would wait for somebody to see why
                self._last_words = said.text
                self.link.ask("stop")
        return True

    def _begins(self, seeds: Sequence[int]) -> bool:
        """A session for the first of them, as far as they follow on each other."""
        count = sum(seed == seeds[0] + i for i, seed in enumerate(seeds))
        try:
            config = self._session(self._folder, seeds[0], count)
            self.link = Link(launch(config))
        except LaunchError as error:
            self.trouble = str(error)
            return False
        self._plans = Feed(Path(config.runtime_dir) / TARGET_RING)
        return True

    def _has_more(self, ended: Ended) -> bool:
        """Seeds are left, and it was of use to try."""
        self.link, before = None, len(self._left)
        known = {each.seed for each in self._files.rollouts(anew=True)}
        self._left = [seed for seed in self._left if seed not in known]
        if len(self._left) == before:
            self.trouble = self._last_words or ended.text
        return 0 < len(self._left) < before

    def _note_latency(self) -> None:
        for plan in self._plans.poll() if self._plans else ():
            if plan["observed"] not in (0, self._observed):
                self.took_ms.append(int(plan["predict_ns"]) / 1e6)
            self._observed = int(plan["observed"])
