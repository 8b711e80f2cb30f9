"""What the keys make of the state that only move about in an episode. Pure."""

from replay.viewer import state as go
from replay.viewer.loaded import Loaded
from replay.viewer.state import State


def moved_by(action: str, state: State, loaded: Loaded) -> State:
    """The state after an action of `keys`; as it is, where the action is another one."""
    timeline, cameras = loaded.timeline, len(loaded.cameras)
    name, _, argument = action.partition("_")
    match name, argument:
        case "play", _:
            return go.toggled(state, timeline)
        case "step", by:
            return go.stepped(state, timeline, int(by))
        case "second", by:
            return go.moved(state, timeline, float(by))
        case "begin", _:
            return go.gone_to(state, timeline, 0)
        case "end", _:
            return go.gone_to(state, timeline, timeline.last)
        case (("faster" | "slower"), _):
            return go.faster(state, 1 if name == "faster" else -1)
        case "joint", by:
            return go.with_joint(state, len(loaded.joints), int(by))
        case "layout", _:
            return go.with_layout(state)
        case "zoom", _:
            return go.with_zoom(state)
        case "camera", which:
            return _with_camera(state, cameras, which)
    return state


def _with_camera(state: State, cameras: int, which: str) -> State:
    if which == "next":
        return go.with_next_camera(state, cameras)
    number = None if which == "all" else int(which) - 1
    return go.with_camera(state, cameras, None if number == state.camera else number)
