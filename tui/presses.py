"""From presses to what is done: held keys, pasted text and slips do nothing that cannot be undone.

Terminals tell no release: a key or pedal that is held comes as many presses. Pure; time is given.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from tui.keymap import Action, Keymap

REPEAT_S: Final = 0.4
"""The same key again within this time of its last press is a key that is held, or pasted text: a
terminal repeats a key first after 0.2-0.66 s, then every 0.03-0.1 s."""
TOGGLE_S: Final = 0.7
"""The same of keys that would take back at the first repetition what they have done."""
TAP_S: Final = 0.1
"""No finger presses a key again so soon."""
QUIET_S: Final = 0.15
"""A second press confirms if no third one follows within so long: a key that is held goes on."""
AGAIN_S: Final = 2.0
"""What destroys something needs its key a second time within so long."""
SEEN_S: Final = 0.5
"""Arms that stopped only just now are not told to go on: the key was meant for something else."""
ALWAYS: Final = (Action.HOLD,)
"""Never waits, never counts as repeated."""

_WORDS: Final = {
    Action.DISCARD: "discard {what}",
    Action.REDO: "record {what} again",
    Action.REST: "bring the arms to rest and end",
    Action.DETACH: "leave the session to itself",
}
TOGGLES: Final = (Action.PAUSE, Action.LEAD, Action.CAMERAS, Action.THEME)
DESTRUCTIVE: Final = (Action.DISCARD, Action.REDO, Action.REST)


@dataclass(frozen=True, slots=True)
class Press:
    """What comes of a press.

    Attributes:
        act: do it.
        notice: what to tell the operator instead; "": nothing.
    """

    act: bool
    notice: str = ""


JUST_STOPPED: Final = "The arms have just stopped: look first, then press again."
IGNORED: Final = Press(act=False)
ACT: Final = Press(act=True)


class Presses:
    """The presses of one operator.

    Args:
        confirmed: what needs its key twice; a display that asks in its own way may leave some out.
    """

    def __init__(self, keymap: Keymap, confirmed: Collection[Action] = DESTRUCTIVE) -> None:
        self._keymap = keymap
        self._confirmed = confirmed
        self._last_s: dict[Action, float] = {}
        self._asked: tuple[str, float] | None = None
        self._confirms: tuple[Action, float] | None = None
        self._held_s: float | None = None

    def see(self, holding: bool, now_s: float) -> None:
        """A look at the arms: whether they hold until somebody says to go on."""
        if not holding:
            self._held_s = None
        elif self._held_s is None:
            self._held_s = now_s

    def due(self, now_s: float) -> Action | None:
        """What its second press has confirmed, once it is clear that its key is not held; call it
        several times a second, and do it."""
        if self._confirms is None or now_s - self._confirms[1] < QUIET_S:
            return None
        (action, _), self._confirms = self._confirms, None
        return action

    def press(self, action: Action, now_s: float, episode: int | None = None) -> Press:
        """What a press of the key of `action` at `now_s` does.

        Args:
            episode: number of the one that it is about; None: not known. The second press must be
                about the same one.
        """
        asked, self._asked = self._asked, None
        confirms, self._confirms = self._confirms, None
        if action in ALWAYS:
            return ACT
        gap_s = now_s - self._last_s.get(action, float("-inf"))
        self._last_s[action] = now_s
        if action in self._confirmed:
            is_held = gap_s < TAP_S or (confirms is not None and confirms[0] is action)
            return IGNORED if is_held else self._destroy(action, now_s, episode, asked)
        if gap_s < (TOGGLE_S if action in TOGGLES else REPEAT_S):
            return IGNORED
        if action is Action.GO_ON and self._held_s is not None and now_s - self._held_s < SEEN_S:
            return Press(act=False, notice=JUST_STOPPED)
        return ACT

    def _destroy(
        self, action: Action, now_s: float, episode: int | None, asked: tuple[str, float] | None
    ) -> Press:
        """Ask first; the second press is done when it is `due`."""
        what = "the episode" if episode is None else f"episode {episode}"
        question = _WORDS[action].format(what=what)
        if asked is not None and asked[0] == question and now_s - asked[1] <= AGAIN_S:
            self._confirms = action, now_s
            return IGNORED
        self._asked = question, now_s
        notice = f"Press {self._keymap.word(action)} again to {question}."
        return Press(act=False, notice=notice)
