"""Scripted faults of the simulated rig: what a fault file may say, and reading one.

A file has a `seed` (what a share of replies or a random byte comes from) and `[[faults]]` tables:

- `kind`: one of `KINDS`; `bus`: which arm; `servo`: its ID 1-9, where left out all nine
- `since`: "episode" (default), when the leaders go limp for the `episode`-th time (default 1: the
  first attempt of the session), or "start", the first tick of the world
- `at_s`: how long after that (default 0), in the rig's own time, to the next tick; `for_s`: how
  long it lasts (default: for good)
- and what `KINDS` names for its kind

Examples with comments: configs/faults/.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from teleop.config import ConfigError, build, nearest, read_toml
from teleop.joints import BUS_NAMES, SERVOS_PER_ARM
from teleop.registers import BAUD_RATES

Kind = Literal[
    "silence",
    "lost",
    "truncated",
    "corrupted",
    "duplicated",
    "late",
    "noise",
    "unplug",
    "overload",
    "overheating",
    "voltage",
    "jump",
    "reboot",
    "wrong_baud",
    "wrong_model",
]


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of fault.

    Attributes:
        effect: what happens, as it is reported; the fields in braces are the fault's.
        servo: whether it is about one servo, about one or all, or about the whole line.
        lasts: it has an end, and with it what it changed is healthy again.
        fields: what its table says besides time and place, and the default; None: must be given.
    """

    effect: str
    servo: Literal["one", "one or all", "none"] = "one or all"
    lasts: bool = True
    fields: Mapping[str, float | None] = field(default_factory=dict)


KINDS: Final[Mapping[str, KindRow]] = {
    "silence": KindRow("neither hears nor answers"),
    "lost": KindRow("loses {share:.1%} of its replies", fields={"share": 1.0}),
    "truncated": KindRow(
        "loses the last {bytes} bytes of {share:.1%} of its replies",
        fields={"share": 1.0, "bytes": 4},
    ),
    "corrupted": KindRow(
        "has a flipped bit in {bytes} bytes of {share:.1%} of its replies",
        fields={"share": 1.0, "bytes": 1},
    ),
    "duplicated": KindRow("sends {share:.1%} of its replies twice", fields={"share": 1.0}),
    "late": KindRow(
        "sends {share:.1%} of its replies {delay_ms:g} ms late",
        fields={"share": 1.0, "delay_ms": None},
    ),
    "noise": KindRow(
        "has {bytes} bytes of noise in {share:.1%} of the ticks and before as many replies",
        servo="none",
        fields={"share": 1.0, "bytes": 8},
    ),
    "unplug": KindRow("is unplugged", servo="none"),
    "overload": KindRow("shuts down by overload until it is rebooted", servo="one", lasts=False),
    "overheating": KindRow("is {value:g} degC warm", servo="one", fields={"value": None}),
    "voltage": KindRow("is supplied with {value:g} V", fields={"value": None}),
    "jump": KindRow(
        "reads its position {offset_ticks:+d} ticks away", "one", fields={"offset_ticks": None}
    ),
    "reboot": KindRow("reboots", lasts=False),
    "wrong_baud": KindRow("listens and answers at {baud} baud", fields={"baud": None}),
    "wrong_model": KindRow("says that it is model {model}", "one", fields={"model": None}),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One scripted fault; fields that its kind does not take mean nothing."""

    kind: Kind
    bus: str
    servo: int | None = None
    at_s: float = 0.0
    for_s: float | None = None
    since: Literal["episode", "start"] = "episode"
    episode: int = 1
    share: float = 1.0
    bytes: int = 0
    delay_ms: float = 0.0
    value: float = 0.0
    offset_ticks: int = 0
    baud: int = 0
    model: int = 0

    def concerns(self, servo_id: int) -> bool:
        """Whether this servo of its bus has the fault."""
        return self.servo is None or self.servo == servo_id

    def __str__(self) -> str:
        row = KINDS[self.kind]
        if self.servo is not None:
            place = f"servo {self.servo} of {self.bus}"
        else:
            place = self.bus if row.servo == "none" else f"every servo of {self.bus}"
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return f"{place} {row.effect.format(**values)}"


@dataclass(frozen=True, slots=True)
class FaultScript:
    """The faults of a file, in its order; `name` is the file's, for reports."""

    name: str
    seed: int
    faults: tuple[Fault, ...]


_COMMON: Final = ("kind", "bus", "servo", "at_s", "for_s", "since", "episode")
_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "servo": (1, SERVOS_PER_ARM),
    "at_s": (0, 86_400),
    "for_s": (0.001, 86_400),
    "episode": (1, 1_000_000),
    "share": (0.001, 1),
    "bytes": (1, 1000),
    "delay_ms": (0.1, 10_000),
    "value": (0, 150),
    "offset_ticks": (-1_000_000, 1_000_000),
    "model": (0, 65_535),
}
"""Smallest and largest values."""


def load_faults(path: Path) -> FaultScript:
    """The faults of a file.

    Raises:
        ConfigError: unreadable, or something in it that cannot be; says where and what would do.
    """
    table = read_toml(path)
    for key in table:
        if key not in ("seed", "faults"):
            raise ConfigError(f"{path}: unknown key {key!r}. {nearest(key, ('seed', 'faults'))}.")
    seed, faults = table.get("seed", 0), table.get("faults")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise ConfigError(f"{path} seed must be a whole number, not {seed!r}.")
    if not isinstance(faults, list) or not faults or not all(isinstance(f, dict) for f in faults):
        raise ConfigError(f"{path} has no [[faults]] tables: write one for every fault.")
    numbered = enumerate(faults, start=1)
    return FaultScript(
        path.name, seed, tuple(_fault(each, f"{path}, fault {n}") for n, each in numbered)
    )


def _fault(table: Mapping[str, Any], where: str) -> Fault:
    """One table as a `Fault`, everything in it checked."""
    kind = table.get("kind")
    if kind is None:
        raise ConfigError(f"{where}: 'kind' is missing. {nearest('', get_args(Kind))}.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ConfigError(f"{where} kind: {kind!r}. {nearest(str(kind), KINDS)}.")
    row = KINDS[kind]
    where = f"{where} ({kind})"
    _check_keys(table, row, where)
    defaults = {name: value for name, value in row.fields.items() if value is not None}
    fault = build(Fault, {**defaults, **table}, where)
    _check_values(table, fault, where)
    return fault


def _check_keys(table: Mapping[str, Any], row: KindRow, where: str) -> None:
    known = (*_COMMON, *row.fields)
    for key in table:
        if key == "for_s" and not row.lasts:
            raise ConfigError(f"{where}: happens at once, so it takes no 'for_s': leave it out.")
        if key == "servo" and row.servo == "none":
            raise ConfigError(f"{where}: is about the whole line: leave 'servo' out.")
        if key not in known:
            raise ConfigError(f"{where}: does not take {key!r}. {nearest(key, known)}.")
    needed = ["bus", *(["servo"] if row.servo == "one" else [])]
    for name in (*needed, *(name for name, value in row.fields.items() if value is None)):
        if name not in table:
            raise ConfigError(f"{where}: {name!r} is missing: add it.")


def _check_values(table: Mapping[str, Any], fault: Fault, where: str) -> None:
    for name, (lowest, highest) in _RANGES.items():
        if name in table and not lowest <= getattr(fault, name) <= highest:
            raise ConfigError(
                f"{where} {name} must be {lowest:g} to {highest:g}, not {table[name]!r}."
            )
    if fault.bus not in BUS_NAMES:
        raise ConfigError(f"{where} bus: {fault.bus!r}. {nearest(fault.bus, BUS_NAMES)}.")
    if "baud" in table and fault.baud not in BAUD_RATES:
        known = ", ".join(map(str, BAUD_RATES))
        raise ConfigError(f"{where} baud: {fault.baud} is no rate of a servo. Known: {known}.")
    if "episode" in table and fault.since == "start":
        raise ConfigError(f"{where}: counts from the start, so leave 'episode' out.")
