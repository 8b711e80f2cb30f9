"""The safety states and what leads from one to the next. Pure: no time, no arms.

checking -> homing -> waiting -> following -> holding -> homing ... -> resting. Every fault ends in
holding, and an episode in progress then ends unlabelled.
"""

from dataclasses import dataclass
from enum import Enum, auto

from teleop.commands import Alive, Command, Hold, Home, Lead, Quit, Recover, Rest, Start, Stop
from teleop.tick import NO_EPISODE, Outcome, State


class Ending(Enum):
    """Why the loop ended."""

    RESTED = auto()
    """In the rest pose, torque off."""
    LEFT_HOLDING = auto()
    """As asked: torque stays on."""
    FAULT = auto()
    """Something is broken: torque stays on as far as it goes."""


@dataclass(slots=True)
class Flow:
    """Where the rig is, which episode is recorded, and how the last one ended.

    Attributes:
        playing: a recording leads.
        stopping: asked to hold, then rest, then end; nothing else is obeyed any more.
        ending: set when the loop is to end.
    """

    playing: bool = False
    state: State = State.CHECKING
    episode: int = NO_EPISODE
    step: int = -1
    last_episode: int = NO_EPISODE
    outcome: Outcome = Outcome.UNLABELLED
    stopping: bool = False
    ending: Ending | None = None
    _max_steps: int = 0

    @property
    def recording(self) -> bool:
        """The coming tick belongs to an episode."""
        return self.episode != NO_EPISODE

    @property
    def idle(self) -> bool:
        """Nothing moves."""
        return self.state in (State.WAITING, State.HOLDING)

    def obey(self, command: Command) -> str:
        """Carry out a command; returns why it is refused, or ""."""
        if self.stopping and not isinstance(command, Quit | Hold):
            return f"{type(command).__name__} ignored: control is stopping."
        match command:
            case Start():
                return self._start(command)
            case Stop(outcome):
                return self._stop(outcome)
            case Home():
                return self._home()
            case Hold():
                self.fault()
            case Recover() | Alive() | Lead():
                pass  # changes what the hold waits for, or who leads, not the state
            case Rest():
                self._end_episode(Outcome.UNLABELLED)
                self.state = State.RESTING
            case Quit():
                self._end_episode(Outcome.UNLABELLED)
                self.ending = Ending.LEFT_HOLDING
        return ""

    def checked(self) -> None:
        """The arms are open and set up."""
        self.state = State.HOMING

    def arrived(self) -> None:
        """The ramp of this state has ended."""
        if self.state is State.HOMING:
            self.state = State.WAITING
        elif self.state is State.RESTING:
            self.ending = Ending.RESTED

    def fault(self) -> None:
        """Hold, whatever was going on."""
        self._end_episode(Outcome.UNLABELLED)
        if self.stopping and self.state is State.RESTING:
            self.ending = Ending.FAULT
        self.state = State.HOLDING

    def stop(self) -> None:
        """Hold, then rest, then end."""
        if not self.stopping and self.state is not State.RESTING:
            self.fault()
        self.stopping = True

    def lose(self) -> None:
        """Bus or clock are gone: end the episode, and the loop."""
        self._end_episode(Outcome.UNLABELLED)
        self.ending = Ending.FAULT

    def tick_done(self) -> str:
        """A tick has been published; returns what is worth telling about it, or ""."""
        if self.recording:
            self.step += 1
            if self.step >= self._max_steps:
                self._end_episode(Outcome.UNLABELLED)
                self.state = State.HOLDING
                return self._ended()
        elif self.stopping and self.state is State.HOLDING and self.ending is None:
            self.state = State.RESTING
        return ""

    def _ended(self) -> str:
        if self.playing:  # its steps, and the time that the followers have to settle
            return f"Episode {self.last_episode} is played to its end."
        return f"Episode {self.last_episode} has reached its {self._max_steps} steps."

    def _start(self, start: Start) -> str:
        if self.state is not State.WAITING:
            return f"Start ignored: the arms are {self.state.name.lower()}, not waiting."
        if start.episode == NO_EPISODE:
            self.state = State.FOLLOWING
            return ""
        if start.episode < 0 or start.max_steps < 1:
            return f"Start ignored: episode {start.episode} of {start.max_steps} steps cannot be."
        self.episode, self.step, self._max_steps = start.episode, 0, start.max_steps
        self.state = State.FOLLOWING
        return ""

    def _stop(self, outcome: Outcome) -> str:
        if self.state is not State.FOLLOWING:
            return "Stop ignored: no episode is being recorded."
        self._end_episode(outcome)
        self.state = State.HOLDING
        return ""

    def _home(self) -> str:
        if self.state not in (State.HOLDING, State.WAITING):
            return f"Home ignored: the arms are {self.state.name.lower()}; hold first."
        self.state = State.HOMING
        return ""

    def _end_episode(self, outcome: Outcome) -> None:
        if self.recording:
            self.last_episode, self.outcome = self.episode, outcome
            self.episode, self.step = NO_EPISODE, -1
