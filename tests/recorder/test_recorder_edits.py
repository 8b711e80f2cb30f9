"""What the session asks of a recorder process about episodes: open ones, saved ones, its dying."""

import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recorder.edits import Discard, Label, Note, Restore
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.journal.writer import JournalWriter
from recorder.status import NONE, THUMBNAIL_RING, Change, RecorderState, Verdict
from teleop.ring import RingReader
from teleop.tick import Outcome
from tests.recorder.fake_rig import FakeRig, make_header, picture
from tests.recorder.test_recover import left_behind

MakeRig = Callable[..., FakeRig]


def changes(rig: FakeRig) -> list[tuple[int, Change, int]]:
    """Episode, change and serial of all that was told."""
    return [
        (int(each["episode"]), Change(int(each["change"])), int(each["edit"]))
        for each in rig.told()
    ]


def save(rig: FakeRig, number: int, steps: int = 3) -> Path:
    """Record an episode, and wait until it is a file."""
    rig.record(number, steps)
    rig.end(number)
    rig.wait_for(lambda status: status["last_saved_episode"] == number)
    return rig.dataset / f"episode_{number}.hdf5"


def test_every_episode_is_told_with_its_worst_finding(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    save(rig, 4)
    (told,) = rig.told()
    assert changes(rig) == [(4, Change.SAVED, NONE)]
    assert (told["steps"], told["outcome"]) == (3, Outcome.SUCCESS)
    assert told["bytes"] == (rig.dataset / "episode_4.hdf5").stat().st_size
    assert told["verdict"] == Verdict.REJECT
    reason, advice = told["reason"].item().decode(), told["advice"].item().decode()
    assert reason.split(":")[0] == "too_short"
    assert advice
    assert any(advice in text for text in rig.said())


def test_a_saved_episode_is_labelled_and_noted(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    path = save(rig, 0)
    rig.ask(Label(1, 0, "failure", "it slipped"), Note(2, 0, "table was wet"))
    told = rig.done(2)
    assert changes(rig)[1:] == [(0, Change.LABELLED, 1), (0, Change.NOTED, 2)]
    assert (told["outcome"], told["steps"]) == (Outcome.FAILURE, 3)
    with EpisodeReader(path) as episode:
        assert check(episode) == []
        assert episode.facts.success == "failure"
        assert (episode.facts.label_reason, episode.facts.notes) == ("it slipped", "table was wet")


def test_what_is_asked_of_the_open_episode_waits_but_for_a_note(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    save(rig, 0)
    rig.record(1, 2)
    rig.ask(
        Label(1, 1, "failure", "dropped"),
        Note(2, 1, "it rolls\naway"),
        Label(3, 0, "unlabelled"),
        Discard(4, 1),
    )
    rig.wait_for(lambda _: len(rig.told()) == 3)
    assert changes(rig)[1:] == [(1, Change.NOTED, 2), (0, Change.LABELLED, 3)]
    assert rig.status()["edits_done"] == 0  # the first is still to be done
    assert rig.status()["episode"] == 1
    rig.record(1, 3, first=2)
    rig.end(1)
    rig.done(4)
    assert changes(rig)[3:] == [
        (1, Change.SAVED, NONE),
        (1, Change.LABELLED, 1),
        (1, Change.DISCARDED, 4),
    ]
    with EpisodeReader(rig.dataset / ".trash" / "episode_1.hdf5") as episode:
        assert (episode.steps, episode.facts.success) == (3, "failure")
        assert [event.text for event in episode.events()] == ["operator: it rolls away"]
        assert episode.facts.notes is None


def test_a_note_too_long_for_an_event_goes_into_the_file_whole(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(0, 2)
    long = "\u6ed1" * 400
    rig.ask(Note(1, 0, long))
    rig.end(0)
    rig.done(1)
    with EpisodeReader(rig.dataset / "episode_0.hdf5") as episode:
        assert episode.events() == []
        assert episode.facts.notes == long


def test_an_edit_of_an_episode_that_is_about_to_begin_waits_for_it(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.tick()
    rig.plan(0)
    rig.ask(Discard(1, 0))
    rig.tick()
    assert rig.told() == []
    rig.record(0, 2)
    rig.end(0)
    rig.done(1)
    assert changes(rig) == [(0, Change.SAVED, NONE), (0, Change.DISCARDED, 1)]


def test_discarded_and_taken_back_and_what_is_done_twice_is_done_once(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    path = save(rig, 0)
    content = path.read_bytes()
    for serial in (1, 2):
        rig.ask(Discard(serial, 0))
        assert rig.done(serial)["change"] == Change.DISCARDED
        assert not path.exists()
        assert (rig.dataset / ".trash" / path.name).read_bytes() == content
    rig.ask(Label(3, 0, "success"))  # sent again, by a session that does not know it was done
    assert rig.done(3)["change"] == Change.LABELLED
    for serial in (4, 5):
        rig.ask(Restore(serial, 0))
        assert rig.done(serial)["change"] == Change.RESTORED
        assert path.read_bytes() == content
    assert rig.status()["state"] == RecorderState.READY


def test_what_cannot_be_done_is_refused_and_recording_goes_on(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    path = save(rig, 0)
    (rig.dataset / ".trash").touch()
    rig.edits.send(b"garbage")
    rig.ask(Label(1, 7, "success"), Restore(2, 8), Discard(3, 0))
    reasons = [rig.done(serial)["reason"].item().decode() for serial in (1, 2, 3)]
    assert reasons[0] == f"There is no file of episode 7 in {rig.dataset}."
    assert reasons[1] == f"There is no file of episode 8 in {rig.dataset}."
    assert reasons[2].startswith("Cannot make ")
    assert [change for _, change, _ in changes(rig)[1:]] == [Change.REFUSED] * 3
    said = rig.said()
    assert set(reasons) <= set(said)
    assert any(text.startswith("Not an edit: b'garbage'") for text in said)
    (rig.dataset / ".trash").unlink()
    path.write_bytes(b"damaged")
    rig.ask(Note(4, 0, "x"), Discard(5, 0))
    assert rig.done(4)["change"] == Change.REFUSED
    assert rig.done(5)["change"] == Change.DISCARDED
    save(rig, 1)
    assert rig.kill(signal.SIGTERM) == 0


def test_a_successor_does_what_is_sent_again(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    rig.record(3, 5)
    rig.wait_for(lambda status: status["steps_journaled"] == 5)
    rig.kill()
    rig.ask(Note(8, 3, "it fell"), Discard(9, 3))  # it was not there to take them
    rig.start()
    rig.tick(3, 5)  # control has not held yet: what is discarded is not recorded on
    rig.done(9)
    assert changes(rig) == [(3, Change.SAVED, NONE), (3, Change.NOTED, 8), (3, Change.DISCARDED, 9)]
    rig.record(3, 8, first=6)
    rig.end(3)
    assert [path.name for path in rig.dataset.glob("episode_*")] == []
    with EpisodeReader(rig.dataset / ".trash" / "episode_3.hdf5") as episode:
        assert (episode.steps, episode.facts.notes) == (5, "it fell")
    save(rig, 4)


def test_what_was_recovered_at_the_start_is_told(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.dataset.mkdir()
    left_behind(rig.dataset, number=3)
    JournalWriter(rig.dataset / "episode_4.journal", make_header(4)).close()
    rig.start()
    assert changes(rig) == [(3, Change.SAVED, NONE), (4, Change.EMPTY, NONE)]
    assert rig.status()["recovered"] == 1


def test_what_was_sent_before_the_end_is_done(fake_rig: MakeRig) -> None:
    rig = fake_rig()
    rig.start()
    save(rig, 0)
    rig.record(1, 4)
    assert rig.recorder
    rig.recorder.send_signal(signal.SIGSTOP)
    rig.ask(Label(1, 1, "success", "good"), Discard(2, 0), Label(3, 99, "success"))
    rig.recorder.send_signal(signal.SIGTERM)
    assert rig.kill(signal.SIGCONT) == 0
    told = changes(rig)[1:]
    assert [each for each in told if each[0] == 1] == [
        (1, Change.SAVED, NONE),
        (1, Change.LABELLED, 1),
    ]
    assert {(0, Change.DISCARDED, 2), (99, Change.REFUSED, 3)} < set(told)
    assert rig.status()["edits_done"] == 3
    with EpisodeReader(rig.dataset / "episode_1.hdf5") as episode:
        assert (episode.facts.success, episode.facts.label_reason) == ("success", "good")
    assert (rig.dataset / ".trash" / "episode_0.hdf5").exists()


def test_small_pictures_are_shown_while_nothing_is_recorded(fake_rig: MakeRig) -> None:
    rig = fake_rig(size=(320, 240))
    rig.number = 5
    rig.start()
    with RingReader(rig.runtime / THUMBNAIL_RING) as ring:
        rig.publish_frames()
        rig.wait_for(lambda _: len(ring) > 1)
        assert ring.newest()["size"].tolist() == [[0, 0], [0, 0]]  # no tick has come yet
        rig.tick()
        rig.wait_for(lambda _: ring.newest()["number"].tolist() == [5, 5])
        record = ring.newest()
        assert record["size"].tolist() == [[60, 80], [60, 80]]
        assert np.array_equal(record["image"][1], picture(5, 320, 240)[::4, ::4])
        rig.record(0, 3)
        rig.wait_for(lambda _: ring.newest()["number"].tolist() == [8, 8])
