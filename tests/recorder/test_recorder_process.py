"""The recorder as its neighbours see it: a process between rings and a dataset folder."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.journal.reader import JournalReader
from recorder.judge import judge
from recorder.status import RecorderState
from teleop import lockstep
from teleop.lockstep import frame_ring
from teleop.tick import Outcome
from tests.recorder.fake_rig import PATIENCE_S, PERIOD_NS, FakeRig

MakeRig = Callable[..., FakeRig]


def saved(rig: FakeRig, number: int) -> EpisodeReader:
    """The episode file, once the recorder says that it is there."""
    rig.wait_for(lambda status: status["last_saved_episode"] == number)
    return EpisodeReader(rig.dataset / f"episode_{number}.hdf5")


def test_episodes_follow_the_ticks(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.tick()
    rig.record(4, 60)
    status = rig.wait_for(lambda status: status["steps_journaled"] == 60)
    assert (status["state"], status["episode"]) == (RecorderState.RECORDING, 4)
    rig.end(4, Outcome.FAILURE)
    with saved(rig, 4) as episode:
        assert check(episode) == []
        assert episode.steps == 60
        assert episode.facts.outcome is Outcome.FAILURE
        assert (episode.facts.task, episode.facts.seed) == ("battery", 7)
        # The scene and the frames of the very tick, not of a neighbour.
        ticks = episode.column("/tandem/tick")
        assert np.array_equal(episode.column("/tandem/sim_state")[:, 0], ticks)
        assert np.array_equal(episode.column("/tandem/frame_number")[:, 1], ticks)
        assert np.array_equal(episode.column("/tandem/stage"), ticks % 3)
    rig.record(5, 3)
    rig.end(5)
    with saved(rig, 5) as episode:
        assert (episode.steps, episode.facts.outcome) == (3, Outcome.SUCCESS)
    assert rig.kill(signal.SIGTERM) == 0
    assert not list(rig.dataset.glob("*.journal"))


def test_an_episode_may_follow_the_last_without_a_pause(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 3)
    rig.plan(1)
    rig.tick(1, 0, last_episode=0, outcome=Outcome.SUCCESS)
    rig.end(1, Outcome.FAILURE)
    with saved(rig, 1) as second, EpisodeReader(rig.dataset / "episode_0.hdf5") as first:
        assert (first.steps, first.facts.success) == (3, "success")
        assert (second.steps, second.facts.success) == (1, "failure")


def test_sigterm_saves_what_is_open_unlabelled(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 9)
    assert rig.kill(signal.SIGTERM) == 0
    with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
        assert check(episode) == []
        assert (episode.steps, episode.facts.outcome) == (9, Outcome.UNLABELLED)
        assert not episode.facts.recovered


def test_a_slow_camera_repeats_and_a_stalled_one_is_stale(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.plan(0)
    rig.tick(0, 0)
    for step in range(1, 6):
        rig.publish_tick(0, step)  # no new frames
    status = rig.wait_for(lambda status: status["step"] == 5)
    assert status["stale_cameras"] == 0b11
    assert status["stale_steps"][:2].tolist() == [3, 3]
    rig.end(0)
    with saved(rig, 0) as episode:
        assert check(episode) == []
        assert episode.column("/tandem/frame_repeat")[:, 0].tolist() == [0, 1, 1, 1, 1, 1]
        assert episode.column("/tandem/frame_stale")[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
        assert episode.jpeg("cam_0", 5) == episode.jpeg("cam_0", 0)


def test_a_camera_without_a_frame_is_black_and_marked(fake_rig: MakeRig) -> None:
    rig = fake_rig(cameras=1)
    rig.start()
    rig.plan(0)
    rig.publish_tick(0, 0)
    rig.tick(0, 1)
    rig.end(0)
    with saved(rig, 0) as episode:
        assert check(episode) == ["/tandem/sim_state is not known at step 0."]
        assert episode.column("/tandem/frame_missing")[:, 0].tolist() == [1, 0]
        assert episode.column("/tandem/frame_number")[0, 0] == -1
        assert not episode.image("cam_0", 0).any()
        assert episode.image("cam_0", 1).any()


def test_frames_after_the_tick_are_not_used(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.plan(0)
    rig.number = 10
    rig.publish_frames()
    rig.number = 12
    rig.publish_frames()  # has arrived by the time the recorder looks, but not by the tick
    rig.number = 11
    rig.publish_tick(0, 0)
    rig.end(0)
    with saved(rig, 0) as episode:
        assert episode.column("/tandem/frame_number")[0].tolist() == [10, 10]
        assert episode.column("/tandem/frame_arrival_ns")[0, 0] == 10 * PERIOD_NS


def test_events_are_in_the_file(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 2)
    for ring, t_ns, text in ((rig.events, 77, b"waist was limited"), (rig.world_events, 78, b"!")):
        event = ring.begin()
        event["t_ns"], event["tick"], event["text"] = t_ns, 1, text
        ring.commit()
    rig.tick(0, 2)
    rig.end(0)
    with saved(rig, 0) as episode:
        assert [(event.t_ns, event.text) for event in episode.events()] == [
            (77, "waist was limited"),
            (78, "world: !"),
        ]


def test_ticks_that_were_overwritten_are_counted(fake_rig: MakeRig) -> None:
    rig = fake_rig(cameras=1)
    rig.start()
    rig.record(0, 3)
    assert rig.recorder
    rig.recorder.send_signal(signal.SIGSTOP)
    for step in range(3, 300):
        rig.publish_tick(0, step)  # the ring holds 256
    rig.recorder.send_signal(signal.SIGCONT)
    status = rig.wait_for(lambda status: status["step"] == 299)
    rig.end(0)
    with saved(rig, 0) as episode:
        lost = 300 - episode.steps
        assert lost >= 41
        assert episode.facts.missing_steps == status["missing_steps"] == lost
        assert check(episode) == []
        assert "lost_steps" in {finding.check for finding in judge(episode.path).findings}
        assert any(f"{lost} ticks were overwritten" in event.text for event in episode.events())


def test_without_a_plan_it_is_recorded_all_the_same(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    for step in range(3):
        rig.tick(0, step)
    rig.end(0)
    with saved(rig, 0) as episode:
        assert (episode.steps, episode.facts.task, episode.facts.prompt) == (3, "dataset", "")
    assert any("has no plan" in text for text in rig.said())


@pytest.mark.parametrize("steps", [0, 1, 7, 30])
def test_a_killed_recorder_loses_no_journaled_step(fake_rig: MakeRig, steps: int) -> None:
    rig = fake_rig()
    rig.start()
    rig.plan(0)
    rig.record(0, steps)
    if steps:
        rig.wait_for(lambda status: status["steps_journaled"] == steps)
        rig.publish_frames()
        rig.publish_tick(0, steps)  # and one more that it may be in the middle of
    rig.kill()
    journals = list(rig.dataset.glob("*.journal"))
    journaled = 0
    for path in journals:
        with JournalReader(path) as journal:
            journaled = len(journal.scan().steps)
    assert journaled >= steps
    rig.start()
    assert not list(rig.dataset.glob("*.journal"))
    if journaled:
        with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
            assert check(episode) == []
            assert episode.steps == journaled
            assert episode.facts.recovered
            assert episode.facts.outcome is Outcome.UNLABELLED
            assert "no end record" in episode.facts.recovery_note
        assert rig.status()["recovered"] == 1
        assert any("Recovered episode_0.hdf5" in text for text in rig.said())


@pytest.mark.parametrize("delay_ms", [0, 2, 5, 10, 15, 20, 30, 50, 80])
def test_a_recorder_killed_while_finalising_loses_nothing(fake_rig: MakeRig, delay_ms: int) -> None:
    """Whatever the moment: afterwards there is one sound file with every step, and no leftover."""
    rig = fake_rig(size=(320, 240))
    rig.start()
    rig.record(0, 100)
    rig.wait_for(lambda status: status["steps_journaled"] == 100)
    rig.publish_tick(last_episode=0, outcome=Outcome.SUCCESS)
    threading.Event().wait(delay_ms / 1000)
    rig.kill()
    rig.start()
    with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
        assert check(episode) == []
        assert episode.steps == 100
    assert [path.name for path in rig.dataset.iterdir() if not path.name.startswith(".")] == [
        "episode_0.hdf5"
    ]
    assert not list(rig.dataset.glob(".episode_*"))


def test_the_successor_does_not_record_the_rest_of_an_episode(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 5)
    rig.kill()
    rig.start()
    rig.record(0, 8, first=5)
    assert rig.status()["state"] == RecorderState.READY
    assert any("is not recorded on" in text for text in rig.said())
    rig.end(0)
    rig.record(1, 2)
    rig.end(1)
    with saved(rig, 1) as episode:
        assert episode.steps == 2


def test_a_number_that_is_taken_is_refused(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 2)
    rig.end(0)
    content = saved(rig, 0).path.read_bytes()
    rig.record(0, 2)
    rig.wait_for(lambda status: status["state"] == RecorderState.FAILED)
    rig.kill(signal.SIGTERM)
    assert (rig.dataset / "episode_0.hdf5").read_bytes() == content


def test_a_second_recorder_is_refused(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    second = fake_rig(dataset=rig.dataset, lock_patience_s=0.2)
    second.start(wait=False)
    assert second.recorder
    assert second.recorder.wait(PATIENCE_S) == 1
    assert second.recorder.stderr
    message = second.recorder.stderr.read().decode()
    second.recorder.stderr.close()
    second.recorder = None
    assert message.startswith(f"recorder: Another recorder (process {rig.recorder.pid})")  # type: ignore[union-attr]
    assert message.count("\n") == 1


def test_it_ends_when_control_has_ended(fake_rig: MakeRig, tmp_path: Path) -> None:
    """Control here is a child that we can end; it inherits the ring's writing end by its pid."""
    rig = fake_rig()
    control = os.posix_spawn("/bin/sleep", ["sleep", "1000"], {})
    import struct

    with (rig.runtime / "ticks").open("r+b") as ring:  # its header names the writer
        ring.seek(32)
        ring.write(struct.pack("<Q", control))
    rig.start()
    rig.record(0, 4)
    os.kill(control, signal.SIGKILL)
    os.waitpid(control, 0)
    assert rig.recorder
    assert rig.recorder.wait(PATIENCE_S) == 0
    with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
        assert (episode.steps, episode.facts.outcome) == (4, Outcome.UNLABELLED)


def test_it_stops_before_anything_has_begun(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    (rig.runtime / "ticks").unlink()
    rig.start(wait=False)
    rig.wait_for(lambda status: status["state"] == RecorderState.STARTING)
    assert rig.kill(signal.SIGTERM) == 0
    assert rig.status()["state"] == RecorderState.FINISHED


def test_a_wrong_image_size_is_one_sentence(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    other = fake_rig(size=(32, 24))
    os.replace(other.runtime / frame_ring("cam_0"), rig.runtime / frame_ring("cam_0"))
    rig.start(wait=False)
    assert rig.recorder
    assert rig.recorder.wait(PATIENCE_S) == 1
    assert rig.recorder.stderr
    assert b"Camera cam_0 delivers images of shape (24, 32, 3)" in rig.recorder.stderr.read()
    assert rig.status()["state"] == RecorderState.FAILED


@pytest.mark.parametrize("leave_early", [False, True])
def test_frames_are_acknowledged_to_the_world(
    fake_rig: MakeRig, tmp_path: Path, leave_early: bool
) -> None:
    path = tmp_path / "world.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(os.fspath(path))
        listener.listen()
        listener.settimeout(PATIENCE_S)
        rig = fake_rig(world_socket=path)
        rig.start(wait=False)
        world, _ = listener.accept()
        with world:
            world.settimeout(PATIENCE_S)
            assert lockstep.receive(world) == {"op": "hello", "role": "recorder"}
            rig.wait_for(lambda status: status["state"] == RecorderState.READY)
            rig.tick()
            assert lockstep.receive(world) == {"op": "ack", "frame": 0}
            rig.record(0, 5)
            acks = [0]  # one counts for all frames before it, too: a busy machine sends fewer
            while acks[-1] < 5:
                acks.append(lockstep.receive(world)["frame"])
                assert acks[-2] < acks[-1] <= 5
            if not leave_early:
                rig.end(0)
        if leave_early:
            rig.record(0, 9, first=5)
            rig.end(0)
            assert any("world is gone" in text for text in rig.said())
    with saved(rig, 0) as episode:
        assert episode.steps == (9 if leave_early else 5)
    assert rig.kill(signal.SIGTERM) == 0


def test_bad_configuration_is_one_sentence(fake_rig: MakeRig, tmp_path: Path) -> None:
    import subprocess
    import sys

    path = tmp_path / "recorder.json"
    path.write_text('{"runtime": "x"}')
    command = [sys.executable, "-m", "recorder.main", str(path)]
    wake = fake_rig().wake
    done = subprocess.run(
        [*command, "--wake", str(wake), "--parent", str(os.getpid())],
        pass_fds=[wake],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 1
    assert "unknown key 'runtime'. Did you mean 'runtime_dir'?" in done.stderr
    assert done.stderr.count("\n") == 1
