"""What a bare name or number means with ``--task``: the one in that folder, and no other."""

import difflib
import glob
import os
from pathlib import Path
from typing import Final

from recorder.printable import printable
from replay.errors import NotFoundError
from replay.names import DATASETS, with_suffix
from session.paths import datasets_dir

SHOWN: Final = 5


def in_task(name: str, task: str | None) -> str:
    """The path or pattern in the task's folder; what is a path already, or no task's, stays.

    Raises:
        NotFoundError: there is no such folder.
    """
    if task is None or not name or Path(name).name != name:
        return name
    folder = _task_folder(task)
    return os.fspath(folder / (name if glob.has_magic(name) else with_suffix(name).name))


def roots() -> list[Path]:
    """Where names are searched, each once: where episodes go by default, and `datasets/` here."""
    there = filter(Path.is_dir, (datasets_dir(), Path(DATASETS)))
    return list({root.resolve(): root for root in there}.values())


def _task_folder(task: str) -> Path:
    folders = [folder for root in roots() if (folder := root / task).is_dir()]
    if not folders:
        raise NotFoundError(printable(f"There is no {DATASETS}/{task}.{_advice(task)}"))
    return folders[0]


def _advice(task: str) -> str:
    names = sorted(path.name for root in roots() for path in root.iterdir() if path.is_dir())
    tasks = [name for name in dict.fromkeys(names) if name[0] != "."]
    if close := difflib.get_close_matches(task, tasks, 1):
        return f" Did you mean {close[0]}?"
    listed = ", ".join(tasks[:SHOWN]) + (", ..." if len(tasks) > SHOWN else "")
    return f" There are: {listed}." if tasks else ""
