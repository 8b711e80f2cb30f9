"""The leader of a policy: which target, when it holds, and how a person takes over."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from teleop.gripper import GRIPPERS
from teleop.joints import DOF, JOINT_NAMES
from teleop.mirror import Mirror
from teleop.policy import (
    APART_TICKS,
    FIRST_PLAN_TICKS,
    LATE_TICKS,
    PUSH_RAD,
    PUSH_TICKS,
    SILENT_TICKS,
    Policy,
)
from teleop.ring import RingWriter
from teleop.targets import TARGET_DTYPE, TARGET_RING
from teleop.tick import Led

START = np.linspace(-0.5, 0.5, DOF)
FIRST = 100
"""The tick in which the episodes of these tests begin."""


class Bench:
    """A policy's leader, the ring that its process would write, and ticks that go by as told."""

    def __init__(self, folder: Path) -> None:
        self.tick = FIRST
        mirror = Mirror(GRIPPERS["tonyzhaozh"])
        self.leader = Policy(folder, mirror, lambda: self.tick)
        self.ring = RingWriter(folder / TARGET_RING, TARGET_DTYPE, 16)
        self.qpos = START.copy()
        self.leader_rad = START.copy()

    def plan(self, value: float, rows: int = 4, trouble: str = "", **fields: int) -> None:
        """What the process publishes after the newest tick: `value` for all joints, rising."""
        plan = self.ring.begin()
        plan[...] = np.zeros((), TARGET_DTYPE)
        plan["seen"] = plan["observed"] = self.tick - 1
        plan["first"], plan["count"], plan["trouble"] = self.tick, rows, trouble.encode()
        plan["target"][:rows] = value + 0.1 * np.arange(rows)[:, None]
        for name, number in fields.items():
            plan[name] = number
        self.ring.commit()

    def ring_target(self, joint: int, value: float) -> None:
        """Spoil one joint of the newest plan, as `plan` has it."""
        plan = self.ring.begin()
        plan["seen"] = plan["observed"] = self.tick - 1
        plan["first"], plan["count"], plan["trouble"] = self.tick, 4, b""
        plan["target"][:4] = 0.0
        plan["target"][:4, joint] = value
        self.ring.commit()

    def go(self) -> tuple[Any, str]:
        """One tick: the wanted command, and why the arms must hold."""
        seen: Any = SimpleNamespace(qpos=self.qpos, leader=self.leader_rad)
        wanted, why = self.leader.action(seen), self.leader.followed(seen)
        self.tick += 1
        return wanted, why


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    assert np.array_equal(bench.leader.rewind(START), START)
    return bench


def begun(bench: Bench) -> Bench:
    """One that follows a plan already."""
    bench.go()
    bench.plan(0.0)
    bench.go()
    return bench


def test_it_stays_at_the_start_until_there_is_a_plan_and_then_follows_it(bench: Bench) -> None:
    wanted, why = bench.go()
    assert np.array_equal(wanted, START)
    assert why == ""
    bench.plan(0.3)
    for row in range(4):
        wanted, why = bench.go()
        assert np.allclose(wanted, 0.3 + 0.1 * row)
        assert why == ""


def test_a_newer_plan_replaces_the_one_before(bench: Bench) -> None:
    begun(bench)
    bench.plan(0.7)
    wanted, _ = bench.go()
    assert np.allclose(wanted, 0.7)


def test_what_was_predicted_before_the_episode_is_not_followed(bench: Bench) -> None:
    bench.go()
    bench.plan(0.9, observed=FIRST - 1)
    wanted, why = bench.go()
    assert np.isnan(wanted).all()
    assert why == ""


def test_a_late_target_leaves_the_last_command_and_then_holds(bench: Bench) -> None:
    begun(bench)
    bench.plan(0.0, rows=1, predict_ns=123_000_000)
    bench.go()
    said = []
    for _ in range(LATE_TICKS + 1):
        bench.plan(0.0, rows=0, predict_ns=123_000_000)  # it is there, and has nothing
        said.append(bench.go())
    assert all(np.isnan(wanted).all() for wanted, _ in said)
    assert [why for _, why in said[:-1]] == [""] * LATE_TICKS
    assert said[-1][1] == "The policy's prediction came too late (its newest took 123 ms)."


def test_a_process_that_has_died_is_not_followed_to_the_end_of_its_plan(bench: Bench) -> None:
    begun(bench)
    bench.plan(0.0, rows=60)
    said = [bench.go() for _ in range(SILENT_TICKS + LATE_TICKS + 2)]
    followed = [bool(np.isfinite(wanted).all()) for wanted, _ in said]
    assert followed.count(True) == SILENT_TICKS
    assert said[-1][1] == "The policy's process has not been heard of."


def test_the_first_prediction_may_take_long_but_not_for_ever(bench: Bench) -> None:
    said = [bench.go()[1] for _ in range(FIRST_PLAN_TICKS + 2)]
    assert said[:-1] == [""] * (FIRST_PLAN_TICKS + 1)
    assert "not been heard of" in said[-1]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_target_that_is_no_number_is_none_for_any_joint(bench: Bench, value: float) -> None:
    begun(bench)
    said = []
    for _ in range(LATE_TICKS + 1):
        bench.plan(0.0)
        bench.ring_target(9, value)
        said.append(bench.go())
    assert all(np.isnan(wanted).all() for wanted, _ in said)
    assert "came too late" in said[-1][1]


def test_a_plan_that_claims_more_rows_than_there_are_or_the_future_is_not_followed(
    bench: Bench,
) -> None:
    begun(bench)
    bench.plan(0.0, rows=4, first=bench.tick - 70, count=99)
    assert np.isnan(bench.go()[0]).all()
    bench.plan(0.0, seen=2**63)
    assert np.isnan(bench.go()[0]).all()


def test_trouble_of_the_process_is_a_reason_to_hold_at_once(bench: Bench) -> None:
    begun(bench)
    bench.plan(0.0, rows=0, trouble="cam_high has given no picture for 0.4 s.")
    wanted, why = bench.go()
    assert np.isnan(wanted).all()
    assert why == "cam_high has given no picture for 0.4 s."


def test_trouble_of_an_earlier_episode_is_none_of_this_one(bench: Bench) -> None:
    begun(bench)
    bench.plan(0.0, rows=0, trouble="cam_high is frozen.")
    bench.go()
    bench.tick += 50
    bench.leader.rewind(START)
    assert bench.go() == (pytest.approx(START), "")
    assert bench.go()[1] == ""


def test_no_ring_at_all_is_a_process_that_was_never_there(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (tmp_path / TARGET_RING).unlink()
    bench.leader.rewind(START)
    for _ in range(FIRST_PLAN_TICKS + 1):
        assert bench.go()[1] == ""
    assert "not been heard of" in bench.go()[1]


# ---- taking over --------------------------------------------------------------------------------


def pushed(bench: Bench, joint: str = "right_elbow", by: float = 1.5 * PUSH_RAD) -> None:
    """The operator pushes a leader aside for as long as it takes."""
    bench.leader_rad[JOINT_NAMES.index(joint)] += by
    for _ in range(PUSH_TICKS):
        bench.plan(0.0)
        bench.go()


def still(bench: Bench) -> Bench:
    """One whose policy and arms stay where they are."""
    bench.qpos, bench.leader_rad = np.zeros(DOF), np.zeros(DOF)
    return begun(bench)


def test_while_the_policy_leads_the_leaders_go_along_and_do_not_go_limp(bench: Bench) -> None:
    begun(bench)
    assert (bench.leader.led, bench.leader.alongside, bench.leader.by_hand) == (
        *(Led.POLICY, True, False),
    )


def test_a_pushed_leader_stops_the_policy_and_everything_holds(bench: Bench) -> None:
    still(bench)
    pushed(bench)
    assert bench.leader.led is Led.NOBODY
    assert not bench.leader.alongside
    assert not bench.leader.by_hand
    news = bench.leader.news
    assert news.startswith("The right leader was moved: the policy is stopped")
    assert bench.leader.news == ""
    bench.plan(0.4)
    wanted, why = bench.go()
    assert np.isnan(wanted).all()
    assert why == ""


def test_asked_for_once_it_stops_and_only_then_the_leaders_go_limp(bench: Bench) -> None:
    still(bench)
    assert bench.leader.lead(Led.LEADERS) == ""
    assert bench.leader.led is Led.NOBODY
    assert not bench.leader.by_hand
    assert bench.leader.news.startswith("As asked, the policy is stopped and the arms hold.")
    assert "too soon" in bench.leader.lead(Led.LEADERS)  # a key that bounces
    assert not bench.leader.by_hand
    for _ in range(APART_TICKS):
        bench.go()
    assert bench.leader.lead(Led.LEADERS) == ""
    assert bench.leader.by_hand


def test_a_short_knock_a_gripper_and_an_arm_on_its_way_are_no_push(bench: Bench) -> None:
    still(bench)
    pushed(bench, "left_gripper")
    assert bench.leader.led is Led.POLICY
    bench.leader_rad[JOINT_NAMES.index("left_waist")] += 2 * PUSH_RAD
    for _ in range(PUSH_TICKS - 1):
        bench.plan(0.0)
        bench.go()
    bench.leader_rad[:] = 0.0
    for step in range(200):  # both arms follow at up to 2 rad/s, the leader three ticks earlier
        bench.plan(np.sin(0.04 * step))
        bench.qpos = np.full(DOF, np.sin(0.04 * (step - 4)))
        bench.leader_rad = np.full(DOF, np.sin(0.04 * (step - 1)))
        bench.go()
    assert bench.leader.led is Led.POLICY


def test_a_push_is_noticed_while_the_policy_wants_far_away(bench: Bench) -> None:
    still(bench)
    bench.leader_rad[JOINT_NAMES.index("left_elbow")] += 1.0
    for _ in range(PUSH_TICKS):
        bench.plan(3.0)
        bench.go()
    assert bench.leader.led is Led.NOBODY


def test_an_arm_pair_that_is_not_there_is_not_pushed(bench: Bench) -> None:
    bench.qpos[7:] = bench.leader_rad[7:] = np.nan
    for _ in range(3 * PUSH_TICKS):
        bench.plan(0.0)
        _, why = bench.go()
        assert why == ""
    assert bench.leader.led is Led.POLICY


def test_the_operator_leads_and_hands_back_to_a_fresh_plan(bench: Bench) -> None:
    still(bench)
    pushed(bench)
    for _ in range(APART_TICKS):
        bench.go()
    assert bench.leader.lead(Led.LEADERS) == ""
    assert bench.leader.by_hand
    wanted, _ = bench.go()
    assert np.allclose(wanted[:6], bench.leader_rad[:6])
    assert bench.leader.lead(Led.POLICY) == ""
    bench.plan(0.6)  # of before
    assert np.isnan(bench.go()[0]).all()
    bench.plan(0.2)
    assert np.allclose(bench.go()[0], 0.2)
    assert bench.leader.alongside
