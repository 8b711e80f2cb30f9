"""Keys and what they do, a row each, the keys as the key line shows them."""

from collections.abc import Sequence

from textual.content import Content


def key_rows(rows: Sequence[tuple[str, str]], width: int) -> Content:
    """Rows of (keys, sentence). `width`: of the column of keys; a row without keys goes on."""
    return Content("\n").join([_row(keys, sentence, width) for keys, sentence in rows])


def _row(keys: str, sentence: str, width: int) -> Content:
    cap = Content.styled(f" {keys} ", "reverse bold") if keys else Content("  ")
    return Content.assemble(cap, " " * (width - len(keys)), sentence)
