"""Files and journals of other versions. Those of version 1, in `data/`, its own code wrote."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from recorder.episode.finalise import finalise
from recorder.episode.reader import EpisodeReader
from recorder.episode.recover import recover_folder
from recorder.episode.soundness import check
from recorder.errors import FinaliseError
from recorder.journal.writer import Kind, frame
from recorder.judge import judge
from replay.cli import main
from teleop.joints import BUS_NAMES, DOF, JOINT_NAMES
from tests.recorder.fake_rig import make_header

DATA = Path(__file__).parent / "data"
STEPS, FIRST_TICK = 51, 100


def unpacked(folder: Path, packed: str, name: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.decompress((DATA / packed).read_bytes()))
    return path


def test_its_files_are_read_as_ever(tmp_path: Path) -> None:
    with EpisodeReader(unpacked(tmp_path, "version_1.hdf5.gz", "episode_0.hdf5")) as reader:
        assert check(reader) == []
        facts = reader.facts
        assert (facts.schema_version, facts.arms, facts.arms_kind) == (1, None, "simulated")
        assert (facts.joint_names, facts.bus_names) == (JOINT_NAMES, BUS_NAMES)
        ticks = np.arange(FIRST_TICK, FIRST_TICK + STEPS)
        qpos = ticks[:, None] + 0.1 + np.arange(DOF) / 100
        assert np.array_equal(reader.column("/observations/qpos"), qpos.astype("f4"))
        assert reader.shape("/tandem/temperature_degc") == (2, 4, 9)
        assert reader.image("cam_0", STEPS - 1).shape == (48, 64, 3)


def test_they_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = unpacked(tmp_path, "version_1.hdf5.gz", "episode_0.hdf5")
    assert main([str(path), "--contact-sheet", str(tmp_path / "sheet.png")]) == 1
    said = capsys.readouterr().out
    assert "SIMULATED RIG" in said
    assert "51 steps, 1.02 s at 50 Hz" in said
    assert "not believed: none" in said
    assert "quality   reject" in said  # its arms are wild, and that is the exit status
    assert said.splitlines()[-1] == "sound"


def test_its_journals_are_kept_for_the_program_that_can_read_them(tmp_path: Path) -> None:
    path = unpacked(tmp_path, "version_1.journal.gz", "episode_1.journal")
    content = path.read_bytes()
    with pytest.raises(FinaliseError, match="recorded by another version of Tandem: start that"):
        finalise(path, recovered=True)
    said: list[str] = []
    assert recover_folder(tmp_path, said.append) == []
    assert "another version" in said[0]
    assert path.read_bytes() == content


def test_a_journal_of_a_later_version_is_kept_although_its_header_has_more_keys(
    tmp_path: Path,
) -> None:
    path = tmp_path / "episode_2.journal"
    header = {**json.loads(make_header(2).to_json()), "schema_version": 99, "new": 1}
    payload = json.dumps(header).encode()
    path.write_bytes(frame(Kind.HEADER, 0, [payload]) + payload)
    with pytest.raises(FinaliseError, match="recorded by another version of Tandem"):
        finalise(path, recovered=True)
    assert path.exists()


def test_version_2_is_read_shown_and_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unpacked(tmp_path, "version_2.hdf5.gz", "episode_0.hdf5")
    with EpisodeReader(path) as reader:
        assert check(reader) == []
        assert (reader.facts.schema_version, reader.facts.verdict) == (2, None)
        assert reader.shape("/tandem/rejected") == (STEPS, 4)
    assert main([str(path)]) == 1
    assert "51 steps" in capsys.readouterr().out
    assert {"black", "blurred", "dropped_pictures"} <= set(judge(path).not_checked)
