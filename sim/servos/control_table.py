"""A servo's memory: registers by address and by name, access rights, indirect addresses.

Chosen where the manual leaves it open (check on hardware): a write that spans several registers is
all or nothing; reads may run over unused addresses inside the table (they read 0) but must not
start on one or leave the table. Indirect data that points at indirect data reads what is stored
there: it is followed once.
"""

from collections.abc import Callable
from typing import Final

from sim.servos.packets import Error
from teleop.registers import Register, ServoModel

TABLE_SIZE: Final = 662
_INDIRECT_BLOCKS: Final = ((224, 168), (634, 578))
"""First data byte and first address register of each block of 28."""
_BLOCK_LENGTH: Final = 28
_INDIRECT_START: Final = 224


class ControlTable:
    """The registers of one servo. `memory` may be packed and unpacked in place."""

    def __init__(self, model: ServoModel) -> None:
        self.model = model
        self.memory = bytearray(TABLE_SIZE)
        self._owner: list[Register | None] = [None] * TABLE_SIZE
        for register in model.registers.values():
            span = range(register.address, register.address + register.size)
            self._owner[span.start : span.stop] = [register] * register.size
            self.store(register, register.initial)

    def get(self, name: str) -> int:
        """The value of a register. RegisterError where the model has none of that name."""
        register = self.model.register(name)
        raw = self.memory[register.address : register.address + register.size]
        return int.from_bytes(raw, "little", signed=register.signed)

    def set(self, name: str, value: int) -> None:
        """Sets a register, whatever its access right and range."""
        self.store(self.model.register(name), value)

    def store(self, register: Register, value: int) -> None:
        """Sets a register, whatever its access right and range."""
        raw = value.to_bytes(register.size, "little", signed=register.signed)
        self.memory[register.address : register.address + register.size] = raw

    def reset(self, *, eeprom: bool, kept: tuple[str, ...] = ()) -> None:
        """Puts the factory's values into all writable registers of EEPROM or of RAM."""
        for register in self.model.registers.values():
            if register.eeprom == eeprom and register.writable and register.name not in kept:
                self.store(register, register.initial)

    def read(self, address: int, size: int) -> tuple[Error, bytes]:
        """`size` bytes from `address` on, or why not."""
        end = address + size
        if size == 0:
            return Error.DATA_LENGTH, b""
        if end > TABLE_SIZE or self._owner[address] is None:
            return Error.ACCESS, b""
        if end <= _INDIRECT_START:
            return Error.NONE, bytes(self.memory[address:end])
        return Error.NONE, bytes(self.memory[self._meant(at)] for at in range(address, end))

    def runs(self, address: int, data: bytes) -> list[tuple[int, bytes]]:
        """What a write comes to, indirect addresses followed: pieces of adjacent bytes."""
        end = address + len(data)
        if end <= _INDIRECT_START or end > TABLE_SIZE:
            return [(address, data)]
        runs: list[tuple[int, bytes]] = []
        for at, value in zip(range(address, end), data, strict=True):
            meant = self._meant(at)
            if runs and runs[-1][0] + len(runs[-1][1]) == meant:
                runs[-1] = (runs[-1][0], runs[-1][1] + bytes((value,)))
            else:
                runs.append((meant, bytes((value,))))
        return runs

    def refusal(
        self, address: int, data: bytes, refuses: Callable[[Register, int], Error]
    ) -> Error:
        """Why a write of adjacent bytes is refused; `refuses` judges each register's value."""
        at, end = address, address + len(data)
        if at == end:
            return Error.DATA_LENGTH
        if end > TABLE_SIZE:
            return Error.ACCESS
        while at < end:
            register = self._owner[at]
            if register is None or not register.writable:
                return Error.ACCESS
            if register.address != at or at + register.size > end:
                return Error.DATA_LENGTH
            raw = data[at - address : at - address + register.size]
            value = int.from_bytes(raw, "little", signed=register.signed)
            if (error := refuses(register, value)) != Error.NONE:
                return error
            at += register.size
        return Error.NONE

    def _meant(self, at: int) -> int:
        """Where the byte at an address really lies."""
        for data_start, address_start in _INDIRECT_BLOCKS:
            if data_start <= at < data_start + _BLOCK_LENGTH:
                pointer = address_start + 2 * (at - data_start)
                return int.from_bytes(self.memory[pointer : pointer + 2], "little")
        return at
