"""Every key in every phase asks exactly for what the help says, and nothing else asks anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboard_bench import Bench, Operator, operate

from session.keys import KeysConfig
from session.status import Phase
from teleop.lockstep import Message
from tui.dashboard.screens.help import help_text
from tui.keymap import Keymap
from tui.presses import SEEN_S

PLAIN = {"enter": "go_on", "space": "hold", "f9": "hold", "u": "undo", "a": "accept", "p": "pause"}
TWICE = {"d": "discard", "r": "redo", "e": "stop"}
AGAIN_S = 1.0
"""From one press to the next that is meant as another one."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def op(name: str, **fields: str) -> list[Message]:
    return [{"op": name, **fields}]


def test_to_attach_asks_for_nothing(bench: Bench) -> None:
    async def look(operator: Operator) -> None:
        await operator.wait()
        await operator.wait()
        asked = operator.bench.everything_asked()
        assert asked
        assert {message["op"] for message in asked} == {"alive"}

    operate(bench, look)


def test_each_plain_key_asks_at_once_in_every_phase(bench: Bench) -> None:
    async def press_all(operator: Operator) -> None:
        for phase in (each for each in Phase if each is not Phase.ENDED):
            bench.be(phase)
            await operator.wait()
            bench.ahead_s += SEEN_S
            assert await operator.press(*PLAIN) == [{"op": name} for name in PLAIN.values()], phase

    operate(bench, press_all)


def test_an_enter_that_meets_arms_that_have_just_stopped_moves_nothing(bench: Bench) -> None:
    async def press(operator: Operator) -> None:
        bench.be(Phase.RECORDING)
        await operator.wait()
        bench.be(Phase.HOLDING, "Press Enter to bring the arms to their start pose.")
        assert await operator.press("enter", after_s=0.0) == []
        await operator.look()
        assert "The arms have just stopped" in operator.screen()
        assert await operator.press("enter", after_s=AGAIN_S) == op("go_on")

    operate(bench, press)


def test_what_is_hard_to_mend_needs_its_key_twice(bench: Bench) -> None:
    async def press_all(operator: Operator) -> None:
        bench.have_take()
        for phase in (Phase.READY, Phase.RECORDING, Phase.REVIEWING):
            bench.be(phase, episode=7)
            await operator.wait()
            for key, name in TWICE.items():
                assert await operator.press(key) == []
                of = {} if key == "e" else {"episode": 6 if phase is not Phase.RECORDING else 7}
                assert await operator.press_again(key) == op(name, **of), (phase, key)
                bench.ahead_s += AGAIN_S * 3

    operate(bench, press_all)


def test_the_first_press_says_what_the_second_will_do(bench: Bench) -> None:
    async def press(operator: Operator) -> None:
        bench.be(Phase.RECORDING, episode=7)
        await operator.wait()
        assert await operator.press("r") == []
        await operator.look()
        assert "Press r again to record episode 7 again." in operator.screen()
        assert await operator.press("r", after_s=5.0) == []  # too late: asked anew

    operate(bench, press)


def test_a_key_that_is_held_counts_once_but_for_the_one_that_stops(bench: Bench) -> None:
    async def hold(operator: Operator) -> None:
        bench.be(Phase.READY)
        await operator.wait()
        asked = []
        for _ in range(20):
            asked += await operator.press("enter", after_s=0.05)
        assert asked == op("go_on")
        for _ in range(20):
            assert await operator.press("d", after_s=0.05) == []
        assert await operator.press(*["space"] * 3) == op("hold") * 3

    operate(bench, hold)


@pytest.mark.parametrize("opening", [["n", "x"], ["question_mark"]])
def test_an_enter_that_is_held_on_after_a_text_or_the_help_starts_nothing(
    bench: Bench, opening: list[str]
) -> None:
    async def hold(operator: Operator) -> None:
        bench.be(Phase.READY)
        bench.have_take()
        await operator.wait()
        await operator.press(*opening)
        asked = []
        for _ in range(15):
            asked += await operator.press("enter", after_s=0.1)
        assert asked == (op("note", text="x", episode=6) if "x" in opening else [])
        assert len(operator.app.screen_stack) == 1
        assert await operator.press("enter", after_s=AGAIN_S) == op("go_on")

    operate(bench, hold)


@pytest.mark.parametrize(("key", "outcome"), [("s", "success"), ("f", "failure")])
def test_labels_end_an_episode_and_label_the_last_one_with_a_reason(
    bench: Bench, key: str, outcome: str
) -> None:
    async def label(operator: Operator) -> None:
        bench.be(Phase.RECORDING)
        await operator.wait()
        assert await operator.press(key) == op("end", outcome=outcome)

        bench.be(Phase.READY)
        await operator.wait()
        assert await operator.press(key) == []  # there is no take yet

        bench.have_take(episode=6)
        await operator.wait()
        assert await operator.press(key, *"it slipped") == []
        assert f"Episode 6 is a {outcome}." in operator.screen()
        asked = await operator.press("enter")
        assert asked == op("label", outcome=outcome, text="it slipped", episode=6)

        await operator.wait()
        assert await operator.press(key, "enter") == op(
            "label", outcome=outcome, text="", episode=6
        )

        await operator.wait()
        assert await operator.press(key, *"no", "escape") == []
        await operator.wait()
        assert await operator.press("u") == op("undo")  # and the keys are keys again

    operate(bench, label)


def test_a_note_goes_with_the_episode_and_an_empty_one_nowhere(bench: Bench) -> None:
    async def note(operator: Operator) -> None:
        bench.be(Phase.RECORDING, episode=7)
        await operator.wait()
        assert await operator.press("n", *"sun") == []
        assert "Note for episode 7." in operator.screen()
        assert await operator.press("enter") == op("note", text="sun", episode=7)
        await operator.wait()
        assert await operator.press("n", "enter") == []

    operate(bench, note)


def test_while_a_text_is_written_letters_are_text_and_f9_stops_the_arms(bench: Bench) -> None:
    async def write(operator: Operator) -> None:
        bench.be(Phase.RECORDING, episode=7)
        await operator.wait()
        assert await operator.press("n", *"red", "space", *"upset") == []
        assert await operator.press("f9") == op("hold")
        assert await operator.press("enter") == op("note", text="red upset", episode=7)

    operate(bench, write)


def test_the_board_goes_on_below_a_text(bench: Bench) -> None:
    async def write(operator: Operator) -> None:
        bench.be(Phase.RECORDING)
        await operator.wait()
        await operator.press("n")
        bench.be(Phase.HOLDING, "Press Enter to go on.")
        await operator.wait()
        assert "Press Enter to go on." in operator.screen()

    operate(bench, write)


def test_help_tells_all_keys_and_gestures_and_any_key_closes_it(bench: Bench) -> None:
    async def read(operator: Operator) -> None:
        bench.be(Phase.READY)
        await operator.wait()
        assert await operator.press("question_mark") == []
        for words in ("Space, F9", "Ctrl-C", "safety device", "they drop"):
            assert words in operator.screen().replace("\n", " "), words
        assert await operator.press("space") == op("hold")
        assert await operator.press("enter") == []  # closes it
        await operator.wait()
        assert "safety device" not in operator.screen()
        assert await operator.press("enter") == op("go_on")

    operate(bench, read)


def test_all_of_the_help_can_be_read_on_80x24() -> None:
    lines = help_text(Keymap(), by_grippers=True).plain.splitlines()
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 78
    assert "leader grippers" in " ".join(lines)


def test_keys_are_those_of_the_rig_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path, keys=KeysConfig(go_on=("b", "f5"), hold=("f6",)))

    async def press(operator: Operator) -> None:
        bench.be(Phase.READY)
        await operator.wait()
        assert await operator.press("b") == op("go_on")
        assert await operator.press("enter", "space") == []
        await operator.wait()
        assert await operator.press("f5") == op("go_on")
        bench.be(Phase.RECORDING)
        await operator.wait()
        assert await operator.press("n", "f6") == op("hold")  # a pedal stops while a text is open

    operate(bench, press)
    bench.close()


def test_a_session_that_records_nothing_is_asked_for_no_episodes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, purpose="mirror")

    async def press(operator: Operator) -> None:
        bench.be(Phase.MIRRORING)
        await operator.wait()
        assert await operator.press(*"sfuapn") == []
        await operator.wait()
        assert await operator.press("d") + await operator.press_again("d") == []
        assert await operator.press("enter") == op("go_on")
        assert await operator.press("space") == op("hold")
        assert await operator.press("e") == []
        assert await operator.press_again("e") == op("stop")

    operate(bench, press)
    bench.close()


def test_unknown_keys_do_nothing(bench: Bench) -> None:
    async def press(operator: Operator) -> None:
        assert await operator.press("x", "tab", "up", "f2", "ctrl+a", "ctrl+p", "ctrl+d") == []
        assert len(operator.app.screen_stack) == 1

    operate(bench, press)
