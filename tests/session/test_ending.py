"""The end of a session, tick by tick: what it looks at, and when."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from session.ending import Ending
from session.holds import ASKED, Holds
from session.kind import RigKind
from session.status import Phase
from teleop.commands import Recover, Rest
from teleop.tick import Need, State


class ScriptedStation:
    """A station whose control publishes one tick of a script with every look at it, the last one
    again and again; it ends when it is told to rest.

    Attributes:
        did: what the session told control and asked the operator, who does it, in order.
    """

    attended = True
    recording = must_ask = False
    kind = RigKind.SIMULATED
    leaving = None

    def __init__(self, folder: Path, *ticks: tuple[State, Need]) -> None:
        safety = SimpleNamespace(hold_timeout_s=30.0)
        rig_file = SimpleNamespace(rig=SimpleNamespace(safety=safety))
        self.config = SimpleNamespace(purpose="rest", rig_file=rig_file)
        self.runtime = folder
        self.did: list[Any] = []
        self.answered = False
        self.watch = SimpleNamespace(tick=0, state=State.CHECKING, need=Need.NOTHING)
        self.clients = SimpleNamespace(end=lambda *_: None)
        self.keep_collection = lambda ended: None
        control = SimpleNamespace(exit_status=lambda: 0 if Rest() in self.did else None)
        self.crew = SimpleNamespace(children={"control": control})
        self._ticks: Iterator[tuple[State, Need]] = iter(ticks)

    @property
    def held(self) -> bool:
        return self.watch.state is State.HOLDING

    def pump(self, raising: bool = True) -> None:
        del raising
        watch = self.watch
        watch.state, watch.need = next(self._ticks, (watch.state, watch.need))
        watch.tick += 1

    def tell(self, command: object) -> None:
        self.did.append(command)
        if command == Recover():
            self._ticks = iter([(State.HOLDING, Need.NOTHING)])

    def enter(self, phase: Phase, prompt: str = "") -> None:
        del phase
        self.answered = bool(prompt)
        if prompt:
            self.did.append(prompt)

    def unwatched_s(self) -> float:
        return 0.0


def test_a_limp_joint_that_shows_a_tick_after_the_hold_is_asked_about(tmp_path: Path) -> None:
    """Control publishes a tick before it diagnoses what it has read in it."""
    station: Any = ScriptedStation(
        tmp_path,
        (State.CHECKING, Need.NOTHING),
        (State.HOLDING, Need.NOTHING),
        (State.HOLDING, Need.RECOVERING),
        (State.HOLDING, Need.CONFIRM),
    )
    assert Ending(station, Holds(station)).run(0) == 0
    assert station.did == [ASKED[Need.CONFIRM], Recover(), Rest()]


def test_arms_that_only_hold_are_brought_to_rest_unasked(tmp_path: Path) -> None:
    station: Any = ScriptedStation(tmp_path, (State.HOLDING, Need.NOTHING))
    assert Ending(station, Holds(station)).run(0) == 0
    assert station.did == [Rest()]
