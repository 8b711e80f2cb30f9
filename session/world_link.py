"""The session's line to the simulated world: requests with answers, events in between."""

import selectors
import socket
from dataclasses import dataclass
from pathlib import Path

from teleop.lockstep import LockstepError, Message, connect, receive, send
from teleop.tick import Outcome


@dataclass(frozen=True, slots=True)
class Score:
    """How far the demonstration is: stages reached now and at best, and their names."""

    stage: int
    best: int
    stages: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Success is to *be* in the last stage at the end, not to have passed through it."""
        return Outcome.SUCCESS if self.stage == len(self.stages) - 1 else Outcome.FAILURE


class WorldLink:
    """Everything raises `LockstepError` when the world is gone.

    Attributes:
        finished: the operator is through with the demonstration.
        waiting: in lock-step, time stands still until `resume`.
    """

    def __init__(self, socket_path: Path, selector: selectors.BaseSelector) -> None:
        self._socket: socket.socket = connect(socket_path, "session")
        self._selector = selector
        self.finished = False
        self.waiting = False
        selector.register(self._socket, selectors.EVENT_READ, self._hear)

    def reset(self, seed: int, max_steps: int, operator: bool = True) -> None:
        """Put the scene in its start for `seed`; time stands still from here until `resume`.

        Args:
            operator: somebody demonstrates; else it is finished when the task stays done.
        """
        self.finished = False
        self._ask({"op": "reset", "seed": seed, "max_steps": max_steps, "operator": operator})

    def restore(self, state: tuple[float, ...]) -> None:
        """Put a recorded scene back, with nobody at the leaders; time stands still until `resume`.

        Raises:
            LockstepError: also if it is not a state of this scene.
        """
        self.finished = False
        self._ask({"op": "reset", "state": state})

    def resume(self) -> None:
        """Let time go on."""
        self.waiting = False
        try:
            send(self._socket, {"op": "resume"})
        except OSError as error:
            raise LockstepError(f"The simulated world is gone: {error}.") from error

    def score(self) -> Score:
        """How far the demonstration is."""
        answer = self._ask({"op": "score"})
        return Score(int(answer["stage"]), int(answer["best"]), tuple(answer["stages"]))

    def _ask(self, message: Message) -> Message:
        try:
            send(self._socket, message)
        except OSError as error:
            raise LockstepError(f"The simulated world is gone: {error}.") from error
        while True:
            answer = receive(self._socket)
            if "event" in answer:
                self._note(answer)
                continue
            if "error" in answer:
                raise LockstepError(str(answer["error"]))
            return answer

    def _hear(self) -> None:
        try:
            self._note(receive(self._socket))
        except LockstepError:
            self._selector.unregister(self._socket)  # the session sees its process end

    def _note(self, message: Message) -> None:
        if message.get("event") == "finished":
            self.finished = self.waiting = True
