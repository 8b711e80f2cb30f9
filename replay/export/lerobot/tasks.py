"""The tasks of a set, in words: what a policy that understands language is told."""

from collections.abc import Sequence

from replay.export.exporter import Source


def task_text(source: Source) -> str:
    """The episode's prompt, or the name of its task where it has none."""
    return source.facts.prompt.strip() or source.facts.task


def task_texts(sources: Sequence[Source]) -> list[str]:
    """Each once, as they come; a task's number is its place here."""
    return list(dict.fromkeys(map(task_text, sources)))
