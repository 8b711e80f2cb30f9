"""``python -m replay.checking.worker``: a process that looks into files for `replay.checking.pool`.

The first line on its standard input says what is asked, each further one names a file; for each it
answers a line. It ends with its input, or its parent.
"""

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from teleop.config import build
from teleop.parent import die_with_parent

MEMORY_BYTES: Final = 2 << 30
"""Of address space, beyond what it starts with. The longest episode's columns take a tenth."""
READY: Final = "ready"

Look = Callable[[Path], Any]
"""At a file; the answer is something that JSON can hold."""


def main() -> None:
    """Answer until there is nothing left to ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    die_with_parent(parser.parse_args().parent)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    order = json.loads(sys.stdin.readline())
    look = _look(order["task"], order["about"])
    limit_memory()
    _say(answers, READY)
    for line in sys.stdin:
        _say(answers, look(Path(json.loads(line))))


def limit_memory() -> None:
    """A file that claims to be huge ends in a MemoryError, and not in a computer that swaps."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    used = pages * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + MEMORY_BYTES
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _look(task: str, about: Any) -> Look:
    """What a task does; imports no more than it needs, as that is most of the time to start."""
    if task == "row":
        from replay.index.read import read_plain

        return read_plain
    if task == "measure":
        from replay.checking.measure import measure_plain

        return measure_plain
    from recorder.limits import QualityLimits
    from replay.inspect.checked import check_file, to_plain

    limits = None if about is None else build(QualityLimits, about, "limits")
    return lambda path: to_plain(check_file(path, limits))


def _say(answers: Any, answer: Any) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
