"""What is found in each of several files, looked at side by side in processes of their own."""

import dataclasses
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from recorder.limits import QualityLimits
from replay.checking.pool import Lost, answers, usable_cores
from replay.checking.progress import shown
from replay.inspect.checked import Checked, check_file, from_plain


def check_files(
    files: Sequence[Path], limits: QualityLimits | None = None, jobs: int | None = None
) -> Generator[Checked]:
    """In their order, with a bar on stderr where that is a terminal. Close it when done.

    Args:
        limits: None: each file is judged by its own.
        jobs: how many are looked at at once; None: as many as there are cores.
    """
    if len(files) < 2:  # not worth the start of a worker
        yield from (check_file(path, limits) for path in files)
        return
    about = None if limits is None else dataclasses.asdict(limits)
    results = answers("check", files, jobs=jobs or usable_cores(), about=about)
    with closing(shown(results, len(files))) as told:
        for path, answer in told:
            if isinstance(answer, Lost):
                yield Checked(path, error=f"{path} cannot be checked: {answer.why}.")
            else:
                yield from_plain(answer)
