"""The picture of a step, as a video shows it: cameras, joints, a time line."""

from typing import Final

import cv2
import numpy as np

from recorder.cameras.camera import Image
from recorder.episode.reader import EpisodeReader
from replay.material import Mark
from replay.pictures import heading, timeline
from replay.pictures.canvas import FAINT, INK, blank, box, fitted, text, text_width
from replay.pictures.layout import Place, Size, arrange, fit
from replay.pictures.story import Story
from replay.pictures.tile import damaged, decoded, jpeg_of, size_of
from replay.pictures.traces import draw_cursor, traces

WIDTH: Final = 1920
HEIGHT: Final = 1080
MARGIN: Final = 28
INNER: Final = WIDTH - 2 * MARGIN
GAP: Final = 16
CAMERAS_HEIGHT: Final = 520
"""At most; what the cameras do not need, the traces get."""
NAME_HEIGHT: Final = 26
NAME: Final = 18
TOLD_HEIGHT: Final = 30
TOLD: Final = 19
CLOCK: Final = 22
CLOCK_WIDTH: Final = 330
EVENT_SHOWN_S: Final = 2.0


class Screen:
    """Draws the steps of an episode, from several threads if need be. What is the same at every
    step is drawn once."""

    def __init__(self, episode: EpisodeReader, story: Story) -> None:
        self._episode, self._story = episode, story
        self._paper = blank(WIDTH, HEIGHT)
        heading.heading(
            self._paper, episode, story.verdict, MARGIN, MARGIN, INNER, aside=CLOCK_WIDTH
        )
        self._told_y = HEIGHT - MARGIN - TOLD_HEIGHT
        self._line_top = self._told_y - timeline.HEIGHT - 8
        names = episode.facts.camera_names
        self._sizes = {name: size_of(episode, name) for name in names}
        self._places = self._place_cameras()
        self._drawn: dict[str, tuple[bytes, Image]] = {}
        self._traces_top = max(place.top + place.height for place in self._places.values()) + GAP
        self._draw_timeline()
        self._draw_traces()

    def draw(self, step: int) -> Image:
        """(HEIGHT, WIDTH, 3), RGB."""
        image = self._paper.copy()
        for camera, place in self._places.items():
            self._picture(image, camera, place, step)
        if self._story.motion:
            draw_cursor(
                self._inner(image), self._traces_top, self._traces, self._story.motion, step
            )
        self._play_head(image, step)
        self._clock(image, step)
        self._told(image, step)
        return image

    def _place_cameras(self) -> dict[str, Place]:
        top = MARGIN + heading.HEIGHT
        places = arrange([*self._sizes.values()], INNER, CAMERAS_HEIGHT, GAP, NAME_HEIGHT)
        found = {}
        for (name, size), place in zip(self._sizes.items(), places, strict=True):
            inside = fit(size, place)
            found[name] = Place(MARGIN + inside.left, top + inside.top, inside.width, inside.height)
            at = (MARGIN + place.left, top + place.top - 8)
            text(self._paper, fitted(name, place.width, NAME), at, NAME, INK)
        return found

    def _draw_timeline(self) -> None:
        fps = self._episode.facts.fps
        line = timeline.timeline(self._story.marks, self._episode.steps, fps, INNER)
        self._inner(self._paper)[self._line_top : self._line_top + timeline.HEIGHT] = line

    def _draw_traces(self) -> None:
        height = self._line_top - GAP - self._traces_top
        if self._story.motion is None:
            at = (WIDTH // 2, self._traces_top + height // 2)
            text(self._paper, "The joints are damaged in the file.", at, TOLD, INK, align="middle")
            return
        self._traces = traces(self._story.motion, self._story.marks, INNER, height)
        area = self._inner(self._paper)
        area[self._traces_top : self._traces_top + height] = self._traces.image

    def _inner(self, image: Image) -> Image:
        """The image without its margins left and right."""
        return image[:, MARGIN : MARGIN + INNER]

    def _picture(self, image: Image, camera: str, place: Place, step: int) -> None:
        area = image[place.top : place.top + place.height, place.left : place.left + place.width]
        jpeg = jpeg_of(self._episode, camera, step)
        before = self._drawn.get(camera)
        if before is None or before[0] != jpeg:  # cameras may be slower than steps
            before = jpeg, _shown(jpeg, self._sizes[camera], place)
            self._drawn[camera] = before
        area[:] = before[1]

    def _play_head(self, image: Image, step: int) -> None:
        x = MARGIN + timeline.step_x(step, self._episode.steps, INNER)
        top = self._line_top + timeline.AXIS - 2
        box(image, x - 1, top, 3, timeline.HEIGHT - timeline.AXIS + 4, INK)

    def _clock(self, image: Image, step: int) -> None:
        right, baseline = WIDTH - MARGIN, MARGIN + heading.SECOND_LINE
        last = self._episode.steps - 1
        words = f"step {step} / {last}"
        text(image, words, (right, baseline), CLOCK, FAINT, align="right")
        right -= text_width(f"step {last} / {last}", CLOCK) + CLOCK  # it does not move about
        seconds = f"{step / self._episode.facts.fps:.2f} s"
        text(image, seconds, (right, baseline), CLOCK, INK, bold=True, align="right")

    def _told(self, image: Image, step: int) -> None:
        """What was found at this step, and what the operator was told just before."""
        mark = told_at(self._story.marks, step, round(EVENT_SHOWN_S * self._episode.facts.fps))
        if mark is None:
            return
        kind = "" if mark.severity == "event" else f"  {mark.kind}"
        at = (MARGIN + timeline.GUTTER, self._told_y + TOLD)
        text(image, mark.severity, (MARGIN, at[1]), TOLD - 2, INK, bold=True)
        words = fitted(f"{kind}  {mark.text}".strip(), INNER - timeline.GUTTER, TOLD)
        text(image, words, at, TOLD, INK)


def _shown(jpeg: bytes, size: Size, place: Place) -> Image:
    """A picture as large as its place."""
    if (seen := decoded(jpeg, size)) is None:
        return damaged(place.width, place.height)
    much_smaller = seen.shape[1] >= 2 * place.width
    by = cv2.INTER_AREA if much_smaller else cv2.INTER_LINEAR
    return cv2.resize(seen, (place.width, place.height), interpolation=by).astype(np.uint8)


def told_at(marks: tuple[Mark, ...], step: int, shown: int) -> Mark | None:
    """The mark that is worth a line at a step: the worst; of those, the shortest stretch."""
    order = list(timeline.LANES)

    def holds(mark: Mark) -> bool:
        last = mark.first + shown if mark.severity == "event" else mark.last
        return mark.first <= step <= last

    def rank(mark: Mark) -> tuple[int, int, int]:
        return order.index(mark.severity), mark.last - mark.first, -mark.first

    return min(filter(holds, marks), key=rank, default=None)
