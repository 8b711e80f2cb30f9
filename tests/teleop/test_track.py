"""A recording as it is played back: which command at which tick."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleop.errors import TrackError
from teleop.joints import DOF
from teleop.track import TRACK_DTYPE, Track, load, save


def track(steps: int, pace: float = 1.0) -> Track:
    """Step k has command k in every joint, and a follower that is a tenth behind."""
    rows = np.repeat(np.arange(steps, dtype=float)[:, None], DOF, axis=1)
    return Track(rows, rows - 0.1, pace)


@given(steps=st.integers(1, 200), pace=st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.7, 1.0, 1.7, 2.0]))
def test_every_speed_goes_from_the_first_command_to_the_last(steps: int, pace: float) -> None:
    played = track(steps, pace)
    commands = [played.command(tick)[0] for tick in range(played.ticks)]
    assert commands[0] == 0
    assert commands[-1] == steps - 1
    assert all(command < steps - 1 for command in commands[:-1])
    np.testing.assert_allclose(np.diff(commands)[:-1], pace, atol=1e-9)
    assert played.command(played.ticks + 1000)[0] == steps - 1
    assert played.expected(played.ticks - 1)[0] == pytest.approx(steps - 1.1)


def test_as_fast_as_recorded_it_is_the_recording_to_the_bit() -> None:
    rows = np.random.default_rng(1).normal(size=(50, DOF))
    played = Track(rows, rows, 1.0)
    assert np.array_equal([played.command(tick) for tick in range(played.ticks)], rows)


def test_arms_that_were_not_there_stay_unknown() -> None:
    rows = np.full((3, DOF), np.nan)
    rows[:, 7:] = 1.0
    command = Track(rows, rows, 0.5).command(1)
    assert np.isnan(command[:7]).all()
    assert (command[7:] == 1.0).all()


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save(track(5), tmp_path / "track.npy")
    loaded = load(tmp_path / "track.npy", 0.5)
    assert np.array_equal(loaded.action, track(5).action)
    assert np.array_equal(loaded.qpos, track(5).qpos)
    assert loaded.ticks == 9


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\x93NUMPY", b"no numpy file at all"],
    ids=["absent", "empty", "cut off", "other"],
)
def test_what_is_no_track_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "track.npy"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrackError):
        load(path, 1.0)


def test_a_track_that_nobody_could_compare_with_is_refused(tmp_path: Path) -> None:
    recorded = track(5)
    recorded.qpos[3, 2] = np.nan
    save(recorded, tmp_path / "track.npy")
    with pytest.raises(TrackError, match="does not say where all arms were"):
        load(tmp_path / "track.npy", 1.0)


@pytest.mark.parametrize("rows", [np.zeros(0, TRACK_DTYPE), np.zeros(4), np.zeros((2, 2))])
def test_nor_other_arrays(tmp_path: Path, rows: np.ndarray) -> None:
    np.save(tmp_path / "track.npy", rows, allow_pickle=False)
    with pytest.raises(TrackError):
        load(tmp_path / "track.npy", 1.0)
