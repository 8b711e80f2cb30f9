"""The viewer: ten times a second a look at the clock, and every key another place to look at."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Queue
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from replay.inspect.checked import Checked
from replay.viewer import state as go
from replay.viewer.arrangement import MARGIN
from replay.viewer.board import Board
from replay.viewer.drawing.curve import step_of
from replay.viewer.go_to import HOW, moment_of
from replay.viewer.keys import ACTIONS, key_name
from replay.viewer.loaded import Loaded, load
from replay.viewer.moves import moved_by
from replay.viewer.panels.cameras import camera_at
from replay.viewer.panels.note import told
from replay.viewer.part import Part
from replay.viewer.screens.findings import Findings
from replay.viewer.screens.go_to import GoTo
from replay.viewer.screens.help import Help
from replay.viewer.state import LAYOUTS, State
from replay.viewer.view import View
from tui.dashboard.terminal import DARK, LIGHT, TerminalApp

TICK_S: Final = 0.1
AT_ONCE_S: Final = 0.05
"""A key is answered at once unless something was drawn so short ago: then by the next tick."""
NOTICE_S: Final = 4.0
MOST_WAITING: Final = 2
"""Writes to the terminal: of more the next picture would have to wait for."""
NO_SHELL: Final = "Ctrl-Z: no shell could bring the viewer back here. q leaves it."
NOWHERE: Final = "{text!r} is neither a step nor a time. {how}"
NO_MARKS: Final = "Nothing was found in this episode, and nothing happened in it."
NO_CAMERA: Final = "There is no camera {number}: {there}."
NO_OTHER: Final = "There is no other episode to go to."
NO_KEY: Final = "{key} does nothing here: ? lists the keys."
BEYOND: Final = "{text} is beyond the end: this is the last step."
NO_MORE: Final = "No {which} finding or event."
TROUBLE: Final = " This cannot be shown: {why}. q leaves, Tab goes to the next episode. "
Clock = Callable[[], float]


class Viewer(TerminalApp):
    """Shows episodes, one at a time."""

    MOUSE = True  # there is a time line to click on
    CSS = """
    Screen { layers: board trouble; }
    #trouble { layer: trouble; dock: top; height: 1; display: none; background: $error; }
    """

    def __init__(
        self,
        paths: Sequence[Path],
        checked: Mapping[Path, Checked],
        clock: Clock = time.monotonic,
    ) -> None:
        super().__init__()
        self._paths, self._checked, self._clock = tuple(paths), dict(checked), clock
        self._unreadable = sum(bool(each.error) for each in checked.values())
        self._number = 0
        self._loaded = self._load()
        self.state = State()
        self._board = Board()
        self._trouble = Static(id="trouble", markup=False)
        self._notice, self._notice_until_s = "", float("-inf")
        self._looked_s = self._drawn_s = clock()
        self._shown: View | None = None

    @property
    def board(self) -> Board:
        """What is seen."""
        return self._board

    @property
    def trouble(self) -> str:
        """Why it could not be drawn; "": it could."""
        return str(self._trouble.content) if self._trouble.display else ""

    def close(self) -> None:
        """Let the file go."""
        self._loaded.close()

    def compose(self) -> ComposeResult:
        """The board; and a line for the case that it cannot be drawn."""
        yield self._board
        yield self._trouble

    def on_mount(self) -> None:
        """Begin."""
        self.set_interval(TICK_S, self.look)
        self._draw()

    # -- what is shown

    def look(self) -> None:
        """Ten times a second. By the clock: whatever was late, the position is not."""
        self.leave_if_closed()
        self._advance()
        if not (self.state.playing and is_behind(self._driver)):
            self._draw()

    def _advance(self) -> None:
        now_s = self._clock()
        self.state = go.advanced(self.state, self._loaded.timeline, now_s - self._looked_s)
        self._looked_s = now_s

    def _draw(self) -> None:
        """Have what is new drawn, whatever comes of it: the keys must go on working."""
        view = self._view()
        if view == self._shown:
            return
        self._shown, self._drawn_s = view, self._clock()
        try:
            self._board.show(view)
            self._trouble.display = False
        except Exception as error:
            self._trouble.update(TROUBLE.format(why=repr(error)), layout=False)
            self._trouble.display = True

    def _view(self) -> View:
        notice = self._notice if self._clock() < self._notice_until_s else ""
        return View(
            self._loaded,
            self.state,
            self._number + 1,
            len(self._paths),
            self._unreadable,
            notice,
        )

    def _say(self, notice: str) -> None:
        self._notice, self._notice_until_s = notice, self._clock() + NOTICE_S

    def _load(self) -> Loaded:
        path = self._paths[self._number]
        return load(path, self._checked.get(path))

    # -- what is pressed

    async def on_event(self, event: events.Event) -> None:
        """Keys come by here first, so that no screen has another use for them."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            action = ACTIONS.get(event.key)
            if event.key in ("ctrl+c", "ctrl+q"):
                self.exit(0)
                return
            if len(self.screen_stack) == 1:
                event.stop()
                self._answer(event, action)
                return
        await super().on_event(event)

    def on_part_pointed(self, event: Part.Pointed) -> None:
        """The mouse: to a moment, or to a camera."""
        width, height = event.part.size
        match event.part.name:
            case "timeline":
                self._seek(event.x, (0, self._loaded.timeline.last), width)
            case "joints" if LAYOUTS[self.state.layout] == "plot" and self._loaded.motion:
                self._seek(event.x, self._view().window, width)
            case "cameras" if not event.dragged:
                self._point_at(camera_at(self._view(), event.x, event.y, width, height))

    def _seek(self, column: int, window: tuple[int, int], width: int) -> None:
        """To what is drawn in a column of the time line, or of a plot."""
        step = step_of(column - MARGIN, window, width - MARGIN)
        self.state = go.gone_to(self.state, self._loaded.timeline, step)

    def _point_at(self, camera: int | None) -> None:
        if camera is not None:
            large = None if self.state.camera == camera else camera
            self.state = go.with_camera(self.state, len(self._loaded.cameras), large)

    def _answer(self, event: events.Key, action: str | None) -> None:
        """Do what a key is for, or say that it is for nothing; at once, if it can be."""
        self._advance()
        self._notice_until_s = float("-inf")
        if action is None:
            self._say(NO_KEY.format(key=key_name(event.key, event.character)))
        else:
            self._act(action)
        if self._clock() - self._drawn_s >= AT_ONCE_S:
            self._draw()

    def _act(self, action: str) -> None:
        name, _, argument = action.partition("_")
        match name:
            case "leave":
                self.exit(0)
            case "stop":
                self._pause()  # time would go on
                if not self.stop_process():
                    self._say(NO_SHELL)
            case "theme":
                self.theme = DARK if self.theme == LIGHT else LIGHT
            case "help":
                self._pause()
                self.push_screen(Help())
            case "findings":
                self._choose()
            case "go":
                self._pause()
                self.push_screen(GoTo(), self._go_to)
            case "mark":
                self._go_to_mark(int(argument))
            case "episode":
                self._enter(int(argument))
            case "camera" if argument.isdecimal() and int(argument) > len(self._loaded.cameras):
                self._say(NO_CAMERA.format(number=argument, there=self._cameras()))
            case _:
                self.state = moved_by(action, self.state, self._loaded)

    def _cameras(self) -> str:
        count = len(self._loaded.cameras)
        return f"there {'is' if count == 1 else 'are'} {count or 'none'}"

    def _pause(self) -> None:
        if self.state.playing:
            self.state = go.toggled(self.state, self._loaded.timeline)

    def _go_to(self, text: str | None) -> None:
        if not text:
            return
        at_s = moment_of(text, self._loaded.timeline)
        if at_s is None:
            self._say(NOWHERE.format(text=text, how=HOW))
        else:
            self.state = go.sought(self.state, self._loaded.timeline, at_s)
            if at_s > self._loaded.timeline.end_s:
                self._say(BEYOND.format(text=text))
        self._draw()

    def _choose(self) -> None:
        marks = self._loaded.marks
        if not marks:
            self._say(NO_MARKS)
            return

        def jump(number: int | None) -> None:
            if number is not None:
                self.state = go.at_mark(self.state, self._loaded.timeline, marks, number)
                self._draw()

        self._pause()
        self.push_screen(Findings(self._view(), told(self._view())), jump)

    def _go_to_mark(self, by: int) -> None:
        marks = self._loaded.marks
        state = go.marked(self.state, self._loaded.timeline, marks, by)
        if state is self.state:
            self._say(NO_MORE.format(which="later" if by > 0 else "earlier") if marks else NO_MARKS)
        self.state = state

    def _enter(self, by: int) -> None:
        """Another episode; the last one is followed by the first."""
        if len(self._paths) == 1:
            self._say(NO_OTHER)
            return
        self._number = (self._number + by) % len(self._paths)
        self._loaded.close()
        self._loaded = self._load()
        self.state = go.entered(self.state, len(self._loaded.joints), len(self._loaded.cameras))


def is_behind(driver: object) -> bool:
    """What was drawn has not been sent yet: a slow link gets fewer pictures rather than old ones.

    Textual tells nobody, so this looks into it; where it looks different inside, the answer is no.
    """
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return isinstance(queue, Queue) and queue.qsize() > MOST_WAITING
