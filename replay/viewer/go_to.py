"""What somebody may write to go somewhere: a step, or a time."""

import math
import re
from typing import Final

from replay.viewer.timeline import Timeline

STEP: Final = re.compile(r"\d{1,9}", re.ASCII)
SECONDS: Final = re.compile(r"(\d{0,6}(?:\.\d{0,6})?)\s*s?", re.ASCII)
MINUTES: Final = re.compile(r"(\d{1,4}):(\d{1,2}(?:\.\d{0,6})?)", re.ASCII)
HOW: Final = "A step (617) or a time (12.3, 12 s, 1:05)."


def moment_of(text: str, timeline: Timeline) -> float | None:
    """The seconds that are meant, within the episode or after it; None: it is neither a step nor a
    time."""
    text = text.strip()
    if STEP.fullmatch(text):
        step = int(text)
        return timeline.at(step) if step <= timeline.last else math.inf
    if found := MINUTES.fullmatch(text):
        return 60.0 * int(found[1]) + float(found[2])
    found = SECONDS.fullmatch(text)
    return float(found[1]) if found and found[1].strip(".") else None
