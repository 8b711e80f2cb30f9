"""Tables (from TOML or JSON) to frozen dataclasses, strictly.

An unknown key names the nearest known one; a missing or wrongly typed value names where it stands.
Supported field types: bool, int, float, str, Path, Literal, X | None, tuple[X, ...],
Mapping[str, X], dataclasses.
"""

import dataclasses
import difflib
import json
import math
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

Table = Mapping[str, Any]
T = TypeVar("T")


MOST_LISTED: Final = 16


class ConfigError(Exception):
    """A configuration that cannot be used; the text says what, where, and what would do."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known words, nearest to `word` first, as the tail of an error sentence."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    rest = [name for name in known if name not in close]
    listed = ", ".join((close + rest)[:MOST_LISTED]) or "nothing"
    if len(known) > MOST_LISTED:
        listed += f" and {len(known) - MOST_LISTED} more"
    return f"Did you mean {close[0]!r}? Known: {listed}" if close else f"Known: {listed}"


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: not readable, or not TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or what Python cannot take
        raise ConfigError(f"{path} is not TOML: {error}.") from error


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file (how the session hands a process its configuration)."""
    try:
        table = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"Cannot read {path}: {error}.") from error
    if not isinstance(table, dict):
        raise ConfigError(f"{path} holds no object.")
    return table


def write_json(path: Path, value: Any) -> None:
    """Write a dataclass (or a mapping) as JSON, whole or not at all."""
    plain = value if isinstance(value, Mapping) else dataclasses.asdict(value)
    building = path.with_name(f".{path.name}.part")
    building.write_text(json.dumps(plain, default=str))
    building.rename(path)


def build(cls: type[T], table: Table, where: str) -> T:
    """An instance of dataclass `cls` from a table.

    Args:
        where: what the table is called in errors, e.g. ``configs/rigs/sim.toml [rig]``.

    Raises:
        ConfigError: an unknown key (names the nearest), a missing one, or a wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    for key in table:
        if key not in fields:
            raise ConfigError(f"{where}: unknown key {key!r}. {nearest(key, fields)}.")
    values = {}
    for name, field in fields.items():
        if name in table:
            values[name] = _convert(hints[name], table[name], f"{where} {name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(f"{where}: {name!r} is missing.")
    try:
        return cls(**values)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table, not {value!r}.")
        return build(hint, value, where)  # type: ignore[arg-type]
    if origin is Mapping:
        return _convert_mapping(typing.get_args(hint)[1], value, where)
    if origin is tuple:
        return _convert_tuple(typing.get_args(hint), value, where)
    if origin is typing.Literal:
        return _convert_choice(typing.get_args(hint), value, where)
    if origin in (types.UnionType, typing.Union):
        inner = [part for part in typing.get_args(hint) if part is not type(None)]
        return None if value is None else _convert(inner[0], value, where)
    return _convert_scalar(hint, value, where)


def _convert_mapping(item: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} must be a table, not {value!r}.")
    return {str(key): _convert(item, part, f"{where}.{key}") for key, part in value.items()}


def _convert_tuple(arguments: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{where} must be a list, not {value!r}.")
    item = arguments[0]
    return tuple(_convert(item, part, f"{where}[{i}]") for i, part in enumerate(value))


def _convert_choice(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if value not in choices:
        raise ConfigError(f"{where}: {value!r}. {nearest(str(value), map(str, choices))}.")
    return value


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            raise ConfigError(f"{where} is too large.") from None
    if hint is Path and isinstance(value, str):
        value = Path(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where} must be of type {hint.__name__}, not {value!r}.")
    if hint is float and not math.isfinite(value):
        raise ConfigError(f"{where} must be finite, not {value!r}.")
    return value
