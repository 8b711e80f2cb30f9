"""The simulated rig in lock-step: time stands still until control asks for the next tick.

`advance`: the world takes what was written to its buses, steps the rig by one tick, renders, and
answers with the new time. Between two ticks it does nothing but answer the buses.
"""

import time
from dataclasses import dataclass
from typing import Final

from sim.callers import LINGER_S, Callers, Reset, checked, reset_of, reset_rig, serve
from sim.cameras.cameras import Cameras
from sim.rig import TICK_NS, SimulatedRig
from sim.status import WorldBoard, score
from teleop.lockstep import Message

FRAMES_AHEAD: Final = 4
"""Frame sets that may be published before the recorder has acknowledged the first of them."""
ACKNOWLEDGE_TIMEOUT_S: Final = 20.0
"""A recorder silent for so long is not waited for until it acknowledges again."""
_WAIT_S: Final = 0.1


@dataclass(slots=True)
class Advance:
    """Control's request under way: first the step is due, then only the answer."""

    frames: bool
    since_s: float
    stepped: bool = False


class LockstepWorld:
    """Everything that happens in the world process in lock-step; one thread."""

    def __init__(
        self, rig: SimulatedRig, cameras: Cameras, callers: Callers, board: WorldBoard
    ) -> None:
        self._rig = rig
        self._cameras = cameras
        self._callers = callers
        self._board = board
        self._paused = False
        self._told = False
        self._advance: Advance | None = None
        self._reset: Reset | None = None
        self._acknowledged = 0
        self._recorder_is_late = False
        self._answered_ns = 0  # the newest tick that the policy has answered
        self._policy_is_late = False
        self._leave_at_s: float | None = None

    def run(self) -> int:
        """Serve until told to stop and control is gone; returns the exit status."""
        self._rig.start(0)
        while not self._may_leave():
            serve(self._rig.buses, self._callers, self, lambda: self._rig.t_ns, _WAIT_S)
            self._proceed()
        return 0

    def leave(self) -> None:
        """Stop once control has let go of the arms, or after a while without it."""
        if self._leave_at_s is None:
            self._leave_at_s = time.monotonic() + LINGER_S

    def _may_leave(self) -> bool:
        if self._leave_at_s is None:
            return False
        return not self._callers.has("control") or time.monotonic() > self._leave_at_s

    # -- one tick

    def _proceed(self) -> None:
        """Take the advance under way as far as it can go."""
        advance = self._advance
        if advance is None:
            return
        if not advance.stepped:
            if self._reset is not None:
                self._do_reset(self._reset)
            if self._paused or not self._acknowledged_enough(advance):
                return
            self._step(advance.frames)
            advance.stepped = True
        if not self._paused and self._has_policy_answered(advance):
            self._advance = None
            self._callers.tell("control", {"t_ns": self._rig.t_ns})

    def _step(self, frames: bool) -> None:
        rig = self._rig
        for bus in rig.buses.values():
            bus.service(rig.t_ns)  # what control wrote since the last tick
        rig.advance(rig.t_ns + TICK_NS)
        if rig.finished and not self._told:
            self._finish()
        if frames:
            self._cameras.publish(rig.t_ns, rig.stage)
        self._board.publish(rig, cpu_render_ns=self._cameras.cpu_ns)

    def _finish(self) -> None:
        """Tell the session that the demonstration is over, and let it react within this tick."""
        self._told = True
        if self._callers.has("session"):
            self._paused = True
            self._callers.tell("session", {"event": "finished"})

    def _acknowledged_enough(self, advance: Advance) -> bool:
        if not advance.frames or not self._callers.has("recorder"):
            return True
        if self._cameras.sets - self._acknowledged < FRAMES_AHEAD:
            return True
        if time.monotonic() - advance.since_s >= ACKNOWLEDGE_TIMEOUT_S:
            self._recorder_is_late = True
        return self._recorder_is_late

    def _has_policy_answered(self, advance: Advance) -> bool:
        """It has looked at the tick before this one, and left a plan for this one."""
        if not self._callers.has("policy") or self._answered_ns >= self._rig.t_ns - TICK_NS:
            return True
        if time.monotonic() - advance.since_s >= ACKNOWLEDGE_TIMEOUT_S:
            self._policy_is_late = True
        return self._policy_is_late

    def _do_reset(self, reset: Reset) -> None:
        self._reset = None
        self._told = False
        reset_rig(self._rig, reset)
        self._paused = True
        self._callers.tell("session", {"ok": True})

    # -- what callers ask

    def joined(self, role: str) -> None:
        """Nobody need acknowledge what was published before they came."""
        if role == "policy":
            self._answered_ns, self._policy_is_late = self._rig.t_ns, False
        if role == "recorder":
            self._acknowledged = self._cameras.sets
            self._recorder_is_late = False

    def left(self, role: str) -> None:
        """Without a session nobody is left to resume; without control, to advance."""
        if role == "session":
            self._paused, self._reset = False, None
        if role == "control":
            self._advance = None

    def obey(self, role: str, message: Message) -> Message | None:
        """See `sim.callers.Host`."""
        match message.get("op"):
            case "advance" if role == "control":
                self._advance = Advance(bool(message["frames"]), time.monotonic())
            case "ack":
                self._acknowledged = max(self._acknowledged, int(message["frame"]) + 1)
                self._recorder_is_late = False
            case "answered" if role == "policy":
                self._answered_ns, self._policy_is_late = int(message["t_ns"]), False
            case "reset" if role == "session":
                self._reset = checked(reset_of(message), self._rig)
                if not self._callers.has("control"):
                    self._do_reset(self._reset)
            case "resume":
                self._paused = False
            case "score":
                return score(self._rig)
            case other:
                return {"error": f"Unknown request {other!r} from {role!r}."}
        return None
