"""The flow of a session: start the processes, then home -> start -> follow -> close -> next.

The supervisor decides and watches; it moves nothing itself. What stops the arms on the way is dealt
with in `session.holds`, how it all ends in `session.ending`; what both stand on is
`session.station`.
"""

import traceback
from pathlib import Path
from typing import Final

from recorder.config import EpisodePlan, plan_path
from recorder.errors import RecorderError
from recorder.folder.numbering import claim_number
from session import runtime_dir
from session.config import SessionConfig
from session.ending import Ending
from session.errors import (
    Interrupted,
    NotStartedError,
    RecorderLostError,
    SessionError,
    Unwatched,
)
from session.holds import Holds
from session.station import OBEY_TICKS, Station
from session.status import Phase
from session.world_link import WorldLink
from teleop.commands import Hold, Home, Start, Stop
from teleop.config import write_json
from teleop.lockstep import WORLD_SOCKET, LockstepError
from teleop.rig_config import SERVOS_FILE
from teleop.tick import NO_EPISODE, Outcome, State

START_TIMEOUT_S: Final = 120.0
CLOSE_TIMEOUT_S: Final = 120.0
CAMERAS_TIMEOUT_S: Final = 20.0
"""For the cameras of the simulated rig to give pictures, and for room on its disk."""
RECORDER_RESTARTS: Final = 3
REFUSALS: Final = 3
"""So often in a row control may refuse to start on the simulated rig."""
DEBOUNCE_TICKS: Final = 50
"""A key that starts an episode ends it no sooner: the same press, or one too many."""

UNCALIBRATED: Final = (
    "This rig has never been calibrated (teleop calibrate): leaders and followers may disagree."
)


class Supervisor:
    """One session, from the first process to the last."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._lock = runtime_dir.hold(Path(config.runtime_dir))
        self._station = Station(config)
        self._holds = Holds(self._station)
        self._started_at_tick = 0
        self._refusals = 0
        self._restarts = 0
        self._stopped = False

    def run(self) -> int:
        """The whole session; returns its exit status."""
        station = self._station
        status = 0
        try:
            self._start()
            while not self._is_done():
                try:
                    self._demonstrate()
                except NotStartedError as error:
                    self._try_again(error)
                except RecorderLostError as error:
                    self._replace_recorder(error)
                except Unwatched:
                    self._stop_unwatched()
            if station.recording:
                self._holds.before_rest()
        except Interrupted:
            pass
        except Unwatched:  # while the processes were started
            station.log("No terminal is watching.", "warning")
            self._holds.after_fault()
        except (SessionError, LockstepError, RecorderError) as error:
            station.log(str(error), "error")
            self._holds.after_fault()
            status = 1
        except OSError as error:
            where = error.filename or station.runtime
            station.log(f"The session cannot go on at {where}: {error.strerror}.", "error")
            self._holds.after_fault()
            status = 1
        except Exception as error:  # a fault of ours: the arms hold all the same
            station.log(f"The session failed: {error!r}.", "error")
            traceback.print_exc()
            self._holds.after_fault()
            status = 1
        return Ending(station, self._holds).run(max(status, int(station.tally.faults > 0)))

    def leave(self) -> None:
        """Come to the end as after the first Ctrl-C (on SIGTERM)."""
        self._station.leaving = self._station.leaving or "stop"

    # -- the flow

    def _start(self) -> None:
        """The processes, one after the other; `teleop rest` needs control only."""
        station, crew, purpose = self._station, self._station.crew, self._config.purpose
        ports: dict[str, str] = {}
        if station.simulated:
            world = crew.start_world()
            station.wait(lambda: world.said() is not None, START_TIMEOUT_S, "the simulated world")
            station.link = WorldLink(station.runtime / WORLD_SOCKET, station.selector)
            ports = dict(port.split("=", 1) for port in (world.said() or "").split())
        if purpose != "rest" and not station.simulated and not self._config.calibration:
            station.log(UNCALIBRATED, "warning")
        if purpose == "rest":
            crew.command(Hold("teleop rest"))  # the first thing that it reads: nothing moves before
        crew.start_control(ports)
        if purpose == "rest":
            return
        found = (station.runtime / SERVOS_FILE).exists
        station.wait(found, START_TIMEOUT_S, "the servos' answers")
        if purpose == "record":
            crew.start_recorder()

    def _is_done(self) -> bool:
        match self._config.purpose:
            case "record":
                return self._station.tally.over >= self._config.episodes
            case "mirror":
                return False  # until the operator leaves
            case "rest":
                return True

    def _demonstrate(self) -> None:
        """One demonstration, from the arms at their start to the verdict on it and home again."""
        station = self._station
        self._await_start()
        self._begin()
        try:
            station.wait(self._is_over, None, "")
        except (Interrupted, Unwatched):
            self._close(Outcome.UNLABELLED)
            raise
        self._close(self._verdict())
        if not station.must_ask and not station.watch.need:
            station.tell(Home())

    def _await_start(self) -> None:
        """Until the arms are at their start, the recorder is ready, and somebody wants to begin."""
        station = self._station
        station.episode = NO_EPISODE
        while True:
            self._holds.bring_home()
            station.wait(
                lambda: station.recorder_ready or self._has_left(),
                START_TIMEOUT_S,
                "the recorder to be ready",
            )
            self._await_cameras_and_disk()
            if not station.simulated:
                self._await_sign()
            if not self._has_left() and not station.why_not_start():
                return

    def _await_cameras_and_disk(self) -> None:
        """Until every camera gives pictures and the disk has room for a whole episode.

        Raises:
            SessionError: on the simulated rig, where nobody is there to see to it.
        """
        station = self._station
        timeout_s = CAMERAS_TIMEOUT_S if station.simulated else None
        why = station.why_not_start()

        def changed() -> bool:
            return station.why_not_start() != why or self._has_left()

        while why and not self._has_left():
            station.enter(Phase.PREPARING, why)
            if not station.waited(changed, timeout_s):
                raise SessionError(why)
            why = station.why_not_start()

    def _await_sign(self) -> None:
        """Until the operator of a real rig wants to begin, or nothing can begin any more."""
        station, watch = self._station, self._station.watch
        seen = watch.gestures

        def is_over() -> bool:
            asked = station.answered or watch.gestures != seen
            return asked or self._has_left() or bool(station.why_not_start())

        station.enter(Phase.READY, self._how_to_start())
        station.wait(is_over, None, "")

    def _begin(self) -> None:
        """Have control follow the leaders, and the recorder what is to be recorded."""
        station, task = self._station, self._config.task
        self._stopped = False
        if station.recording:
            station.episode = claim_number(self._config.dataset_dir)
            station.tally.begin(station.episode)
            self._plan()
        if station.link is not None:
            station.link.reset(station.seed, self._config.operator_ticks)
        station.tell(Start(station.episode, task.max_steps))
        self._started_at_tick = station.watch.tick
        if station.recording:
            by_key = "" if station.simulated else "Press Enter to end the episode."
            station.enter(Phase.RECORDING, by_key)
        else:
            by_key = "" if station.simulated else "Press Enter to go back to the start pose."
            station.enter(Phase.MIRRORING, by_key)

    def _close(self, outcome: Outcome) -> None:
        """End the episode with this verdict, and see that control has done so."""
        station = self._station
        station.enter(Phase.SAVING)
        ended = self._has_ended()
        wanted = station.must_ask and not self._stopped
        by_fault = ended and not wanted and not self._is_complete()
        if not ended:
            station.tell(Stop(outcome))
        station.resume()
        station.wait(self._is_closed, CLOSE_TIMEOUT_S, "the end of the episode", False)
        station.tally.end(station.watch.outcome_of(station.episode), by_fault)
        self._refusals = 0
        if by_fault:
            station.log("A fault has ended this demonstration.", "warning")
        else:
            self._holds.worked()

    def _verdict(self) -> Outcome:
        """What the simulated task says; where nobody can tell, the episode stays unlabelled."""
        station = self._station
        if station.link is None:
            return Outcome.UNLABELLED
        score = station.link.score()
        reached = f"{score.stages[score.best]} ({score.best} of {len(score.stages) - 1})"
        held = self._has_ended()  # by control, before anybody could judge it
        outcome = station.watch.outcome_of(station.episode) if held else score.outcome
        what = f"episode {station.episode}" if station.recording else "mirrored"
        station.log(f"{what}: {outcome.name.lower()}, stage reached: {reached}")
        return outcome

    # -- what comes between

    def _try_again(self, error: NotStartedError) -> None:
        """Control has said why it does not start. The operator of a real rig sees to that."""
        self._refusals += 1
        if self._station.simulated and self._refusals >= REFUSALS:
            raise SessionError(str(error)) from error
        self._station.log(str(error), "warning")

    def _replace_recorder(self, error: RecorderLostError) -> None:
        """A new recorder recovers the journal of the dead one; the attempt is made again."""
        station = self._station
        self._restarts += 1
        if self._restarts > RECORDER_RESTARTS:
            raise SessionError(f"{error} It died {self._restarts} times: giving up.") from error
        station.log(f"{error} The arms hold; starting another recorder.", "warning")
        station.tell(Hold("recorder lost"))
        station.watch.forget_recorder()
        station.crew.start_recorder()

    def _stop_unwatched(self) -> None:
        """Hold until a terminal says to go on.

        That a terminal is there again is no reason to move: somebody must ask for it.
        """
        patience_s = self._config.rig_file.rig.safety.hold_timeout_s
        self._station.log(
            f"No terminal was watching: the arms hold (and rest after {patience_s:.0f} s without "
            "one).",
            "warning",
        )
        self._station.hold("no terminal is watching")

    # -- conditions

    def _is_over(self) -> bool:
        """The demonstration has come to its end, or somebody wants it to."""
        station = self._station
        if station.obeyed and not self._has_begun():
            raise NotStartedError("Control did not start; the reason stands above.")
        if station.answered and station.watch.tick < self._started_at_tick + DEBOUNCE_TICKS:
            station.answered = False
        self._stop_if_blind()
        finished = station.link is not None and station.link.finished
        asked = station.answered and not station.simulated
        return finished or asked or self._has_ended()

    def _stop_if_blind(self) -> None:
        """Hold where what is recorded would be worth nothing, or would not fit on the disk."""
        station = self._station
        if self._stopped or not (why := station.why_stop()):
            return
        self._stopped = True
        station.log(f"{why} The arms hold, and the episode ends here.", "warning")
        if station.simulated:  # there is nobody to ask
            station.tell(Hold(why.rstrip(".")))  # it comes to stand within a sentence
        else:
            station.hold(why.rstrip("."))

    def _has_begun(self) -> bool:
        return self._station.watch.state is State.FOLLOWING or self._has_ended()

    def _has_ended(self) -> bool:
        """Control has ended it, whoever wanted that."""
        station = self._station
        if station.recording:
            return station.watch.has_ended(station.episode)
        past = station.watch.tick > self._started_at_tick + OBEY_TICKS
        return past and station.watch.state not in (State.FOLLOWING, State.WAITING)

    def _is_closed(self) -> bool:
        return self._has_ended() or (self._station.obeyed and not self._has_begun())

    def _is_complete(self) -> bool:
        """It has all its steps: that is why control has ended it."""
        station = self._station
        return station.watch.steps_of(station.episode) >= self._config.task.max_steps

    def _has_left(self) -> bool:
        """The arms do not wait at their start any more, or are about to be stopped there."""
        return self._station.watch.state is not State.WAITING or self._station.must_ask

    # -- small things

    def _how_to_start(self) -> str:
        station, config = self._station, self._config
        number = f"{station.tally.over + 1} of {config.episodes}"
        what = f"start episode {number}" if station.recording else "let the followers follow"
        if config.rig_file.rig.start == "grippers":
            return f"Open and close both leader grippers, or press Enter, to {what}."
        return f"Press Enter to {what}."

    def _plan(self) -> None:
        station, task = self._station, self._config.task
        scene = (task.scene, station.seed) if station.simulated else (None, None)
        plan = EpisodePlan(station.episode, task.name, task.prompt, *scene)
        for used in station.runtime.glob("plan_*.json"):  # a recorder that is ready has read them
            used.unlink()
        write_json(plan_path(station.runtime, station.episode), plan)
