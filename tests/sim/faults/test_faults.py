"""Scripted faults at work on emulated buses, in a time of the test's own."""

import os
import termios
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.faults.faults import Faults
from sim.faults.script import Fault, FaultScript
from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus
from sim.servos.packets import ALERT, build_packet

MS = 1_000_000
S = 1000 * MS
NAMES = ("follower_left", "follower_right")
IDS = list(range(1, 10))
POSITION = 132


class Bench:
    """Two arms, a script, and a host on the first one's port, at 1 Mbaud."""

    def __init__(self, folder: Path, faults: tuple[Fault, ...], seed: int = 0) -> None:
        self.buses = {
            name: ServoBus(aloha_servos("follower"), link=folder / name) for name in NAMES
        }
        self.said: list[str] = []
        self.now_ns = 5 * S
        script = FaultScript("test.toml", seed, faults)
        self.faults = Faults(script, self.buses, self.said.append)
        self.faults.rig_started(self.now_ns)
        self.servos = self.buses[NAMES[0]].servos
        self.host = -1
        self.open()

    def open(self) -> None:
        if self.host >= 0:
            os.close(self.host)
        self.host = os.open(self.buses[NAMES[0]].port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.set_baud(1_000_000)

    def set_baud(self, baud: int) -> None:
        tty.setraw(self.host)
        settings = termios.tcgetattr(self.host)
        settings[4] = settings[5] = getattr(termios, f"B{baud}")
        termios.tcsetattr(self.host, termios.TCSANOW, settings)
        termios.tcflush(self.host, termios.TCIFLUSH)

    def pass_time(self, duration_ns: int) -> None:
        """In ticks of 20 ms, as the rig does it."""
        end_ns = self.now_ns + duration_ns
        while self.now_ns < end_ns:
            self.now_ns = min(end_ns, self.now_ns + 20 * MS)
            for bus in self.buses.values():
                bus.service(self.now_ns)
                for servo in bus.servos:
                    servo.advance(self.now_ns, bus.heard_ns)
                    servo.sense(0.0, 0.0, 0.0)
            self.faults.advance(self.now_ns)

    def ask(self, servo_id: int, body: bytes) -> bytes:
        """Everything that comes back, without waiting for what is late."""
        os.write(self.host, build_packet(servo_id, body))
        self.buses[NAMES[0]].service(self.now_ns)
        return self.received()

    def received(self) -> bytes:
        """Everything sent by now: a read that finds nothing waits for what is on its way."""
        received = b""
        while True:
            try:
                received += os.read(self.host, 4096)
            except BlockingIOError:
                return received

    def read(self, servo_id: int, address: int, size: int) -> bytes:
        body = b"\x02" + address.to_bytes(2, "little") + size.to_bytes(2, "little")
        return self.ask(servo_id, body)

    def close(self) -> None:
        os.close(self.host)
        for bus in self.buses.values():
            bus.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Any]:
    made: list[Bench] = []

    def make(*faults: Fault, seed: int = 0) -> Bench:
        made.append(Bench(tmp_path, faults, seed))
        return made[-1]

    yield make
    for each in made:
        each.close()


def fault(kind: Any, servo: int | None = None, **fields: Any) -> Fault:
    return Fault(kind, NAMES[0], servo, **fields)


# ---- when ---------------------------------------------------------------------------------------


def silent(rig: Bench) -> bool:
    return rig.servos[3].silent


def test_from_the_start_means_before_anybody_asks(bench: Any) -> None:
    rig = bench(fault("silence", 4, since="start", for_s=1.0))
    assert silent(rig)
    rig.pass_time(999 * MS)
    assert silent(rig)
    rig.pass_time(1 * MS)
    assert not silent(rig)


def test_from_an_episode_counts_from_the_attempt_it_names(bench: Any) -> None:
    rig = bench(fault("silence", 4, episode=2, at_s=0.5, for_s=0.1))
    rig.pass_time(2 * S)
    rig.faults.episode_started(rig.now_ns)
    rig.pass_time(2 * S)
    assert not rig.said
    rig.faults.episode_started(rig.now_ns)
    rig.pass_time(480 * MS)
    assert not silent(rig)
    rig.pass_time(20 * MS)
    assert silent(rig)
    rig.pass_time(100 * MS)
    assert not silent(rig)
    rig.faults.episode_started(rig.now_ns)
    rig.pass_time(2 * S)
    assert len(rig.said) == 2


def test_both_ends_are_told(bench: Any) -> None:
    rig = bench(fault("reboot", 3, since="start"), fault("silence", 4, since="start", for_s=1.0))
    rig.pass_time(2 * S)
    assert rig.said == [
        "Scripted fault 1 of test.toml: servo 3 of follower_left reboots.",
        "Scripted fault 2 of test.toml: servo 4 of follower_left neither hears nor answers, "
        "for 1 s.",
        "Scripted fault 2 of test.toml is over.",
    ]


def test_without_an_end_it_lasts(bench: Any) -> None:
    rig = bench(fault("silence", 4, since="start"))
    rig.pass_time(100 * S)
    assert silent(rig)
    assert "for good" in rig.said[0]


# ---- what breaks, and that it is whole again ----------------------------------------------------


LASTING: list[tuple[str, int | None, dict[str, Any]]] = [
    ("silence", None, {}),
    ("silence", 4, {}),
    ("lost", None, {}),
    ("lost", 4, {}),
    ("truncated", 4, {"bytes": 4}),
    ("corrupted", 4, {"bytes": 1}),
    ("duplicated", 4, {}),
    ("late", 4, {"delay_ms": 30.0}),
    ("noise", None, {"bytes": 8}),
    ("unplug", None, {}),
    ("jump", 4, {"offset_ticks": 300}),
    ("wrong_baud", 4, {"baud": 57_600}),
    ("wrong_baud", None, {"baud": 57_600}),
    ("wrong_model", 4, {"model": 1060}),
]


def everything(rig: Bench) -> list[bytes]:
    """What a host hears of all nine: pings and positions."""
    if not Path(rig.buses[NAMES[0]].port).exists():
        return []
    rig.open()
    return [rig.ask(i, b"\x01") + rig.read(i, POSITION, 4) for i in IDS]


@pytest.mark.parametrize(("kind", "servo", "fields"), LASTING)
def test_a_fault_is_felt_where_it_is_and_gone_after_its_end(
    kind: Any, servo: int | None, fields: Any, bench: Any
) -> None:
    rig = bench(fault(kind, servo, at_s=0.1, for_s=1.0, **fields))
    rig.faults.episode_started(rig.now_ns)
    healthy = everything(rig)
    rig.pass_time(200 * MS)
    broken = everything(rig)
    if broken:
        felt = [
            i
            for i, (now, before) in enumerate(zip(broken, healthy, strict=True), 1)
            if now != before
        ]
        assert felt == (IDS if servo is None else [servo])
    rig.pass_time(1 * S)
    assert rig.buses[NAMES[0]].disturb is None
    assert everything(rig) == healthy


def test_the_other_arms_are_left_alone(bench: Any) -> None:
    rig = bench(*(fault(kind, None, since="start", **fields) for kind, _, fields in LASTING[:9:2]))
    other = rig.buses[NAMES[1]]
    assert other.disturb is None
    assert not any(servo.silent for servo in other.servos)
    assert rig.buses[NAMES[0]].disturb is not None


def test_a_bus_that_the_rig_does_not_have_is_left_out(tmp_path: Path) -> None:
    script = FaultScript("test.toml", 0, (Fault("unplug", "leader_left", since="start"),))
    said: list[str] = []
    Faults(script, {}, said.append).rig_started(0)
    assert said == []


def test_of_two_at_once_the_newest_counts_and_the_end_of_one_is_not_that_of_the_other(
    bench: Any,
) -> None:
    rig = bench(
        fault("jump", 4, since="start", offset_ticks=10, for_s=3.0),
        fault("jump", 4, since="start", offset_ticks=20, at_s=1.0, for_s=1.0),
        fault("silence", 4, since="start", at_s=4.0, for_s=2.0),
        fault("silence", None, since="start", at_s=5.0, for_s=2.0),
        fault("unplug", since="start", at_s=8.0, for_s=2.0),
        fault("unplug", since="start", at_s=9.0, for_s=2.0),
    )
    seen = []
    for _ in range(24):
        rig.pass_time(S // 2)
        plugged = rig.buses[NAMES[0]].fileno() >= 0
        seen.append((rig.servos[3].position_offset_ticks, silent(rig), plugged))
    assert seen[::2] == [
        (10, False, True),
        (20, False, True),
        (10, False, True),
        (0, False, True),
        (0, True, True),
        (0, True, True),
        (0, True, True),
        (0, False, True),
        (0, False, False),
        (0, False, False),
        (0, False, False),
        (0, False, True),
    ]


def test_a_replugged_bus_has_its_old_name(bench: Any) -> None:
    rig = bench(fault("unplug", since="start", at_s=1.0, for_s=1.0))
    path = rig.buses[NAMES[0]].port
    rig.pass_time(1 * S)
    assert os.read(rig.host, 10) == b""
    assert not os.path.exists(path)
    rig.pass_time(1 * S)
    assert rig.buses[NAMES[0]].port == path
    rig.open()
    assert rig.ask(9, b"\x01")[4] == 9


def test_late_replies_come_late(bench: Any) -> None:
    rig = bench(fault("late", 4, since="start", delay_ms=30.0))
    prompt, late = rig.read(5, POSITION, 4), rig.read(4, POSITION, 4)
    assert late == b""
    rig.pass_time(29 * MS)
    assert rig.read(5, POSITION, 4) == prompt
    rig.pass_time(1 * MS)
    assert rig.read(5, POSITION, 4)[4::15] == b"\x04\x05"


def test_noise_comes_unasked_too(bench: Any) -> None:
    rig = bench(fault("noise", since="start", bytes=10))
    rig.pass_time(1 * S)
    assert len(rig.received()) >= 49 * 10


# ---- what stays after a fault -------------------------------------------------------------------


def shut_down(rig: Bench, servo_id: int, bit: int) -> bool:
    """Whether it has lost torque, says why, and reports it in every answer."""
    servo = rig.servos[servo_id - 1]
    alerts = rig.ask(servo_id, b"\x01")[8] == ALERT
    return alerts and not servo.torque_on and bool(servo.get("hardware_error_status") & bit)


def torque_on(rig: Bench) -> None:
    for servo in rig.servos:
        servo.set("torque_enable", 1)


def test_overload_takes_the_torque_until_a_reboot(bench: Any) -> None:
    rig = bench(fault("overload", 4, since="start", at_s=0.1))
    torque_on(rig)
    rig.pass_time(5 * S)
    assert shut_down(rig, 4, 0x20)
    assert rig.servos[2].torque_on
    rig.servos[3].reboot(rig.now_ns)
    rig.pass_time(1 * S)
    assert rig.ask(4, b"\x03\x40\x00\x01")[8] == 0
    assert rig.servos[3].torque_on


def test_a_hot_servo_shuts_down_and_a_reboot_helps_once_it_is_cool(bench: Any) -> None:
    rig = bench(fault("overheating", 2, since="start", at_s=1.0, for_s=5.0, value=85.0))
    torque_on(rig)
    healthy_degc = rig.servos[1].get("present_temperature")
    rig.pass_time(3 * S)
    assert rig.servos[1].get("present_temperature") in (84, 85)
    assert shut_down(rig, 2, 0x04)
    rig.servos[1].reboot(rig.now_ns)
    rig.pass_time(1 * S)
    assert shut_down(rig, 2, 0x04)
    rig.pass_time(3 * S)
    rig.servos[1].reboot(rig.now_ns)
    rig.pass_time(1 * S)
    assert abs(rig.servos[1].get("present_temperature") - healthy_degc) <= 1
    assert rig.ask(2, b"\x01")[8] == 0


def test_a_low_supply_is_reported_and_the_torque_stays(bench: Any) -> None:
    rig = bench(fault("voltage", since="start", at_s=1.0, for_s=1.0, value=9.0))
    torque_on(rig)
    rig.pass_time(2 * S - 20 * MS)
    for servo in rig.servos:
        assert servo.get("present_input_voltage") == 90
        assert servo.get("hardware_error_status") == 0x01
        assert servo.torque_on
    assert rig.ask(6, b"\x01")[8] == ALERT
    rig.pass_time(1 * S)
    assert rig.servos[0].get("present_input_voltage") == 120


def test_a_reboot_takes_the_torque_and_a_moment(bench: Any) -> None:
    rig = bench(fault("reboot", 7, since="start", at_s=1.0))
    torque_on(rig)
    rig.pass_time(1 * S)
    assert rig.ask(7, b"\x01") == b""
    rig.pass_time(1 * S)
    assert rig.ask(7, b"\x01")[8] == 0
    assert [servo.torque_on for servo in rig.servos] == [i != 7 for i in IDS]


# ---- the seed -----------------------------------------------------------------------------------


def heard(rig: Bench) -> list[bytes]:
    answers = []
    for _ in range(40):
        rig.pass_time(20 * MS)
        answers.append(rig.read(3, POSITION, 4))
    return answers


def test_the_seed_decides_and_other_faults_do_not(bench: Any) -> None:
    spoilt = fault("corrupted", since="start", share=0.5, bytes=1)
    first, again = heard(bench(spoilt, seed=3)), heard(bench(spoilt, seed=3))
    assert first == again
    assert first == heard(bench(spoilt, fault("lost", 9, since="start", share=0.5), seed=3))
    assert first != heard(bench(spoilt, seed=4))
