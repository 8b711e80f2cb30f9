"""Room on the disk: what is promised holds for every disk that is filled as the model says."""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.cameras.pattern import PatternCamera
from recorder.config import CameraConfig, RecordingConfig, Subsampling
from recorder.episode.schema import step_dtype
from recorder.errors import FolderError
from recorder.folder.disk import (
    LOW_S,
    MEASURED_STEPS,
    STOP_S,
    DiskUse,
    RecordingRate,
    Room,
    expected_rate,
    measured_rate,
    outlook,
)
from recorder.folder.guards import check_room, journal_bytes
from recorder.pictures.encode import encode_jpeg
from tests.recorder.fake_rig import make_episode, make_header

MB, GB = 10**6, 10**9
ALOHA = tuple(CameraConfig(f"cam_{i}", "webcam") for i in range(4))


def bytes_of_pictures(camera: CameraConfig, config: RecordingConfig) -> list[int]:
    pattern = PatternCamera(camera)
    return [len(encode_jpeg(pattern.picture(number), config)) for number in range(0, 400, 40)]


@pytest.mark.parametrize("quality", [50, 90, 95])
@pytest.mark.parametrize("subsampling", ["420", "422", "444"])
def test_the_estimate_fits_the_pattern_camera(quality: int, subsampling: Subsampling) -> None:
    recording = RecordingConfig(quality, subsampling)
    camera = CameraConfig("cam", "pattern")
    usual = float(np.mean(bytes_of_pictures(camera, recording)))
    record = step_dtype(1, 0).itemsize
    estimate = expected_rate([camera], recording, 50).journal_bytes_s / 50 - record
    assert usual <= estimate <= 1.25 * usual


def test_four_cameras_of_aloha_take_17_mb_a_second_in_the_journal() -> None:
    rate = expected_rate(ALOHA, RecordingConfig(), 50)
    assert rate.journal_bytes_s == pytest.approx(17.3 * MB, rel=0.02)
    assert rate.file_bytes_s > rate.journal_bytes_s


def test_a_small_camera_takes_little_beside_a_large_one() -> None:
    small = [CameraConfig(f"cam_{i}", "webcam", 320, 240) for i in range(3)]
    rate = expected_rate([*small, CameraConfig("cam_3", "webcam")], RecordingConfig(), 50)
    equal = expected_rate(ALOHA, RecordingConfig(), 50)
    assert rate.file_bytes_s < equal.file_bytes_s / 2
    assert rate.journal_bytes_s < equal.journal_bytes_s / 2


def test_without_cameras_there_is_still_the_step() -> None:
    rate = expected_rate([], RecordingConfig(), 50, state_size=100)
    assert rate.journal_bytes_s > 50 * 8 * 100


def test_what_was_measured_counts_as_soon_as_it_says_something() -> None:
    before = expected_rate(ALOHA, RecordingConfig(), 50)
    facts = {"longest_jpegs": [20_000, 60_000, 40_000, 40_000], "state_size": 0, "rate_hz": 50}
    few = measured_rate(before, steps=MEASURED_STEPS - 1, journal_bytes=1, **facts)
    assert few == before
    many = measured_rate(before, steps=100, journal_bytes=100 * 120_000, **facts)
    assert many.journal_bytes_s == pytest.approx(120_000 * 50)
    assert many.file_bytes_s == pytest.approx(50 * 160_000, rel=0.02)


def test_a_measured_episode_is_as_large_as_was_said(tmp_path: Path) -> None:
    steps = 200
    path = make_episode(tmp_path, steps)
    header = make_header()
    with h5py.File(path) as file:
        longest = [rows.shape[1] for rows in file["/observations/images"].values()]
    rate = measured_rate(
        RecordingRate(1, 1),
        steps=steps,
        journal_bytes=1,
        longest_jpegs=longest,
        state_size=header.state_size,
        rate_hz=header.rate_hz,
    )
    said = rate.file_bytes_s * steps / header.rate_hz
    assert said == pytest.approx(path.stat().st_size, rel=0.25)


def test_a_large_disk_is_ample_and_a_small_one_is_said() -> None:
    rate = RecordingRate(20 * MB, 20 * MB)
    assert outlook(DiskUse(100 * GB, GB), rate, 10).room is Room.AMPLE
    low = outlook(DiskUse(12 * GB, GB), rate, 10)
    assert low.room is Room.LOW
    assert LOW_S > low.left_s == pytest.approx((11 * GB - 200 * MB) / (20 * MB))
    assert low.open_left_s == pytest.approx(11 * GB / (40 * MB))


def test_an_episode_needs_twice_its_size() -> None:
    rate = RecordingRate(20 * MB, 20 * MB)
    just = GB + round(2 * (10 + STOP_S) * 20 * MB)
    assert outlook(DiskUse(just, GB), rate, 10).room is Room.LOW
    assert outlook(DiskUse(just - MB, GB), rate, 10).room is Room.NO_EPISODE


def test_what_waits_to_be_finalised_needs_its_file_first() -> None:
    rate = RecordingRate(20 * MB, 20 * MB)
    use = DiskUse(GB + 600 * MB, GB, journal_bytes=300 * MB)
    waiting = outlook(use, rate, 10)
    assert waiting.room is Room.NO_EPISODE
    assert waiting.left_s == pytest.approx(20)  # once that is done two fit
    done = outlook(DiskUse(use.free_bytes, GB), rate, 10)
    assert done.room is Room.LOW


def test_it_stops_while_what_is_recorded_still_fits() -> None:
    rate = RecordingRate(20 * MB, 25 * MB)
    journal = 400 * MB
    fits = GB + round(journal * 1.25)
    assert outlook(DiskUse(fits, GB, journal), rate, 60).room is Room.STOP
    room_to_stop = fits + round((STOP_S + 1) * 45 * MB)
    assert outlook(DiskUse(room_to_stop, GB, journal), rate, 60).room is Room.NO_EPISODE


def test_a_disk_that_is_full_has_no_time_left_rather_than_less_than_none() -> None:
    full = outlook(DiskUse(0, GB, GB), RecordingRate(20 * MB, 25 * MB), 10)
    assert (full.left_s, full.open_left_s, full.room) == (0.0, 0.0, Room.STOP)


@dataclass
class Disk:
    """Filled as the recorder fills it: journals grow, become files in turn, and go."""

    free: float
    rate: RecordingRate
    reserve: int
    open_s: float = 0.0
    waiting_s: list[float] = field(default_factory=list)

    def outlook(self, episode_s: float) -> Room:
        journals = (self.open_s + sum(self.waiting_s)) * self.rate.journal_bytes_s
        use = DiskUse(int(self.free), self.reserve, int(journals))
        return outlook(use, self.rate, episode_s).room

    def record(self, seconds: float) -> None:
        self.free -= seconds * self.rate.journal_bytes_s
        self.open_s += seconds

    def close(self) -> None:
        self.waiting_s.append(self.open_s)
        self.open_s = 0.0

    def finalise(self) -> None:
        seconds = self.waiting_s.pop(0)
        self.free -= seconds * self.rate.file_bytes_s
        assert self.free >= self.reserve, "no room for the file"
        self.free += seconds * self.rate.journal_bytes_s


@given(
    free=st.floats(0, 20 * GB),
    journal=st.floats(MB, 60 * MB),
    padding=st.floats(1.0, 4.0),
    episode_s=st.floats(5, 120),
    lazy=st.integers(0, 3),
    lengths=st.lists(st.floats(0.02, 1.0), min_size=1, max_size=30),
)
def test_who_heeds_it_can_finalise_whatever_was_recorded(
    free: float, journal: float, padding: float, episode_s: float, lazy: int, lengths: list[float]
) -> None:
    """With a finaliser that is `lazy` episodes behind, looking at the disk once a second."""
    disk = Disk(free, RecordingRate(journal, padding * journal), GB)
    for length in lengths:
        if disk.outlook(episode_s) >= Room.NO_EPISODE:
            if not disk.waiting_s:
                break
            disk.finalise()
            continue
        left_s = length * episode_s
        while left_s > 0 and disk.outlook(episode_s) is not Room.STOP:
            disk.record(min(1.0, left_s))
            left_s -= 1.0
        assert left_s <= 0, "an episode that was let begin was stopped for want of room"
        disk.close()
        while len(disk.waiting_s) > lazy:
            disk.finalise()
    while disk.waiting_s:
        disk.finalise()


@given(others=st.floats(0, 1), journal=st.floats(MB, 60 * MB), padding=st.floats(1.0, 4.0))
def test_an_episode_without_end_is_stopped_in_time(
    others: float, journal: float, padding: float
) -> None:
    """Although other programs fill the disk too, at `others` times the rate of the journal."""
    disk = Disk(GB + 200 * journal, RecordingRate(journal, padding * journal), GB // 2)
    while disk.outlook(10) is not Room.STOP:
        disk.record(0.5)
        disk.free -= 0.5 * others * journal
    disk.record(1.0)  # until the arms hold, and what waits for the encoders
    disk.close()
    assert disk.free > disk.reserve
    disk.finalise()


def test_a_folder_without_room_for_an_episode_is_refused(tmp_path: Path) -> None:
    rate = RecordingRate(20 * MB, 25 * MB)
    check_room(tmp_path, rate=rate, episode_s=0.0, reserve_bytes=0)
    with pytest.raises(FolderError, match=r"room for \d+ s of recording, and an episode takes up"):
        check_room(tmp_path, rate=rate, episode_s=1e9, reserve_bytes=0)


def test_leftover_journals_count(tmp_path: Path) -> None:
    for number, size in enumerate((1000, 500)):
        (tmp_path / f"episode_{number}.journal").write_bytes(bytes(size))
    (tmp_path / "episode_2.journal.damaged").write_bytes(bytes(99))
    assert journal_bytes(tmp_path) == 1500
    assert journal_bytes(tmp_path / "not there") == 0
