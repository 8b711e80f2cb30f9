"""The page of one episode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.episode.history import is_trimmed
from recorder.episode.reader import EpisodeEvent, EpisodeFacts
from replay.inspect.checked import Checked
from replay.inspect.report import KINDS
from replay.inspect.summary import Summary
from replay.material import TRIMMED, Motion
from replay.pages.cameras import cameras_html, health_html
from replay.pages.entry import Place, told
from replay.pages.findings import findings_html
from replay.pages.markup import chip, facts_list, page, section, text, text_lines
from replay.pages.provenance import provenance_html
from replay.pages.strips import Strip, strips_html
from replay.pages.traces import traces_html

MEGABYTE: Final = 1e6
MAX_EVENTS: Final = 200
TOO_DAMAGED: Final = "The file is too damaged to say."
BEFORE: Final = "\N{LEFTWARDS ARROW} {}"
AFTER: Final = "{} \N{RIGHTWARDS ARROW}"


@dataclass(frozen=True, slots=True)
class Content:
    """What the page shows.

    Attributes:
        first_ns: when the first step was; events are told from there.
        summary, motion: None: the file is too damaged for them.
    """

    place: Place
    checked: Checked
    facts: EpisodeFacts
    steps: int
    size_bytes: int
    first_ns: int
    summary: Summary | None
    motion: Motion | None
    events: Sequence[EpisodeEvent]
    strips: Sequence[Strip]


def episode_page(content: Content, before: Place | None, after: Place | None) -> str:
    """The page as HTML; `before` and `after` are the pages beside it."""
    summary, motion, facts = content.summary, content.motion, content.facts
    damaged = f"<p>{TOO_DAMAGED}</p>"
    parts = (
        _turn(before, after),
        _head(content),
        section("Pictures", strips_html(content.strips, facts.fps)),
        section("Findings", findings_html(content.checked, content.steps)),
        section(
            "Joints",
            traces_html(motion, content.checked.judgement) if motion else damaged,
            "Where the leader was, what was sent, and where the follower was, over seconds. "
            "Shaded: something was found there.",
        ),
        section("Events", _events(content)),
        section("Cameras", cameras_html(summary) if summary else damaged),
        section("Health", health_html(facts, summary) if summary else damaged),
        section("Provenance", provenance_html(facts)),
    )
    return page(f"{content.place.title} - {facts.task}", f"<main>{''.join(parts)}</main>")


def damaged_page(place: Place, checked: Checked, before: Place | None, after: Place | None) -> str:
    """The page of a file that cannot be used, or is gone: its sentence."""
    body = (
        f"<main>{_turn(before, after)}<h1>{text(place.title)}</h1>"
        f'<div class="chips">{chip(checked.word, checked.word)}</div>'
        f"<p>{text(told(place, checked.error))}</p>"
        f'<p class="faint">{text(place.path)}</p></main>'
    )
    return page(place.title, body)


def _turn(before: Place | None, after: Place | None) -> str:
    """The way to the index and to the pages beside this one."""
    return (
        f'<nav class="top" aria-label="episodes">{_link(before, "prev", BEFORE)}'
        f'<a href="../index.html">All episodes</a>{_link(after, "next", AFTER)}</nav>'
    )


def _link(place: Place | None, relation: str, form: str) -> str:
    if place is None:
        return f"<span>{'first' if relation == 'prev' else 'last'}</span>"
    return f'<a rel="{relation}" href="{place.name}.html">{form.format(text(place.title))}</a>'


def _head(content: Content) -> str:
    facts, checked = content.facts, content.checked
    kind = KINDS.get(facts.arms_kind, facts.arms_kind)
    chips = (
        chip("rig", kind),
        chip(checked.word, f"quality: {checked.word}"),
        chip(facts.outcome.name.lower(), facts.success),
        chip("warn", "recovered") if facts.recovered else "",
        chip("edit", TRIMMED) if is_trimmed(content.place.path, facts.edits) else "",
    )
    seconds = content.steps / facts.fps if facts.fps > 0 else 0.0
    time = "simulated" if facts.simulated_time else "real"
    return (
        f'<header><h1>{text(content.place.title)}</h1><div class="chips">{"".join(chips)}</div>'
        f'<p class="prompt">{text(facts.prompt) or "No prompt."}</p>'
        + facts_list(
            (
                ("task", text(facts.task)),
                ("recorded", text(when(facts.started_utc))),
                ("length", f"{seconds:.2f} s, {content.steps} steps"),
                ("rate", f"{facts.fps} a second of {time} time"),
                ("file", f"{text(content.place.path)} ({content.size_bytes / MEGABYTE:.1f} MB)"),
                ("reason for the label", text(facts.label_reason or "")),
                ("notes", text_lines(facts.notes or "")),
                ("recovered from a journal", text(facts.recovery_note)),
            )
        )
        + "</header>"
    )


def when(started_utc: str) -> str:
    """ISO time as people read it, to the minute; anything else as it is."""
    date, separator, time = started_utc.partition("T")
    return f"{date} {time[:5]} UTC" if separator and len(date) == 10 else started_utc


def _events(content: Content) -> str:
    if not content.events:
        return "<p>The operator was told nothing.</p>"
    items = "".join(
        f"<div><dt>{(event.t_ns - content.first_ns) / 1e9:.2f} s</dt>"
        f"<dd>{text(event.text)}</dd></div>"
        for event in content.events[:MAX_EVENTS]
    )
    more = len(content.events) - MAX_EVENTS
    rest = f'<p class="faint">... and {more} more</p>' if more > 0 else ""
    return f'<dl class="events">{items}</dl>{rest}'
