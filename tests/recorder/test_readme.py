"""`datasets/README.md` describes the format that is really written."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.amend import amend
from recorder.episode.format_table import attribute_rows, dataset_rows, frame_rows
from recorder.episode.schema import ATTRIBUTES, SCHEMA_VERSION
from recorder.folder.versions import trim
from teleop.joints import BUS_NAMES
from tests.recorder.fake_rig import make_episode, picture

README = Path(__file__).parents[2] / "datasets" / "README.md"


def tables(text: str) -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


def test_the_tables_are_those_of_the_schema() -> None:
    text = README.read_text()
    assert dataset_rows() in tables(text)
    assert attribute_rows() in tables(text)
    assert f"| {SCHEMA_VERSION} | " in text
    assert ", ".join(frame_rows()) in text
    assert ", ".join(BUS_NAMES) in text


def test_a_file_has_what_the_tables_say_and_nothing_else(tmp_path: Path) -> None:
    described = {row.split("`")[1]: row for row in dataset_rows()[2:]}
    found: dict[str, h5py.Dataset] = {}
    path = make_episode(tmp_path, 60, policy="{}")
    amend(path, reason="It fell.", note="The table was wet.")
    trim(path, 0, 58, "2025-01-01T00:00:00.000+00:00")
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({f"/{name}": item}))
        found = {name: item for name, item in found.items() if isinstance(item, h5py.Dataset)}
        names = {re.sub(r"images/.*", "images/<camera>", name) for name in found}
        assert names == set(described)
        for name, item in found.items():
            _, shape, unit, _ = (
                cell.strip()
                for cell in described[re.sub(r"images/.*", "images/<camera>", name)].split("|")[
                    1:-1
                ]
            )
            assert len(shape[1 : shape.index(")")].split(",")) == item.ndim
            kind = shape[shape.index(")") + 2 :]
            assert kind == ("string" if item.dtype.kind == "S" else item.dtype.str.lstrip("<|"))
            if name.startswith("/tandem") and unit:
                assert item.attrs["unit"].decode() == unit
        assert set(file.attrs) == {attribute.name for attribute in ATTRIBUTES}


def test_the_reading_example_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "datasets").mkdir()
    folder = tmp_path / "datasets" / "battery"
    folder.mkdir()
    make_episode(folder, 5)
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert example
    names: dict[str, np.ndarray] = {}
    exec(example[1].replace("cam_high", "cam_0"), names)
    assert capsys.readouterr().out == "battery success 50\n"
    assert names["qpos"].shape == names["action"].shape == (5, 14)
    assert abs(names["image"].astype(int) - picture(100))[24, ::16].max() <= 12
