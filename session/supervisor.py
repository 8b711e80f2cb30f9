"""The flow of a session: start the processes, then reset -> start -> record -> finalise -> next.

The supervisor decides and watches; it moves nothing itself. Whatever goes wrong, the order of the
end is the same: control brings the arms to a hold or to rest, the recorder finishes what is on
disk, the simulated world goes last because the arms hang on it.
"""

import contextlib
import selectors
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.config import EpisodePlan
from recorder.errors import RecorderError
from recorder.numbering import claim_number
from recorder.status import RecorderState
from session import runtime_dir
from session.clients import Clients
from session.config import SessionConfig
from session.crew import Crew
from session.errors import Interrupted, RecorderLostError, SessionError, Unwatched
from session.status import SESSION_DTYPE, STATUS_RING, Phase
from session.tally import Tally
from session.watch import Watch
from session.world_link import WorldLink
from teleop.commands import Hold, Home, Quit, Rest, Start, Stop
from teleop.config import write_json
from teleop.lockstep import WORLD_SOCKET, LockstepError
from teleop.rig_config import SERVOS_FILE
from teleop.ring import RingWriter
from teleop.tick import NO_EPISODE, Outcome, State

PUMP_S: Final = 0.1
START_TIMEOUT_S: Final = 120.0
HOME_TIMEOUT_S: Final = 120.0
REST_TIMEOUT_S: Final = 120.0
FINALISE_TIMEOUT_S: Final = 300.0
RECORDER_RESTARTS: Final = 3
START_TICKS: Final = 10
"""A Start that control has not obeyed after so many ticks has been refused."""
UNWATCHED_S: Final = 2.0
"""A terminal that reconnects within this time is not missed."""


class Supervisor:
    """One session, from the first process to the last."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._runtime = Path(config.runtime_dir)
        self._lock = runtime_dir.hold(self._runtime)
        self._folder = config.dataset_dir
        self._crew = Crew(config)
        self._tally = Tally(self._folder)
        self._selector = selectors.DefaultSelector()
        self._clients = Clients(self._runtime, self._selector)
        self._status = RingWriter(self._runtime / STATUS_RING, SESSION_DTYPE, 4)
        self._watch = Watch(self._runtime, self._clients.log)
        self._link: WorldLink | None = None
        self._phase = Phase.STARTING
        self._episode = NO_EPISODE
        self._asked_at_tick = 0
        self._restarts = 0
        self._leaving: str | None = None
        self._going_on = False
        self._unwatched_since: float | None = time.monotonic()

    # -- the flow

    def run(self) -> int:
        """The whole session; returns its exit status."""
        try:
            self._start()
            while self._tally.over < self._config.episodes:
                try:
                    self._attempt()
                except Unwatched:
                    self._await_client()
        except Interrupted:
            return self._end(0)
        except Unwatched:  # while the processes were started
            self._clients.log("No terminal is watching.", "warning")
            self._hold_after_fault()
            return self._end(0)
        except (SessionError, LockstepError, RecorderError) as error:
            self._clients.log(str(error), "error")
            self._hold_after_fault()
            return self._end(1)
        except Exception as error:  # a fault of ours: the arms hold all the same
            self._clients.log(f"The session failed: {error!r}.", "error")
            traceback.print_exc()
            self._hold_after_fault()
            return self._end(1)
        return self._end(0)

    def leave(self) -> None:
        """Come to the end as after the first Ctrl-C (on SIGTERM)."""
        self._leaving = self._leaving or "stop"

    def _attempt(self) -> None:
        """One demonstration; if the recorder is lost over it, there is another recorder after."""
        try:
            self._record_one()
        except RecorderLostError as error:
            self._replace_recorder(str(error))

    def _record_one(self) -> None:
        """One demonstration, from the arms at their start to the verdict on it."""
        self._episode = NO_EPISODE
        self._enter(Phase.PREPARING)
        self._wait(self._is_ready, HOME_TIMEOUT_S, "the arms at their start and the recorder ready")
        self._episode = claim_number(self._folder)
        self._tally.begin(self._episode)
        seed = self._seed
        if self._link is not None:
            self._link.reset(seed, self._config.operator_ticks)
        self._plan(seed)
        self._crew.command(Start(self._episode, self._config.task.max_steps))
        self._watch.refresh()
        self._asked_at_tick = self._watch.tick
        self._resume()
        self._enter(Phase.RECORDING)
        try:
            self._wait(self._is_over, None, "")
        except (Interrupted, Unwatched):
            self._close(Outcome.UNLABELLED)
            raise
        self._close(self._verdict())
        self._crew.command(Home())

    def _close(self, outcome: Outcome) -> None:
        """End the episode with this verdict, and see that control has done so."""
        self._enter(Phase.SAVING)
        if not self._watch.has_ended(self._episode):
            self._crew.command(Stop(outcome))
        self._resume()
        self._wait(self._is_closed, HOME_TIMEOUT_S, "the end of the episode", interruptible=False)
        self._tally.end(self._watch.outcome_of(self._episode))

    def _verdict(self) -> Outcome:
        """What the simulated task says; where nobody can tell, the episode stays unlabelled."""
        if self._link is None:
            return Outcome.UNLABELLED
        score = self._link.score()
        reached = f"{score.stages[score.best]} ({score.best} of {len(score.stages) - 1})"
        held = self._watch.has_ended(self._episode)  # by control, before anybody could judge it
        outcome = self._watch.outcome_of(self._episode) if held else score.outcome
        self._clients.log(
            f"episode {self._episode}: {outcome.name.lower()}, stage reached: {reached}"
        )
        return outcome

    # -- conditions

    def _is_ready(self) -> bool:
        return (
            self._watch.state is State.WAITING and self._watch.recorder_state is RecorderState.READY
        )

    def _is_over(self) -> bool:
        if self._watch.tick > self._asked_at_tick + START_TICKS and not self._has_begun():
            raise SessionError("Control did not start the episode; the reason stands above.")
        finished = self._link is not None and self._link.finished
        return finished or self._watch.has_ended(self._episode)

    def _has_begun(self) -> bool:
        following = self._watch.state is State.FOLLOWING
        return following or self._watch.has_ended(self._episode)

    def _is_closed(self) -> bool:
        began = self._watch.tick <= self._asked_at_tick + START_TICKS or self._has_begun()
        return self._watch.has_ended(self._episode) or not began

    # -- processes

    def _start(self) -> None:
        ports: dict[str, str] = {}
        if self._config.rig_file.rig.simulated:
            world = self._crew.start_world()
            self._wait(lambda: world.said() is not None, START_TIMEOUT_S, "the simulated world")
            self._link = WorldLink(self._runtime / WORLD_SOCKET, self._selector)
            ports = dict(port.split("=", 1) for port in (world.said() or "").split())
        self._crew.start_control(ports)
        self._wait((self._runtime / SERVOS_FILE).exists, START_TIMEOUT_S, "the servos' answers")
        self._crew.start_recorder()

    def _replace_recorder(self, why: str) -> None:
        """A new recorder recovers the journal of the dead one; the attempt is made again."""
        self._restarts += 1
        if self._restarts > RECORDER_RESTARTS:
            raise SessionError(f"{why} It died {self._restarts} times: giving up.")
        self._clients.log(f"{why} The arms hold; starting another recorder.", "warning")
        self._crew.command(Hold("recorder lost"))
        self._resume()
        self._watch.forget_recorder()
        self._crew.start_recorder()
        self._wait(
            lambda: self._watch.recorder_state is RecorderState.READY,
            START_TIMEOUT_S,
            "the new recorder",
        )
        self._crew.command(Home())

    def _hold_after_fault(self) -> None:
        """Hold where the fault found the arms, until somebody says to rest or the time is over."""
        control = self._crew.children.get("control")
        if control is None or control.exit_status() is not None:
            return
        patience_s = self._config.rig_file.rig.safety.hold_timeout_s
        self._clients.log(
            f"The arms hold. They go to rest in {patience_s:.0f} s, or at once on Ctrl-C.",
            "warning",
        )
        self._crew.command(Hold("fault"))
        self._resume()
        self._enter(Phase.FAULT)
        deadline = time.monotonic() + patience_s
        while self._leaving is None and time.monotonic() < deadline:
            self._pump(raising=False)
            if control.exit_status() is not None:
                return

    def _await_client(self) -> None:
        """Hold until a terminal says to go on; rest and end when none attaches in time.

        That a terminal is there again is no reason to move: somebody must ask for it.
        """
        patience_s = self._config.rig_file.rig.safety.hold_timeout_s
        self._clients.log(
            f"No terminal was watching: the arms hold (and rest after {patience_s:.0f} s without "
            "one).",
            "warning",
        )
        self._crew.command(Hold("no terminal is watching"))
        self._enter(Phase.HOLDING)
        self._going_on = False
        deadline = time.monotonic() + patience_s
        while not self._going_on:
            self._pump()
            if self._leaving is not None:
                raise Interrupted
            if len(self._clients):
                deadline = time.monotonic() + patience_s
            elif time.monotonic() > deadline:
                raise Interrupted
        self._crew.command(Home())

    def _is_unwatched(self) -> bool:
        since = self._unwatched_since
        return since is not None and time.monotonic() - since > UNWATCHED_S

    def _plan(self, seed: int) -> None:
        task = self._config.task
        simulated = self._link is not None
        scene = (task.scene, seed) if simulated else (None, None)
        plan = EpisodePlan(self._episode, task.name, task.prompt, *scene)
        for used in self._runtime.glob("plan_*.json"):  # a recorder that is ready has read them
            used.unlink()
        write_json(self._runtime / f"plan_{self._episode}.json", plan)

    # -- the end

    def _end(self, status: int) -> int:
        """Arms first, then the files, then the world; says what became of each."""
        self._enter(Phase.RESTING)
        status = max(status, self._end_control())
        status = max(status, self._end_recorder())
        world = self._crew.children.get("world")
        if world is not None:
            world.terminate()
            if world.wait(30.0) is None:
                world.kill()
        self._enter(Phase.ENDED)
        self._pump(raising=False)  # a terminal that connected only now hears it too
        self._clients.end(status, self._tally.summary())
        return status

    def _end_control(self) -> int:
        control = self._crew.children.get("control")
        if control is None:
            return 0
        if control.exit_status() is None:
            quitting = self._leaving == "quit"
            self._crew.command(Quit() if quitting else Rest())
            self._resume()
            deadline = time.monotonic() + REST_TIMEOUT_S
            while control.exit_status() is None and time.monotonic() < deadline:
                self._pump(raising=False)
                if self._leaving == "quit" and not quitting:
                    quitting = True
                    self._crew.command(Quit())
        ended = control.exit_status()
        if ended is None:
            self._clients.log("Control did not come to rest in time; it was killed.", "error")
            control.kill()
        return 0 if ended == 0 else 1

    def _end_recorder(self) -> int:
        recorder = self._crew.children.get("recorder")
        if recorder is None:
            return 0
        recorder.terminate()
        deadline = time.monotonic() + FINALISE_TIMEOUT_S
        while recorder.exit_status() is None and time.monotonic() < deadline:
            self._pump(raising=False)
            if self._watch.recorder_is_stuck():
                break
        ended = recorder.exit_status()
        if ended == 0 or self._watch.recorder_state is RecorderState.FINISHED:
            return 0
        recorder.kill()
        text = f"The recorder did not end well ({ended}: {recorder.last_words()}); "
        self._clients.log(text + "the next start recovers what it wrote.", "error")
        return 1

    # -- waiting

    def _wait(
        self,
        done: Callable[[], bool],
        timeout_s: float | None,
        what: str,
        interruptible: bool = True,
    ) -> None:
        """Pump until `done`.

        Raises:
            Interrupted, Unwatched: only if `interruptible`.
            SessionError: a process was lost, or it took longer than `timeout_s`.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            self._pump()
            if interruptible and self._leaving is not None:
                raise Interrupted
            if interruptible and self._is_unwatched():
                raise Unwatched
            if deadline is not None and time.monotonic() > deadline:
                raise SessionError(f"Waited {timeout_s:.0f} s in vain for {what}.")

    def _pump(self, raising: bool = True) -> None:
        """Hear clients and world for a moment, look at the rings and the processes."""
        for key, _ in self._selector.select(PUMP_S):
            key.data()
        self._watch.refresh()
        self._hear_clients()
        self._publish()
        if raising:
            self._check_children()

    def _hear_clients(self) -> None:
        while self._clients.requests:
            request = self._clients.requests.pop(0)
            self._going_on = self._going_on or request == "go_on"
            if request == "quit" or (request == "stop" and self._leaving is None):
                self._leaving = request
        if len(self._clients):
            self._unwatched_since = None
        elif self._unwatched_since is None:
            self._unwatched_since = time.monotonic()

    def _check_children(self) -> None:
        if self._watch.recorder_state is RecorderState.FAILED:
            raise SessionError("The recorder cannot go on; the reason stands above.")
        self._crew.check()
        if self._watch.recorder_is_stuck():
            self._crew.children["recorder"].kill()
            raise RecorderLostError("The recorder process was stuck and has been ended.")

    # -- small things

    @property
    def _seed(self) -> int:
        """Of the simulated demonstration that is next or under way."""
        return self._config.seed + self._tally.over

    def _resume(self) -> None:
        if self._link is not None:
            with contextlib.suppress(LockstepError):
                self._link.resume()

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._publish()

    def _publish(self) -> None:
        status = self._status.begin()
        status["heartbeat_ns"] = time.monotonic_ns()
        status["phase"] = self._phase
        status["simulated"] = self._config.rig_file.rig.simulated
        status["attempt"] = min(self._tally.over + 1, self._config.episodes)
        status["episodes"] = self._config.episodes
        status["episode"] = self._episode
        status["saved"] = len(self._tally.saved())
        status["successes"] = self._tally.successes
        status["seed"] = self._seed
        self._status.commit()
