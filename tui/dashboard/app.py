"""The dashboard: ten times a second a look at the session, and every key a wish to it."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from session.status import Phase
from tui.dashboard.bell import rings
from tui.dashboard.board import Board
from tui.dashboard.screens.detach import Detach, Leaving
from tui.dashboard.screens.help import Help
from tui.dashboard.screens.text_entry import TextEntry
from tui.dashboard.terminal import DARK, LIGHT, TerminalApp
from tui.facts.facts import Facts, Message
from tui.facts.viewer import Viewer
from tui.keymap import Action, Keymap
from tui.link import Ended, Link
from tui.presses import REPEAT_S, TAP_S, Presses
from tui.wishes import Ask, Refuse, Write, about, wish_of

TICK_S: Final = 0.1
NOTICE_S: Final = 4.0
MESSAGES: Final = 200
"""So many of the newest lines are kept."""
NO_SHELL: Final = "Ctrl-Z: no shell could bring the dashboard back here. {key} leaves it."
NO_DATA: Final = " NO DATA: {why}. The session goes on; F9 stops the arms. "
Clock = Callable[[], float]


class Dashboard(TerminalApp):
    """Shows one session, and asks it for what the operator wants. It decides nothing.

    Nothing but "alive" is sent before a key is pressed. Keys that stop the arms are looked for
    first, whatever lies over the board.

    Attributes:
        patience_s: the arms come to rest after so long without a terminal.
        ended: the session's last words; None as long as it has not said any.
        messages: what it has said before, oldest first.
    """

    CSS = """
    Screen { layers: board trouble; }
    #trouble { layer: trouble; dock: top; height: 1; display: none; background: $error; }
    """

    def __init__(self, link: Link, viewer: Viewer, clock: Clock = time.monotonic) -> None:
        super().__init__()
        config = viewer.config
        self._keys = Keymap(config.rig_file.keys if config else None)
        self.patience_s = config.rig_file.rig.safety.hold_timeout_s if config else 30.0
        self._link, self._viewer, self._clock = link, viewer, clock
        self._presses = Presses(self._keys)
        self._board = Board({action.value: self._keys.word(action) for action in Action})
        self._trouble = Static(id="trouble", markup=False)
        self._facts: Facts | None = None
        self._pressed = Facts(clock())  # when a key was pressed last
        self._notice, self._notice_until_s = "", 0.0
        self._ctrl_c_s = float("-inf")
        self._taken_s: dict[str, float] = {}
        self.messages: deque[Message] = deque(maxlen=MESSAGES)
        self.ended: Ended | None = None

    def compose(self) -> ComposeResult:
        """The board; and a line for the case that it cannot be drawn."""
        yield self._board
        yield self._trouble

    def on_mount(self) -> None:
        """Listen to the session, and begin to look."""
        asyncio.get_running_loop().add_reader(self._link.fileno(), self._hear)
        self.set_interval(TICK_S, self._tick)
        if (config := self._viewer.config) and config.resumes:
            self.messages.append(Message(config.resumes))

    # -- what is shown

    def _hear(self) -> None:
        """Take in what the session has said; its last words end this."""
        while (said := self._link.hear()) is not None:
            if isinstance(said, Message):
                self.messages.append(said)
                continue
            self.ended = said
            asyncio.get_running_loop().remove_reader(self._link.fileno())
            self.exit(said.status)
            return

    def _tick(self) -> None:
        """A look, whatever comes of it: the keys must go on working."""
        self.leave_if_closed()
        self._link.say_alive(self._clock())
        if (confirmed := self._presses.due(self._clock())) is not None:
            self._wish(confirmed, self._pressed)
        try:
            self._show(self._viewer.look(self._clock()))
            self._trouble.display = False
        except Exception as error:
            self._trouble.update(NO_DATA.format(why=repr(error)), layout=False)
            self._trouble.display = True

    def _show(self, facts: Facts) -> None:
        before, self._facts = self._facts, facts
        self._presses.see(facts.session.phase is Phase.HOLDING, self._clock())
        if before is not None and rings(before, facts):
            self.bell()
        notice = self._notice if self._clock() < self._notice_until_s else ""
        question = self._keys.worded(facts.session.question)
        facts = replace(facts, session=replace(facts.session, question=question))
        self._board.show(facts, self.messages, self._viewer.thumbnails(), notice)

    def _say(self, notice: str) -> None:
        self._notice, self._notice_until_s = notice, self._clock() + NOTICE_S

    # -- what is pressed

    async def on_event(self, event: events.Event) -> None:
        """Every event of the terminal comes by here first: what is urgent goes no further."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if self._is_urgent(event):
                event.stop()
                return
            if len(self.screen_stack) > 1:
                self._taken_s[event.key] = self._clock()
        await super().on_event(event)

    def _is_urgent(self, event: events.Key) -> bool:
        """Do at once what must work over everything; whether this key was one for that."""
        if event.key == "ctrl+c":
            self._interrupt()
        elif event.key == "ctrl+z":
            self._stop_process()
        elif self._keys.action(event.key) is Action.HOLD and not self._is_text(event):
            self._act(Action.HOLD)
        else:
            return False
        return True

    def _is_text(self, event: events.Key) -> bool:
        return event.is_printable and isinstance(self.screen, TextEntry)

    def on_key(self, event: events.Key) -> None:
        """The other keys: what lies over the board has had them before."""
        action = self._keys.action(event.key)
        if action is None or len(self.screen_stack) > 1:
            return
        event.prevent_default()  # it is not for the screen, too, that it may open
        if not self._was_taken(event.key):
            self._act(action)

    def _was_taken(self, key: str) -> bool:
        """It has closed what lay over the board, and is held down since: an Enter that has sent a
        text must not start an episode."""
        taken = self._clock() - self._taken_s.get(key, float("-inf")) < REPEAT_S
        if taken:
            self._taken_s[key] = self._clock()
        return taken

    def action_quit(self) -> None:  # type: ignore[override]
        """Ctrl-Q: Textual's key for leaving."""
        if len(self.screen_stack) == 1:
            self._ask_how_to_leave()

    def _act(self, action: Action) -> None:
        facts = self._latest()
        self._presses.see(facts.session.phase is Phase.HOLDING, self._clock())
        press = self._presses.press(action, self._clock(), about(facts))
        self._pressed = facts
        if press.act or press.notice:
            self._say(press.notice)
        if not press.act:
            return
        match action:
            case Action.HELP:
                self.push_screen(Help(self._keys, facts.session))
            case Action.DETACH:
                self._ask_how_to_leave()
            case Action.CAMERAS:
                self._board.toggle_cameras()
            case Action.THEME:
                self.theme = DARK if self.theme == LIGHT else LIGHT
            case _:
                self._wish(action, facts)

    def _latest(self) -> Facts:
        """What is so now: a tick ago the episode may not have begun yet, or not have ended."""
        try:
            return self._viewer.look(self._clock())
        except Exception:  # which the next tick will show
            return self._facts or Facts(self._clock())

    def _wish(self, action: Action, facts: Facts) -> None:
        match wish_of(action, facts):
            case Ask() as ask:
                self._ask(ask)
            case Write() as write:
                self._write(write)
            case Refuse(text):
                self._say(text)

    def _ask(self, ask: Ask) -> None:
        if not self._link.ask(ask.op, **ask.fields):
            self._say("The session does not listen: that was not sent. Press again.")
        elif ask.op == "end":
            key = self._keys.word(Action(str(ask.fields["outcome"])))
            self._say(f"Ended as a {ask.fields['outcome']}. {key} again, when it is saved: why.")

    def _write(self, write: Write) -> None:
        def send(text: str | None) -> None:
            if text is not None and (text or not write.needed):
                self._ask(replace(write.ask, fields={**write.ask.fields, "text": text}))

        self.push_screen(TextEntry(write.title), send)

    # -- ways out

    def _interrupt(self) -> None:
        """Ctrl-C: twice in a hurry is twice."""
        before_s, self._ctrl_c_s = self._ctrl_c_s, self._clock()
        if self._ctrl_c_s - before_s >= TAP_S:
            self._say(self._link.interrupt())

    def _stop_process(self) -> None:
        if not self.stop_process():
            self._say(NO_SHELL.format(key=self._keys.word(Action.DETACH)))

    def _ask_how_to_leave(self) -> None:
        def leave(how: Leaving | None) -> None:
            match how:
                case Leaving.DETACH:
                    self.exit(0)
                case Leaving.END:
                    self._ask(Ask("stop"))

        self.push_screen(Detach(self.patience_s), leave)
