"""What the cameras saw: a strip of moments each, the same moments below each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from replay.pages.markup import text


@dataclass(frozen=True, slots=True)
class Strip:
    """A camera's pictures at some steps, beside each other in one file of a report.

    Attributes:
        file: its name; "": there is none, as `fault` tells.
    """

    camera: str
    steps: Sequence[int]
    file: str = ""
    width: int = 0
    height: int = 0
    fault: str = ""


def strips_html(strips: Sequence[Strip], fps: int) -> str:
    """All cameras, with the time of each moment above."""
    if not strips:
        return ""
    times = "".join(f"<span>{_time(step, fps)}</span>" for step in strips[0].steps)
    figures = "".join(_figure(strip, fps) for strip in strips)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="pictures of the cameras">'
        f'<div class="times">{times}</div>{figures}</div>'
    )


def _figure(strip: Strip, fps: int) -> str:
    name = text(strip.camera)
    if not strip.file:
        return f"<p><b>{name}</b>: {text(strip.fault)}</p>"
    times = ", ".join(_time(step, fps) for step in strip.steps)
    return (
        f'<figure class="strip"><figcaption>{name}</figcaption>'
        f'<img src="../pictures/{strip.file}" width="{strip.width}" height="{strip.height}" '
        f'loading="lazy" alt="{name} at {times}"></figure>'
    )


def _time(step: int, fps: int) -> str:
    return f"{step / fps:.1f} s" if fps > 0 else f"step {step}"
