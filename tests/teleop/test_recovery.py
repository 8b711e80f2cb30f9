"""How what failed comes back, step by step, on emulated arms; time passes as told."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from control_harness import TinyWorld
from live_rig import LiveRig

from teleop.recovery import BOOT_TICKS, REOPEN_TICKS, Recovery
from teleop.tick import Need

OVERLOAD = 0x20
ELBOW, GRIPPER = 4, 9
FOLLOWER = "follower_left"


class Recovering:
    """A pair of arms that holds, its recovery, and what that has said and asked for."""

    def __init__(self, live: LiveRig, runtime: Path) -> None:
        self.live = live
        self.runtime = runtime
        self.said: list[str] = []
        self.needs: list[Need] = []
        self.recovery = Recovery(live.rig, live.config.safety.pair_limit_rad, self.said.append)
        self.leader, self.follower = live.rig.arms

    def fail(self, servo_id: int, bits: int = OVERLOAD) -> None:
        """A servo shuts itself down, and somebody has noticed."""
        self.live.world.order(fail=[FOLLOWER, servo_id, bits])
        self.live.tick()
        self.follower.take_condition()
        self.recovery.bring_back(self.follower)

    def tick(self) -> bool:
        self.live.tick()
        back = self.recovery.tick()
        self.needs.append(self.recovery.need)
        return back

    def ticks(self, count: int) -> None:
        """So many; nothing comes back in them."""
        for _ in range(count):
            assert not self.tick(), self.said

    def until_back(self, limit: int = 400) -> None:
        for _ in range(limit):
            if self.tick():
                assert self.recovery.need is Need.NOTHING
                assert not self.recovery
                return
        pytest.fail(f"It did not come back: {self.said}, {self.recovery.need}")

    def until(self, need: Need, limit: int = 300) -> None:
        for _ in range(limit):
            assert not self.tick(), self.said
            if self.recovery.need is need:
                return
        pytest.fail(f"{need} was not asked for: {self.said}, {self.recovery.need}")

    def confirm(self) -> None:
        self.recovery.confirm()

    def holds(self) -> bool:
        """All nine, armed, at a goal that is where they are."""
        at = self.live.registers(FOLLOWER, "present_position")
        goals = self.live.registers(FOLLOWER, "goal_position")
        return (
            self.live.registers(FOLLOWER, "torque_enable") == [1] * 9
            and self.live.registers(FOLLOWER, "bus_watchdog") == [10] * 9
            and all(abs(goals[i - 1] - at[i - 1]) <= 1 for i in (1, 2, 4, 6, 7, 8, 9))
        )

    def said_once(self, words: str) -> bool:
        return sum(words in each for each in self.said) == 1


@pytest.fixture
def recovering(tmp_path: Path, world: TinyWorld) -> Any:
    with LiveRig(tmp_path, world, ["left"]) as live:
        assert live.rig.hold("leader") == live.rig.hold("follower") == ""
        live.tick()
        yield Recovering(live, tmp_path)


def test_nothing_to_bring_back(recovering: Recovering) -> None:
    assert not recovering.recovery
    assert not recovering.tick()
    assert recovering.recovery.need is Need.NOTHING


# ---- restarts -----------------------------------------------------------------------------------


def test_a_gripper_is_restarted_by_itself(recovering: Recovering) -> None:
    recovering.fail(GRIPPER)
    assert recovering.recovery.need is Need.RECOVERING
    assert not recovering.follower.driven
    recovering.until_back()
    assert set(recovering.needs[:-1]) == {Need.RECOVERING}
    assert recovering.said_once("Restarting servo 9 (gripper) of follower_left")
    assert recovering.said[-1] == "follower_left is back and holds where it is."
    assert recovering.holds()
    assert recovering.follower.driven
    assert recovering.live.register(FOLLOWER, GRIPPER, "hardware_error_status") == 0
    assert recovering.live.register(FOLLOWER, GRIPPER, "goal_current") == 200  # RAM, gone by then


@pytest.mark.parametrize("servo_id", [2, 3, 4, 5])
def test_what_carries_weight_waits_for_the_operator(recovering: Recovering, servo_id: int) -> None:
    recovering.fail(servo_id)
    recovering.until(Need.CONFIRM)
    recovering.ticks(BOOT_TICKS)  # however long it takes
    assert set(recovering.needs[-BOOT_TICKS:]) == {Need.CONFIRM}
    assert recovering.said_once("support it, then confirm")
    assert recovering.live.register(FOLLOWER, servo_id, "hardware_error_status") == OVERLOAD
    torque = recovering.live.registers(FOLLOWER, "torque_enable")
    assert [i for i, on in enumerate(torque, 1) if not on] == [servo_id]
    recovering.confirm()
    recovering.until_back()
    assert recovering.holds()


def test_a_confirmation_from_before_counts_for_nothing(recovering: Recovering) -> None:
    recovering.confirm()
    recovering.fail(ELBOW)
    recovering.confirm()
    recovering.until(Need.CONFIRM)
    recovering.ticks(20)
    assert recovering.recovery.need is Need.CONFIRM


def test_another_call_to_bring_it_back_changes_nothing(recovering: Recovering) -> None:
    recovering.fail(ELBOW)
    recovering.until(Need.CONFIRM)
    recovering.recovery.bring_back(recovering.follower)
    recovering.tick()
    assert recovering.recovery.need is Need.CONFIRM
    assert recovering.said_once("support it")


def test_a_servo_that_stays_hot_is_for_the_operator_to_mend(recovering: Recovering) -> None:
    recovering.live.world.order(heat=[FOLLOWER, 8, 120])
    while not recovering.live.register(FOLLOWER, 8, "hardware_error_status"):
        recovering.live.tick()
    recovering.recovery.bring_back(recovering.follower)
    recovering.until(Need.SERVO)
    assert recovering.said_once("Servo 8 (wrist_rotate) of follower_left does not come back")
    recovering.ticks(50)
    recovering.live.world.order(heat=[FOLLOWER, 8, 30])
    recovering.ticks(50)  # it waits to be told
    recovering.confirm()
    recovering.until_back()
    assert recovering.holds()


def test_a_servo_that_only_lost_its_torque_needs_no_restart(recovering: Recovering) -> None:
    recovering.live.world.order(set=[FOLLOWER, 6, "torque_enable", 0])
    recovering.recovery.bring_back(recovering.follower)
    recovering.until_back()
    assert recovering.holds()
    assert not any("Restarting" in each for each in recovering.said)


# ---- silence ------------------------------------------------------------------------------------


def test_a_silent_servo_comes_back_by_itself(recovering: Recovering) -> None:
    recovering.live.world.order(bus=FOLLOWER, silence=6, on=True)
    recovering.recovery.bring_back(recovering.follower)
    recovering.until(Need.SERVO)
    recovering.ticks(5)
    recovering.live.world.order(bus=FOLLOWER, silence=6, on=False)
    recovering.until_back()
    assert recovering.holds()


def test_a_pair_that_disagrees_comes_back_once_it_agrees(recovering: Recovering) -> None:
    recovering.live.world.order(offset=[FOLLOWER, 3, 200])
    recovering.live.tick()
    recovering.recovery.bring_back(recovering.follower)
    recovering.until(Need.SERVO)
    recovering.confirm()  # saying so does not make it so
    recovering.ticks(30)
    assert recovering.recovery.need is Need.SERVO
    recovering.live.world.order(offset=[FOLLOWER, 3, 0])
    recovering.until_back()


def test_an_odd_reading_is_adopted_only_when_the_operator_says_so(recovering: Recovering) -> None:
    assert recovering.leader.let_go() == ""  # under torque it would go where its reading is right
    recovering.live.world.order(offset=["leader_left", 1, 700])
    recovering.live.tick()
    recovering.recovery.bring_back(recovering.leader)
    recovering.until(Need.SERVO)
    recovering.ticks(30)
    recovering.confirm()
    recovering.until_back()
    assert recovering.live.registers("leader_left", "torque_enable") == [1] * 9


# ---- plugs --------------------------------------------------------------------------------------


def unplug(recovering: Recovering) -> None:
    recovering.live.world.order(unplug=FOLLOWER)
    recovering.live.tick()
    assert not recovering.follower.bus.connected
    recovering.recovery.bring_back(recovering.follower)


def test_a_bus_comes_back_once_it_is_plugged_in(recovering: Recovering) -> None:
    unplug(recovering)
    recovering.until(Need.PLUG)
    recovering.ticks(3 * REOPEN_TICKS)
    assert set(recovering.needs[-50:]) == {Need.PLUG}
    assert len(recovering.said) == 1  # not one sentence a try
    recovering.live.world.order(plug=FOLLOWER)
    recovering.until_back()
    assert recovering.holds()
    assert recovering.follower.driven


def test_what_lost_its_memory_meanwhile_is_set_up_again(recovering: Recovering) -> None:
    """Its power was off too."""
    unplug(recovering)
    recovering.ticks(5)
    world = recovering.live.world
    for servo_id in range(1, 10):
        world.order(reboot=[FOLLOWER, servo_id])
    world.order(set=[FOLLOWER, 1, "return_delay_time", 250])
    world.order(plug=FOLLOWER)
    recovering.until_back()
    assert recovering.holds()
    assert recovering.live.register(FOLLOWER, 1, "return_delay_time") == 0
    assert recovering.live.register(FOLLOWER, GRIPPER, "goal_current") == 200


def test_unplugged_again_while_it_comes_back(recovering: Recovering) -> None:
    unplug(recovering)
    recovering.live.world.order(plug=FOLLOWER)
    recovering.ticks(REOPEN_TICKS + 6)  # in the middle of its set-up
    recovering.live.world.order(unplug=FOLLOWER)
    recovering.until(Need.PLUG)
    recovering.live.world.order(plug=FOLLOWER)
    recovering.until_back()
    assert recovering.holds()


def test_another_arms_plug_is_said_once_and_never_driven(recovering: Recovering) -> None:
    unplug(recovering)
    link = recovering.runtime / FOLLOWER
    os.symlink(os.readlink(recovering.runtime / "leader_right"), link)
    recovering.ticks(4 * REOPEN_TICKS)
    assert recovering.said_once("is this the port of another arm?")
    assert recovering.live.registers("leader_right", "torque_enable") == [0] * 9
    assert not recovering.follower.driven
    link.unlink()
    recovering.live.world.order(plug=FOLLOWER)
    recovering.until_back()
    assert recovering.holds()


def test_a_servo_assembled_differently_is_said_once_and_not_driven(
    recovering: Recovering,
) -> None:
    unplug(recovering)
    recovering.live.world.order(set=[FOLLOWER, 2, "drive_mode", 0])
    recovering.live.world.order(plug=FOLLOWER)
    recovering.ticks(4 * REOPEN_TICKS)
    assert recovering.said_once("Servo 2 (shoulder) of follower_left has drive_mode 0")
    assert not recovering.follower.driven
    recovering.live.world.order(set=[FOLLOWER, 2, "drive_mode", 1])
    recovering.until_back()
    recovering.said.clear()
    recovering.live.world.order(set=[FOLLOWER, 2, "drive_mode", 0])
    unplug(recovering)
    recovering.live.world.order(plug=FOLLOWER)
    recovering.ticks(4 * REOPEN_TICKS)
    assert recovering.said_once("Servo 2 (shoulder) of follower_left has drive_mode 0")


def test_a_servo_that_shut_down_while_unplugged_waits_for_the_operator(
    recovering: Recovering,
) -> None:
    unplug(recovering)
    recovering.live.world.order(fail=[FOLLOWER, ELBOW, OVERLOAD])
    recovering.live.world.order(plug=FOLLOWER)
    recovering.until(Need.CONFIRM)
    recovering.confirm()
    recovering.until_back()
    assert recovering.holds()


# ---- several at once, and giving up -------------------------------------------------------------


def test_the_most_urgent_need_is_told(recovering: Recovering) -> None:
    """A limp elbow before a plug."""
    recovering.live.world.order(unplug="leader_left")
    recovering.live.tick()
    recovering.recovery.bring_back(recovering.leader)
    recovering.fail(ELBOW)
    recovering.until(Need.CONFIRM)
    recovering.confirm()
    for _ in range(200):
        if recovering.tick():
            break
    assert recovering.follower.driven
    assert not recovering.leader.driven
    assert recovering.recovery.need is Need.PLUG


def test_giving_up_takes_along_whoever_holds(recovering: Recovering) -> None:
    recovering.live.world.order(unplug="leader_left")
    recovering.live.tick()
    recovering.recovery.bring_back(recovering.leader)
    recovering.live.world.order(set=[FOLLOWER, 6, "torque_enable", 0])
    recovering.recovery.bring_back(recovering.follower)
    recovering.tick()
    recovering.recovery.give_up()
    assert recovering.recovery.need is Need.NOTHING
    assert not recovering.recovery
    assert recovering.follower.driven
    assert not recovering.leader.driven
    assert recovering.holds()


def test_giving_up_leaves_alone_who_cannot_hold(recovering: Recovering) -> None:
    recovering.fail(ELBOW)
    recovering.until(Need.CONFIRM)
    recovering.recovery.give_up()
    assert not recovering.follower.driven
    assert recovering.live.register(FOLLOWER, ELBOW, "torque_enable") == 0


def test_nothing_moves_while_something_comes_back(recovering: Recovering) -> None:
    """By the goals that the servos hold, in every tick."""
    before = np.array(recovering.live.registers(FOLLOWER, "present_position"))
    recovering.fail(GRIPPER)
    for _ in range(200):
        back = recovering.tick()
        at = np.array(recovering.live.registers(FOLLOWER, "present_position"))
        assert np.abs(at - before).max() <= 1
        if back:
            return
    pytest.fail("It did not come back.")
