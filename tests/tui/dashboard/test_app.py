"""What the dashboard shows of a session, when it rings, and how it is left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard_bench import Bench, Operator, operate

from recorder.status import Verdict
from session.status import Phase
from tui.dashboard.run import last_words
from tui.dashboard.terminal import DARK, LIGHT

AGAIN_S = 1.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_it_shows_what_the_session_says(bench: Bench) -> None:
    async def look(operator: Operator) -> None:
        bench.be(Phase.FAULT, "Mend the left elbow, then press Enter.")
        bench.say("[left] servo 5: overload", "error")
        await operator.wait()
        seen = operator.screen()
        assert "Mend the left elbow, then press Enter." in seen
        assert "[left] servo 5: overload" in seen

    operate(bench, look)


def test_a_look_that_fails_shows_no_data_and_the_keys_go_on(bench: Bench) -> None:
    async def look(operator: Operator) -> None:
        seeing = operator.app._viewer.look

        def fail(_: float) -> Any:
            raise RuntimeError("torn")

        operator.app._viewer.look = fail  # type: ignore[method-assign]
        await operator.pilot.pause(0.25)
        assert "NO DATA" in operator.screen()
        assert await operator.press("space") == [{"op": "hold"}]
        operator.app._viewer.look = seeing  # type: ignore[method-assign]
        await operator.wait()
        assert "NO DATA" not in operator.screen()

    operate(bench, look)


def test_the_bell_rings_once_for_what_one_should_look_up_for(bench: Bench) -> None:
    async def listen(operator: Operator) -> None:
        heard = []
        for phase in (
            *(Phase.READY, Phase.RECORDING, Phase.SAVING, Phase.PREPARING, Phase.READY),
            *(Phase.RECORDING, Phase.HOLDING, Phase.PREPARING, Phase.FAULT),
        ):
            bench.be(phase)
            await operator.wait()
            heard.append(operator.bells)
            operator.bells = 0
        assert heard == [1, 1, 1, 0, 1, 1, 1, 0, 1]
        bench.have_take(verdict=Verdict.REJECT, reason="frozen picture")
        await operator.wait()
        await operator.wait()
        assert operator.bells == 1
        bench.fall_silent()
        await operator.wait()
        await operator.wait()
        assert operator.bells == 2

    operate(bench, listen)


def test_to_attach_rings_no_bell(bench: Bench) -> None:
    bench.have_take(verdict=Verdict.REJECT)
    bench.be(Phase.HOLDING)

    async def listen(operator: Operator) -> None:
        assert operator.bells == 0

    operate(bench, listen)


def test_light_and_dark(bench: Bench) -> None:
    async def turn(operator: Operator) -> None:
        assert operator.app.theme == DARK
        assert await operator.press("t") == []
        assert operator.app.theme == LIGHT
        await operator.wait()
        await operator.press("t")
        assert operator.app.theme == DARK

    operate(bench, turn)


@pytest.mark.parametrize("status", [0, 1])
def test_the_end_is_the_sessions(bench: Bench, status: int) -> None:
    async def wait_for_it(operator: Operator) -> None:
        bench.say("The left elbow shut itself down.", "error")
        bench.end(status, "Saved 2 episodes (1 success).")
        await operator.wait()

    app = operate(bench, wait_for_it)
    assert app.return_value == status
    assert last_words(app) == ["The left elbow shut itself down.", "Saved 2 episodes (1 success)."]


def test_a_session_that_is_gone_is_told_of(bench: Bench) -> None:
    async def lose(operator: Operator) -> None:
        bench.vanish()
        await operator.wait()

    app = operate(bench, lose)
    assert app.return_value == 1
    assert "The session is gone." in last_words(app)[0]


def test_ctrl_c_ends_in_order_and_the_second_at_once(bench: Bench) -> None:
    async def interrupt(operator: Operator) -> None:
        assert await operator.press("ctrl+c", "ctrl+c") == [{"op": "stop"}]  # held: one press
        await operator.look()
        assert "Ctrl-C again: end at once, arms holding." in operator.screen()
        assert await operator.press("ctrl+c", after_s=AGAIN_S) == [{"op": "quit"}]
        bench.end(0, "Ended.")
        await operator.wait()

    assert operate(bench, interrupt).return_value == 130


def test_ctrl_c_ends_while_a_text_is_written_too(bench: Bench) -> None:
    async def interrupt(operator: Operator) -> None:
        bench.be(Phase.RECORDING)
        await operator.wait()
        assert await operator.press("n", "ctrl+c") == [{"op": "stop"}]

    operate(bench, interrupt)


def test_detaching_asks_for_nothing_and_says_how_to_come_back(bench: Bench) -> None:
    async def leave(operator: Operator) -> None:
        assert await operator.press("q") == []
        assert "collect.py --attach" in operator.screen()
        assert await operator.press("enter") == []  # a pedal leaves nothing
        assert await operator.press("space") == [{"op": "hold"}]
        assert await operator.press("escape") == []
        await operator.wait()
        assert "Detach:" not in operator.screen()
        assert await operator.press("q", "d") == []

    app = operate(bench, leave)
    assert app.return_value == 0
    assert last_words(app) == [
        "The session goes on. If nobody else watches it, the arms hold, and rest after 30 s.",
        "Back: python collect.py --attach",
    ]


def test_the_session_can_be_ended_on_the_way_out(bench: Bench) -> None:
    async def leave(operator: Operator) -> None:
        assert await operator.press("ctrl+q", "e") == [{"op": "stop"}]
        assert operator.app.is_running
        bench.end(0, "The arms rest.")
        await operator.wait()

    app = operate(bench, leave)
    assert app.return_value == 0


def test_any_size_will_do(bench: Bench) -> None:
    async def resize(operator: Operator) -> None:
        for size in ((80, 24), (20, 5), (3, 2), (200, 60), (80, 24)):
            await operator.pilot.resize_terminal(*size)
            await operator.wait()
        bench.be(Phase.READY, "Press Enter to start episode 1 of 3.")
        await operator.wait()
        assert "Press Enter to start episode 1 of 3." in operator.screen()
        await operator.press("question_mark")
        assert "Space, F9" in operator.screen()

    operate(bench, resize, size=(120, 40))
