"""The dashboard while an episode is played back: what leads, how far off, and on which arms."""

from dataclasses import replace

import pytest

from session.kind import RigKind
from tests.tui.dashboard.fake_facts import STATES
from tui.dashboard.drawing.rows import Row
from tui.dashboard.panels.arms import arms_rows
from tui.dashboard.panels.banner import banner_rows
from tui.dashboard.panels.scene import Scene
from tui.facts.facts import Facts


def replaying(kind: RigKind) -> Facts:
    facts: Facts = STATES["replaying"]
    return replace(facts, session=replace(facts.session, kind=kind))


def text_of(rows: list[Row]) -> str:
    return "\n".join("".join(text for text, _ in row) for row in rows)


@pytest.mark.parametrize("kind", [RigKind.SIMULATED, RigKind.EMULATED])
@pytest.mark.parametrize("size", [(80, 5), (80, 9), (120, 9), (200, 9)])
def test_whose_arms_they_are_is_always_told(kind: RigKind, size: tuple[int, int]) -> None:
    shown = text_of(banner_rows(Scene(replaying(kind)), *size))
    assert kind.banner in shown
    assert "-0.312 rad off" in shown
    assert "17.0 / 21 s" in shown


def test_where_there_is_room_the_joint_is_named_and_where_it_holds() -> None:
    shown = text_of(banner_rows(Scene(replaying(RigKind.SIMULATED)), 140, 9))
    assert "right_forearm_roll -0.312 rad off (holds at 0.35)" in shown


def test_commands_lead_and_no_arm() -> None:
    facts = replaying(RigKind.SIMULATED)
    assert facts.arms is not None
    facts = replace(facts, arms=replace(facts.arms, led_by="goal"))
    shown = text_of(arms_rows(Scene(facts), 120, 9))
    assert "┃goal" in shown
    assert "leader" not in shown
