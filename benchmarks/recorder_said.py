"""What a session says while a benchmark runs it, made short enough to read."""

import contextlib
import io
import re
from typing import Final

from benchmarks.emulated_session import Watched

EVERYDAY: Final = ("real-time", "never been calibrated", "is not locked", "has reached its")
NUMBER: Final = re.compile(r"\d+(\.\d+)?")


def hearing(watched: Watched) -> list[str]:
    """Run the session; what it has said that is not said every day, in order."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        watched.run()
    lines = [line for line in said.getvalue().splitlines() if line]
    return [line for line in lines if not any(word in line for word in EVERYDAY)]


def print_said(where: str, lines: list[str]) -> None:
    """A list; of sentences that differ in their numbers only, the first and how many there are."""
    alike: dict[str, list[str]] = {}
    for line in lines:
        alike.setdefault(NUMBER.sub("#", line), []).append(line)
    print(f"\nWhat was said, {where}:\n")
    for first, *more in alike.values():
        print(f"- {first}" + (f" ({len(more)} more like it)" if more else ""))
    print()
