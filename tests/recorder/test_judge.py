"""The verdict on a file: put into it when it is made, and said anew whenever somebody asks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from recorder.config import RecordingConfig
from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import checksum
from recorder.errors import EpisodeError
from recorder.judge import damaged_pictures, judge, limits_of
from recorder.limits import QualityLimits
from recorder.pictures.encode import encode_jpeg
from recorder.quality import from_json
from recorder.status import Verdict
from recorder.verdict import in_sentences, verdict_of
from tests.recorder.fake_rig import make_episode, picture

LIMITS = QualityLimits(short_warn_s=9.0, ignore=("idle_head",))


def test_a_file_is_born_with_its_verdict(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 60, limits=LIMITS)
    with EpisodeReader(path) as episode:
        facts = episode.facts
        assert limits_of(episode) == LIMITS
    assert facts.findings is not None
    kept = from_json(facts.findings)
    assert kept is not None
    assert kept.verdict == facts.verdict == judge(path).verdict
    assert "too_short" in {finding.check for finding in kept.findings}
    assert "idle_head" in kept.not_checked
    assert "undecodable" in kept.not_checked
    assert "undecodable" not in judge(path).not_checked


def test_other_limits_may_be_asked_for(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 60, limits=LIMITS)
    lenient = QualityLimits(short_warn_s=0.5, short_reject_s=0.1)
    assert "too_short" not in {finding.check for finding in judge(path, lenient).findings}


def test_pictures_that_are_not_what_was_recorded_are_named(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 20)
    other = encode_jpeg(picture(63), RecordingConfig(jpeg_quality=10))
    with h5py.File(path, "r+") as file:
        rows = file["/observations/images/cam_1"]
        rows[4] = np.zeros(rows.shape[1], np.uint8)  # no JPEG at all
        rows[5, : len(other)] = np.frombuffer(other, np.uint8)  # one of something else
        file["/compress_len"][1, 5] = len(other)
    with EpisodeReader(path) as episode:
        assert np.argwhere(damaged_pictures(episode)).tolist() == [[4, 1], [5, 1]]
    (found,) = (each for each in judge(path).findings if each.check == "undecodable")
    assert (found.where, found.spans, found.severity) == ("cam_1", ((4, 5),), "reject")


def test_a_picture_that_is_repeated_is_damaged_each_time(tmp_path: Path) -> None:
    path = make_episode(tmp_path, 20)
    noise = b"no picture"
    with h5py.File(path, "r+") as file:
        for step in (4, 5):
            file["/observations/images/cam_1"][step, : len(noise)] = np.frombuffer(noise, np.uint8)
            file["/compress_len"][1, step] = len(noise)
            file["/tandem/frame_crc32"][step, 1] = checksum(noise)
    with EpisodeReader(path) as episode:
        assert np.argwhere(damaged_pictures(episode)).tolist() == [[4, 1], [5, 1]]


@pytest.mark.parametrize("text", ["[]", "{", json.dumps({"late_ms": -1}), json.dumps({"no": 1})])
def test_limits_that_are_none_are_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    path = make_episode(tmp_path, 3)
    with h5py.File(path, "r+") as file:
        file.attrs["quality_limits"] = np.bytes_(text)
    with pytest.raises(EpisodeError, match=r"episode_0.hdf5: its quality_limits are none"):
        judge(path)


def test_the_operator_is_told_the_worst_and_what_to_do(tmp_path: Path) -> None:
    def freeze(step: int, tick: Any) -> None:
        tick["qpos"] = np.nan

    judgement = judge(make_episode(tmp_path, 60, change=freeze))
    said = list(in_sentences(judgement))
    assert said[0] == "REJECT, better recorded again:"
    assert said[1] == f"{judgement.findings[0].check}: {judgement.findings[0].text}"
    assert said[2] == f"-> {judgement.findings[0].advice}"
    assert said[-1].endswith("see `episodes check`.")
    few = replace(judgement, findings=judgement.findings[:2])
    assert list(in_sentences(few)) == said[:5]
    assert verdict_of(judgement) is Verdict.REJECT
    assert verdict_of(None) is Verdict.UNKNOWN
    assert list(in_sentences(None)) == []
