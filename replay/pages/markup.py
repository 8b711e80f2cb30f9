"""Pieces of HTML. Whatever comes from a file goes through `text`; nothing else may be hostile."""

import base64
import hashlib
import html
from collections.abc import Iterable
from typing import Final

from recorder.printable import printable, printable_lines
from replay.pages.script import SCRIPT
from replay.pages.style import STYLE


def text(value: object) -> str:
    """Anybody's words as one line of HTML, fit for an attribute's value too."""
    return html.escape(printable(str(value)))


def text_lines(value: str) -> str:
    """The same of words that may have several lines."""
    return html.escape(printable_lines(value)).replace("\n", "<br>")


def chip(kind: str, word: str) -> str:
    """A word in a small coloured frame; `kind` chooses the colour and the mark before it."""
    return f'<span class="chip {text(kind)}">{text(word)}</span>'


def facts_list(facts: Iterable[tuple[str, str]]) -> str:
    """Names and values (HTML), those with a value only."""
    rows = (f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in facts if value)
    return f'<dl class="facts">{"".join(rows)}</dl>'


def table(caption: str, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A plain table; cells are HTML, the first of a row names it."""
    head = "".join(f'<th scope="col">{text(heading)}</th>' for heading in headings)
    body = "".join(map(_row, rows))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
        f'<caption class="unseen">{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: Iterable[str]) -> str:
    first, *others = cells
    rest = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th scope="row">{first}</th>{rest}</tr>'


def section(title: str, content: str, lead: str = "") -> str:
    """A part of a page under its heading; nothing where there is no content."""
    if not content:
        return ""
    told = f'<p class="lead">{lead}</p>' if lead else ""
    return f"<section><h2>{text(title)}</h2>{told}{content}</section>"


def page(title: str, body: str) -> str:
    """A whole page, which loads nothing but the pictures beside it and runs nothing but its own
    script, whatever the text in it says."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head>\n"
        f"<body>{body}<script>{SCRIPT}</script></body></html>\n"
    )


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


POLICY: Final = (
    f"default-src 'none'; img-src 'self' file:; style-src {_hash(STYLE)}; "
    f"script-src {_hash(SCRIPT)}; base-uri 'none'; form-action 'none'"
)
