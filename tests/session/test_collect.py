"""collect.py from end to end on the simulated rig: what it records, and that it is reproducible."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from session_harness import run, small_rig

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check

pytestmark = pytest.mark.sim


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder with three episodes, seeds 0, 1, 2."""
    folder = tmp_path_factory.mktemp("collected")
    rig = small_rig(folder)
    status, text = run(
        folder / "data", "--task", "battery", "--rig", str(rig), "--episodes", "3", "--seed", "0"
    )
    assert status == 0, text
    assert "SIMULATED RIG" in text
    assert "Saved 3 episodes (3 success)" in text
    return folder / "data" / "battery"


def test_three_sound_episodes(collected: Path) -> None:
    files = sorted(path.name for path in collected.glob("*.hdf5"))
    assert files == [f"episode_{n}.hdf5" for n in range(3)]
    assert not list(collected.glob("*.journal"))
    for path in collected.glob("*.hdf5"):
        with EpisodeReader(path) as episode:
            assert check(episode) == []


def test_success_recomputed_from_stored_states(collected: Path) -> None:
    """The verdict is judged anew from the physics in the file, not read from an attribute."""
    from sim.scenes.scene import stage_history

    for path in collected.glob("*.hdf5"):
        with h5py.File(path) as file:
            states = file["tandem/sim_state"][:]
            stored = file["tandem/stage"][:]
            stages = stage_history(file.attrs["scene"].decode(), states)
            assert stages[-1] == 4
            np.testing.assert_array_equal(stages, stored)
            assert stages[0] == 0  # and it did not begin solved


def test_episodes_differ(collected: Path) -> None:
    starts = []
    for path in collected.glob("*.hdf5"):
        with h5py.File(path) as file:
            starts.append(file["tandem/sim_state"][0])
    assert not np.array_equal(starts[0], starts[1])


def test_same_seed_same_actions_bit_for_bit(collected: Path, tmp_path: Path) -> None:
    """A fresh session that begins at seed 1 repeats the second episode of the first session."""
    rig = small_rig(tmp_path)
    status, text = run(tmp_path / "again", "--task", "battery", "--rig", str(rig), "--seed", "1")
    assert status == 0, text
    with (
        h5py.File(collected / "episode_1.hdf5") as first,
        h5py.File(tmp_path / "again" / "battery" / "episode_0.hdf5") as again,
    ):
        for name in ("action", "observations/qpos", "observations/effort", "tandem/sim_state"):
            assert first[name].shape == again[name].shape
            assert first[name][:].tobytes() == again[name][:].tobytes(), name


def test_action_leads_the_follower_by_two_to_five_ticks(collected: Path) -> None:
    for path in collected.glob("*.hdf5"):
        with h5py.File(path) as file:
            action = np.diff(file["action"][:, :6], axis=0)
            qpos = np.diff(file["observations/qpos"][:, :6], axis=0)
        scores = [
            sum(
                float(a @ q)
                for a, q in zip(action[: len(action) - lag].T, qpos[lag:].T, strict=True)
            )
            for lag in range(12)
        ]
        assert 2 <= int(np.argmax(scores)) <= 5


def test_numbers_go_on_and_are_never_reused(collected: Path, tmp_path: Path) -> None:
    from recorder.folder.numbering import next_number

    assert next_number(collected) == 3
    (collected / "episode_2.hdf5").rename(tmp_path / "away.hdf5")
    assert next_number(collected) == 3
    (tmp_path / "away.hdf5").rename(collected / "episode_2.hdf5")
