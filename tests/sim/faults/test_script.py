"""Reading fault files: what they say comes out, and what cannot be is refused with a hint."""

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.faults.script import KINDS, Fault, Kind, load_faults
from teleop.config import ConfigError
from teleop.joints import BUS_NAMES

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "configs" / "faults").glob("*.toml"))

FIELDS: dict[str, Any] = {
    "share": st.floats(0.001, 1.0),
    "bytes": st.integers(1, 1000),
    "delay_ms": st.floats(0.1, 10_000.0),
    "value": st.floats(0.0, 150.0),
    "offset_ticks": st.integers(-1_000_000, 1_000_000),
    "baud": st.sampled_from([9600, 57_600, 1_000_000, 4_500_000]),
    "model": st.integers(0, 65_535),
    "servo": st.integers(1, 9),
    "at_s": st.floats(0.0, 1000.0),
    "for_s": st.floats(0.001, 1000.0),
}


@st.composite
def tables(draw: Any) -> dict[str, Any]:
    """A fault as a file may have it."""
    kind = draw(st.sampled_from(get_args(Kind)))
    row = KINDS[kind]
    table = {"kind": kind, "bus": draw(st.sampled_from(BUS_NAMES))}
    must = [name for name, default in row.fields.items() if default is None]
    may = [name for name in row.fields if name not in must] + ["at_s"]
    (must if row.servo == "one" else may if row.servo == "one or all" else []).append("servo")
    if row.lasts:
        may.append("for_s")
    for name in [*must, *(name for name in may if draw(st.booleans()))]:
        table[name] = draw(FIELDS[name])
    if draw(st.booleans()):
        table |= draw(st.sampled_from([{"since": "start"}, {"episode": 3}, {"since": "episode"}]))
    return table


def toml(table: dict[str, Any]) -> str:
    return "[[faults]]\n" + "".join(f"{key} = {value!r}\n" for key, value in table.items())


def load(folder: Path, text: str) -> Any:
    path = folder / "faults.toml"
    path.write_text(text)
    return load_faults(path)


@given(seed=st.integers(-(2**63), 2**63 - 1), each=st.lists(tables(), min_size=1, max_size=4))
def test_whatever_a_file_may_say_is_read(
    seed: int, each: list[dict[str, Any]], tmp_path_factory: Any
) -> None:
    text = f"seed = {seed}\n" + "".join(map(toml, each))
    script = load(tmp_path_factory.getbasetemp(), text)
    assert script.seed == seed
    for fault, table in zip(script.faults, each, strict=True):
        assert {name: getattr(fault, name) for name in table} == table
        for name, default in KINDS[fault.kind].fields.items():
            assert getattr(fault, name) == table.get(name, default)
        assert fault.bus in str(fault)


@given(
    table=tables(),
    key=st.sampled_from([*FIELDS, "kind", "bus", "since", "episode", "foo"]),
    value=st.one_of(st.integers(), st.floats(), st.text("ab\\\x7f", max_size=3), st.booleans()),
)
def test_anything_else_is_a_sentence_and_no_traceback(
    table: dict[str, Any], key: str, value: Any, tmp_path_factory: Any
) -> None:
    written = "true" if value is True else "false" if value is False else repr(value)
    text = toml({name: each for name, each in table.items() if name != key}) + f"{key} = {written}"
    try:
        (fault,) = load(tmp_path_factory.getbasetemp(), text).faults
    except ConfigError as error:
        assert "faults.toml" in str(error)  # noqa: PT017
    else:
        assert getattr(fault, key) == value


@given(data=st.binary(max_size=200))
def test_bytes_of_any_kind_are_a_sentence_and_no_traceback(
    data: bytes, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=r"bytes\.toml"):
        load_faults(path)


GOOD = {"kind": "'lost'", "bus": "'follower_left'", "servo": "4", "share": "0.5"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "'slience'"}, "fault 1 kind: 'slience'. Did you mean 'silence'?"),
        ({"kind": None}, "fault 1: 'kind' is missing. Known: corrupted,"),
        ({"kind": "[1]"}, "fault 1 kind: [1]. Known: corrupted,"),
        ({"bus": "'folower_left'"}, "(lost) bus: 'folower_left'. Did you mean 'follower_left'?"),
        ({"bus": None}, "(lost): 'bus' is missing"),
        ({"bus": "3"}, "(lost) bus must be of type str"),
        ({"servo": "10"}, "(lost) servo must be 1 to 9, not 10."),
        ({"servo": "'elbow'"}, "(lost) servo must be of type int"),
        ({"share": "1.5"}, "(lost) share must be 0.001 to 1, not 1.5."),
        ({"share": "nan"}, "(lost) share must be finite"),
        ({"shar": "0.5"}, "(lost): does not take 'shar'. Did you mean 'share'?"),
        ({"delay_ms": "5.0"}, "(lost): does not take 'delay_ms'."),
        ({"at_s": "-1.0"}, "(lost) at_s must be 0 to 86400, not -1.0."),
        ({"for_s": "0.0"}, "(lost) for_s must be 0.001 to 86400, not 0.0."),
        ({"since": "'begin'"}, "(lost) since: 'begin'. "),
        ({"since": "'start'", "episode": "1"}, "counts from the start, so leave 'episode' out"),
        ({"episode": "0"}, "(lost) episode must be 1 to"),
        ({"kind": "'late'"}, "(late): 'delay_ms' is missing"),
        ({"kind": "'noise'"}, "(noise): is about the whole line: leave 'servo' out"),
        ({"kind": "'overload'", "share": None, "servo": None}, "(overload): 'servo' is missing"),
        ({"kind": "'reboot'", "share": None, "for_s": "1.0"}, "happens at once"),
        ({"kind": "'wrong_baud'", "share": None, "baud": "115000"}, "Known: 9600, 57600, 115200,"),
        ({"kind": "'wrong_model'", "share": None, "model": "70000"}, "model must be 0 to 65535"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(
    changes: dict[str, str | None], says: str, tmp_path: Path
) -> None:
    table = {key: value for key, value in (GOOD | changes).items() if value is not None}
    text = "[[faults]]\n" + "".join(f"{key} = {value}\n" for key, value in table.items())
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert says in str(error.value)
    assert str(error.value).startswith(str(tmp_path / "faults.toml"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no [[faults]] tables"),
        ("faults = []", "has no [[faults]] tables"),
        ("faults = [1]", "has no [[faults]] tables"),
        ("[faults]\nkind = 'lost'", "has no [[faults]] tables"),
        ("sede = 1", "unknown key 'sede'. Did you mean 'seed'?"),
        ("seed = 1.5", "seed must be a whole number, not 1.5"),
        ("seed = true", "seed must be a whole number, not True"),
        ("seed = ", "is not TOML"),
    ],
)
def test_a_file_that_is_no_script_is_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert says in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Cannot read .*nowhere\.toml: No such file"):
        load_faults(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_sound(path: Path) -> None:
    assert load_faults(path).faults


def test_faults_say_what_happens_to_whom() -> None:
    assert str(Fault("noise", "leader_left", bytes=8, share=0.5)) == (
        "leader_left has 8 bytes of noise in 50.0% of the ticks and before as many replies"
    )
    assert str(Fault("jump", "leader_left", 3, offset_ticks=-40)) == (
        "servo 3 of leader_left reads its position -40 ticks away"
    )
    assert str(Fault("reboot", "leader_left")) == "every servo of leader_left reboots"
