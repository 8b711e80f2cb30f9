"""Where an episode comes from: software, servos, cameras, as its file says."""

import json
from typing import Final

from recorder.episode.reader import EpisodeFacts
from replay.pages.markup import facts_list, text

MAX_TEXT: Final = 20_000
"""Of one attribute: what a damaged file says at greater length is broken off."""


def provenance_html(facts: EpisodeFacts) -> str:
    """Short facts, and the long ones folded away."""
    short = facts_list(
        (
            ("episode", text(facts.episode_id)),
            ("format", f"version {facts.schema_version}"),
            ("rig", text(facts.rig)),
            ("scene", text(facts.scene or "")),
            ("seed", "" if facts.seed is None else str(facts.seed)),
            ("rendering", text(facts.quality or "")),
            ("scripted faults", text(facts.faults or "")),
            ("pictures", f"JPEG, quality {facts.jpeg_quality}, {text(facts.jpeg_subsampling)}"),
            ("effort in", text(facts.effort_unit)),
        )
    )
    long = (
        ("software", facts.software),
        ("servos", facts.servos),
        ("cameras", facts.cameras),
        ("limits of the checks", facts.quality_limits),
    )
    return short + "".join(_folded(name, told) for name, told in long if told)


def _folded(name: str, told: str) -> str:
    return f"<details><summary>{name}</summary><pre>{_indented(told)}</pre></details>"


def _indented(told: str) -> str:
    """JSON over several lines; anything else as it is."""
    try:
        lines = json.dumps(json.loads(told), indent=2, ensure_ascii=False).split("\n")
    except (ValueError, RecursionError):
        lines = [told]
    return "\n".join(map(text, lines))[:MAX_TEXT]
