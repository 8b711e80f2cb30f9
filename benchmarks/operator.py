"""How well the scripted operators demonstrate: success, length and retries, each task by itself.

    python benchmarks/operator.py [--tasks battery transfer_cube ...] [--seeds FIRST COUNT]

Objects start where the task's TOML has them start while demonstrations are collected, and the
operator misses as often as it says there. Without servo buses and cameras: see
`sim.operators.demonstrate` for what that leaves out. Every failed seed has a line that says how far
it came and where its objects lay at the start and at the end.
"""

import sys

sys.path[0] = __file__.rpartition("/benchmarks/")[0]  # our operator.py would hide Python's own

import argparse
import statistics
import time
from dataclasses import dataclass

import numpy as np

from session.config import TaskConfig, load_task
from session.paths import config_dir
from sim.errors import SimError
from sim.operators.demonstrate import demonstrate
from sim.operators.operator import Operator
from sim.scenes.scene import Scene
from sim.scenes.task import load_task as load_scene_task
from teleop.config import ConfigError

UNSEEN = (100, 40)
"""First and count of the seeds that no operator was tuned on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One demonstration."""

    seed: int
    success: bool
    ticks: int
    retries: int
    missed_on_purpose: bool
    warnings: int
    story: str
    """How far it came and where its objects were, for a person to read."""


def main() -> None:
    """Demonstrate, print."""
    known = sorted(path.stem for path in (config_dir() / "tasks").glob("*.toml"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="+", default=known, metavar="TASK")
    parser.add_argument("--seeds", nargs=2, type=int, default=UNSEEN, metavar=("FIRST", "COUNT"))
    options = parser.parse_args()
    first, count = options.seeds
    if first < 0 or count < 1:
        parser.error(f"--seeds {first} {count}: the first must be 0 or more, the count 1 or more.")
    try:
        measured = [measure(load_task(name), range(first, first + count)) for name in options.tasks]
    except (ConfigError, SimError) as error:
        sys.exit(str(error))
    print(f"Seeds {first}-{first + count - 1}\n")
    report(dict(zip(options.tasks, measured, strict=True)))


def measure(task: TaskConfig, seeds: range) -> list[Outcome]:
    """One outcome a seed; says on standard error how far it is."""
    if task.scene is None:
        raise ConfigError(f"Task {task.name!r} exists on real rigs only: it names no scene.")
    scene = Scene(task.scene)
    outcomes = []
    for seed in seeds:
        began = time.monotonic()
        outcome = attempt(scene, task, seed)
        outcomes.append(outcome)
        print(
            f"{task.name} {seed}: {'success' if outcome.success else 'FAILED'}, "
            f"{outcome.ticks} ticks, {outcome.retries} retries, {time.monotonic() - began:.1f} s",
            file=sys.stderr,
        )
    return outcomes


def attempt(scene: Scene, task: TaskConfig, seed: int) -> Outcome:
    """One demonstration, judged as a session would: by the stage at its end."""
    scene.reset(seed, task.start)
    operator = Operator(scene, seed, task.operator)
    begin = whereabouts(scene)
    stages = [step.stage for step in demonstrate(scene, operator, task.max_steps)]
    names = scene.stage_names
    success = operator.finished and stages[-1] == len(names) - 1
    best_tick = stages.index(scene.best_stage)
    story = (
        f"ended at '{names[stages[-1]]}' after {len(stages)} ticks"
        f"{'' if operator.finished else ' (given up)'}, best '{names[scene.best_stage]}' at "
        f"{best_tick}; {operator.retries} retries{' (one meant)' if operator.misses else ''}; "
        f"start {begin}; end {whereabouts(scene)}"
    )
    warnings = sum(int(warning.number) for warning in scene.data.warning)
    return Outcome(seed, success, len(stages), operator.retries, operator.misses, warnings, story)


def whereabouts(scene: Scene) -> str:
    """Each movable object's position in mm, heading, and tilt where it does not lie flat."""
    words = []
    for name in load_scene_task(scene.task).movables:
        pose = scene.object_pose(name)
        x, y, z = 1000 * pose.position
        tilt = np.degrees(np.arccos(np.clip(pose.rotation[2, 2], -1.0, 1.0)))
        leaning = f" tilted {tilt:.0f} deg" if tilt > 5 else ""
        words.append(
            f"{name} ({x:.0f}, {y:.0f}, {z:.0f}) {np.degrees(pose.heading):.0f} deg{leaning}"
        )
    return ", ".join(words)


def report(measured: dict[str, list[Outcome]]) -> None:
    """Print one row a task, then one line a failure."""
    print("| task | success | ticks | range | with a retry | missed on purpose | MuJoCo warnings |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, outcomes in measured.items():
        ticks = [outcome.ticks for outcome in outcomes]
        retried = sum(outcome.retries > 0 for outcome in outcomes)
        meant = sum(outcome.missed_on_purpose for outcome in outcomes)
        print(
            f"| {name} | {sum(o.success for o in outcomes)}/{len(outcomes)} "
            f"| {statistics.median(ticks):.0f} | {min(ticks)}-{max(ticks)} "
            f"| {retried} ({100 * retried / len(outcomes):.1f} %) "
            f"| {meant} | {sum(outcome.warnings for outcome in outcomes)} |"
        )
    print("\nFailures:")
    failed = [(name, o) for name, outcomes in measured.items() for o in outcomes if not o.success]
    for name, outcome in failed:
        print(f"- {name} {outcome.seed}: {outcome.story}")
    if not failed:
        print("none")


if __name__ == "__main__":
    main()
