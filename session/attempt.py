"""One attempt at a demonstration, from the start sign to the verdict on it.

Control decides when an episode ends; here it is seen, or asked for: by a key, by the stop gesture,
because the simulated operator is through, or because recording on would be worth nothing.
"""

from dataclasses import replace
from typing import Final

from recorder.config import EpisodePlan, plan_path
from recorder.folder.numbering import claim_number
from session.errors import Interrupted, NotStartedError
from session.policy_prompt import PolicyPrompt
from session.station import OBEY_TICKS, Station
from session.status import Phase
from session.takes import Cause
from teleop.commands import Hold, Start, Stop
from teleop.config import write_json
from teleop.tick import Outcome, State

CLOSE_TIMEOUT_S: Final = 120.0
DEBOUNCE_TICKS: Final = 50
"""A key that starts an episode ends it no sooner: the same press, or one too many."""


class Attempt:
    """The one that is under way, or comes next."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._started_at_tick = 0
        self._gestures: int | None = None
        self._blind = False
        self._by_key = ""
        self._led: PolicyPrompt | None = None

    def _policy_prompt(self) -> PolicyPrompt | None:
        config = self._station.config
        keys = config.rig_file.keys.lead
        key = keys[0].upper() if keys else "(no key)"
        return PolicyPrompt(self._station.runtime, key) if config.policy else None

    @property
    def failed(self) -> bool:
        """A fault has ended one of this session."""
        return self._station.takes.faults > 0

    def begin(self) -> bool:
        """Have control follow the leaders, and the recorder what is to be recorded.

        Returns:
            False: the operator has stopped the arms while the disk was waited for; nothing has
            begun.

        Raises:
            Interrupted: they want to leave.
        """
        station, config = self._station, self._station.config
        self._blind, self._gestures = False, None
        self._led = self._policy_prompt()
        station.countdown.clear()
        if station.recording:
            station.episode = claim_number(config.dataset_dir)
            station.takes.begin(station.episode)
            station.keep_collection()
            self._plan()
            if not self._is_still_wanted():
                return False
        if station.link is not None:
            demonstrated = config.policy is None
            station.link.reset(station.seed, config.operator_ticks, operator=demonstrated)
        station.tell(Start(station.episode, config.task.max_steps))
        self._started_at_tick = station.watch.tick
        if station.recording:
            self._by_key = self._how_to_end() if station.attended else ""
            station.enter(Phase.RECORDING, self._by_key)
        else:
            by_key = "Press Enter to go back to the start pose." if station.attended else ""
            station.enter(Phase.MIRRORING, by_key)
        return True

    def is_over(self) -> bool:
        """The demonstration has come to its end, or somebody wants it to.

        Raises:
            NotStartedError: control does not follow.
        """
        station = self._station
        if station.obeyed and not self._has_begun():
            raise NotStartedError("Control did not start; the reason stands above.")
        if station.answered and station.watch.tick < self._started_at_tick + DEBOUNCE_TICKS:
            station.answered = False
        self._stop_if_blind()
        if self._led is not None and station.watch.state is State.FOLLOWING:
            station.show(self._led.prompt(station.watch.led, self._by_key))
        finished = station.link is not None and station.link.finished
        asked = station.answered and station.attended
        early = station.wishes.early is not None and self._has_begun()
        return finished or asked or early or self._has_stop_gesture() or self._has_ended()

    def close(self, cause: Cause = Cause.DONE) -> bool:
        """End the episode, and see that control has done so; true: it was no fault that did.

        Args:
            cause: why it is to end.
        """
        station = self._station
        outcome = self._verdict() if cause is Cause.DONE else Outcome.UNLABELLED
        station.enter(Phase.SAVING)
        ended_by = self._why_control_ended_it() or cause
        if not self._has_ended():
            station.tell(Stop(outcome))
        station.resume()
        station.wait(self._is_closed, CLOSE_TIMEOUT_S, "the end of the episode", False)
        if ended_by is Cause.FAULT:
            station.log("A fault has ended this demonstration.", "warning")
        if station.recording:
            self._enter_in_books(ended_by)
        return ended_by is not Cause.FAULT

    def give_up(self, why: str) -> None:
        """The session cannot go on: its end enters in the books what is open."""

    def abandon(self) -> None:
        """The recorder was lost: what it has written of the episode is recovered, and no take."""
        if self._station.takes.open is not None:
            take = self._station.takes.end(Outcome.UNLABELLED, Cause.RECORDER)
            self._station.wishes.take_up(take)

    def withdraw(self) -> None:
        """Control never began it: there is not a step of it."""
        self._station.takes.withdraw()
        self._station.wishes.early = None

    # -- conditions

    def _is_still_wanted(self) -> bool:
        """Hear what was said while the disk was waited for."""
        station = self._station
        station.pump()
        if station.leaving is None and not station.must_ask:
            return True
        self.withdraw()
        if station.leaving is not None:
            raise Interrupted
        return False

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
        return station.watch.steps_of(station.episode) >= station.config.task.max_steps

    def _has_stop_gesture(self) -> bool:
        """Both grippers were closed for long at the start pose: control counts that."""
        station = self._station
        if station.config.rig_file.rig.start != "grippers":
            return False
        if station.watch.state is not State.FOLLOWING:
            return False
        if self._gestures is None:
            self._gestures = station.watch.gestures
        return station.watch.gestures > self._gestures

    def _stop_if_blind(self) -> None:
        """Hold where what is recorded would be worth nothing, or would not fit on the disk."""
        station = self._station
        if self._blind or not (why := station.why_stop()):
            return
        self._blind = True
        station.log(f"{why} The arms hold, and the episode ends here.", "warning")
        if station.attended:
            station.hold(why.rstrip("."))  # it comes to stand within a sentence
        else:
            station.tell(Hold(why.rstrip(".")))

    def _why_control_ended_it(self) -> Cause | None:
        """Why control did, before it was asked to; None: it did not, or the episode is complete."""
        if not self._has_ended() or self._is_complete():
            return None
        return Cause.STOPPED if self._station.must_ask and not self._blind else Cause.FAULT

    # -- the verdict

    def _verdict(self) -> Outcome:
        """What the operator says, or else the simulated task; where nobody can tell, unlabelled."""
        station = self._station
        if station.wishes.early is not None:
            return station.wishes.early.outcome
        if station.link is None:
            return Outcome.UNLABELLED
        score = station.link.score()
        reached = f"{score.stages[score.best]} ({score.best} of {len(score.stages) - 1})"
        held = self._has_ended()  # by control, before anybody could judge it
        outcome = station.watch.outcome_of(station.episode) if held else score.outcome
        what = f"episode {station.episode}" if station.recording else "mirrored"
        station.log(f"{what}: {outcome.name.lower()}, stage reached: {reached}")
        return outcome

    def _enter_in_books(self, cause: Cause) -> None:
        station = self._station
        if not self._has_ended():
            return self.withdraw()
        if not station.watch.steps_of(station.episode):
            station.log(f"Episode {station.episode} was ended before its first step.", "warning")
            return self.withdraw()
        take = station.takes.end(station.watch.outcome_of(station.episode), cause)
        take.why = station.watch.why_held if cause is Cause.FAULT else ""
        station.countdown.begin()  # unless it is recorded again at once
        station.wishes.take_up(take)
        station.books.mark(take)
        if station.leaving is None:
            station.books.tell(take)

    def _how_to_end(self) -> str:
        by_key = "Press Enter to end the episode"
        config = self._station.config
        if config.rig_file.rig.start != "grippers" or config.policy is not None:
            return f"{by_key}."
        return f"{by_key}, or close both grippers for a second at the start pose."

    def _plan(self) -> None:
        station, task = self._station, self._station.config.task
        plan = EpisodePlan(station.episode, task.name, task.prompt)
        if station.simulated:
            plan = replace(plan, scene=task.scene, seed=station.seed)
        if station.config.policy is not None:
            plan = replace(plan, policy=station.config.policy.about)
        for used in station.runtime.glob("plan_*.json"):  # a recorder that is ready has read them
            used.unlink()
        write_json(plan_path(station.runtime, station.episode), plan)
