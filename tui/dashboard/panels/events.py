"""The events: what the session has said, newest first."""

import re
from collections.abc import Sequence
from typing import Final

from tui.dashboard.drawing.rows import Row, fit, lines_of, title
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import Message, TakeFacts

LEVELS: Final = {"info": ("  ", "ink"), "warning": ("! ", "warn"), "error": ("✗ ", "severe")}
WITH_SECONDS: Final = 60
"""Columns from which on the time has its seconds."""
VERDICT: Final = re.compile(r"recorder: episode_(?P<episode>\d+)\.hdf5: (?P<text>.+)", re.DOTALL)
HEADS: Final = ("WARN, ", "REJECT, ")


def events_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """Messages wrapped into what room there is; the newest one may take all of it. What the takes
    show is not shown twice."""
    messages = [each for each in scene.messages if not is_shown(each, scene.facts.takes)]
    loud = sum(1 for message in messages if message.level != "info")
    rows = [title("EVENTS", _warnings(loud), width)]
    for message in reversed(messages):
        if len(rows) >= height:
            break
        rows += message_rows(message, width, height - len(rows))
    return rows


def _warnings(count: int) -> str:
    return f"{count} warning{'' if count == 1 else 's'}" if count else ""


def is_shown(message: Message, takes: Sequence[TakeFacts]) -> bool:
    """Whether it is the recorder's verdict on one of these takes, its finding or its advice, as
    `recorder.verdict.in_sentences` has them."""
    told = VERDICT.fullmatch(message.text)
    if told is None:
        return False
    take = next((each for each in takes if each.episode == int(told["episode"])), None)
    if take is None:
        return False
    finding, advice = told["text"], told["text"].removeprefix("-> ")
    return (
        finding.startswith(HEADS)
        or take.reason.endswith(finding)
        or bool(take.reason and finding.startswith(take.reason))  # there is an end to its bytes
        or bool(take.advice and advice != finding and advice.startswith(take.advice))
    )


def message_rows(message: Message, width: int, most: int) -> list[Row]:
    """A message in at most so many lines; those after the first one are indented."""
    mark, style = LEVELS.get(message.level, LEVELS["info"])
    time = message.time if width >= WITH_SECONDS else message.time[:5]
    indent = len(time) + 2
    lines = lines_of(message.text, max(width - indent - len(mark) - 1, 10), most)
    rows = [fit([(f" {time} ", "dim"), (mark + line, style)], width) for line in lines[:1]]
    rest = "severe" if message.level == "error" else style
    rows += [
        fit([(" " * indent, "ink"), (" " * len(mark) + line, rest)], width) for line in lines[1:]
    ]
    return rows
