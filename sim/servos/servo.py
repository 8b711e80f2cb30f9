"""One emulated Dynamixel X servo, at register level.

Simulated: the control table of its model with sizes, access rights, factory values and ranges;
EEPROM locked while torque is on; limits that registers set for each other; reverse drive mode;
homing offset; multi-turn positions and their loss; registered writes; indirect addresses; torque on
by goal update and at start-up; reboot with a silent boot time; factory reset; profiles, velocity
mode, and what stands for current and PWM mode (`motion`); goal current, goal PWM and their limits
as a share of torque, the position P gain as one of stiffness; heat, voltage and overload
(`protection`); shutdown and the alert bit; the bus watchdog; moving, moving status, trajectories.

Chosen where the manual leaves it open (check on hardware):
- Enabling torque does NOT move `goal_position` to the present position. It keeps what was last
  written, or the position at power-up or reboot, so a driver that forgets to write the present
  position first makes the arm jump, here as there.
- Values outside the table's fixed range: data range error; outside a limit that another register
  sets: data limit error.
- After a watchdog trip torque stays on; the servo stands still until register 98 is cleared (it
  takes only 0 then) and a goal is written, even if it is the old goal.
- A hardware error stays in register 70 until reboot, also where its cause has gone.
- Profile velocity counts up to the velocity limit, and from the next change of the goal on.
- Goals that drive by themselves (velocity, current and PWM in their own modes) start at 0.
- Action without a registered write, and clear while moving, answer with result fail.

Not simulated: the I, D, velocity and feed-forward gains (plain storage), the dual mode of two
joined servos, external ports, the LED's flicker, control table backup and restore (147 reads 0),
what supply voltage does to speed and torque. `present_pwm` is an estimate from load and speed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from sim.servos.access import write_refusal
from sim.servos.control_table import ControlTable
from sim.servos.encoder import MAX_INT32, Encoder, within
from sim.servos.motion import Motion
from sim.servos.motor import MOTORS
from sim.servos.orders import WATCHDOG_TRIPPED, orders_of
from sim.servos.packets import ALERT, Error
from sim.servos.presets import change_mode, factory_reset, power_up
from sim.servos.protection import AMBIENT_DEGC, SUPPLY_V, Protection
from sim.servos.report import report_motion
from sim.servos.settings import settings_of
from teleop.registers import RAM_START, OperatingMode, ServoModel

BOOT_TIME_NS: Final = 300_000_000
"""How long a servo stays silent after a reboot (order of magnitude; check on hardware)."""

FIRMWARE_VERSION: Final = 46

_REALTIME_TICK_PERIOD: Final = 32_768

# What is read and written all the time, by address: the same on all models.
_MODE, _TORQUE_ENABLE, _RETURN_LEVEL, _HARDWARE_ERROR, _WATCHDOG = 11, 64, 68, 70, 98
_GOALS: Final = (100, 102, 104, 116)
_GOAL_POSITION, _REALTIME_TICK = 116, 120
_PRESENT, _PRESENT_END, _REPORTS_END = 126, 136, 144
"""Effort, velocity and position lie side by side from here: one pack writes all three."""
_INT32, _UINT16, _PRESENT_FORMAT = struct.Struct("<i"), struct.Struct("<H"), struct.Struct("<hii")


class Servo:
    """A servo and its control table.

    `mount_sign` is +1 where the shaft turns with the joint and -1 where the servo faces the other
    way. `eeprom` holds values by register name that the set-up wrote over the factory ones. A new
    servo stands at joint angle 0 with torque off.

    Attributes:
        silent: off the bus, neither hearing nor answering, as by a broken cable; it keeps driving.
        supply_v, ambient_degc: what it is fed and what surrounds it.
    """

    def __init__(
        self,
        servo_id: int,
        model: ServoModel,
        *,
        mount_sign: int = 1,
        eeprom: Mapping[str, int] | None = None,
    ) -> None:
        self.model = model
        self.mount_sign = mount_sign
        self.silent = False
        self.supply_v, self.ambient_degc = SUPPLY_V, AMBIENT_DEGC
        self._table = ControlTable(model)
        self._memory = self._table.memory
        self._motor = MOTORS[model.number]
        self._motion = Motion()
        self._encoder = Encoder(self._memory)
        self._protection = Protection(self._memory, self._motor, servo_id)
        self._registered: tuple[int, bytes, bool] | None = None
        self._boot_until_ns = self._heard_ns = -(1 << 62)
        self._direct = True
        self._table.set("firmware_version", FIRMWARE_VERSION)
        self._table.set("id", servo_id)
        for name, value in (eeprom or {}).items():
            self._table.set(name, value)
        self._derive()
        self.sense(0.0, 0.0, 0.0)
        self._power_up()

    # ---- the bus side -------------------------------------------------------------------------

    @property
    def servo_id(self) -> int:
        """The ID it answers to."""
        return self.get("id")

    @property
    def secondary_id(self) -> int:
        """The ID whose instructions it also executes, without answering; above 252: none."""
        return self.get("secondary_id")

    @property
    def alert(self) -> int:
        """The alert bit, set while a hardware error stands."""
        return ALERT if self._memory[_HARDWARE_ERROR] else 0

    @property
    def status_return_level(self) -> int:
        """Which instructions it answers."""
        return self._memory[_RETURN_LEVEL]

    @property
    def baud(self) -> int:
        """Line speed that it hears and answers at, bit/s."""
        return self._settings.baud

    @property
    def return_delay_ns(self) -> int:
        """Its pause before every reply."""
        return self._settings.return_delay_ns

    def hears(self, now_ns: int) -> bool:
        """Whether it takes part in the bus at this instant."""
        return not self.silent and now_ns >= self._boot_until_ns

    def read(self, address: int, size: int, now_ns: int) -> tuple[int, bytes]:
        """Error byte and `size` bytes from `address` on; no bytes where the read is refused."""
        end = address + size
        if _PRESENT <= address < end <= _PRESENT_END:  # what every tick asks of every servo
            return self.alert, bytes(self._memory[address:end])
        if end > _REALTIME_TICK:
            _UINT16.pack_into(
                self._memory, _REALTIME_TICK, now_ns // 1_000_000 % _REALTIME_TICK_PERIOD
            )
            self._report()
        error, data = self._table.read(address, size)
        return self.alert | error, data

    def write(self, address: int, data: bytes, *, as_secondary: bool = False) -> int:
        """Writes `data` unless it is refused; returns the error byte.

        `as_secondary`: the instruction was for its secondary ID, which never reaches EEPROM.
        """
        if address == _GOAL_POSITION and len(data) == 4 and self._takes_plain_goals:
            lowest, highest = self._settings.goal_range
            if lowest <= _INT32.unpack(data)[0] <= highest:
                self._memory[_GOAL_POSITION:_REALTIME_TICK] = data
                return self.alert
        error = write_refusal(self._table, self._settings, address, data, as_secondary=as_secondary)
        if error == Error.NONE:
            self._take(self._table.runs(address, data))
        return self.alert | error

    def reg_write(self, address: int, data: bytes, *, as_secondary: bool = False) -> int:
        """Keeps a write for `action`; refuses what `write` would refuse. Returns the error byte."""
        error = write_refusal(self._table, self._settings, address, data, as_secondary=as_secondary)
        if error == Error.NONE:
            self._registered = (address, data, as_secondary)
            self._table.set("registered_instruction", 1)
        return self.alert | error

    def action(self) -> int:
        """Carries out what `reg_write` kept; returns the error byte."""
        if self._registered is None:
            return self.alert | Error.RESULT_FAIL
        address, data, as_secondary = self._registered
        self._registered = None
        self._table.set("registered_instruction", 0)
        return self.write(address, data, as_secondary=as_secondary)

    def clear_multi_turn(self) -> int:
        """Forgets the whole turns of its position, goal included; returns the error byte."""
        if self.get("moving"):
            return self.alert | Error.RESULT_FAIL
        turned = self._encoder.forget_turns(self._settings)
        goal = within(self.get("goal_position") - turned, MAX_INT32)
        self._table.set("goal_position", goal)
        self._motion.hold(self._motion.position - turned)
        return self.alert

    def factory_reset(self, option: int, now_ns: int) -> int:
        """EEPROM to factory values, then a reboot; returns the error byte.

        `option`: 0xFF all, 0x01 all but the ID, 0x02 all but ID and baud rate.
        """
        alert = self.alert
        if not factory_reset(self._table, option):
            return alert | Error.DATA_RANGE
        self.reboot(now_ns)
        return alert

    def reboot(self, now_ns: int) -> None:
        """RAM to power-up values, torque off, hardware error cleared; silent for the boot time."""
        self._power_up()
        self._boot_until_ns = now_ns + BOOT_TIME_NS

    # ---- the physical side: joint values, whatever the mounting -------------------------------

    def sense(self, position_rad: float, velocity_rad_s: float, effort_ma: float) -> None:
        """Takes the joint's state at this instant into the present_* registers.

        Joint side: positive in the joint's direction. Effort becomes 0.1 % of stall current on
        servos without a current register. What a register cannot hold becomes its largest value.
        """
        settings = self._settings
        effort = round(effort_ma * settings.counts_per_ma)
        velocity = round(velocity_rad_s * settings.counts_per_rad_s)
        position = round(position_rad * settings.counts_per_rad) + self._encoder.zero_ticks
        _PRESENT_FORMAT.pack_into(
            self._memory,
            _PRESENT,
            within(effort, settings.max_effort),
            within(velocity, MAX_INT32),
            within(position, MAX_INT32),
        )

    def advance(self, now_ns: int, heard_ns: int) -> None:
        """Lets time pass up to `now_ns`: call once per physics step, before it.

        `heard_ns`: when the bus last carried an instruction.
        """
        if self._orders.watchdog_ns:
            self._watch(now_ns, heard_ns)
        if not self._direct:
            self._motion.advance(self._orders, self._goal_ticks(), self._encoder.ticks, now_ns)
            self._direct = self._motion.follows_goal(self._orders)
        if now_ns >= self._protection.due_ns:
            supply_v, ambient_degc = self.supply_v, self.ambient_degc
            errors = self._protection.advance(now_ns, self._settings, supply_v, ambient_degc)
            if errors & ~self._memory[_HARDWARE_ERROR]:
                self.fail(errors)

    @property
    def torque_on(self) -> bool:
        """Whether the servo drives its joint; otherwise the joint is limp."""
        return self._memory[_TORQUE_ENABLE] == 1

    @property
    def torque_share(self) -> float:
        """0-1 of its full torque: what goals and limits of PWM and current leave it."""
        return self._orders.torque_share

    @property
    def stiffness(self) -> float:
        """Its position P gain as a share of the factory's; 1 outside position modes."""
        return self._orders.stiffness

    @property
    def goal_rad(self) -> float:
        """Joint angle of the goal position register; clamped in position mode only."""
        return (self._goal_ticks() - self._encoder.zero_ticks) / self._settings.counts_per_rad

    @property
    def setpoint_rad(self) -> float:
        """Joint angle that the motor is driven to now."""
        if self._direct:
            return (self._goal_ticks() - self._encoder.zero_ticks) / self._settings.counts_per_rad
        lowest, highest = self._settings.goal_range
        ticks = min(max(self._motion.position, lowest), highest)
        return (ticks - self._encoder.zero_ticks) / self._settings.counts_per_rad

    # ---- faults -------------------------------------------------------------------------------

    def fail(self, bits: int) -> None:
        """Hardware errors happen now: shown in register 70; torque goes off where 63 says so."""
        self._memory[_HARDWARE_ERROR] |= bits
        if bits & self._settings.shutdown:
            self._memory[_TORQUE_ENABLE] = 0
        self._derive_orders()

    def heat(self, degc: float) -> None:
        """Brings its case to a temperature, from which it cools or warms on."""
        self._protection.measure(self._protection.voltage_v, degc)

    def pretend_model(self, number: int) -> None:
        """Lets it name itself as another model in register 0; all else stays as it is."""
        self._table.set("model_number", number)

    @property
    def position_offset_ticks(self) -> int:
        """Encoder fault: what its encoder reads too much. The position loop believes it."""
        return self._encoder.offset_ticks

    @position_offset_ticks.setter
    def position_offset_ticks(self, ticks: int) -> None:
        self._encoder.slip(ticks, self._settings)

    # ---- registers by name, past all access rules ---------------------------------------------

    def get(self, name: str) -> int:
        """The value of a register. RegisterError where the model has none of that name."""
        if _REALTIME_TICK < self.model.register(name).address < _REPORTS_END:
            self._report()
        return self._table.get(name)

    def set(self, name: str, value: int) -> None:
        """Sets a register as the servo itself would: for set-up and for injecting faults.

        Temperature and voltage change what is measured: time goes on from there.
        """
        if name == "present_temperature":
            self.heat(value)
        elif name == "present_input_voltage":
            self.supply_v = value / 10
            self._protection.measure(self.supply_v, self._protection.temperature_degc)
        else:
            register = self.model.register(name)
            raw = value.to_bytes(register.size, "little", signed=register.signed)
            self._take([(register.address, raw)])

    # ---- inside: power, writes and what follows from them -------------------------------------

    def _power_up(self) -> None:
        power_up(self._table)
        self._registered = None
        self._protection.relieve()
        self._derive()
        self._encoder.forget_turns(self._settings)
        self._table.set("goal_position", self._encoder.ticks)
        self._motion.parked = False
        self._motion.hold(self._encoder.ticks)
        self._memory[_TORQUE_ENABLE] = self.get("startup_configuration") & 1
        self._derive_orders()

    def _take(self, runs: list[tuple[int, bytes]]) -> None:
        """Carries out a write that has been accepted, with all that follows from it."""
        mode, was_on = self._memory[_MODE], self.torque_on
        if self._direct:
            self._motion.hold(self._goal_ticks() if was_on else self._encoder.ticks)
        for address, data in runs:
            self._memory[address : address + len(data)] = data
        if changed := self._memory[_MODE] != mode:
            change_mode(self._table)
        if runs[0][0] < RAM_START:
            self._derive()
        if any(at <= goal < at + len(data) for at, data in runs for goal in _GOALS):
            self._motion.parked = False
            shut_down = self._memory[_HARDWARE_ERROR] & self._settings.shutdown
            if self._settings.torque_on_by_goal and not shut_down:
                self._memory[_TORQUE_ENABLE] = 1
        started = self.torque_on and not was_on
        if self._memory[_MODE] == OperatingMode.POSITION and (started or changed):
            self._encoder.forget_turns(self._settings)
        if started:
            self._motion.hold(self._encoder.ticks)
        self._derive_orders()

    def _derive(self) -> None:
        """Works out anew what the registers amount to."""
        self._settings = settings = settings_of(self._table, self._motor, self.mount_sign)
        self._encoder.adopt(settings)
        self._derive_orders()

    def _derive_orders(self) -> None:
        """Works out anew what the RAM registers amount to."""
        self._orders = orders = orders_of(self._memory, self._settings)
        motion = self._motion
        motion.parked = motion.parked and orders.torque_on
        self._direct = motion.follows_goal(orders)
        eventful = orders.tripped or motion.parked or self._settings.torque_on_by_goal
        self._takes_plain_goals = not eventful

    # ---- inside: as time passes ---------------------------------------------------------------

    def _watch(self, now_ns: int, heard_ns: int) -> None:
        """The bus watchdog: stops the servo where the bus has been silent for too long."""
        if not self.silent:
            self._heard_ns = heard_ns
        if now_ns - self._heard_ns > self._orders.watchdog_ns:
            self._memory[_WATCHDOG] = WATCHDOG_TRIPPED
            self._motion.park(self._encoder.ticks)
            self._derive_orders()

    def _report(self) -> None:
        goal, motion = self._goal_ticks(), self._motion
        if self._direct:
            motion.hold(goal if self.torque_on else self._encoder.ticks)
        report_motion(self._memory, motion, self._orders, self._settings, self._motor, goal)

    def _goal_ticks(self) -> int:
        goal: int = _INT32.unpack_from(self._memory, _GOAL_POSITION)[0]
        lowest, highest = self._settings.goal_range
        return min(max(goal, lowest), highest)
