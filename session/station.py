"""What the flow of a session stands on: its processes, its clients, what is seen of them, waiting.

Nothing is decided here but for what must not wait for the flow: a client's hold goes to control at
once, what it asks about takes is done (`session.wishes`), and its wish to leave is noted.
"""

import contextlib
import selectors
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from recorder.status import RecorderState
from session.bookkeeping import Bookkeeping
from session.clients import Clients
from session.collection import CollectionFile, collection_of
from session.config import SessionConfig
from session.countdown import Countdown
from session.crew import Crew
from session.edits import Edits
from session.errors import Interrupted, RecorderLostError, SessionError, Unwatched
from session.kind import RigKind, kind_of
from session.recording import why_not_start, why_stop
from session.requests import Request
from session.status import Phase
from session.status_board import StatusBoard
from session.takes import Takes
from session.watch import Watch
from session.wishes import Wishes
from session.world_link import WorldLink
from teleop.commands import Alive, Command, Hold, Lead
from teleop.lockstep import LockstepError
from teleop.tick import NO_EPISODE, Led, State

PUMP_S: Final = 0.1
OBEY_TICKS: Final = 10
"""What control has not done so many ticks after it was told to, it will not do."""
ALIVE_PERIOD_S: Final = 1.0
UNWATCHED_S: Final = 2.0
"""A terminal that reconnects within this time is not missed."""

DEMONSTRATING: Final = (Phase.RECORDING, Phase.MIRRORING, Phase.REPLAYING)
RESET: Final = "The scene should be reset by now."


class Station:
    """What all parts of the flow share.

    Attributes:
        kind: of rig, as it was when the session began.
        link: the line to the simulated world, where there is one.
        episode: number of the one being prepared or recorded.
        leaving: the operator wants to "stop" (rest, then end) or to "quit" (end, arms holding).
        answered: the operator has done what the newest `ask` asked for.
        must_ask: the arms were stopped by the operator, by a fault where somebody works the rig,
            or while nobody watched: nothing moves them before somebody says so.
    """

    def __init__(self, config: SessionConfig) -> None:
        self.config = config
        self.runtime = Path(config.runtime_dir)
        self.kind = kind_of(config.rig_file)
        self.crew = Crew(config, self.kind)
        self.takes = Takes(self.attended, config.done)
        self.edits = Edits(self.crew.edit)
        self.countdown = Countdown(config.task.reset_s if self.attended else 0.0)
        self.link: WorldLink | None = None
        self.selector = selectors.DefaultSelector()
        self.clients = Clients(self.runtime, self.selector)
        self.watch = Watch(self.runtime, self.clients.log)
        self.books = Bookkeeping(self.takes, self.edits, self.clients.log)
        self.wishes = Wishes(self.takes, self.edits, self.countdown, self.clients.log)
        self.episode = NO_EPISODE
        self.leaving: str | None = None
        self.answered = False
        self.must_ask = False
        self._board = StatusBoard(config, self.kind)
        self._file = CollectionFile(
            config.dataset_dir, lambda text: self.clients.log(text, "warning")
        )
        self._phase = Phase.STARTING
        self._prompt = ""
        self._told_at_tick = 0
        self._alive_s = 0.0
        self._unwatched_since: float | None = time.monotonic()

    # -- telling

    def log(self, text: str, level: str = "info") -> None:
        """Say something to everybody who watches."""
        self.clients.log(text, level)

    def enter(self, phase: Phase, prompt: str = "") -> None:
        """What the session is about now, and what it asks of the operator for that."""
        self._phase, self._prompt = phase, prompt
        self.answered = False
        self._publish()

    def show(self, prompt: str) -> None:
        """Other words for what the session asks of the operator now."""
        self._prompt = prompt

    def tell(self, command: Command) -> None:
        """Ask something of control, and see that its time does not stand still."""
        self.crew.command(command)
        self.watch.refresh()
        self._told_at_tick = self.watch.tick
        self.resume()

    def hold(self, reason: str) -> None:
        """Stop the arms where they are, until somebody lets them go on."""
        self.must_ask = True
        self.tell(Hold(reason))

    def resume(self) -> None:
        """Let simulated time go on, if it stands still."""
        if self.link is not None:
            with contextlib.suppress(LockstepError):  # gone: seen where its processes are checked
                self.link.resume()

    # -- seeing

    @property
    def simulated(self) -> bool:
        """There is a world."""
        return self.kind is RigKind.SIMULATED

    @property
    def attended(self) -> bool:
        """Somebody works the rig, and is asked; else the session answers for the operator."""
        return not self.simulated or self.config.mode.by_hand

    @property
    def recording(self) -> bool:
        """This session records episodes."""
        return self.config.purpose == "record"

    @property
    def enough(self) -> bool:
        """As many episodes count as were to be recorded."""
        return self.recording and self.takes.accepted >= self.config.episodes

    @property
    def obeyed(self) -> bool:
        """Control has had the time to do what it was told last: what is seen now is its answer."""
        return self.watch.tick > self._told_at_tick + OBEY_TICKS

    @property
    def held(self) -> bool:
        """The arms hold, and will until they are told otherwise."""
        return self.watch.state is State.HOLDING and self.obeyed

    @property
    def recorder_ready(self) -> bool:
        """The recorder waits for an episode; true where none will be."""
        return not self.recording or self.watch.recorder_state is RecorderState.READY

    def why_not_start(self) -> str:
        """Why no episode may begin although the recorder is ready; "" if one may."""
        status = self.watch.recorder if self.recording else None
        if status is None:
            return ""
        return why_not_start(status, self.config.rig_file.cameras, time.monotonic_ns())

    def why_stop(self) -> str:
        """Why the episode that is recorded must not go on; "" if it may."""
        status = self.watch.recorder if self.recording else None
        if status is None:
            return ""
        lockstep = self.simulated and not self.config.mode.realtime
        now_ns = None if lockstep else time.monotonic_ns()
        return why_stop(status, self.config.rig_file.cameras, self.config.task.cameras, now_ns)

    def unwatched_s(self) -> float:
        """For how long no terminal has been connected."""
        since = self._unwatched_since
        return 0.0 if since is None else time.monotonic() - since

    # -- waiting

    def wait(
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
        if not self.waited(done, timeout_s, interruptible):
            raise SessionError(f"Waited {timeout_s:.0f} s in vain for {what}.")

    def waited(
        self, done: Callable[[], bool], timeout_s: float | None, interruptible: bool = True
    ) -> bool:
        """The same; false: it took longer than `timeout_s`."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not done():
            self.pump()
            if interruptible and self.leaving is not None:
                raise Interrupted
            if interruptible and self.unwatched_s() > UNWATCHED_S:
                raise Unwatched
            if deadline is not None and time.monotonic() > deadline:
                return False
        return True

    def pump(self, raising: bool = True) -> None:
        """Hear clients and world for a moment, look at the rings and the processes."""
        for key, _ in self.selector.select(PUMP_S):
            key.data()
        self.clients.flush()
        self.watch.refresh()
        self._hear_clients()
        self._keep_books()
        if self.link is not None and self.link.waiting and self._phase not in DEMONSTRATING:
            self.resume()  # the operator has finished what nobody follows any more
        self._publish()
        self._say_alive()
        if raising:
            self._check_children()

    def _keep_books(self) -> None:
        self.edits.flush()
        self.books.take_in(self.watch.changes())
        if self._phase in (Phase.PREPARING, Phase.READY) and self.countdown.has_just_ended():
            self.log(RESET)
        if self._phase in (Phase.PREPARING, Phase.READY, Phase.PAUSED):
            self.keep_collection()

    def keep_collection(self, ended: bool = False) -> None:
        """What a later session needs to go on with this collection.

        Args:
            ended: the session is over; the disk is waited for.
        """
        if len(self.takes):
            keep = self._file.finish if ended else self._file.keep
            keep(collection_of(self.config, self.takes))

    def _say_alive(self) -> None:
        """Control holds where nobody could tell it to."""
        if time.monotonic() - self._alive_s >= ALIVE_PERIOD_S:
            self._alive_s = time.monotonic()
            self.crew.command(Alive())

    def _hear_clients(self) -> None:
        while self.clients.requests:
            self._hear(self.clients.requests.pop(0))
        if len(self.clients):
            self._unwatched_since = None
        elif self._unwatched_since is None:
            self._unwatched_since = time.monotonic()

    def _hear(self, request: Request) -> None:
        match request.op:
            case "go_on":
                self.answered = True
            case "hold":
                self.log("Stopped by the operator: the arms hold.", "warning")
                self.hold("the operator has stopped the arms")
            case "lead":
                self._change_lead()
            case "quit":
                self.leaving = "quit"
            case "stop":
                self.leaving = self.leaving or "stop"
            case _:
                self.wishes.hear(request)

    def _change_lead(self) -> None:
        """The operator takes over from the policy, or hands back to it."""
        if self.config.policy is None:
            return self.log("No policy leads in this session: there is nothing to take over.")
        by = Led.POLICY if self.watch.led is Led.LEADERS else Led.LEADERS
        self.tell(Lead(by))

    def _check_children(self) -> None:
        if self.watch.recorder_state is RecorderState.FAILED:
            raise SessionError("The recorder cannot go on; the reason stands above.")
        self.crew.check()
        if self.watch.recorder_is_stuck():
            self.tell(Hold("the recorder does not answer"))
            self.crew.children["recorder"].kill()
            raise RecorderLostError("The recorder process was stuck and has been ended.")

    def _publish(self) -> None:
        self._board.publish(
            self._phase,
            self._prompt,
            self.episode,
            self.seed,
            self.takes,
            self.wishes.pausing,
            self.countdown.until_ns,
        )

    @property
    def seed(self) -> int:
        """Of the simulated demonstration that is next or under way."""
        return self.config.seed + self.takes.over
