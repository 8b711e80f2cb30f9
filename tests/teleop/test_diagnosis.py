"""What is found wrong, once, on arms that hold on emulated buses; time passes as told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import TinyWorld
from live_rig import LiveRig

from teleop.clock import FakeClock
from teleop.diagnosis import (
    GAP_TO_HOLD_S,
    HOT_DEGC,
    OVERRUN_EVERY_TICKS,
    PAIR_TICKS,
    Diagnosis,
)
from teleop.rig_config import SafetyConfig
from teleop.tick import Stage

OVERLOAD, VOLTAGE, OVERHEATED = 0x20, 0x01, 0x04
PATIENCE = SafetyConfig().lost_ticks_to_hold
NO_TIME = np.zeros(len(Stage), np.int64)


class Watched:
    """A pair of arms that holds, and what is found of it tick by tick."""

    def __init__(self, live: LiveRig) -> None:
        self.live = live
        self.clock = FakeClock()
        self.diagnosis = Diagnosis(live.rig, SafetyConfig(), self.clock.period_s)
        self.leader, self.follower = live.rig.arms

    def look(self, following: bool = True, **change: Any) -> Any:
        """Everything found in one tick; `change` is what the arms seem to have said in it."""
        self.clock.wait_for_tick(recording=False, idle=False)
        observation = self.live.tick()
        for field, value in change.items():
            getattr(observation, field)[:] = value
        found = self.diagnosis.look(observation, self.clock, NO_TIME, following)
        self.live.rig.refresh_health()
        return found

    def found(self, ticks: int = 60, **change: Any) -> Any:
        """Everything found in so many ticks."""
        return [finding for _ in range(ticks) for finding in self.look(**change)]

    def order(self, **order: Any) -> None:
        self.live.world.order(**order)


@pytest.fixture
def watched(tmp_path: Path, world: TinyWorld) -> Any:
    with LiveRig(tmp_path, world, ["left"]) as live:
        assert live.rig.hold("leader") == live.rig.hold("follower") == ""
        yield Watched(live)


def only(findings: Any) -> Any:
    assert len(findings) == 1, findings
    return findings[0]


def test_nothing_is_found_where_nothing_is_wrong(watched: Watched) -> None:
    assert watched.found(120) == []


# ---- silence ------------------------------------------------------------------------------------


def test_a_silent_servo_is_found_once_patience_has_ended(watched: Watched) -> None:
    watched.order(bus="follower_left", silence=4, on=True)
    assert watched.found(PATIENCE - 1) == []
    finding = only(watched.look())
    assert finding.text == "no answer from follower_left: 4 (elbow)."
    assert finding.hold
    assert finding.arms == (watched.follower,)
    assert not finding.where_it_is


def test_a_servo_that_answers_now_and_then_is_never_told_about(watched: Watched) -> None:
    for _ in range(3):
        watched.order(bus="follower_left", silence=4, on=True)
        assert watched.found(PATIENCE - 1) == []
        watched.order(bus="follower_left", silence=4, on=False)
        assert watched.found(2) == []


def test_an_arm_that_is_being_brought_back_is_left_alone(watched: Watched) -> None:
    watched.follower.driven = False
    watched.order(bus="follower_left", silence=4, on=True)
    watched.order(fail=["follower_left", 9, OVERLOAD])
    assert watched.found(2 * PATIENCE) == []
    watched.order(bus="leader_left", silence=1, on=True)  # the other one is not
    assert only(watched.found(PATIENCE)).arms == (watched.leader,)


def test_readings_that_cannot_be_true_are_found(watched: Watched) -> None:
    watched.order(offset=["leader_left", 7, 1000])
    finding = only(watched.found(PATIENCE))
    assert finding.text == "leader_left: 7 (wrist_angle) says it is where it cannot be."
    assert finding.hold
    assert finding.arms == (watched.leader,)


def test_a_port_that_is_gone_is_found_at_once(watched: Watched) -> None:
    watched.order(unplug="follower_left")
    finding = only(watched.look())
    assert "follower_left is gone: plug its adapter in" in finding.text
    assert str(watched.follower.bus.port.path) in finding.text
    assert finding.hold
    assert finding.arms == (watched.follower,)


# ---- what servos say about themselves -----------------------------------------------------------


def test_an_overload_is_found_at_once_and_told_once(watched: Watched) -> None:
    watched.order(fail=["follower_left", 4, OVERLOAD])
    finding = only(watched.look())
    assert finding.text == (
        "servos report errors (follower_left: 4 (elbow) overloaded). Support the arm."
    )
    assert finding.hold
    assert finding.where_it_is
    assert finding.arms == (watched.follower,)
    watched.follower.driven = False  # as recovery does
    assert watched.found(60) == []


def test_a_second_servo_that_fails_is_told_too(watched: Watched) -> None:
    watched.order(fail=["follower_left", 9, OVERLOAD])
    assert "9 (gripper) overloaded" in only(watched.look()).text
    watched.order(fail=["follower_left", 1, OVERHEATED])
    text = watched.look()[0].text
    assert "1 (waist) overheated" in text
    assert "gripper" not in text


def test_low_voltage_is_told_once_and_nothing_holds(watched: Watched) -> None:
    watched.order(set=["follower_left", 2, "hardware_error_status", VOLTAGE])
    finding = only(watched.found(120))
    assert finding.text == (
        "Servos report errors: follower_left: 2 (shoulder) supply voltage out of range."
    )
    assert not finding.hold
    assert finding.arms == ()


def test_an_overload_on_top_of_low_voltage_is_told_within_a_second(watched: Watched) -> None:
    """The alert bit is set already."""
    watched.order(set=["follower_left", 2, "hardware_error_status", VOLTAGE])
    watched.found(60)
    watched.order(set=["follower_left", 2, "hardware_error_status", VOLTAGE | OVERLOAD])
    findings = watched.found(60)
    assert "overloaded" in findings[0].text
    assert findings[0].hold


def test_an_error_that_went_and_came_back_is_told_again(watched: Watched) -> None:
    watched.order(fail=["follower_left", 9, OVERLOAD])
    assert watched.look()[0].hold
    watched.order(set=["follower_left", 9, "hardware_error_status", 0])
    watched.order(set=["follower_left", 9, "torque_enable", 1])
    watched.found(60)
    watched.order(fail=["follower_left", 9, OVERLOAD])
    assert "9 (gripper) overloaded" in watched.look()[0].text


@pytest.mark.parametrize(("register", "value"), [("torque_enable", 0), ("bus_watchdog", 255)])
def test_a_servo_that_stopped_by_itself_is_found_within_a_second(
    watched: Watched, register: str, value: int
) -> None:
    watched.order(set=["follower_left", 1, register, value])
    finding = watched.found(60)[0]
    assert finding.text == ("Servo 1 (waist) of follower_left has restarted or stopped by itself.")
    assert finding.hold
    assert finding.where_it_is
    assert finding.arms == (watched.follower,)


def test_leaders_that_were_let_go_have_not_stopped_by_themselves(watched: Watched) -> None:
    assert watched.live.rig.let_go("leader") == ""
    assert watched.found(120) == []


# ---- pairs, heat, strain ------------------------------------------------------------------------


def test_a_pair_that_disagrees_is_found(watched: Watched) -> None:
    watched.order(offset=["follower_left", 3, 200])
    assert watched.found(PAIR_TICKS - 1) == []
    finding = only(watched.look())
    assert "two servos of a joint of follower_left are 0.31 rad apart" in finding.text
    assert finding.hold
    assert finding.where_it_is


def test_a_pair_within_its_limit_is_no_finding(watched: Watched) -> None:
    watched.order(offset=["follower_left", 3, 80])  # 0.12 rad
    assert watched.found(3 * PAIR_TICKS) == []


def test_heat_is_told_once_a_servo(watched: Watched) -> None:
    watched.order(set=["follower_left", 8, "present_temperature", HOT_DEGC])
    finding = only(watched.found(130))
    assert finding.text == (
        f"Servo 8 (wrist_rotate) of follower_left is {HOT_DEGC} degC warm and will shut down soon: "
        "let it rest."
    )
    assert not finding.hold
    watched.order(set=["leader_left", 1, "present_temperature", HOT_DEGC + 5])
    assert "1 (waist) of leader_left is 75 degC" in only(watched.found(130)).text


def test_a_joint_that_pushes_hard_for_long_is_told_before_it_overloads(watched: Watched) -> None:
    effort = np.zeros(14)
    effort[1] = -2500.0  # mA, beyond half of the XM540's stall
    assert watched.found(40, effort=effort) == []
    finding = only(watched.found(40, effort=effort))
    assert "shoulder" in finding.text
    assert "pushed hard for 1 s" in finding.text
    assert not finding.hold
    watched.found(2, effort=0.0)
    assert len(watched.found(60, effort=effort)) == 1  # it is a new push


def test_a_push_that_lets_up_is_no_strain(watched: Watched) -> None:
    effort = np.zeros(14)
    effort[1] = 2500.0
    for _ in range(4):
        assert watched.found(40, effort=effort) == []
        assert watched.found(1, effort=0.0) == []


# ---- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("following", [True, False])
def test_after_a_pause_only_who_was_following_holds(watched: Watched, following: bool) -> None:
    watched.look()
    watched.clock.pass_time(1.0)
    findings = [f for f in watched.look(following) if "missed" not in f.text]
    if following:
        assert only(findings).text == "Control stood still for 1.0 s."
        assert findings[0].hold
        assert findings[0].arms == ()
    else:
        assert findings == []
    assert watched.look(following) == []


def test_leaders_that_moved_meanwhile_are_held_where_they_are(watched: Watched) -> None:
    """Farther than a joint gets in a tick: that is no glitch after a pause."""
    watched.live.rig.let_go("leader")
    watched.look()
    before = watched.leader.position_rad[0]
    watched.order(offset=["leader_left", 1, 700])
    watched.clock.pass_time(1.0)
    assert watched.look()[0].hold
    assert watched.live.rig.hold("leader") == ""
    assert watched.live.registers("leader_left", "torque_enable") == [1] * 9
    assert abs(watched.leader.position_rad[0] - before) > 0.7


def test_a_pause_that_watchdogs_survive_is_none(watched: Watched) -> None:
    watched.look()
    watched.clock.pass_time(GAP_TO_HOLD_S - 0.03)
    assert [f for f in watched.look() if f.hold] == []


def test_watchdogs_are_looked_at_in_the_tick_after_a_pause(watched: Watched) -> None:
    watched.look()
    watched.order(set=["follower_left", 6, "bus_watchdog", 255])
    watched.clock.pass_time(0.17)
    finding = only([f for f in watched.look(following=False) if f.hold])
    assert "6 (forearm_roll) of follower_left has restarted or stopped" in finding.text


def test_missed_ticks_are_told_at_once_then_once_a_second_and_add_up(watched: Watched) -> None:
    watched.look()
    watched.clock.pass_time(0.045)
    finding = only(watched.look())
    assert finding.text.startswith("Missed ticks: 2 (")
    assert "observe 0.0" in finding.text
    assert not finding.hold
    told = []
    for _ in range(OVERRUN_EVERY_TICKS):
        watched.clock.pass_time(0.025)  # every other slot
        told += watched.look()
    missed = watched.clock.missed
    told += watched.found(OVERRUN_EVERY_TICKS)
    assert 2 <= len(told) <= 4
    counts = [int(each.text.split()[2]) for each in told]
    assert sum(counts) + 2 == missed  # what was kept back is told later
