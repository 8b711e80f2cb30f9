"""The episode being recorded: pictures overwritten on the way, and a disk that fills up."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from disk_limits import no_file_longer_than

from recorder.align import Step, align
from recorder.cameras.camera import Frame
from recorder.cameras.simulated import SimulatedCamera
from recorder.config import CameraConfig, RecordingConfig
from recorder.episode.finalise import finalise
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import JournalError
from recorder.open_episode import MAX_QUEUE, OpenEpisode
from recorder.pictures.encode import EncodePool
from teleop.lockstep import frame_ring
from teleop.ring import RingWriter
from teleop.tick import Outcome, empty_tick
from tests.recorder.fake_rig import HEIGHT, PERIOD_NS, WIDTH, make_header

SHADES = (40, 90, 140, 190, 240, 240)


class World:
    """Publishes frames of one camera, each of one shade, in a ring of two slots."""

    def __init__(self, folder: Path) -> None:
        self.ring = RingWriter(
            folder / frame_ring("cam_0"),
            [
                ("number", "<u8"),
                ("capture_ns", "<i8"),
                ("arrival_ns", "<i8"),
                ("image", "u1", (HEIGHT, WIDTH, 3)),
            ],
            2,
        )
        self.publish()
        self.camera = SimulatedCamera(folder, CameraConfig("cam_0", "simulated", WIDTH, HEIGHT))

    def publish(self) -> None:
        frame, number = self.ring.begin(), len(self.ring)
        frame["number"] = number
        frame["capture_ns"] = frame["arrival_ns"] = number * PERIOD_NS
        frame["image"] = SHADES[number]
        self.ring.commit()

    def newest(self) -> Frame:
        frame = self.camera.newest_arrived_before(len(self.ring) * PERIOD_NS)
        assert frame is not None
        return frame


def step_of(number: int, frame: Frame, last: Step | None) -> Step:
    tick = empty_tick()
    tick["number"], tick["t_ns"] = number, number * PERIOD_NS
    tick["deadline_ns"] = tick["t_ns"]
    tick["episode"], tick["step"], tick["bus_ok"] = 0, number, True
    for field in ("leader", "qpos", "qvel", "effort", "action"):
        tick[field] = 0.0
    return align(tick, [frame], [PERIOD_NS], last)


def test_a_torn_picture_is_missing_and_the_last_one_stands_in(tmp_path: Path) -> None:
    world = World(tmp_path)
    pool = EncodePool(RecordingConfig(), lambda: None)
    journal = tmp_path / "episode_0.journal"
    episode = OpenEpisode(journal, make_header(cameras=1, state_size=0), pool)

    def record(number: int, frame: Frame) -> None:
        episode.append(step_of(number, frame, episode.last))

    record(0, world.newest())
    while episode.queued():  # encoded before the world goes on, as lock-step sees to
        episode.journal_encoded()
    world.publish()
    torn = world.newest()
    world.publish()
    world.publish()  # the ring is full twice over: the frame taken is gone
    assert not torn.is_whole()
    record(1, torn)
    record(2, torn)  # no newer frame: a repeat of what never went on record
    record(3, world.newest())
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()

    saved = finalise(journal, recovered=False)
    assert saved.path
    with EpisodeReader(saved.path) as reader:
        assert reader.column("/tandem/frame_missing")[:, 0].tolist() == [0, 1, 1, 0]
        assert reader.column("/tandem/frame_dropped").tolist() == [0, 1, 1, 0]
        assert reader.column("/tandem/frame_age_ns")[:, 0].tolist() == [
            0,
            20_000_000,
            40_000_000,
            0,
        ]
        assert reader.column("/tandem/frame_number")[:, 0].tolist() == [0, 0, 0, 3]
        shades = [float(np.mean(reader.image("cam_0", step))) for step in range(4)]
        np.testing.assert_allclose(shades, [40, 40, 40, 190], atol=2)
        assert check(reader) == []


def test_a_torn_first_picture_is_black_and_missing(tmp_path: Path) -> None:
    world = World(tmp_path)
    pool = EncodePool(RecordingConfig(), lambda: None)
    journal = tmp_path / "episode_0.journal"
    episode = OpenEpisode(journal, make_header(cameras=1, state_size=0), pool)
    torn = world.newest()
    world.publish()
    world.publish()
    episode.append(step_of(0, torn, None))
    episode.append(step_of(1, world.newest(), episode.last))
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    saved = finalise(journal, recovered=False)
    assert saved.path
    with EpisodeReader(saved.path) as reader:
        assert reader.column("/tandem/frame_missing")[:, 0].tolist() == [1, 0]
        assert reader.image("cam_0", 0).max() == 0
        assert float(np.mean(reader.image("cam_0", 1))) > 100


def test_a_disk_that_fills_up_at_the_end_keeps_what_was_journaled(tmp_path: Path) -> None:
    world = World(tmp_path)
    pool = EncodePool(RecordingConfig(), lambda: None)
    journal = tmp_path / "episode_0.journal"
    episode = OpenEpisode(journal, make_header(cameras=1, state_size=0), pool)
    episode.append(step_of(0, world.newest(), None))
    while episode.queued():
        episode.journal_encoded()
    with no_file_longer_than(episode.journal_bytes + 10):
        with contextlib.suppress(JournalError):  # encoded at once, it fails here already
            episode.append(step_of(1, world.newest(), episode.last))
        with pytest.raises(JournalError, match="The 1 steps before are safe"):
            episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    saved = finalise(journal, recovered=True)  # nobody holds the journal any more
    assert (saved.steps, saved.outcome) == (1, Outcome.UNLABELLED)


def tick_of(number: int) -> Any:
    return step_of(number, Frame(np.zeros((1, 1, 3), np.uint8), 0, 0, 0), None).tick


def test_an_encoder_that_cannot_keep_up_costs_pictures_of_whole_steps_and_no_step(
    tmp_path: Path,
) -> None:
    """More arrives at once than may wait: what is over goes on record without pictures of its own,
    of every camera, and nothing waits for it."""
    size = (1500, 2000)
    pool = EncodePool(RecordingConfig(), lambda: None)
    journal = tmp_path / "episode_0.journal"
    cameras = tuple(CameraConfig(f"cam_{i}", "pattern", size[1], size[0]) for i in range(2))
    episode = OpenEpisode(journal, make_header(state_size=0, cameras=cameras), pool)
    image = np.full((*size, 3), 90, np.uint8)
    dropped = []
    for number in range(MAX_QUEUE + 20):
        t_ns = number * PERIOD_NS
        frames = [Frame(image, number, t_ns, t_ns) for _ in cameras]
        dropped.append(episode.is_behind)
        step = align(
            tick_of(number), frames, [PERIOD_NS] * 2, episode.last, dropped=episode.is_behind
        )
        episode.append(step)
    assert sum(dropped) > 0
    assert dropped[:MAX_QUEUE] == [False] * MAX_QUEUE
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    assert episode.dropped_steps == sum(dropped)
    saved = finalise(journal, recovered=False)
    assert saved.path
    with EpisodeReader(saved.path) as reader:
        assert check(reader) == []
        assert reader.column("/tandem/frame_dropped").tolist() == list(map(int, dropped))
        numbers = reader.column("/tandem/frame_number")
        first = dropped.index(True)
        assert numbers[first].tolist() == [first - 1] * 2
        missing = reader.column("/tandem/frame_missing")
        assert missing.tolist() == [[int(each)] * 2 for each in dropped]
        assert reader.column("/tandem/encode_queue").max() >= MAX_QUEUE


def test_one_picture_that_is_gone_takes_the_step_s_others_with_it(tmp_path: Path) -> None:
    """And the row after it has new pictures again, of a slow camera too, whose frame was encoded
    with the step that was dropped."""
    pool = EncodePool(RecordingConfig(), lambda: None)
    journal = tmp_path / "episode_0.journal"
    episode = OpenEpisode(journal, make_header(state_size=0), pool)

    def frame(number: int, shade: int, whole: bool = True) -> Frame:
        image = np.full((HEIGHT, WIDTH, 3), shade, np.uint8)
        return Frame(image, number, number * PERIOD_NS, number * PERIOD_NS, lambda: whole)

    slow = frame(1, 120)
    for number, frames in enumerate(
        ([frame(0, 40), frame(0, 60)], [slow, frame(1, 80, whole=False)], [slow, frame(2, 100)])
    ):
        episode.append(align(tick_of(number), frames, [PERIOD_NS] * 2, episode.last))
    episode.end(Outcome.SUCCESS)
    episode.close()
    pool.close()
    saved = finalise(journal, recovered=False)
    assert saved.path
    with EpisodeReader(saved.path) as reader:
        assert check(reader) == []
        assert reader.column("/tandem/frame_dropped").tolist() == [0, 1, 0]
        assert reader.column("/tandem/frame_number").tolist() == [[0, 0], [0, 0], [1, 2]]
        assert reader.column("/tandem/frame_repeat").tolist() == [[0, 0], [1, 1], [0, 0]]
        assert reader.column("/tandem/frame_missing").tolist() == [[0, 0], [1, 1], [0, 0]]
        shades = [[float(np.mean(reader.image(f"cam_{c}", t))) for c in (0, 1)] for t in range(3)]
        np.testing.assert_allclose(shades, [[40, 60], [40, 60], [120, 100]], atol=2)


def test_a_ring_that_has_gone_round_tells_pictures_that_are_gone_from_none_yet(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    assert not world.camera.has_passed(0)
    world.publish()
    world.publish()  # two slots: the first picture is overwritten
    assert world.camera.newest_arrived_before(0) is None
    assert world.camera.has_passed(0)
    assert not world.camera.has_passed(2 * PERIOD_NS)
