"""What was done to an episode file since it was recorded: its attribute `edits`. Pure.

A JSON list, oldest first, of objects with a `verb`, `trim` or `label`, and the fields of `TrimEdit`
or `LabelEdit`:

    [{"verb": "trim", "utc": "...", "first": 30, "last": 499, "of": 523, "kept": "..."},
     {"verb": "label", "utc": "...", "before": {"success": "success", "label_reason": ""}}]

What other versions of Tandem have put there is handed on as it is.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from recorder.errors import AmendError
from teleop.tick import Outcome

MAX_EDITS_BYTES: Final = 60_000
"""Of all of them; HDF5 takes 64 KB an attribute."""
LABEL: Final = ("success", "label_reason")


@dataclass(frozen=True, slots=True)
class TrimEdit:
    """Only some rows were kept.

    Attributes:
        first, last: the rows that were kept, both included, of so many (`of`).
        kept: name of the file as it was, in the folder's trash.
        idle_keep_s: the idle ends were cut, and so much of each was left; None: somebody chose.
    """

    utc: str
    first: int
    last: int
    of: int
    kept: str
    idle_keep_s: float | None = None


@dataclass(frozen=True, slots=True)
class LabelEdit:
    """It was called something else, or a line was added to its notes.

    Attributes:
        before: what was changed of `success` and `label_reason` ("": there was none).
        note_line: which line of the notes was added, from 0; None: none.
    """

    utc: str
    before: Mapping[str, str] = field(default_factory=dict)
    note_line: int | None = None


FileEdit = TrimEdit | LabelEdit
_VERBS: Final = {TrimEdit: "trim", LabelEdit: "label"}


class History:
    """The edits of one file.

    Args:
        path: the file, for the sentences of errors.
        edits: its attribute; None: there is none.

    Raises:
        AmendError: from every method, too: it is damaged, full, or of a later version of Tandem.
    """

    def __init__(self, path: Path, edits: str | None) -> None:
        self._path = path
        try:
            self._listed: list[dict[str, Any]] = json.loads(edits or "[]")
        except (ValueError, RecursionError):
            raise self._damaged() from None
        if not isinstance(self._listed, list) or not all(map(_is_edit, self._listed)):
            raise self._damaged()

    @property
    def newest(self) -> FileEdit | None:
        """The newest edit; None: the file is as it was recorded."""
        return self._edit(self._listed[-1]) if self._listed else None

    @property
    def trims(self) -> list[TrimEdit]:
        """The trims, oldest first."""
        found = [self._edit(told) for told in self._listed if told["verb"] == "trim"]
        return [edit for edit in found if isinstance(edit, TrimEdit)]

    def with_edit(self, edit: FileEdit) -> str:
        """The attribute with one more."""
        told = {name: value for name, value in asdict(edit).items() if value not in (None, {})}
        text = json.dumps([*self._listed, {"verb": _VERBS[type(edit)], **told}])
        if len(text) > MAX_EDITS_BYTES:
            raise AmendError(f"{self._path} was edited so often that it can remember no more.")
        return text

    def without_newest(self) -> str:
        """The attribute as it was before the newest edit; "": there was none."""
        rest = self._listed[:-1]
        return json.dumps(rest) if rest else ""

    def _edit(self, told: dict[str, Any]) -> FileEdit:
        match told:
            case {
                "verb": "trim",
                "utc": str(utc),
                "first": int(first),
                "last": int(last),
                "of": int(of),
                "kept": str(kept),
            }:
                keep_s = told.get("idle_keep_s")
                keep_s = keep_s if isinstance(keep_s, float) else None
                return TrimEdit(utc, first, last, of, kept, keep_s)
            case {"verb": "label", "utc": str(utc)} if _is_label(
                told.get("before", {})
            ) and _is_line(told.get("note_line")):
                return LabelEdit(utc, told.get("before", {}), told.get("note_line"))
            case {"verb": "trim" | "label"}:
                raise self._damaged()
        raise AmendError(
            f"{self._path} was edited by another version of Tandem ({told['verb']!r:.40}), which "
            "can undo it."
        )

    def _damaged(self) -> AmendError:
        return AmendError(f"{self._path}: what it says of earlier edits is damaged.")


def _is_edit(told: Any) -> bool:
    return isinstance(told, dict) and isinstance(told.get("verb"), str)


def _is_label(before: Any) -> bool:
    return (
        isinstance(before, dict)
        and all(name in LABEL and isinstance(value, str) for name, value in before.items())
        and str(before.get("success", "unlabelled")).upper() in Outcome.__members__
    )


def _is_line(line: Any) -> bool:
    return line is None or (type(line) is int and line >= 0)


def is_trimmed(path: Path, edits: str | None) -> bool:
    """Rows of a file were cut off, as far as its attribute `edits` can be read."""
    try:
        return edits is not None and bool(History(path, edits).trims)
    except AmendError:
        return False
