"""Where the session is in its flow: its status and the newest tick as values."""

from dataclasses import replace

from session.config import SessionConfig
from session.kind import RigKind
from session.status import Phase
from teleop.ring import Record
from teleop.tick import Need, State
from tui.facts.facts import SessionFacts
from tui.facts.rings import words


def configured(config: SessionConfig) -> SessionFacts:
    """What is known of a session before it says anything."""
    record = config.purpose == "record"
    return SessionFacts(
        kind=RigKind.SIMULATED if config.rig_file.rig.simulated else RigKind.REAL,
        rig=config.rig_file.rig.name,
        task=config.task.name,
        prompt=config.task.prompt,
        purpose=config.purpose,
        episodes=config.episodes if record else 0,
        longest_s=config.task.max_steps * config.rig_file.rig.period_s if record else None,
        by_grippers=config.rig_file.rig.start == "grippers",
        policy=config.policy.name if config.policy else "",
    )


def flow_of(known: SessionFacts, status: Record | None, now_s: float) -> SessionFacts:
    """`known`, and what a record of `session.status.SESSION_DTYPE` says.

    `now_s`: CLOCK_MONOTONIC.
    """
    if status is None:
        return known
    reset_ns, episode = int(status["reset_until_ns"]), int(status["episode"])
    return replace(
        known,
        kind=RigKind(int(status["kind"])),
        phase=Phase(int(status["phase"])),
        question=words(status["prompt"]),
        attempt=int(status["attempt"]) if int(status["episodes"]) else 0,
        episodes=int(status["episodes"]),
        accepted=int(status["accepted"]),
        rejected=int(status["rejected"]),
        saved=int(status["saved"]),
        successes=int(status["successes"]),
        faults=int(status["faults"]),
        episode=episode if episode >= 0 else None,
        reset_left_s=reset_ns * 1e-9 - now_s if reset_ns else None,
        pausing=bool(status["pausing"]),
        silent_s=max(0.0, now_s - int(status["heartbeat_ns"]) * 1e-9),
    )


def with_tick(facts: SessionFacts, tick: Record | None, period_s: float) -> SessionFacts:
    """What the newest tick says: the state of the arms, and the step of the episode."""
    if tick is None:
        return facts
    step = int(tick["step"])
    return replace(
        facts,
        state=State(int(tick["state"])),
        need=Need(int(tick["need"])),
        step=step if step >= 0 else None,
        elapsed_s=(step + 1) * period_s if step >= 0 else None,
    )


def stage_of(world: Record | None) -> str:
    """How far the simulated task has come, e.g. "2/4 lifted"; "" where there is none."""
    if world is None:
        return ""
    return f"{int(world['best_stage'])}/{int(world['last_stage'])} {words(world['best_name'])}"
