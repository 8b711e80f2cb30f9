"""Writer and reader of the episode file, side by side, and the file as others read it."""

import contextlib
import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from recorder.config import RecordingConfig
from recorder.episode import schema
from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.episode.writer import write_episode
from recorder.errors import EpisodeError
from recorder.journal.reader import JournalReader
from recorder.journal.writer import JournalWriter
from recorder.judge import judge
from recorder.pictures.encode import EncodePool
from teleop.joints import BUS_NAMES, DOF, JOINT_NAMES, SIDES, Side, arm_slice
from teleop.tick import Outcome
from tests.recorder.fake_rig import (
    FIRST_TICK,
    HEIGHT,
    PERIOD_NS,
    WIDTH,
    make_episode,
    make_header,
    make_tick,
    picture,
)

STEPS = 120


@pytest.fixture(scope="module")
def episode(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_episode(tmp_path_factory.mktemp("dataset"))


def test_it_is_sound_and_says_what_it_is(episode: Path) -> None:
    with EpisodeReader(episode) as reader:
        assert check(reader) == []
        facts = reader.facts
        assert reader.steps == STEPS
        assert (facts.sim, facts.compress, facts.fps, facts.seed) == (True, True, 50, 7)
        assert (facts.task, facts.prompt) == ("battery", "Insert the battery.")
        assert facts.scene == "battery"
        assert (facts.outcome, facts.success) == (Outcome.SUCCESS, "success")
        assert facts.joint_names == JOINT_NAMES
        assert facts.camera_names == ("cam_0", "cam_1")
        assert (facts.recovered, facts.recovery_note, facts.missing_steps) == (False, "", 0)


def test_every_column_holds_what_the_ticks_said(episode: Path) -> None:
    ticks = [make_tick(FIRST_TICK + step, 0, step) for step in range(STEPS)]
    with EpisodeReader(episode) as reader:
        for column in schema.COLUMNS:
            if column.source[0] != "tick":
                continue
            expected = np.stack([tick[column.source[1]] for tick in ticks]).astype(column.dtype)
            rows = slice(None, None, 50 if column.every == "second" else 1)
            assert np.array_equal(reader.column(column.path), expected[rows]), column.path
        assert np.array_equal(
            reader.column("/tandem/sim_state")[:, 0], FIRST_TICK + np.arange(STEPS)
        )
        captures = reader.column("/tandem/frame_capture_ns")
        assert np.array_equal(captures[:, 0], reader.column("/tandem/tick_ns"))
        assert reader.column(schema.SECOND_STEP).tolist() == [0, 50, 100]
        (event,) = reader.events()
        assert event.t_ns == PERIOD_NS
        assert event.text.startswith("the arm has bumped")


def test_a_compressed_aloha_loader_reads_it(episode: Path) -> None:
    """Only h5py, names and shapes, as the loaders of that family do it."""
    with h5py.File(episode, "r") as root:
        assert root.attrs["sim"]
        assert root.attrs["compress"]
        for name in ("/observations/qpos", "/observations/qvel", "/observations/effort", "/action"):
            assert root[name].shape == (STEPS, DOF)
            assert root[name].dtype == np.float32
        lengths = root["/compress_len"]
        assert lengths.shape == (2, STEPS)
        assert lengths.dtype == np.float32
        for index, camera in enumerate(root["/observations/images"]):
            rows = root[f"/observations/images/{camera}"]
            assert rows.dtype == np.uint8
            assert rows.chunks == (1, rows.shape[1])
            assert rows.shape == (STEPS, int(lengths[()].max()))
            for step in (0, STEPS - 1):
                assert not rows[step, int(lengths[index, step]) :].any()
                assert cv2.imdecode(rows[step], 1).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("subsampling", ["420", "422", "444"])
def test_rows_decode_to_true_colours(tmp_path: Path, subsampling: str) -> None:
    image = picture(0, 96, 64)
    config = RecordingConfig(jpeg_quality=95, jpeg_subsampling=subsampling)  # type: ignore[arg-type]
    pool = EncodePool(config, lambda: None)
    (encoded,) = pool.submit([image]).result()
    jpeg = encoded.jpeg
    pool.close()
    padded = np.frombuffer(jpeg.ljust(len(jpeg) + 500, b"\0"), np.uint8)
    by_cv2 = cv2.cvtColor(cv2.imdecode(padded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    by_pillow = np.asarray(PillowImage.open(io.BytesIO(padded.tobytes())).convert("RGB"))
    for decoded in (by_cv2, by_pillow):
        for channel in range(3):
            middle = decoded[32, channel * 32 + 16].astype(int)
            assert abs(middle - image[32, channel * 32 + 16]).max() <= 12
    with PillowImage.open(io.BytesIO(jpeg)) as opened:
        sampling = {layer[1:3] for layer in opened.layer}  # type: ignore[attr-defined]
    assert ((2, 2) in sampling, (2, 1) in sampling) == (subsampling == "420", subsampling == "422")


def test_the_reader_gives_rgb(episode: Path) -> None:
    with EpisodeReader(episode) as reader:
        image = reader.image("cam_1", 3)
        assert abs(image[24, 10].astype(int) - picture(FIRST_TICK + 3)[24, 10]).max() <= 12
        with pytest.raises(EpisodeError, match="no camera 'cam_9'; it has cam_0, cam_1"):
            reader.image("cam_9", 0)


def test_a_real_rig_has_no_scene(tmp_path: Path) -> None:
    with EpisodeReader(make_episode(tmp_path, 3, state_size=0, simulated=False)) as reader:
        assert check(reader) == []
        assert (reader.facts.sim, reader.facts.arms) == (False, "real")
        with pytest.raises(EpisodeError, match="no dataset /tandem/sim_state"):
            reader.column("/tandem/sim_state")


@pytest.mark.parametrize("side", SIDES)
def test_one_arm_pair_has_its_own_columns_and_no_others(tmp_path: Path, side: Side) -> None:
    path = make_episode(tmp_path, STEPS, cameras=3, state_size=0, simulated=False, sides=(side,))
    both = [make_tick(FIRST_TICK + step, 0, step) for step in range(STEPS)]
    joints, buses = arm_slice(side), slice(SIDES.index(side), None, len(SIDES))
    with EpisodeReader(path) as reader:
        assert check(reader) == []
        assert reader.facts.joint_names == JOINT_NAMES[joints]
        assert reader.facts.bus_names == (f"leader_{side}", f"follower_{side}") == BUS_NAMES[buses]
        assert len(reader.facts.camera_names) == 3
        for column in schema.COLUMNS:
            if column.source[0] != "tick":
                continue
            rows = slice(None, None, 50 if column.every == "second" else 1)
            expected = np.stack([tick[column.source[1]] for tick in both])[rows]
            for axis, kept in (("J", joints), ("B", buses)):
                if axis in column.axes:
                    expected = expected[:, kept]
            assert np.array_equal(reader.column(column.path), expected.astype(column.dtype)), (
                column.path
            )
        assert reader.shape("/observations/qpos") == reader.shape("/action") == (STEPS, 7)
        assert reader.shape("/tandem/held") == (STEPS, 2, 9)


def test_an_episode_longer_than_a_block(tmp_path: Path) -> None:
    with EpisodeReader(make_episode(tmp_path, 515, cameras=1)) as reader:
        assert check(reader) == []
        assert np.array_equal(reader.column("/tandem/step"), np.arange(515))
        assert np.array_equal(
            reader.column("/tandem/temperature_degc")[:, 0, 0],
            (FIRST_TICK + np.arange(0, 515, 50)) % 100,
        )


def test_velocity_and_effort_may_have_gaps(tmp_path: Path) -> None:
    """They weigh in the quality of the episode; it is sound."""

    def gap(step: int, tick: Any) -> None:
        if step == 5:
            tick["qvel"][3] = tick["effort"][4] = np.nan

    with EpisodeReader(make_episode(tmp_path, STEPS, change=gap)) as reader:
        assert check(reader) == []


Damage = Callable[[h5py.File], object]


def replace(file: h5py.File, path: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    values = change(file[path][()])
    del file[path]
    file[path] = values


def spoil(file: h5py.File, path: str, index: object, value: object) -> None:
    file[path][index] = value


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (lambda f: f.__delitem__("/observations/qvel"), "no dataset /observations/qvel"),
        (lambda f: replace(f, "/action", lambda a: a.astype("f8")), "/action has type float64"),
        (lambda f: replace(f, "/tandem/lost", lambda a: a[:-1]), r"/tandem/lost has shape \(119"),
        (lambda f: spoil(f, "/observations/qpos", (5, 2), np.nan), "qpos is not finite at step 5"),
        (lambda f: spoil(f, "/tandem/sim_state", 0, np.nan), "sim_state is not known at step 0"),
        (lambda f: spoil(f, "/tandem/tick_ns", 7, 0), "tick_ns does not always increase"),
        (
            lambda f: spoil(f, "/tandem/step", 119, 125),
            "missing_steps is 0, but /tandem/step lacks 6",
        ),
        (lambda f: spoil(f, "/tandem/second_step", 1, 49), "one row a second"),
        (lambda f: spoil(f, "/compress_len", (0, 3), 1e6), "cam_0 does not fit its rows at step 3"),
        (lambda f: spoil(f, "/compress_len", (1, 4), 0), "cam_1 does not fit its rows at step 4"),
        (lambda f: spoil(f, "/observations/images/cam_0", (9, 3), 1), "cam_0 differ .* at step 9"),
        (lambda f: spoil(f, "/observations/images/cam_0", 9, 0), "cam_0 do not decode at step 9"),
        (lambda f: f.attrs.__setitem__("success", "maybe"), "success is 'maybe'"),
        (lambda f: f.attrs.__setitem__("schema_version", 99), "schema_version is 99"),
        (lambda f: f.attrs.__setitem__("fps", 0), "fps is 0"),
        (lambda f: f.attrs.__setitem__("missing_steps", 4), "4, but /tandem/step lacks 0"),
        (lambda f: f.attrs.__setitem__("recovery_note", "x"), "without recovered"),
        (lambda f: f.attrs.__setitem__("joint_names", np.array(["a"], "S")), "joint_names"),
        (lambda f: f.attrs.__setitem__("bus_names", np.array(["a"], "S")), "bus_names"),
        (lambda f: replace(f, "/observations/images/cam_0", lambda a: a[:5]), "not .120, L. bytes"),
        (lambda f: replace(f, "/action", lambda a: a[:0]), "There are no steps"),
        (lambda f: f.attrs.__setitem__("bus_names", np.array(BUS_NAMES[::2], "S")), "bus_names"),
        (
            lambda f: f.attrs.__setitem__("joint_names", np.array(JOINT_NAMES[:7], "S")),
            "/action has shape .*, 7",
        ),
        (lambda f: f.attrs.__setitem__("schema_version", 0), "schema_version is 0"),
        (lambda f: f.attrs.__setitem__("arms", "real"), "arms is 'real', which does not agree"),
        (lambda f: f.attrs.__setitem__("arms", "toy"), "arms is 'toy', which does not agree"),
        (lambda f: f.__delitem__("/tandem/sim_state"), "no /tandem/sim_state"),
        (lambda f: f.__delitem__("/tandem/rejected"), "no dataset /tandem/rejected"),
        (lambda f: f.__delitem__("/tandem/events"), "no dataset /tandem/events/t_ns"),
    ],
)
def test_the_check_finds_damage(
    tmp_path: Path, episode: Path, damage: Damage, finding: str
) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(episode.read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    with EpisodeReader(path) as reader:
        findings = check(reader)
    assert any(re.search(finding, line) for line in findings), findings


def test_what_is_missing_and_counted_is_sound_and_the_quality_checks_weigh_it(
    tmp_path: Path,
) -> None:
    def gaps(step: int, tick: Any) -> None:
        tick["step"] += 30 * (step >= 40)
        tick["number"] += 30 * (step >= 40) + 30 * (step >= 80)

    path = make_episode(tmp_path, change=gaps)
    with EpisodeReader(path) as reader:
        assert check(reader) == []
        assert reader.facts.missing_steps == 30
    found = {finding.check: finding.steps for finding in judge(path).findings}
    assert (found["lost_steps"], found["missed_ticks"]) == (1, 1)


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda f: f.attrs.__delitem__("task"), "attribute 'task' is missing"),
        (lambda f: f.attrs.__setitem__("fps", "fifty"), "attribute 'fps' should be a int"),
        (lambda f: f.attrs.__setitem__("sim", 3), "attribute 'sim' should be a bool"),
        (lambda f: f.attrs.__setitem__("task", 3), "attribute 'task' should be a string"),
        (lambda f: f.attrs.__setitem__("camera_names", 3), "'camera_names' should be a strings"),
        (lambda f: f.__delitem__("/action"), "no dataset /action"),
        (lambda f: (f.__delitem__("/action"), f.create_group("/action")), "no dataset /action"),
        (
            lambda f: (
                f.__delitem__("/action"),
                f.create_dataset("/action", (10**12, 14), "f4", chunks=(1, 14)),
            ),
            "/action claims to be larger than the file",
        ),
    ],
)
def test_what_is_no_episode_is_refused(
    tmp_path: Path, episode: Path, damage: Damage, fault: str
) -> None:
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(episode.read_bytes())
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(EpisodeError, match=fault):
        EpisodeReader(path)


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match=r"none.hdf5 does not exist"):
        EpisodeReader(tmp_path / "none.hdf5")
    with pytest.raises(EpisodeError, match=str(tmp_path)):
        EpisodeReader(tmp_path)
    with pytest.raises(EpisodeError, match=r"none.journal does not exist"):
        EpisodeReader(tmp_path / "none.journal")
    (tmp_path / "episode_3.journal").touch()
    sentence = r"episode_3.journal is a journal: `episodes recover` makes a file of it\.$"
    with pytest.raises(EpisodeError, match=sentence):
        EpisodeReader(tmp_path / "episode_3.journal")
    (tmp_path / "text.hdf5").write_text("not HDF5 at all")
    with pytest.raises(EpisodeError, match=r"text.hdf5 is not an episode file"):
        EpisodeReader(tmp_path / "text.hdf5")
    os.mkfifo(tmp_path / "pipe.hdf5")
    with pytest.raises(EpisodeError, match=r"pipe.hdf5 is no file"):
        EpisodeReader(tmp_path / "pipe.hdf5")


def test_what_can_be_asked_of_a_camera(tmp_path: Path, episode: Path) -> None:
    with EpisodeReader(episode) as reader:
        assert reader.image_size("cam_1") == (WIDTH, HEIGHT)
        with pytest.raises(EpisodeError, match="no camera 'cam_9'; it has cam_0, cam_1"):
            reader.image_size("cam_9")
    path = tmp_path / "episode_0.hdf5"
    path.write_bytes(episode.read_bytes())
    with h5py.File(path, "r+") as file:
        file[f"{schema.IMAGES}/cam_1"][3] = 0
    with (
        EpisodeReader(path) as reader,
        pytest.raises(EpisodeError, match="image of cam_1 at step 3 is no JPEG"),
    ):
        reader.image("cam_1", 3)


def test_a_real_rig_leaves_scene_and_seed_out(tmp_path: Path) -> None:
    with EpisodeReader(make_episode(tmp_path, 4, seed=None)) as reader:
        assert (reader.facts.scene, reader.facts.seed) == (None, None)


def test_a_journal_without_steps_is_no_episode(tmp_path: Path) -> None:
    JournalWriter(tmp_path / "episode_0.journal", make_header()).close()
    with (
        JournalReader(tmp_path / "episode_0.journal") as journal,
        pytest.raises(ValueError, match="holds no steps"),
    ):
        write_episode(tmp_path / "episode_0.hdf5", journal, journal.scan(), recovered=True)
    assert not (tmp_path / "episode_0.hdf5").exists()


def read_all(path: Path) -> None:
    with EpisodeReader(path) as reader:
        check(reader)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_any_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.hdf5"
    path.write_bytes(content)
    with pytest.raises(EpisodeError):
        read_all(path)


@pytest.fixture(scope="module")
def short_episode(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_episode(tmp_path_factory.mktemp("short"), 4, cameras=1).read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_are_found_or_harmless(
    tmp_path: Path, short_episode: bytes, data: st.DataObject
) -> None:
    """Cut, flipped or zeroed: an EpisodeError or a list of findings, never anything else."""
    content = bytearray(short_episode)
    how = data.draw(st.sampled_from(["cut", "flip", "zero"]))
    at = data.draw(st.integers(0, len(content) - 1))
    if how == "cut":
        del content[at:]
    elif how == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        content[at : at + 512] = bytes(len(content[at : at + 512]))
    path = tmp_path / "damaged.hdf5"
    path.write_bytes(content)
    with contextlib.suppress(EpisodeError):
        read_all(path)
