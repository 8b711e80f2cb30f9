"""The text of a rig file, cut into its tables: for changes that leave everything else as it is.

`tomllib` reads only; what is written here is read back by it before it takes a file's place.
"""

import json
import re
from typing import Final

Scalar = str | bool | int | float

_HEADER: Final = re.compile(r"^\[", re.MULTILINE)
_COMMENTS_ABOVE: Final = re.compile(r"(?:^#.*\n)+\Z", re.MULTILINE)
_VALUE: Final = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^#"'\n]*?)"""


def tables(text: str) -> list[str]:
    """The text cut before each [header] and the comments right above it; the first is what stands
    before all of them."""
    cuts = [0]
    for header in _HEADER.finditer(text):
        comments = _COMMENTS_ABOVE.search(text, 0, header.start())
        cuts.append(comments.start() if comments else header.start())
    return [text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]


def is_table(text: str, header: str) -> bool:
    """Whether this is a table under `header`, e.g. ``[[cameras]]``."""
    return re.search(rf"^{re.escape(header)}", text, re.MULTILINE) is not None


def literal(value: Scalar) -> str:
    """A value as TOML writes it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON lets it be


def with_value(table: str, key: str, value: Scalar, name: str | None = None) -> str:
    """The table with another value in the line of `key`, which it must have.

    Args:
        name: the key's new name.
    """
    line = re.compile(rf"^([ \t]*){key}([ \t]*=[ \t]*){_VALUE}([ \t]*(?:#.*)?)$", re.MULTILINE)
    return line.sub(
        lambda found: f"{found[1]}{name or key}{found[2]}{literal(value)}{found[3]}", table, count=1
    )


def without_key(table: str, key: str) -> str:
    """The table without the line of `key`."""
    return re.sub(rf"^[ \t]*{key}[ \t]*=.*\n?", "", table, count=1, flags=re.MULTILINE)


def with_line_after(table: str, key: str, new: str, value: Scalar) -> str:
    """The table with a line of its own for a new key below that of `key`, which it must have."""
    line = re.compile(rf"^([ \t]*){key}[ \t]*=.*$", re.MULTILINE)
    return line.sub(lambda found: f"{found[0]}\n{found[1]}{new} = {literal(value)}", table, count=1)


def only_comments(table: str) -> str:
    """What stays of a table that is taken out: the comments above it and in it."""
    kept = [line for line in table.splitlines(keepends=True) if line.startswith("#")]
    return "".join([*kept, "\n"]) if kept else ""
