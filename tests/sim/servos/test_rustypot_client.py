"""The emulated bus as rustypot sees it: everything it offers for these servos, on all nine."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rustypot

IDS = list(range(1, 10))
MODELS_OF = {"leader": [1020] * 7 + [1060, 1070], "follower": [1120] * 7 + [1020] * 2}
BOOT_S = 0.35
SLOW_BAUD = 57_600
PATIENT_SCANS = 50
DEFINITION = rustypot.Xl430PyController.definition()

GENERAL = {
    *("baudrates", "definition", "models", "register", "registers", "resolution", "word_order"),
    *("supports_broadcast_ping", "supports_sync_read"),  # facts: nothing goes over the bus
    *("is_open", "close", "set_timeout", "set_baudrate", "set_fast_sync_read"),
    *("ping", "scan", "broadcast_scan", "reboot", "factory_reset"),
}
GENERIC = {
    f"{group}{act}{what}"
    for group in ("", "sync_")
    for act in ("read_", "write_")
    for what in ("register", "register_with_error", "raw_data", "raw_data_with_error")
} - {"sync_write_register_with_error", "sync_write_raw_data_with_error"}
CURRENT_REGISTERS = ("current_limit", "goal_current")
"""What the XL430 and XC430 at the end of a leader lack."""


class Client:
    """rustypot on one arm's port."""

    def __init__(self, arm: Any, role: str) -> None:
        self.arm = arm
        self.models = MODELS_OF[role]
        self.servos = rustypot.Xl430PyController(arm.port, 1_000_000, 1.0)

    def ids_with(self, register: str) -> list[int]:
        """The servos whose models have this register."""
        lacking = (1060, 1070) if register in CURRENT_REGISTERS else ()
        return [i for i, number in zip(IDS, self.models, strict=True) if number not in lacking]

    def held(self, register: str, servo_id: int) -> int:
        """What the servo really holds; its model may give the register another name."""
        present_load = register == "present_current" and self.models[servo_id - 1] in (1060, 1070)
        return int(self.arm.register(servo_id, "present_load" if present_load else register))

    def wait_until_all_answer(self, ids: list[int] = IDS) -> None:
        time.sleep(BOOT_S)
        for servo_id in ids:
            assert any(self.servos.ping(servo_id) for _ in range(20))


def scanned(scan: Callable[[], dict[int, int]]) -> dict[int, int]:
    """What a scan finds once it has found nine: it waits 5 ms a servo, whatever the timeout."""
    found: dict[int, int] = {}
    for _ in range(PATIENT_SCANS):
        found = scan()
        if len(found) >= len(IDS):
            break
    return found


@pytest.fixture(params=["leader", "follower"])
def client(request: pytest.FixtureRequest, arm_bus: Callable[[str], Any]) -> Iterator[Client]:
    started = Client(arm_bus(request.param), request.param)
    yield started
    started.servos.close()


def registers(writable: bool) -> list[Any]:
    access = rustypot.RegisterAccess
    known = rustypot.Xl430PyController.registers()
    return [each for each in known if not writable or each.access == access.ReadWrite]


def test_nothing_that_rustypot_offers_is_left_out() -> None:
    """An instruction that a later version brings is to be tested here too."""
    named = {
        f"{prefix}{register.name}"
        for register in registers(writable=False)
        for prefix in ("read_", "sync_read_", "write_", "sync_write_")
    }
    offered = {name for name in dir(rustypot.Xl430PyController) if not name.startswith("_")}
    assert offered - named == GENERAL | GENERIC


# ---- registers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fast", [False, True])
def test_every_register_is_read(client: Client, fast: bool) -> None:
    client.servos.set_fast_sync_read(fast)
    for register in registers(writable=False):
        name, ids = register.name, client.ids_with(register.name)
        if name == "realtime_tick":  # never the same twice
            assert all(0 <= each < 32_768 for each in client.servos.sync_read_realtime_tick(ids))
            continue
        expected = [client.held(name, servo_id) for servo_id in ids]
        assert client.servos.sync_read_register(ids, name) == expected, name
        assert client.servos.sync_read_register_with_error(ids, name) == [
            (value, 0) for value in expected
        ]
        raw = [value.to_bytes(register.size, "little", signed=value < 0) for value in expected]
        assert client.servos.sync_read_raw_data(ids, register.addr, register.size) == raw, name
        single = [_one(getattr(client.servos, f"read_{name}")(servo_id)) for servo_id in ids]
        assert client.servos.read_register(ids[0], name) == expected[0]
        assert client.servos.read_register_with_error(ids[-1], name) == (expected[-1], 0)
        assert single == getattr(client.servos, f"sync_read_{name}")(ids), name


def test_every_register_is_written(client: Client) -> None:
    """What it holds, back into it, in every way there is: accepted by all, changed by none."""
    for register in registers(writable=True):
        name, servos = register.name, client.servos
        ids = client.ids_with(name)
        if name == "torque_enable":  # last: it locks the others
            continue
        before = [client.held(name, servo_id) for servo_id in ids]
        converted = getattr(servos, f"sync_read_{name}")(ids)
        getattr(servos, f"sync_write_{name}")(ids, converted)
        servos.sync_write_register(ids, name, before)
        for servo_id, value, convertible in zip(ids, before, converted, strict=True):
            getattr(servos, f"write_{name}")(servo_id, _one(convertible))
            servos.write_register(servo_id, name, value)
            assert servos.write_register_with_error(servo_id, name, value) == 0, name
        assert [client.held(name, servo_id) for servo_id in ids] == before, name
    servos.write_torque_enable(1, True)
    servos.sync_write_torque_enable(IDS, [True] * 9)
    assert [client.held("torque_enable", servo_id) for servo_id in IDS] == [1] * 9


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value


def test_raw_data_is_read_and_written(client: Client) -> None:
    servos = client.servos
    servos.sync_write_raw_data(IDS, 112, [[servo_id, 1, 0, 0] for servo_id in IDS])
    for servo_id in IDS:
        assert client.held("profile_velocity", servo_id) == 256 + servo_id
        servos.write_raw_data(servo_id, 224, [0xFF, 0xFF, 0xFD, servo_id])
        assert servos.read_raw_data(servo_id, 224, 4) == [0xFF, 0xFF, 0xFD, servo_id]
        assert servos.write_raw_data_with_error(servo_id, 65, [1]) == 0
        assert servos.write_raw_data_with_error(servo_id, 65, [9]) == 4  # data range
        value, error = servos.read_raw_data_with_error(servo_id, 65, 1)
        assert (list(value), error) == ([1], 0)
    observed = servos.sync_read_raw_data_with_error(IDS, 224, 4)
    assert [(bytes(value), error) for value, error in observed] == [
        (bytes((0xFF, 0xFF, 0xFD, servo_id)), 0) for servo_id in IDS
    ]


@pytest.mark.parametrize("fast", [False, True])
def test_an_observation_that_needs_stuffing(client: Client, fast: bool) -> None:
    client.servos.set_fast_sync_read(fast)
    client.arm.set_register(4, "goal_velocity", -1)
    client.arm.set_register(4, "profile_acceleration", 0xFD)
    observed = client.servos.sync_read_raw_data(IDS, 104, 8)
    assert observed[3] == b"\xff\xff\xff\xff\xfd\0\0\0"
    assert len(observed) == 9


# ---- the rest -----------------------------------------------------------------------------------


def test_all_nine_are_found(client: Client) -> None:
    found = dict(zip(IDS, client.models, strict=True))
    assert all(client.servos.ping(servo_id) for servo_id in IDS)
    assert scanned(lambda: client.servos.scan(IDS)) == found
    assert client.servos.broadcast_scan() == found


def test_reboots(client: Client) -> None:
    client.servos.sync_write_register(IDS, "profile_velocity", [40] * 9)
    for servo_id in sorted(IDS, key=lambda i: i in (2, 4)):  # a shadow reboots with its primary
        assert client.servos.reboot(servo_id)
    client.wait_until_all_answer()
    assert client.servos.sync_read_register(IDS, "profile_velocity") == [0] * 9


def test_factory_resets(client: Client) -> None:
    servos = client.servos
    for servo_id in IDS:
        servos.factory_reset(servo_id)  # all but ID and line speed
    client.wait_until_all_answer()
    assert servos.sync_read_register(IDS, "return_delay_time") == [250] * 9
    for servo_id in IDS:
        servos.factory_reset(servo_id, conserve_id_and_baudrate=False)  # all but the ID
    servos.set_baudrate(SLOW_BAUD)
    client.wait_until_all_answer()
    for servo_id in IDS:  # with an answer: a rate is not changed while bytes are on the line
        servos.write_register(servo_id, "baud_rate", 3)
    for servo_id in reversed(IDS):
        servos.set_baudrate(1_000_000)
        servos.factory_reset(servo_id, conserve_id_only=False, conserve_id_and_baudrate=False)
        servos.set_baudrate(SLOW_BAUD)
        client.wait_until_all_answer([1])
        servos.write_register(1, "id", servo_id)
    assert sorted(scanned(lambda: servos.scan(IDS))) == IDS


def test_a_silent_servo(client: Client) -> None:
    client.arm.silence(4)
    client.servos.set_timeout(0.05)
    assert not client.servos.ping(4)
    assert sorted(client.servos.broadcast_scan()) == [1, 2, 3, 5, 6, 7, 8, 9]
    for fast in (False, True):
        client.servos.set_fast_sync_read(fast)
        with pytest.raises(RuntimeError):
            client.servos.sync_read_register(IDS, "present_position")


def test_a_hardware_error(client: Client) -> None:
    for servo_id in IDS:
        client.arm.set_register(servo_id, "hardware_error_status", 0x20)
    read = client.servos.sync_read_register_with_error(IDS, "hardware_error_status")
    assert read == [(0x20, 0x80)] * 9
    assert client.servos.write_register_with_error(1, "torque_enable", 1) == 0x80 | 1


def test_the_bus_of_many_definitions(client: Client) -> None:
    client.servos.close()
    assert not client.servos.is_open()
    found = dict(zip(IDS, client.models, strict=True))
    with rustypot.Bus(client.arm.port, 1_000_000, 1.0, dict.fromkeys(IDS, DEFINITION)) as bus:
        assert bus.is_open
        bus.set_timeout(0.5)
        assert scanned(lambda: bus.scan(DEFINITION, IDS)) == found
        assert bus.broadcast_scan(DEFINITION) == found
        bus.sync_write_register(IDS, "profile_velocity", [40 + servo_id for servo_id in IDS])
        velocities = [bus.read_register(servo_id, "profile_velocity") for servo_id in IDS]
        assert velocities == [40 + servo_id for servo_id in IDS]
        for servo_id in IDS:
            bus.write_register(servo_id, "profile_velocity", 50)
            assert bus.read_register_with_error(servo_id, "profile_velocity") == (50, 0)
            assert bus.write_register_with_error(servo_id, "led", 1) == 0
        assert bus.sync_read_register(IDS, "led") == [1] * 9
        assert bus.sync_read_register_with_error(IDS, "led") == [(1, 0)] * 9
        assert bus.set_torque(IDS, True) == {}
        assert [client.held("torque_enable", servo_id) for servo_id in IDS] == [1] * 9
        assert bus.set_torque(IDS, False) == {}
        for servo_id in IDS:
            bus.change_id(DEFINITION, servo_id, servo_id + 20)
            bus.change_baudrate(DEFINITION, servo_id + 20, SLOW_BAUD)
        bus.set_baudrate(SLOW_BAUD)
        moved = scanned(lambda: bus.scan(DEFINITION, range(20, 40)))
        assert sorted(moved) == [servo_id + 20 for servo_id in IDS]
