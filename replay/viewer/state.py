"""Where the viewer stands in an episode, and what every key makes of that. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from replay.material import Mark
from replay.viewer.timeline import Timeline

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
LAYOUTS: Final = ("plot", "grid", "numbers")
ZOOMS_S: Final = (0.0, 10.0, 4.0, 1.0)
"""How much of the time is plotted; 0: all of it."""


@dataclass(frozen=True, slots=True)
class State:
    """What is looked at.

    Attributes:
        at_s: since the first step.
        speed: of `SPEEDS`, times real time.
        joint: whose plot it is, by number.
        layout, zoom: numbers of `LAYOUTS` and `ZOOMS_S`.
        camera: the one that is shown large; None: all are shown.
        mark: the one that was jumped to, by number; None: none was, or it was left.
    """

    at_s: float = 0.0
    playing: bool = False
    speed: float = 1.0
    joint: int = 0
    layout: int = 0
    zoom: int = 0
    camera: int | None = None
    mark: int | None = None


def advanced(state: State, timeline: Timeline, passed_s: float) -> State:
    """So much later by the clock: steps are left out rather than shown late. It stops at the
    end."""
    if not state.playing:
        return state
    at_s = state.at_s + max(passed_s, 0.0) * state.speed
    if at_s >= timeline.end_s:
        return replace(state, at_s=timeline.end_s, playing=False)
    return replace(state, at_s=at_s)


def toggled(state: State, timeline: Timeline) -> State:
    """Play or pause; from the beginning where the end was reached."""
    if state.playing or timeline.last == 0:
        return replace(state, playing=False)
    at_end = state.at_s >= timeline.end_s
    return replace(state, playing=True, mark=None, at_s=0.0 if at_end else state.at_s)


def stepped(state: State, timeline: Timeline, steps: int) -> State:
    """So many steps on or back, and stay there."""
    step = timeline.step_at(state.at_s) + steps
    return replace(state, at_s=timeline.at(step), playing=False, mark=None)


def moved(state: State, timeline: Timeline, seconds: float) -> State:
    """So many seconds on or back."""
    return sought(state, timeline, state.at_s + seconds)


def sought(state: State, timeline: Timeline, at_s: float) -> State:
    """To a moment."""
    return replace(state, at_s=min(max(at_s, 0.0), timeline.end_s), mark=None)


def gone_to(state: State, timeline: Timeline, step: int) -> State:
    """To a step."""
    return replace(state, at_s=timeline.at(step), mark=None)


def faster(state: State, by: int) -> State:
    """The next speed up, or down."""
    return replace(state, speed=SPEEDS[_clamped(SPEEDS.index(state.speed) + by, len(SPEEDS))])


def marked(state: State, timeline: Timeline, marks: Sequence[Mark], by: int) -> State:
    """The next mark, or the one before: each of those that begin at the same step gets its turn."""
    step = timeline.step_at(state.at_s)
    if state.mark is not None and marks[state.mark].first == step:
        number = state.mark + by
    elif by > 0:
        number = next((i for i, mark in enumerate(marks) if mark.first > step), len(marks))
        if state.at_s == 0.0:
            number = next((i for i, mark in enumerate(marks) if mark.first >= step), number)
    else:
        number = sum(1 for mark in marks if mark.first < step) - 1
    return at_mark(state, timeline, marks, number) if 0 <= number < len(marks) else state


def at_mark(state: State, timeline: Timeline, marks: Sequence[Mark], number: int) -> State:
    """To where a mark begins, and stay there."""
    at_s = timeline.at(marks[number].first)
    return replace(state, at_s=at_s, playing=False, mark=number)


def with_camera(state: State, cameras: int, number: int | None) -> State:
    """One camera large, if there is such a one; None: all of them."""
    if number is not None and not 0 <= number < cameras:
        return state
    return replace(state, camera=number)


def with_next_camera(state: State, cameras: int) -> State:
    """One after the other large, then all of them."""
    following = 0 if state.camera is None else state.camera + 1
    return replace(state, camera=following if following < cameras else None)


def with_joint(state: State, joints: int, by: int) -> State:
    """Another joint."""
    return replace(state, joint=(state.joint + by) % joints) if joints else state


def with_layout(state: State) -> State:
    """The joints in the next layout."""
    return replace(state, layout=(state.layout + 1) % len(LAYOUTS))


def with_zoom(state: State) -> State:
    """The next stretch of time in the plots."""
    return replace(state, zoom=(state.zoom + 1) % len(ZOOMS_S))


def entered(state: State, joints: int, cameras: int) -> State:
    """At the beginning of another episode, looked at in the same way."""
    camera = state.camera if state.camera is not None and state.camera < cameras else None
    joint = _clamped(state.joint, joints)
    return replace(state, at_s=0.0, playing=False, mark=None, joint=joint, camera=camera)


def window_of(state: State, timeline: Timeline) -> tuple[int, int]:
    """The first and the last step that are plotted: around the position, within the episode."""
    wide_s = ZOOMS_S[state.zoom]
    if not wide_s or wide_s >= timeline.end_s:
        return 0, timeline.last
    start_s = min(max(state.at_s - wide_s / 2, 0.0), timeline.end_s - wide_s)
    return timeline.step_at(start_s), timeline.step_at(start_s + wide_s)


def _clamped(number: int, count: int) -> int:
    return min(max(number, 0), max(count - 1, 0))
