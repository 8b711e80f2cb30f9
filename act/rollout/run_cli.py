"""``act-run RUN``: a policy leads the rig, and is recorded as a demonstration is."""

import argparse
import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from act.errors import EvaluationError
from act.rollout.evaluate import usual_rig
from act.rollout.led_session import Pilot, add_arguments, execution_of, guarded
from act.rollout.policy import Latency, Policy
from act.rollout.process import SPARE_TICKS
from act.training.options import Parser
from session import runtime_dir
from session.config import SimulationMode, find_rig, load_rig
from tui.session import Display, run_session, say

MEASURED: Final = 20
"""Predictions, for their latency."""


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args(arguments)
    return guarded("act-run", lambda: _do(options))


def _do(options: argparse.Namespace) -> int:
    """Look whether it can lead, say how, and have it; returns the exit status."""
    display: Display = "json" if options.json else "dashboard"
    pilot = Pilot.find(options.checkpoint, execution_of(options), options.device, options.threads)
    rig = str(find_rig(options.rig, "sim-realtime" if options.realtime else usual_rig(pilot)))
    rig_file, mode = load_rig(rig), SimulationMode(options.realtime, by_hand=options.by_hand)
    mode.check(rig_file)
    real_time = options.realtime or not rig_file.rig.simulated
    cores = len(os.sched_getaffinity(0))
    threads = options.threads or (max(1, cores // 2) if real_time else cores)
    pilot = replace(pilot, threads=threads)
    pilot.check(rig_file)
    chunk, execution = pilot.checkpoint.model.chunk, pilot.execution
    say(f"Policy: {pilot.name}, {pilot.folder}", display)
    say(f"Execution: {execution.describe(chunk)}.", display)
    if warning := execution.warning(chunk):
        say(warning, display)
    latency = measured(pilot)
    took = f"{latency.p50:.1f} ms (median), 99 % of them at most {latency.p99:.1f} ms"
    try:
        means = in_real_time(pilot, latency, rig_file.rig.rate_hz)
    except EvaluationError as error:
        if real_time:
            raise
        means = f"In real time this would be refused. {error}"
    say(f"Predictions take {took}. {means}", display)
    runtime_dir.sweep()
    config = pilot.session(
        options.task or pilot.checkpoint.meta["task"],
        rig,
        episodes=options.episodes,
        seed=options.seed,
        out=options.out or Path("rollouts") / rig_file.rig.name,
        mode=mode,
    )
    return run_session(config, display=display, headless=options.headless)


def measured(pilot: Pilot) -> Latency:
    """How long it takes to predict, while nothing else runs.

    Raises:
        ActError: it cannot predict.
    """
    policy = Policy.load(pilot.folder, pilot.device, pilot.threads)
    policy.rehearse(MEASURED)
    return policy.latency()


def in_real_time(pilot: Pilot, latency: Latency, rate_hz: int) -> str:
    """What it means that predictions take so long.

    Raises:
        EvaluationError: the arms would have to wait for them.
    """
    k, tick_ms = pilot.checkpoint.model.chunk, 1000 / rate_hz
    every, ticks = pilot.execution.every(k), math.ceil(latency.p99 / tick_ms)
    if ticks + SPARE_TICKS >= k:
        raise EvaluationError(
            f"A prediction takes {latency.p99:.0f} ms here, and its {k} actions last "
            f"{k * tick_ms:.0f} ms: the arms would hold. Use a faster --device or a smaller policy."
        )
    if pilot.execution.ensemble_every is not None and ticks > every:
        raise EvaluationError(
            f"A prediction takes {latency.p99:.0f} ms here, {ticks} ticks of {tick_ms:.0f} ms: "
            f"there is none every {every}. Use --ensemble-every {ticks} or more, or --execute."
        )
    if ticks == 1:
        return f"That is within a tick of {tick_ms:.0f} ms."
    return f"That is {ticks} ticks of {tick_ms:.0f} ms, in which the chunk before is executed."


def _parser() -> Parser:
    made = Parser(
        prog="act-run",
        allow_abbrev=False,
        description="Have a policy lead the rig. It is recorded, and no demonstration. L, or a "
        "push at a leader, stops it; L again: you lead.",
        epilog="Exit status: as collect.py's; 2: it cannot lead there, or a wrong command line.",
    )
    add_arguments(made)
    add = made.add_argument
    add("--rig", metavar="NAME", help="default: rig.toml if there is one, else a simulated one")
    add("--episodes", type=int, default=1, metavar="N", help="how many (default: %(default)s)")
    add("--seed", type=int, metavar="N", help="of the first simulated episode (default: random)")
    add("--out", type=Path, metavar="FOLDER", help="default: rollouts/RIG")
    add("--realtime", action="store_true", help="simulate against the wall clock")
    add("--by-hand", action="store_true", help="the simulated rig awaits your keys")
    add("--headless", action="store_true", help="plain lines, no dashboard")
    add("--json", action="store_true", help="a JSON record a line")
    return made


if __name__ == "__main__":
    sys.exit(main())
