"""The board: every panel of the dashboard, arranged for the size that the terminal has."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Size
from textual.widget import Widget

from tui.dashboard.drawing.palette import DARK, LIGHT, PLAIN, Palette
from tui.dashboard.drawing.traffic import cost_of
from tui.dashboard.panels.arms import arms_rows
from tui.dashboard.panels.arrangement import Place, Wanted, arrange
from tui.dashboard.panels.banner import asking_lines, banner_rows
from tui.dashboard.panels.cameras import CameraWall
from tui.dashboard.panels.events import events_rows
from tui.dashboard.panels.key_line import key_line_rows
from tui.dashboard.panels.loop import loop_rows
from tui.dashboard.panels.panel import Panel
from tui.dashboard.panels.recorder import recorder_rows
from tui.dashboard.panels.scene import Draw, Scene
from tui.dashboard.panels.takes import takes_rows
from tui.dashboard.panels.too_small import too_small_rows
from tui.facts.facts import Facts, Message, Thumbnail

ARMS: Final = 14
CAMERAS: Final = 4
"""What there is room for before anything is known."""


def time_of_day() -> str:
    """HH:MM:SS, as the operator's clock has it."""
    return time.strftime("%H:%M:%S")


class Board(Widget, can_focus=False):
    """All that the operator sees.

    Args:
        keys: the key of every action, in words, for the key line.
        palette: None: as the app's theme is, dark or light, or without colour where that is asked
            for (NO_COLOR).
        clock: time of the day, as it is to be shown.
    """

    DEFAULT_CSS = """
    Board { width: 1fr; height: 1fr; overflow: hidden; }
    Board > Panel { position: absolute; display: none; }
    """

    def __init__(
        self,
        keys: Mapping[str, str],
        palette: Palette | None = None,
        clock: Callable[[], str] = time_of_day,
    ) -> None:
        super().__init__()
        self._keys = dict(keys)
        self._follows_theme = palette is None
        self._palette = palette or DARK
        self._clock = clock
        self._wall = CameraWall()
        self._wanted = Wanted(ARMS, CAMERAS)
        self._arranged: tuple[Size, Wanted] | None = None
        self._scene: Scene | None = None
        draws: dict[str, Draw] = {
            "banner": banner_rows,
            "loop": loop_rows,
            "arms": arms_rows,
            "cameras": self._wall.draw,
            "recorder": recorder_rows,
            "takes": takes_rows,
            "events": events_rows,
            "key_line": key_line_rows,
            "too_small": too_small_rows,
        }
        self.panels = {name: Panel(draw, self._palette, name) for name, draw in draws.items()}

    def compose(self) -> ComposeResult:
        """Every panel, those that are not shown as well."""
        yield from self.panels.values()

    def on_mount(self) -> None:
        """Take the app's colours, and whatever it changes them to."""
        self._wall.cost = cost_of(self.app.console.color_system)
        self._repaint(self._palette)
        if self._follows_theme:
            self.watch(self.app, "theme", self._take_theme)

    def on_resize(self, event: Resize) -> None:
        """Arrange the panels anew."""
        self._arrange(event.size)

    def show(
        self,
        facts: Facts,
        messages: Sequence[Message] = (),
        thumbnails: Sequence[Thumbnail] | None = None,
        notice: str = "",
    ) -> None:
        """Show this; ten times a second is what it is made for.

        Args:
            messages: oldest first.
            thumbnails: None: as they were.
            notice: what the last key came to, for as long as it is to be read.
        """
        if thumbnails is not None:
            self._wall.take(thumbnails)
        self._scene = Scene(facts, tuple(messages), notice, self._keys, self._clock())
        joints = len(facts.arms.joints) if facts.arms is not None else self._wanted.joints
        cameras = len(facts.recording.cameras) if facts.recording is not None else 0
        self._want(
            self._wanted._replace(
                joints=joints or ARMS,
                cameras=cameras or self._wanted.cameras,
                recording=facts.session.purpose == "record",
                lockstep=facts.loop is not None and facts.loop.lockstep,
                asking=asking_lines(facts.session.question, self.size.width) if self.size else 1,
            )
        )
        self._put()

    def toggle_cameras(self) -> None:
        """The cameras in place of all that is in the middle, and back."""
        self._want(self._wanted._replace(pictures=not self._wanted.pictures))
        self._put()

    def use(self, palette: Palette) -> None:
        """Other colours, whatever the app's theme is from now on."""
        self._follows_theme = False
        self._repaint(palette)

    def _take_theme(self, _theme: str) -> None:
        if not self._follows_theme:
            return
        if self.app.no_color:
            self._repaint(PLAIN)
        else:
            self._repaint(DARK if self.app.current_theme.dark else LIGHT)

    def _repaint(self, palette: Palette) -> None:
        self._palette = palette
        self.styles.background = palette.looks["ink"].ground or "transparent"
        for panel in self.panels.values():
            panel.use(palette)
        self._put()

    def _put(self) -> None:
        """Have what is shown drawn; nothing before there is something."""
        if self._scene is None:
            return
        self._scene = replace(self._scene, shaded=not self._palette.colours)
        for panel in self.panels.values():
            panel.put(self._scene)

    def _want(self, wanted: Wanted) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self._arrange(self.size)

    def _arrange(self, size: Size) -> None:
        if not size or self._arranged == (size, self._wanted):
            return
        self._arranged = (size, self._wanted)
        places = arrange(size.width, size.height, self._wanted)
        for name, panel in self.panels.items():
            _place(panel, places.get(name))


def _place(panel: Panel, place: Place | None) -> None:
    panel.display = place is not None
    if place is not None:
        panel.styles.offset = (place.x, place.y)
        panel.styles.width = place.width
        panel.styles.height = place.height
