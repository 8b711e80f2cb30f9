"""The plain client of a session: log lines and two live lines. It decides nothing.

The keys are those of the rig; F9 stops the arms, ? lists them all. First Ctrl-C: the session closes
the episode, brings the arms to rest and ends. Second: it ends with the arms holding. If this
process dies instead, the session notices and the arms hold.
"""

import select
import shutil
import sys
import time
from typing import Final, TextIO

from recorder.printable import printable, printable_lines
from session.status import Phase
from teleop.rig_config import SafetyConfig
from tui.facts.facts import Facts
from tui.facts.viewer import Viewer
from tui.keymap import Action, Keymap
from tui.link import Ended, Link
from tui.plain.interrupts import Interrupts, to_its_end
from tui.plain.keyboard import Keyboard
from tui.plain.lines import detail_lines, progress_line, recording_line, session_line
from tui.plain.news import News
from tui.presses import DESTRUCTIVE, Presses
from tui.wishes import Ask, Refuse, Write, about, wish_of

LIVE_PERIOD_S: Final = 0.2
PLAIN_PERIOD_S: Final = 5.0
DETAIL_PERIOD_S: Final = 30.0
CTRL_C: Final = "Ctrl-C brings them to rest."
LEFT: Final = (
    "The session goes on. If nobody else watches it, the arms hold, and rest after "
    "{patience_s:.0f} s. "
    "Back: python collect.py --attach"
)
DEAF: Final = "The session does not listen: nothing was asked of it."
NOTES: Final = "Notes are written in the dashboard: python collect.py --attach"
ASKING: Final = (Phase.READY, Phase.HOLDING, Phase.PAUSED, Phase.REVIEWING)
CLEAR: Final = "\r\x1b[J"
"""The live lines: everything from the first one down."""
BACK: Final = "\x1b[A\r"


class Progress:
    """Shows one session until it ends.

    Args:
        live: rewrite two lines in place (a terminal) instead of adding lines.
        mirror_s: end the session after so long of mirroring; None: the operator does.
        yes: what the session asks for is done already.
    """

    def __init__(
        self,
        link: Link,
        viewer: Viewer,
        live: bool,
        out: TextIO = sys.stdout,
        mirror_s: float | None = None,
        yes: bool = False,
    ) -> None:
        self._link = link
        self._viewer = viewer
        self._news = News()
        self._keyboard = Keyboard()
        rig_file = viewer.config.rig_file if viewer.config else None
        self._patience_s = (rig_file.rig.safety if rig_file else SafetyConfig()).hold_timeout_s
        self._keymap = Keymap(rig_file.keys if rig_file else None)
        self._presses = Presses(self._keymap, (*DESTRUCTIVE, Action.DETACH))
        self._live = live
        self._out = out
        self._mirror_s = mirror_s
        self._yes = yes
        self._mirroring_since: float | None = None
        self._pressed = viewer.look(time.monotonic())  # when a key was pressed last
        self._left = False
        self._shown_at = 0.0
        self._detailed_at = 0.0
        self._shown_phase = Phase.STARTING
        self._shown = ""
        self._question = ""

    def run(self) -> int:
        """Show, and forward keys and Ctrl-C, until the session ends or is left; returns the exit
        status."""
        interrupts = Interrupts()
        with self._keyboard:
            return to_its_end(lambda: self._run(interrupts))

    def _run(self, interrupts: Interrupts) -> int:
        while not self._left:
            waited = [self._link.fileno(), *self._keyboard.filenos()]
            ready, _, _ = select.select(waited, [], [], LIVE_PERIOD_S)
            facts = self._viewer.look(time.monotonic())
            if set(ready) & set(self._keyboard.filenos()):
                for key in self._keyboard.read():
                    self._press(self._keymap.action(key), facts)
            if (confirmed := self._presses.due(time.monotonic())) is not None:
                self._act(confirmed, self._pressed)
            ended = self._hear()
            if ended is not None:
                self._print(ended.text)
                return ended.status
            for _ in range(interrupts.take()):
                self._print(self._link.interrupt())
            self._link.say_alive(time.monotonic())
            self._show(facts)
        self._print(LEFT.format(patience_s=self._patience_s))
        return 0

    # -- keys

    def _press(self, action: Action | None, facts: Facts) -> None:
        if action is None or action in (Action.CAMERAS, Action.THEME):
            return
        press = self._presses.press(action, time.monotonic(), about(facts))
        self._pressed = facts
        if press.notice:
            self._print(press.notice)
        if press.act:
            self._act(action, facts)

    def _act(self, action: Action, facts: Facts) -> None:
        if action is Action.HELP:
            session = facts.session
            rows = self._keymap.help(session.purpose == "record", bool(session.policy))
            self._print("\n".join(f"{keys:<12}{what}" for keys, what in rows))
        elif action is Action.DETACH:
            self._left = True
        else:
            self._ask(wish_of(action, facts))

    def _ask(self, wish: Ask | Write | Refuse) -> None:
        """Labels go without a reason here: there is no line to write it in."""
        match wish:
            case Ask(op, fields) | Write(ask=Ask(op, fields), needed=False):
                if not (self._link.ask(op, **fields) or self._link.gone):
                    self._print(DEAF)
            case Write():
                self._print(NOTES)
            case Refuse(text):
                self._print(text)

    # -- showing

    def _hear(self) -> Ended | None:
        while (said := self._link.hear()) is not None:
            if isinstance(said, Ended):
                return said
            self._print(said.text if said.level == "info" else f"{said.level}: {said.text}")
        return None

    def _show(self, facts: Facts) -> None:
        """The line, as often as it should be; questions and verdicts as soon as they change."""
        phase = facts.session.phase
        if phase is Phase.ENDED:
            return
        for line in self._news.of(facts.takes):
            self._print(line)
        self._show_question(facts)
        self._count_down(facts)
        period_s = LIVE_PERIOD_S if self._live else PLAIN_PERIOD_S
        if facts.now_s - self._shown_at < period_s and phase is self._shown_phase:
            return
        self._shown_at, self._shown_phase = facts.now_s, phase
        if self._live:
            self._rewrite(session_line(facts), recording_line(facts))
        else:
            self._add(facts)

    def _rewrite(self, *lines: str) -> None:
        """The two live lines, in the place of those before."""
        columns = shutil.get_terminal_size().columns - 1
        above, below = (printable(line)[:columns] for line in lines)
        self._out.write(f"{CLEAR}{above}\n{below}{BACK}")
        self._out.flush()
        self._shown = above

    def _add(self, facts: Facts) -> None:
        """The line where nothing can be rewritten; now and then with what a screen has besides."""
        line = progress_line(facts)
        if line == self._shown:
            return
        self._shown = line
        lines = [line]
        if facts.now_s - self._detailed_at >= DETAIL_PERIOD_S and (details := detail_lines(facts)):
            self._detailed_at = facts.now_s
            lines += details
        self._out.write("".join(f"{printable(each)}\n" for each in lines))
        self._out.flush()

    def _show_question(self, facts: Facts) -> None:
        question, phase = facts.session.question, facts.session.phase
        if question == self._question:
            return
        self._question = question
        if not question:
            return
        text = self._keymap.worded(question)
        if phase is Phase.HOLDING:
            ends = "Ctrl-C again: end at once, arms holding." if self._link.interrupts else CTRL_C
            text = f"The arms hold. {text} {ends}"
        if self._yes and "Enter" in question:
            text += " (Yes, by --yes.)"
            self._link.ask("go_on")
        elif "Enter" in question and not self._keyboard.present and phase in ASKING:
            text += " (There is no keyboard here: collect.py --attach from a terminal.)"
        self._print(text)

    def _count_down(self, facts: Facts) -> None:
        """End a session that was to mirror for so long."""
        if self._mirror_s is None or facts.session.phase is not Phase.MIRRORING:
            return
        if self._mirroring_since is None:
            self._mirroring_since = facts.now_s
        if facts.now_s - self._mirroring_since >= self._mirror_s:
            self._mirror_s = None
            self._link.ask("stop")

    def _print(self, text: str) -> None:
        """A line of its own; the live ones come back below it."""
        clear = CLEAR if self._live and self._shown else ""
        self._out.write(f"{clear}{printable_lines(text)}\n")
        self._out.flush()
        if self._live:
            self._shown_at = 0.0
