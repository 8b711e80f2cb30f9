"""The page about the whole dataset."""

import os
from collections import Counter
from collections.abc import Sequence
from typing import Final

from replay.inspect.report import KINDS
from replay.pages.entry import About, Entry
from replay.pages.episode_table import filter_html, table_html
from replay.pages.lengths import lengths_html
from replay.pages.markup import chip, page, section, text
from replay.pages.poses import ranges_html, starts_html
from replay.pages.tallies import endings_html, kinds_html, labels_html, verdicts_html

GIGABYTE: Final = 1e9


def index_page(entries: Sequence[Entry]) -> str:
    """The index as HTML."""
    known = [entry.about for entry in entries if entry.about]
    title = _title(entries)
    body = (
        "<main>"
        f'<header><h1>{text(title)}</h1><div class="chips">{_kinds(known)}</div>'
        f"{_figures(entries, known)}</header>"
        f"{section('At a glance', _glance(entries, known))}"
        f"{section('Where the arms were', _arms(known))}"
        f"{section('Episodes', filter_html(entries) + table_html(entries))}"
        "</main>"
    )
    return page(f"{title} - episodes", body)


def _title(entries: Sequence[Entry]) -> str:
    """The folder that holds them all."""
    folders = [str(entry.place.path.absolute().parent) for entry in entries]
    return os.path.basename(os.path.commonpath(folders)) if folders else ""


def _kinds(known: Sequence[About]) -> str:
    """What kinds of arms, most of them first; simulated ones must not be taken for real."""
    counts = Counter(KINDS.get(each.arms_kind, each.arms_kind) for each in known)
    alone = len(counts) == 1
    return "".join(
        chip("rig", kind if alone else f"{kind}: {count}") for kind, count in counts.most_common()
    )


def _figures(entries: Sequence[Entry], known: Sequence[About]) -> str:
    seconds = sum(each.seconds for each in known)
    size = sum(each.size_bytes for each in known)
    usable = sum(entry.checked.word in ("ok", "warn") for entry in entries)
    gone = sum(entry.checked.gone for entry in entries)
    there = len(entries) - gone
    figures = (
        (str(there), "episode" if there == 1 else "episodes"),
        (_duration(seconds), "of demonstration"),
        (f"{sum(each.label == 'success' for each in known)}", "called a success"),
        (str(usable), "good enough to learn from"),
        (f"{size / GIGABYTE:.2f} GB", "on disk"),
        *([(str(gone), "gone meanwhile")] if gone else []),
    )
    shown = "".join(
        f"<div><b>{text(value)}</b><span>{what}</span></div>" for value, what in figures
    )
    return f'<div class="figures">{shown}</div>'


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _glance(entries: Sequence[Entry], known: Sequence[About]) -> str:
    counted = f'<div class="stack">{verdicts_html(entries)}{labels_html(known)}</div>'
    cards = (counted, lengths_html(known), kinds_html(entries), endings_html(known))
    return f'<div class="grid">{"".join(cards)}</div>'


def _arms(known: Sequence[About]) -> str:
    parts = (starts_html(known), ranges_html(known))
    return "".join(parts)
