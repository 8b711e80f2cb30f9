"""Lines for people, or JSON for programs: the same facts, one episode at a time."""

import json
import sys
from collections.abc import Mapping

from recorder.printable import printable


class Printer:
    """Writes to standard output, a line at a time, so that nobody waits for the last one.

    What a file says of itself is anybody's text: what is not printable in it is shown, not obeyed.

    Args:
        as_json: print what is given to `record` and nothing of what is given to `line`.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def line(self, text: str = "") -> None:
        """A line for people."""
        if not self._as_json:
            self._write(printable(text))

    def record(self, facts: Mapping[str, object]) -> None:
        """A line for programs: a JSON object."""
        if self._as_json:
            self._write(json.dumps(facts, allow_nan=False))

    def _write(self, text: str) -> None:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
