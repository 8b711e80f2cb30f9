"""The flow of a session: start the processes, then home -> start -> follow -> close -> next.

The supervisor decides and watches; it moves nothing itself. What a start needs is waited for in
`session.readiness`, one attempt is `session.attempt` (an episode that is played back:
`session.playing`), and `session.review` comes after the last. What stops the arms on the way is
dealt with in `session.holds`, how it all ends in `session.ending`; what all of them stand on is
`session.station`.
"""

import traceback
from pathlib import Path
from typing import Final

from recorder.errors import RecorderError
from session import runtime_dir
from session.attempt import Attempt
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
from session.playing import Playing
from session.readiness import Readiness
from session.review import Review
from session.station import Station
from session.takes import Cause
from session.world_link import WorldLink
from teleop.commands import Hold, Home
from teleop.lockstep import WORLD_SOCKET, LockstepError
from teleop.rig_config import SERVOS_FILE

START_TIMEOUT_S: Final = 120.0
POLICY_TIMEOUT_S: Final = 300.0
"""Of a large one on a slow disk, that is compiled first."""
RECORDER_RESTARTS: Final = 3
REFUSALS: Final = 3
"""So often in a row control may refuse to start where nobody works the rig."""

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
        self._readiness = Readiness(self._station, self._holds)
        self._attempt: Attempt | Playing = Attempt(self._station)
        self._review = Review(self._station)
        self._refusals = 0
        self._restarts = 0

    def run(self) -> int:
        """The whole session; returns its exit status."""
        station = self._station
        status = 0
        try:
            self._start()
            while True:
                try:
                    if self._is_done():
                        break
                    self._demonstrate()
                except NotStartedError as error:
                    self._try_again(error)
                except RecorderLostError as error:
                    self._replace_recorder(error)
                except Unwatched:
                    self._stop_unwatched()
            if station.recording or self._config.playback:
                self._holds.before_rest()
        except Interrupted:
            pass
        except Unwatched:  # while the processes were started
            station.log("No terminal is watching.", "warning")
            self._hold_after_fault("no terminal was watching")
        except (SessionError, LockstepError, RecorderError) as error:
            station.log(str(error), "error")
            self._hold_after_fault(str(error))
            status = 1
        except OSError as error:
            where = error.filename or station.runtime
            station.log(f"The session cannot go on at {where}: {error.strerror}.", "error")
            self._hold_after_fault(str(error))
            status = 1
        except Exception as error:  # a fault of ours: the arms hold all the same
            station.log(f"The session failed: {error!r}.", "error")
            traceback.print_exc()
            self._hold_after_fault(repr(error))
            status = 1
        return Ending(station, self._holds).run(max(status, int(self._attempt.failed)))

    def leave(self) -> None:
        """Come to the end as after the first Ctrl-C (on SIGTERM)."""
        self._station.leaving = self._station.leaving or "stop"

    def _hold_after_fault(self, why: str) -> None:
        """Until somebody says to rest; another fault meanwhile must not keep the arms from that."""
        try:
            self._attempt.give_up(why)
            self._holds.after_fault(why)
        except Exception as error:
            self._station.log(f"The session failed again: {error!r}.", "error")
            traceback.print_exc()

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
        if self._config.policy is not None:
            policy = crew.start_policy()  # before any arm moves: it may say why it cannot lead
            loaded = policy.said
            station.wait(lambda: loaded() is not None, POLICY_TIMEOUT_S, "the policy to be loaded")
        crew.start_control(ports)
        if purpose == "rest":
            return
        if purpose == "replay":
            self._attempt = Playing(station)
        found = (station.runtime / SERVOS_FILE).exists
        station.wait(found, START_TIMEOUT_S, "the servos' answers")
        if purpose == "record":
            crew.start_recorder()

    def _is_done(self) -> bool:
        match self._config.purpose:
            case "record":
                return self._station.enough and self._review.is_passed()
            case "mirror":
                return False  # until the operator leaves
            case "replay":
                return isinstance(self._attempt, Playing) and self._attempt.done
            case "rest":
                return True

    def _demonstrate(self) -> None:
        """One demonstration, from the arms at their start to the verdict on it and home again."""
        station, attempt = self._station, self._attempt
        if not self._readiness.reached() or not attempt.begin():
            return
        try:
            station.wait(attempt.is_over, None, "")
        except Interrupted:
            attempt.close(Cause.LEFT)
            raise
        except Unwatched:
            attempt.close(Cause.UNWATCHED)
            raise
        self._refusals = 0
        if attempt.close():
            self._holds.worked()
        elif station.attended:
            station.must_ask = True  # a fault has stopped the arms: a person lets them go on
        if not (station.must_ask or station.watch.need or self._config.playback):
            station.tell(Home())

    # -- what comes between

    def _try_again(self, error: NotStartedError) -> None:
        """Control has said why it does not start. The operator sees to that, where there is one."""
        self._attempt.withdraw()
        self._refusals += 1
        if not self._station.attended and self._refusals >= REFUSALS:
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
        self._attempt.abandon()
        station.crew.start_recorder()
        station.edits.ask_again()

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
