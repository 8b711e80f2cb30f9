"""The recorder process when its disk fills up: no journaled step is lost, and it is said."""

import resource
import signal
from collections.abc import Callable
from pathlib import Path

from recorder.episode.reader import EpisodeReader
from recorder.folder.numbering import episodes_in
from recorder.journal.reader import JournalReader
from recorder.journal.writer import MAGIC
from recorder.status import RecorderState
from teleop.tick import Outcome
from tests.recorder.fake_rig import FakeRig

MakeRig = Callable[..., FakeRig]


def test_a_full_disk_fails_in_a_sentence_and_keeps_the_journal(
    fake_rig: MakeRig, small_disk: Path
) -> None:
    rig = fake_rig(dataset=small_disk, size=(320, 240))
    rig.start()
    rig.plan(0)
    step = 0
    while rig.status()["state"] != RecorderState.FAILED:
        rig.tick(0, step)
        step += 1
        assert step < 1000
    assert any("steps before are safe" in text for text in rig.said())
    rig.wait_for(lambda status: status["finalise_queue"] == 0)
    assert rig.kill(signal.SIGTERM) == 0
    with JournalReader(small_disk / "episode_0.journal") as journal:
        steps = len(journal.scan().steps)
    assert steps > 0
    assert not episodes_in(small_disk)
    # With room again the next start saves it.
    roomy = rig.runtime.parent / "roomy"
    roomy.mkdir()
    (roomy / "episode_0.journal").write_bytes((small_disk / "episode_0.journal").read_bytes())
    second = fake_rig(dataset=roomy, size=(320, 240))
    second.start()
    with EpisodeReader(roomy / "episode_0.hdf5") as episode:
        assert (episode.steps, episode.facts.recovered) == (steps, True)


def test_a_journal_that_is_damaged_from_its_beginning_is_kept_and_called_so(
    fake_rig: MakeRig,
) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 5)
    rig.wait_for(lambda status: status["steps_journaled"] == 5)
    with (rig.dataset / "episode_0.journal").open("r+b") as journal:
        copy = journal.read().index(MAGIC, 1)
        for header in (0, copy):
            journal.seek(header)
            journal.write(b"X")
    rig.end(0)
    rig.wait_for(lambda status: status["state"] == RecorderState.FAILED)
    (said,) = (text for text in rig.said() if "Episode 0" in text)
    assert said.startswith("Episode 0 is damaged and not saved. The journal ends before the first")
    assert (rig.dataset / "episode_0.journal.damaged").exists()


def test_a_disk_that_is_full_at_the_very_end_loses_no_step(fake_rig: MakeRig) -> None:
    rig = fake_rig(size=(640, 480))
    rig.start()
    rig.record(0, 5)
    status = rig.wait_for(lambda status: status["steps_journaled"] == 5)
    assert rig.recorder
    full = (int(status["journal_bytes"]), resource.RLIM_INFINITY)
    resource.prlimit(rig.recorder.pid, resource.RLIMIT_FSIZE, full)
    rig.publish_frames()
    rig.publish_tick(0, 5)
    rig.publish_tick(last_episode=0, outcome=Outcome.SUCCESS)  # the step is still being encoded
    rig.wait_for(
        lambda status: status["state"] == RecorderState.FAILED and status["finalise_queue"] == 0
    )
    assert rig.said()[0].endswith("make room or repair the disk, then start again.")
    assert not any("in use" in text for text in rig.said())
    rig.kill(signal.SIGTERM)
    second = fake_rig(dataset=rig.dataset, size=(640, 480))
    second.start()
    with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
        assert (episode.steps, episode.facts.outcome) == (5, Outcome.UNLABELLED)
