"""The end of a session, the same whatever led to it: first the arms, then the files, last the
simulated world, because the arms hang on it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.status import RecorderState
from session.holds import Holds
from session.kind import RigKind
from session.last_session import save
from session.processes import Child
from session.station import Station
from session.status import Phase
from session.summary import summary
from session.takes import Cause
from teleop.commands import Quit, Rest
from teleop.errors import TeleopError
from teleop.rig_config import SERVOS_FILE
from teleop.tick import EVENT_RING, State

HOLD_TIMEOUT_S: Final = 60.0
"""For control to look at all servos first."""
REST_TIMEOUT_S: Final = 120.0
QUIT_TIMEOUT_S: Final = 30.0
FINALISE_TIMEOUT_S: Final = 300.0
WORLD_TIMEOUT_S: Final = 30.0
POLICY_TIMEOUT_S: Final = 10.0
HOLDING_ON: Final = "THE ARMS HOLD, with torque on. To bring them to rest: teleop rest."
REST_TRIES: Final = 3
"""So often arms that do not come to rest are told to again while nobody can be asked."""


class Ending:
    """Brings everything to its end; says what became of each."""

    def __init__(self, station: Station, holds: Holds) -> None:
        self._station = station
        self._holds = holds

    def run(self, status: int) -> int:
        """End what was started; returns the exit status, `status` or worse."""
        station = self._station
        station.enter(Phase.RESTING)
        arms = self._end_control()
        self._end_policy()
        status = max(status, arms, self._end_recorder())
        self._end_world()
        self._keep_collection()
        station.enter(Phase.ENDED)
        station.pump(raising=False)  # a terminal that connected only now hears it too
        station.clients.end(status, self._last_words(arms))
        return status

    def _end_control(self) -> int:
        station = self._station
        control = station.crew.children.get("control")
        if control is None:
            return 0
        self._bring_to_rest(control)
        if control.exit_status() is None:
            station.log("Control did not come to its end in time; it was killed.", "error")
            control.kill()
        self._keep_servos()
        if control.exit_status() and not (station.runtime / EVENT_RING).exists():
            station.log(control.last_words(), "error")
        return 0 if control.exit_status() == 0 else 1

    def _end_policy(self) -> None:
        """It ends when control has; one that is stopped does not."""
        policy = self._station.crew.children.get("policy")
        if policy is not None and policy.wait(POLICY_TIMEOUT_S) is None:
            policy.kill()

    def _bring_to_rest(self, control: Child) -> None:
        """To rest, as often as something stops the arms on the way; holding, if that is wanted."""
        station = self._station
        if station.config.purpose == "rest":
            self._await_diagnosis(control)
            self._holds.support(lambda: self._is_quitting() or control.exit_status() is not None)
        tries = 0
        while control.exit_status() is None and not self._is_quitting() and tries < REST_TRIES:
            station.enter(Phase.RESTING)
            station.tell(Rest())
            self._await(control, REST_TIMEOUT_S, lambda: station.held or self._is_quitting())
            if control.exit_status() is not None or self._is_quitting():
                break
            cleared = station.held and self._holds.clear(
                "bring the arms to rest",
                lambda: self._is_quitting() or control.exit_status() is not None,
                raising=False,
            )
            tries += not cleared
        if control.exit_status() is None:
            station.tell(Quit())
            self._await(control, QUIT_TIMEOUT_S, lambda: False)

    def _await_diagnosis(self, control: Child) -> None:
        """Until control holds and has looked at what it holds: that shows in the tick after."""
        watch = self._station.watch
        self._await(
            control, HOLD_TIMEOUT_S, lambda: watch.state is State.HOLDING or self._is_quitting()
        )
        first = watch.tick
        self._await(control, HOLD_TIMEOUT_S, lambda: watch.tick > first or self._is_quitting())

    def _await(self, child: Child, timeout_s: float, done: Callable[[], bool]) -> None:
        """Until the child has ended, or `done`, or the time is over."""
        deadline = time.monotonic() + timeout_s
        while child.exit_status() is None and not done() and time.monotonic() < deadline:
            self._station.pump(raising=False)

    def _is_quitting(self) -> bool:
        return self._station.leaving == "quit"

    def _keep_servos(self) -> None:
        """Leave what control found on a real rig's buses for the next look at it (`doctor`)."""
        station = self._station
        found = station.runtime / SERVOS_FILE
        if station.kind is RigKind.SIMULATED or not found.exists():
            return
        try:
            save(Path(station.config.rig_path), found.read_text())
        except (OSError, TeleopError) as error:
            station.log(f"What was found on the buses is not kept: {error}.", "warning")

    def _end_recorder(self) -> int:
        station = self._station
        recorder = station.crew.children.get("recorder")
        if recorder is None:
            return 0
        if station.takes.open is not None:  # the session has failed over it
            outcome = station.watch.outcome_of(station.takes.open.episode)
            station.takes.end(outcome, Cause.FAULT)
        station.edits.flush()
        recorder.terminate()  # it carries out first what it was asked for
        self._await(recorder, FINALISE_TIMEOUT_S, station.watch.recorder_is_stuck)
        station.wishes.closed = True
        station.pump(raising=False)
        station.books.lose()
        ended = recorder.exit_status()
        if ended == 0 or station.watch.recorder_state is RecorderState.FINISHED:
            return 0
        recorder.kill()
        text = f"The recorder did not end well ({ended}: {recorder.last_words()}); "
        station.log(text + "the next start recovers what it wrote.", "error")
        return 1

    def _keep_collection(self) -> None:
        """For a later session to go on with, if this one has not come to its end."""
        station = self._station
        station.keep_collection(ended=True)

    def _end_world(self) -> None:
        world = self._station.crew.children.get("world")
        if world is not None:
            world.terminate()
            if world.wait(WORLD_TIMEOUT_S) is None:
                world.kill()

    def _last_words(self, arms: int) -> str:
        station = self._station
        if station.recording:
            said = [summary(station.takes, station.config.dataset_dir)]
            if station.takes.accepted and not station.enough:
                done = f"{station.takes.accepted} of {station.config.episodes}"
                said.append(
                    f"The collection has {done} episodes: the same command goes on with it."
                )
            if arms == 0 and self._is_quitting():
                said.append(HOLDING_ON)
            return "\n".join(said)
        if arms == 0:
            return "The arms hold." if self._is_quitting() else "The arms are at rest, torque off."
        return "The arms are not at rest: the reason stands above."
