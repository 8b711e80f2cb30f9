"""The viewer before somebody who presses keys and looks."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.history import History, TrimEdit
from replay.inspect.checked import Checked, check_file
from tests.replay.viewer.viewer_bench import LIMITED, STEPS, Spectator, make, troubled, watch


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("calm"), 3)


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check_file(make(tmp_path_factory.mktemp("trouble"), 4, troubled))


def test_it_opens_at_the_beginning_and_says_what_it_is(calm: Path) -> None:
    async def look(user: Spectator) -> None:
        head = user.lines[0]
        for expected in ("SIMULATED RIG", "battery", "episode_3", "✓ success", "✓ ok"):
            assert expected in head, expected
        assert "0.00 / 3.98 s   step 0 / 199" in user.screen
        assert "stage 1 of 1 reached" in user.screen
        assert "1 cam_0" in user.lines[1]
        assert "left_waist  1/14" in user.screen
        assert "‖ paused" in user.screen

    watch([calm], look, checked={calm: check_file(calm)})


def test_it_plays_by_the_clock_at_the_speed_that_is_chosen(calm: Path) -> None:
    async def play(user: Spectator) -> None:
        await user.press("space")
        await user.wait(1.0)
        assert "► playing" in user.screen
        assert user.step in (50, 51)
        await user.press("minus")
        await user.wait(1.0)
        assert "0.5x" in user.screen
        assert user.step in (75, 76)
        await user.press("plus", "plus")
        await user.wait(9.0)
        assert user.step == STEPS - 1
        assert "‖ paused" in user.screen
        await user.press("space")
        await user.wait(0.1)
        assert user.step < 15

    watch([calm], play)


def test_it_is_scrubbed_by_keys(calm: Path) -> None:
    async def scrub(user: Spectator) -> None:
        for keys, step in (
            ("right right right left", 2),
            ("shift+right", 52),
            ("pagedown", 199),
            ("shift+left", 149),
            ("ctrl+left", 0),
            ("end", 199),
            ("home", 0),
            ("g 1 2 0 enter", 120),
            ("g 2 . 5 s enter", 125),
            ("g escape", 125),
        ):
            await user.press(*keys.split())
            assert user.step == step, keys
        await user.press("g", "x", "enter")
        assert "'x' is neither a step nor a time." in user.screen
        assert user.step == 125

    watch([calm], scrub)


def test_numbers_are_those_of_the_step(calm: Path) -> None:
    with h5py.File(calm) as file:
        action = float(file["/action"][130, 8])

    async def look(user: Spectator) -> None:
        await user.press(*"g130", "enter", *["down"] * 8)
        assert "right_shoulder  9/14" in user.screen
        assert f"command  {action:7.3f}" in user.screen
        await user.press(*["up"] * 9)
        assert "right_gripper  14/14" in user.screen
        assert " 0-1" in user.screen
        await user.press("down", "g", *str(LIMITED[0]), "enter")
        assert "limited: velocity" in user.screen
        await user.press("z", "z")
        assert "all: 0.0-4.0 s" in user.screen  # the episode is no longer than that
        await user.press("z")
        assert " 0.7-1.7 s" in user.screen
        await user.press("j")
        assert "R wrist rotate" in user.screen
        await user.press("j")
        assert "▲C" in user.screen

    watch([calm], look)


def test_a_camera_is_enlarged_and_left_again(calm: Path) -> None:
    async def look(user: Spectator) -> None:
        await user.press("2")
        assert user.lines[1].startswith("2 cam_1")
        assert "cam_0" not in user.screen
        await user.press("c")
        assert "cam_0" in user.screen
        await user.press("1", "9", "1")
        assert "cam_1" in user.screen

    watch([calm], look)


def test_findings_are_jumped_to_and_told_with_what_to_do(trouble: Checked) -> None:
    held, jump = (
        next(each for each in trouble.judgement.findings if each.check == kind)  # type: ignore[union-attr]
        for kind in ("held_readings", "position_jump")
    )

    async def look(user: Spectator) -> None:
        assert "REJECT" in user.lines[0]
        await user.press("n")  # an event, of before the first step
        await user.press("n")
        assert user.step == held.spans[0][0] == 100
        assert held.text[:60] in user.screen
        assert held.advice in user.screen
        await user.press("n")
        assert user.step == jump.spans[0][0]
        await user.press("n")
        assert "No later finding or event." in user.screen
        await user.press("N")
        assert user.step == 100
        await user.press("right")  # it is left, and told of all the same: it lies over this step
        assert held.advice in user.screen
        await user.press("home", "f")
        assert "FINDINGS AND EVENTS" in user.screen
        await user.press("down", "down", "enter")
        assert user.step == jump.spans[0][0]
        await user.press("f", "escape")
        assert user.step == jump.spans[0][0]

    watch([trouble.path], look, checked={trouble.path: trouble})


def test_one_episode_after_the_other(calm: Path, trouble: Checked) -> None:
    async def look(user: Spectator) -> None:
        assert "1 of 2" in user.lines[0]
        await user.press("down", "end", "tab")
        assert "episode_4   2 of 2" in user.lines[0]
        assert user.step == 0
        assert "left_shoulder" in user.screen
        await user.press("tab")
        assert "episode_3   1 of 2" in user.lines[0]
        assert "? not checked" in user.lines[0]
        await user.press("less_than_sign")
        assert "episode_4" in user.lines[0]

    watch([calm, trouble.path], look, checked={trouble.path: trouble})


def test_what_a_key_cannot_do_is_said(calm: Path) -> None:
    async def ask(user: Spectator) -> None:
        for keys, words in (
            ("g 9 9 9 9 enter", "9999 is beyond the end: this is the last step."),
            ("7", "There is no camera 7: there are 2."),
            ("tab", "There is no other episode to go to."),
            ("x", "x does nothing here: ? lists the keys."),
            ("ctrl+x", "ctrl-x does nothing here"),
        ):
            await user.press(*keys.split())
            assert words in user.screen, keys
            assert user.step == STEPS - 1
        await user.press("left")
        assert "does nothing here" not in user.screen

    watch([calm], ask)


def test_files_that_cannot_be_shown_are_counted(calm: Path, tmp_path: Path) -> None:
    broken = [Checked(tmp_path / f"{name}.hdf5", error="It is no episode.") for name in "abc"]

    async def look(user: Spectator) -> None:
        assert "episode_3   3 unreadable" in user.lines[0]

    watch([calm], look, checked={each.path: each for each in (check_file(calm), *broken)})


def test_a_trimmed_episode_is_called_so(tmp_path: Path) -> None:
    path = make(tmp_path, steps=20)

    heads = []

    async def look(user: Spectator) -> None:
        heads.append(user.lines[0])

    watch([path], look)
    with h5py.File(path, "r+") as file:
        file.attrs["edits"] = History(path, None).with_edit(TrimEdit("now", 5, 24, 30, "old"))
    watch([path], look)
    assert ["trimmed" in head for head in heads] == [False, True]


def test_the_mouse_seeks_drags_and_enlarges(calm: Path) -> None:
    async def point(user: Spectator) -> None:
        parts = user.app.board.parts
        width = parts["timeline"].size.width
        await user.pilot.click(parts["timeline"], offset=(8 + (width - 8) // 2, 1))
        await user.settle()
        assert abs(user.step - STEPS // 2) <= 1
        await user.pilot.mouse_down(parts["timeline"], offset=(8, 1))
        await user.pilot.hover(parts["timeline"], offset=(width - 1, 1))
        await user.pilot.mouse_up(parts["timeline"], offset=(width - 1, 1))
        await user.settle()
        assert user.step >= STEPS - 3
        await user.pilot.hover(parts["timeline"], offset=(20, 1))  # no button is down
        await user.settle()
        assert user.step >= STEPS - 3
        await user.pilot.click(parts["cameras"], offset=(parts["cameras"].size.width - 10, 3))
        await user.settle()
        assert user.lines[1].startswith("2 cam_1")
        await user.pilot.click(parts["cameras"], offset=(5, 3))
        await user.settle()
        assert "1 cam_0" in user.screen
        await user.pilot.click(parts["joints"], offset=(8, 5))
        await user.settle()
        assert user.step == 0

    watch([calm], point)


def test_help_shows_every_key_and_lets_the_next_one_through(calm: Path) -> None:
    async def ask(user: Spectator) -> None:
        await user.press("question_mark")
        for words in ("Play, and pause", "The next finding", "Leave.", "Click on"):
            assert words in user.screen
        await user.press("x", "right")
        assert user.step == 1

    watch([calm], ask, size=(80, 24))


@pytest.mark.parametrize("keys", ["q", "ctrl+c", "ctrl+q", "question_mark ctrl+c", "g ctrl+c"])
def test_it_is_left_from_everywhere(calm: Path, keys: str) -> None:
    async def leave(user: Spectator) -> None:
        await user.pilot.press(*keys.split())
        await user.pilot.pause()

    user = watch([calm], leave)
    assert user.app.return_value == 0


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (100, 80), (30, 5), (1, 1)])
def test_any_size_will_do(calm: Path, size: tuple[int, int]) -> None:
    async def resize(user: Spectator) -> None:
        await user.pilot.resize_terminal(*size)
        await user.settle()
        assert [len(line) for line in user.lines] == [size[0]] * size[1]
        await user.press("j", "space", "1", "z", "j")
        if size[0] < 80:
            assert ("enlarge to 80 x 24" in user.screen) == (size[0] > 20)

    watch([calm], resize)


@pytest.mark.parametrize("cameras", [0, 1, 3, 5, 9, 14])
def test_any_number_of_cameras(tmp_path: Path, cameras: int) -> None:
    path = make(tmp_path, steps=5, cameras=cameras)

    async def look(user: Spectator) -> None:
        shown = [name for i in range(cameras) if (name := f"cam_{i}") in user.screen]
        assert len(shown) == cameras
        await user.press("5", "c")

    watch([path], look)


def test_one_arm_is_one_column(tmp_path: Path) -> None:
    path = make(tmp_path, steps=20, sides=("right",))

    async def look(user: Spectator) -> None:
        assert "right_waist  1/7" in user.screen
        await user.press("j")
        assert "R gripper" in user.screen
        assert "L waist" not in user.screen

    watch([path], look)


def _cut_out(*names: str) -> Callable[[h5py.File], None]:
    def damage(file: h5py.File) -> None:
        for name in names:
            del file[name]

    return damage


def _wild(file: h5py.File) -> None:
    file["/observations/qpos"][3:9] = np.nan
    file["/action"][...] = np.inf
    file["/tandem/leader"][...] = -1e300
    file["/tandem/tick_ns"][50] = -(2**63)


def _shorter(file: h5py.File) -> None:
    del file["/tandem/limited"]
    file["/tandem/limited"] = np.zeros((3, 14), np.uint8)


def _no_steps(file: h5py.File) -> None:
    del file["/action"]
    file["/action"] = np.zeros((0, 14), np.float32)


def _other_pictures(file: h5py.File) -> None:
    file["/observations/images/cam_0"][0, 100] ^= 0xFF
    file["/observations/images/cam_1"].attrs["width"] = 640


DAMAGES: list[tuple[str, Callable[[h5py.File], None], list[str]]] = [
    ("joints", _cut_out("/tandem/leader"), ["no dataset /tandem/leader", "1 cam_0"]),
    ("time", _cut_out("/tandem/tick_ns"), ["no dataset /tandem/tick_ns", "step 0 / 199"]),
    ("flags", _cut_out("/tandem/frame_stale"), ["flags unreadable", "left_waist"]),
    ("events", _cut_out("/tandem/events"), ["events unreadable", "left_waist"]),
    ("stages", _cut_out("/tandem/stage"), ["stage unreadable", "left_waist"]),
    ("a camera", _cut_out("/observations/images/cam_1"), ["no pictures", "left_waist"]),
    ("lengths", _cut_out("/compress_len"), ["cannot be read", "left_waist"]),
    ("values", _wild, ["left_waist", "step 0 / 199"]),
    ("shapes", _shorter, ["its joints are not all", "1 cam_0"]),
    ("steps", _no_steps, ["has no steps"]),
    ("pictures", _other_pictures, ["damaged", "no picture of its size", "left_waist"]),
]


@pytest.mark.parametrize(
    ("damage", "expected"), [each[1:] for each in DAMAGES], ids=[each[0] for each in DAMAGES]
)
@pytest.mark.filterwarnings("error")
def test_what_is_not_damaged_is_shown(
    tmp_path: Path, damage: Callable[[h5py.File], None], expected: list[str]
) -> None:
    path = make(tmp_path)
    with h5py.File(path, "r+") as file:
        damage(file)

    async def look(user: Spectator) -> None:
        for words in expected:
            assert words in user.screen, words
        await user.press(
            "space", "j", "right", "n", "1", "z", "j", "end", "c", "f", "escape", "tab"
        )
        await user.wait(1.0)

    user = watch([path], look, checked={path: check_file(path)})
    assert not user.app.trouble, user.app.trouble


def test_a_file_that_is_gone_leaves_the_others(calm: Path, tmp_path: Path) -> None:
    gone = tmp_path / "episode_9.hdf5"

    async def look(user: Spectator) -> None:
        assert "does not exist" in user.screen
        await user.press("space", "n", "1", "j", "f", "down", "end")
        await user.press("tab")
        assert "L waist" in user.screen

    watch([gone, calm], look)


def test_what_a_file_says_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    path = make(tmp_path, steps=20, task="[red]\x1b[2J\u202e[/]")

    async def look(user: Spectator) -> None:
        assert "[red]" in user.lines[0]
        assert not {"\x1b", "\u202e"} & set(user.screen)
        await user.press("f")
        assert "bumped" in user.screen
        assert "\0" not in user.screen

    watch([path], look)
