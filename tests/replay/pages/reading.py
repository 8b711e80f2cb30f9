"""Reads a report as a strict browser would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

VOID: Final = {"meta", "br", "img", "input"}


@dataclass
class Page(HTMLParser):
    """A page: its links, pictures, ids, tags and text; fails where its tags are not balanced."""

    path: Path
    links: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(self.path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == [], f"{self.path}: not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                assert value not in self.ids, f"{self.path}: two are called {value}"
                self.ids.add(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{self.path}: </{tag}> closes nothing"
        assert self.open.pop() == tag, f"{self.path}: </{tag}> closes another"

    def handle_data(self, data: str) -> None:
        self.text += data


def read_report(folder: Path) -> dict[str, Page]:
    """Every page by its path in the report; each link leads somewhere, and none out of it."""
    pages = {str(path.relative_to(folder)): Page(path) for path in folder.rglob("*.html")}
    for page in pages.values():
        for link in page.links:
            if link.startswith("#"):
                assert link[1:] in page.ids, f"{page.path}: {link} leads nowhere"
                continue
            assert ":" not in link, f"{page.path}: {link} leads out of the report"
            target = (page.path.parent / link).resolve()
            assert target.is_relative_to(folder.resolve()), f"{page.path}: {link} leads out"
            assert target.is_file(), f"{page.path}: {link} leads nowhere"
    return pages
