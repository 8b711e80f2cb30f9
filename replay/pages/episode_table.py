"""All episodes, a row each. The script sorts them; what is filtered out is left to the style."""

from collections.abc import Sequence
from typing import Final

from replay.material import TRIMMED
from replay.pages.entry import LABELS, VERDICTS, Entry, told
from replay.pages.episode_page import when
from replay.pages.markup import chip, text

HEADINGS: Final = (
    ("picture", "First and last picture", ""),
    ("what", "Episode", " data-sort"),
    ("length", "Length", " data-sort data-numeric"),
    ("label", "Label", " data-sort"),
    ("verdict", "Quality", " data-sort data-numeric"),
    ("found", "Findings", " data-sort data-numeric"),
)
MAX_KINDS: Final = 4


def table_html(entries: Sequence[Entry]) -> str:
    """The table."""
    head = "".join(
        f'<th scope="col" class="{name}"{sort}>{word}</th>' for name, word, sort in HEADINGS
    )
    rows = "\n".join(map(_row, entries))
    return (
        f'<table id="episodes"><caption class="unseen">episodes</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def filter_html(entries: Sequence[Entry]) -> str:
    """Choices by verdict and by label, of those that there are; works without a script."""
    verdicts = {entry.checked.word for entry in entries}
    labels = {entry.about.label for entry in entries if entry.about}
    return (
        f'<div class="filter">{_choice("verdict", "Quality", VERDICTS, verdicts)}'
        f"{_choice('label', 'Label', LABELS, labels)}"
        '<span id="shown" class="faint" aria-live="polite"></span></div>'
    )


def _choice(name: str, title: str, words: Sequence[str], there: set[str]) -> str:
    if len(there) < 2:
        return ""
    options = [f'<label><input type="radio" name="{name}" checked>all</label>']
    options += (
        f'<label><input type="radio" name="{name}" id="{name}-{word}">{word}</label>'
        for word in words
        if word in there
    )
    return f"<fieldset><legend>{title}</legend>{''.join(options)}</fieldset>"


def _row(entry: Entry) -> str:
    word, about = entry.checked.word, entry.about
    label = about.label if about else "none"
    cells = (
        f'<td class="picture">{_picture(entry)}</td>',
        _name(entry),
        f'<td class="length" data-key="{about.seconds if about else 0:.3f}">{_length(entry)}</td>',
        f'<td class="label" data-key="{label}">{_label(entry)}</td>',
        f'<td class="verdict" data-key="{VERDICTS.index(word)}">{chip(word, word)}</td>',
        f'<td class="found" data-key="{_count(entry)}">{_found(entry)}</td>',
    )
    return f'<tr class="verdict-{word} label-{label}">{"".join(cells)}</tr>'


def _picture(entry: Entry) -> str:
    if not (entry.about and entry.about.picture):
        return '<span class="faint">no picture</span>'
    name = entry.place.name
    return (
        f'<a href="episodes/{name}.html" tabindex="-1"><img src="pictures/{name}.jpg" '
        f'loading="lazy" alt="first and last picture of {text(entry.place.title)}"></a>'
    )


def _name(entry: Entry) -> str:
    title = text(entry.place.title)
    detail = f"{entry.about.task}, {when(entry.about.started_utc)}" if entry.about else ""
    beside = f'<span class="when">{text(detail)}</span>' if detail else ""
    return (
        f'<th scope="row" class="what" data-key="{title}">'
        f'<a href="episodes/{entry.place.name}.html">{title}</a>{beside}</th>'
    )


def _length(entry: Entry) -> str:
    if not entry.about:
        return ""
    trimmed = f'<span class="reason">{TRIMMED}</span>' if entry.about.trimmed else ""
    return f"{entry.about.seconds:.1f} s{trimmed}"


def _label(entry: Entry) -> str:
    if not entry.about:
        return ""
    reason = f'<span class="reason">{text(entry.about.reason)}</span>' if entry.about.reason else ""
    return chip(entry.about.label, entry.about.label) + reason


def _count(entry: Entry) -> int:
    judgement = entry.checked.judgement
    return len(entry.checked.faults) + (len(judgement.findings) if judgement else 0)


def _found(entry: Entry) -> str:
    """The sentence of a file that cannot be used; the kinds of findings else."""
    if entry.checked.error:
        return text(told(entry.place, entry.checked.error))
    judgement = entry.checked.judgement
    kinds = dict.fromkeys(each.check for each in judgement.findings) if judgement else {}
    words = [kind.replace("_", " ") for kind in kinds]
    if entry.checked.faults:
        words.insert(0, told(entry.place, entry.checked.faults[0]).rstrip("."))
    more = f" and {len(words) - MAX_KINDS} more" if len(words) > MAX_KINDS else ""
    return text(", ".join(words[:MAX_KINDS]) + more)
