"""How many episodes there are of each: verdicts, labels, findings, endings; as bars."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from replay.pages import svg
from replay.pages.entry import LABELS, VERDICTS, About, Entry
from replay.pages.markup import text

WIDTH: Final = 560.0
ROW: Final = 26.0
NAMES: Final = 170.0
NUMBERS: Final = 40.0
THICK: Final = 14.0
MAX_ENDINGS: Final = 8
MAX_ENDING: Final = 60

Row = tuple[str, tuple[tuple[str, int], ...]]
"""A name, and how many of each kind (which chooses the colour)."""


def verdicts_html(entries: Sequence[Entry]) -> str:
    """How many are ok, warn, reject, unsound, unusable; and how many are gone."""
    counts = Counter(entry.checked.word for entry in entries)
    rows = [(word, ((word, counts[word]),)) for word in VERDICTS if counts[word]]
    return _card("Quality", rows)


def labels_html(known: Sequence[About]) -> str:
    """How many were called a success, a failure, nothing."""
    counts = Counter(each.label for each in known)
    return _card("Labels", [(word, ((word, counts[word]),)) for word in LABELS if counts[word]])


def kinds_html(entries: Sequence[Entry]) -> str:
    """In how many episodes there is a finding of a kind, most first."""
    found: dict[str, Counter[str]] = {}
    for entry in entries:
        judgement = entry.checked.judgement
        worst: dict[str, str] = {}
        for finding in judgement.findings if judgement else ():  # rejects come first
            worst.setdefault(finding.check, finding.severity)
        for kind, severity in worst.items():
            found.setdefault(kind, Counter())[severity] += 1
    rows = [
        (kind.replace("_", " "), (("reject", counts["reject"]), ("warn", counts["warn"])))
        for kind, counts in sorted(found.items(), key=lambda each: -each[1].total())
    ]
    if not rows:
        return '<div class="card"><h3>Findings</h3><p class="faint">None in any episode.</p></div>'
    return _card("Episodes with findings, by kind", rows)


def endings_html(known: Sequence[About]) -> str:
    """What the operator was told last."""
    counts = Counter(_short(each.ending or "nothing was told") for each in known)
    rows = [(told, (("other", count),)) for told, count in counts.most_common(MAX_ENDINGS)]
    listed = "".join(
        f'<div class="ending"><span>{text(told)}</span>{_bar(told, parts, known)}</div>'
        for told, parts in rows
    )
    more = len(counts) - MAX_ENDINGS
    rest = f'<p class="faint">and {more} other endings</p>' if more > 0 else ""
    return f'<div class="card"><h3>How they ended</h3>{listed}{rest}</div>' if rows else ""


def _short(told: str) -> str:
    return told if len(told) <= MAX_ENDING else f"{told[: MAX_ENDING - 1]}\N{HORIZONTAL ELLIPSIS}"


def _bar(told: str, parts: tuple[tuple[str, int], ...], known: Sequence[About]) -> str:
    """One bar of a list whose names are too long to stand beside it."""
    count = sum(number for _, number in parts)
    length = (WIDTH - NUMBERS) * count / max(len(known), 1)
    content = svg.rect("bar other", 0, 2, max(length, 1.0), THICK)
    content += svg.words(length + 8, THICK - 1, count, "strong")
    return svg.drawing(f"{told}: {count}", WIDTH, THICK + 6, content)


def _card(title: str, rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    most = max(sum(count for _, count in parts) for _, parts in rows)
    across = svg.Scale(0, most, NAMES, WIDTH - NUMBERS)
    content = "".join(_row(index, row, across) for index, row in enumerate(rows))
    told = ", ".join(f"{name} {sum(count for _, count in parts)}" for name, parts in rows)
    picture = svg.drawing(f"{title}: {told}", WIDTH, ROW * len(rows), content)
    return f'<figure class="card"><h3>{text(title)}</h3>{picture}</figure>'


def _row(index: int, row: Row, across: svg.Scale) -> str:
    name, parts = row
    middle = ROW * (index + 0.5)
    drawn = [svg.words(0, middle + 4, name, "strong")]
    total = 0
    for kind, count in parts:
        if count:
            left, right = across(total), across(total + count)
            title = f"{name}: {count} {kind}" if name != kind else f"{name}: {count}"
            width = max(right - left, 1.0)
            drawn.append(svg.rect(f"bar {kind}", left, middle - THICK / 2, width, THICK, title))
            total += count
    drawn.append(svg.words(across(total) + 8, middle + 4, total, "strong"))
    return "".join(drawn)
