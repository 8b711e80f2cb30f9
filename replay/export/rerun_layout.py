"""Where everything is in a recording for Rerun, and how the viewer lays it out: cameras above, arms
below, beside them what is to be read."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from recorder.episode.reader import EpisodeFacts
from recorder.printable import printable
from recorder.quality import Judgement

if TYPE_CHECKING:
    from rerun.blueprint import Blueprint, Grid

TIME: Final = "time"
STEP: Final = "step"
ABOUT: Final = "about"
LOG: Final = "log"
SIMULATED: Final = {
    "simulated": "SIMULATED: recorded on a simulated rig.",
    "emulated": "SIMULATED: recorded on emulated arms.",
}
READING_SHARE: Final = 1
PICTURES_SHARE: Final = 4


def camera_path(camera: str) -> str:
    """Where its pictures are; a name may hold what means something in a path."""
    from rerun import new_entity_path

    return new_entity_path(["cameras", camera])


def arm_path(arm: str) -> str:
    """Where its joints are."""
    return f"joints/{arm}"


def joint_path(name: str) -> str:
    """Where its curves are: of left_waist, joints/left/waist."""
    arm, _, joint = name.partition("_")
    return f"{arm_path(arm)}/{joint}"


def layout(cameras: Sequence[str], joints: Sequence[str]) -> "Blueprint":
    """What the viewer shows as it opens."""
    import rerun.blueprint as rrb

    pictures = [rrb.Spatial2DView(origin=camera_path(name), name=name) for name in cameras]
    reading = rrb.Tabs(
        rrb.TextDocumentView(origin=ABOUT, name="about"),
        rrb.TextLogView(origin=LOG, name="findings and events"),
    )
    above = rrb.Horizontal(
        rrb.Grid(*pictures), reading, column_shares=[PICTURES_SHARE, READING_SHARE]
    )
    arms = [_arm(arm, list(names)) for arm, names in groupby(joints, _arm_of)]
    return rrb.Blueprint(
        rrb.Vertical(above, rrb.Horizontal(*arms)),
        rrb.TimePanel(timeline=TIME),
        rrb.BlueprintPanel(state="collapsed"),
        rrb.SelectionPanel(state="collapsed"),
    )


def _arm(arm: str, joints: Sequence[str]) -> "Grid":
    import rerun.blueprint as rrb

    views = [
        rrb.TimeSeriesView(origin=joint_path(joint), name=joint.replace("_", " "))
        for joint in joints
    ]
    return rrb.Grid(*views, name=arm)


def _arm_of(joint: str) -> str:
    return joint.partition("_")[0]


def about(facts: EpisodeFacts, steps: int, judgement: Judgement | None) -> str:
    """What is to be known of the episode, in lines."""
    return "\n".join(map(printable, _lines(facts, steps, judgement)))


def _lines(facts: EpisodeFacts, steps: int, judgement: Judgement | None) -> Iterator[str]:
    if facts.sim:
        yield SIMULATED.get(facts.arms_kind, SIMULATED["simulated"])
    yield f"task: {facts.task}"
    yield f"prompt: {facts.prompt}"
    reason = f" ({facts.label_reason})" if facts.label_reason else ""
    yield f"outcome: {facts.success}{reason}"
    yield f"verdict: {judgement.verdict if judgement else 'could not be judged'}"
    yield f"steps: {steps}, {facts.fps} a second"
    yield f"rig: {facts.rig}"
    yield f"started: {facts.started_utc}"
    yield f"episode id: {facts.episode_id}"
    for note in (facts.notes or "").splitlines():
        yield f"note: {note}"
