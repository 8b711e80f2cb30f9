"""What an export says of itself: where each episode in it came from, and how it was made.

`export.json` is for programs, `README.txt` for people.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from recorder.printable import printable
from recorder.provenance import software
from replay.export.exporter import Entry, Exporter, Plan
from replay.export.sources import LeftOut

JSON_NAME: Final = "export.json"
README_NAME: Final = "README.txt"
SIMULATED: Final = "SIMULATED: recorded on a simulated rig or on emulated arms, not on real ones."
PARTLY_SIMULATED: Final = "PARTLY SIMULATED: some of it was not recorded on real arms (see below)."


def write_notes(
    folder: Path,
    exporter: Exporter[Any],
    plan: Plan,
    left_out: Sequence[LeftOut],
    exported_utc: str,
) -> None:
    """Write both into the export.

    Raises:
        OSError: the disk refuses.
    """
    facts = {
        "format": exporter.name,
        "exported_utc": exported_utc,
        "software": json.loads(software()),
        "settings": dict(plan.settings),
        "remarks": plan.remarks,
        "episodes": [entry_facts(entry) for entry in plan.entries],
        "left_out": [left_out_facts(each) for each in left_out],
    }
    (folder / JSON_NAME).write_text(json.dumps(facts, indent=2) + "\n")
    lines = _readme(exporter, plan, left_out, exported_utc)
    (folder / README_NAME).write_text("".join(f"{printable(line)}\n" for line in lines))


def entry_facts(entry: Entry) -> dict[str, object]:
    """What programs are told of an episode in an export."""
    source, facts = entry.source, entry.source.facts
    return {
        "source": _name(source.path),
        "episode_id": facts.episode_id,
        "task": facts.task,
        "success": facts.success,
        "verdict": facts.verdict,
        "arms": facts.arms_kind,
        "steps": source.steps,
        "exported_steps": entry.steps,
        "files": entry.files,
        "note": entry.note or None,
    }


def left_out_facts(left_out: LeftOut) -> dict[str, object]:
    """What programs are told of an episode that is not in it."""
    return {"source": _name(left_out.path), "left_out": left_out.why}


def _name(path: Path) -> str:
    """Folder and name: where they lie on this machine is nobody else's business."""
    return f"{path.absolute().parent.name}/{path.name}"


def _readme(
    exporter: Exporter[Any], plan: Plan, left_out: Sequence[LeftOut], exported_utc: str
) -> Iterator[str]:
    yield f"Episodes of Tandem in the format {exporter.name}: {exporter.what}."
    yield f"Exported {exported_utc}. The same as data: {JSON_NAME}."
    if (simulated := _simulated(plan)) is not None:
        yield from ("", simulated)
    settings = [f"{name}: {value}" for name, value in plan.settings.items()]
    for lines in (exporter.about, settings, plan.remarks):
        if lines:
            yield from ("", *lines)
    yield from ("", "Episodes:")
    for entry in plan.entries:
        yield from _about(entry)
    if left_out:
        yield from ("", "Left out:", *(f"  {each.path}: {each.why}" for each in left_out))


def _simulated(plan: Plan) -> str | None:
    simulated = [entry.source.facts.sim for entry in plan.entries]
    return SIMULATED if all(simulated) else PARTLY_SIMULATED if any(simulated) else None


def _about(entry: Entry) -> Iterator[str]:
    facts = entry.source.facts
    into = f"{', '.join(entry.files)}: " if entry.files else ""
    yield (
        f"  {into}{_name(entry.source.path)}, {entry.steps} steps, {facts.success}, "
        f"{facts.arms_kind} arms, id {facts.episode_id}"
    )
    if entry.note:
        yield f"    {entry.note}"
