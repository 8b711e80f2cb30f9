"""Every joint over time: leader, command, follower, and where something was found."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from recorder.checks.finding import Finding
from recorder.checks.spans import Span
from recorder.quality import Judgement
from replay.material import Motion
from replay.pages import svg
from replay.pages.markup import text
from teleop.joints import GRIPPER, SIDES

WIDTH: Final = 560.0
HEIGHT: Final = 132.0
LEFT: Final = 46.0
RIGHT: Final = 552.0
TOP: Final = 8.0
BOTTOM: Final = 108.0
LEAST_SPAN: Final = 0.1
"""A joint that stands still is a flat line, not noise."""
NARROWEST: Final = 3.0
"""Of a shaded stretch, in pixels: a single step can be hit with a pointer."""
LINES: Final = (("leader", "leader"), ("command", "command"), ("follower", "follower"))


def traces_html(motion: Motion, judgement: Judgement | None) -> str:
    """A drawing a joint, each arm in its column."""
    findings = judgement.findings if judgement else ()
    order = sorted(range(len(motion.joint_names)), key=lambda each: _place(motion, each))
    cards = "".join(_card(motion, joint, findings) for joint in order)
    return (
        f'{_legend()}<div class="grid" id="traces" data-width="{WIDTH:g}" data-left="{LEFT:g}" '
        f'data-right="{RIGHT:g}" data-top="{TOP:g}" data-bottom="{BOTTOM:g}" '
        f'data-seconds="{_length(motion):g}">{cards}</div>'
    )


def concerns(finding: Finding, joint: str) -> bool:
    """Whether it is about this joint, its arm's buses, or the whole rig."""
    if finding.where in ("", joint):
        return True
    side = joint.split("_")[0]
    return finding.where.split(" ")[0] in (f"follower_{side}", f"leader_{side}")


def _length(motion: Motion) -> float:
    """In seconds; in steps, where the file does not say how many a second has."""
    return motion.steps / motion.fps if motion.fps > 0 else float(motion.steps)


def _place(motion: Motion, joint: int) -> tuple[int, int]:
    """Left and right arm side by side, so that the same joints are in a row."""
    name = motion.joint_names[joint]
    alike = [other for other in motion.joint_names[:joint] if other[:4] == name[:4]]
    return len(alike), joint


def _card(motion: Motion, joint: int, findings: Sequence[Finding]) -> str:
    name = motion.joint_names[joint]
    unit = "0 closed, 1 open" if name.endswith(GRIPPER) else "rad"
    return (
        f'<figure class="card"><h3>{text(_spoken(name))} <span class="faint">{unit}</span></h3>'
        f"{_drawing(motion, joint, findings)}</figure>"
    )


def _spoken(name: str) -> str:
    side, _, joint = name.partition("_")
    return f"{side} {joint.replace('_', ' ')}" if side in SIDES else name


def _drawing(motion: Motion, joint: int, findings: Sequence[Finding]) -> str:
    lines = (motion.leader[:, joint], motion.action[:, joint], motion.qpos[:, joint])
    last = _length(motion)
    seconds = np.linspace(0.0, last, motion.steps, endpoint=False)
    low, high = svg.extent(*lines, least=LEAST_SPAN)
    across, up = svg.Scale(0.0, last, LEFT, RIGHT), svg.Scale(low, high, BOTTOM, TOP)
    content = [*_axes(across, up), *_shades(motion, joint, findings, across)]
    for (kind, _), values in zip(LINES, lines, strict=True):
        content.append(svg.line(kind, seconds, values, across, up))
    name = motion.joint_names[joint]
    label = f"{name} over {last:.1f} s, from {low:.2f} to {high:.2f}"
    return svg.drawing(label, WIDTH, HEIGHT, "".join(content))


def _axes(across: svg.Scale, up: svg.Scale) -> Iterator[str]:
    paths = []
    for value in svg.ticks(up.low, up.high, 3):
        paths.append(f"M{LEFT} {up(value):.1f}H{RIGHT}")
        yield svg.words(LEFT - 6, up(value) + 4, svg.number(value), "end")
    for second in svg.ticks(across.low, across.high, 6):
        paths.append(f"M{across(second):.1f} {BOTTOM}v4")
        unit = " s" if second == 0 else ""
        yield svg.words(across(second), BOTTOM + 18, f"{svg.number(second)}{unit}", "middle")
    yield f'<path class="axis" d="{"".join(paths)}"/>'


def _shades(
    motion: Motion, joint: int, findings: Sequence[Finding], across: svg.Scale
) -> Iterator[str]:
    """Stretches of what was found; a click leads to the finding."""
    name = motion.joint_names[joint]
    for number, finding in enumerate(findings, 1):
        if not concerns(finding, name):
            continue
        kind = f"span {finding.severity}{'' if finding.where == name else ' elsewhere'}"
        spans = finding.spans or ((0, motion.steps - 1),)
        shades = "".join(_shade(kind, motion, span, across) for span in spans)
        yield (
            f'<a href="#finding-{number}" aria-label="finding {number}">'
            f"<title>{text(finding.text)}</title>{shades}</a>"
        )


def _shade(kind: str, motion: Motion, span: Span, across: svg.Scale) -> str:
    first, last = span
    left, right = (across(_second(motion, step)) for step in (first, last + 1))
    width = max(right - left, NARROWEST)
    return svg.rect(kind, min(left, RIGHT - width), TOP, width, BOTTOM - TOP)


def _second(motion: Motion, step: int) -> float:
    step = min(max(step, 0), motion.steps)
    return step / motion.fps if motion.fps > 0 else float(step)


def _legend() -> str:
    lines = "".join(
        f'<span><svg viewBox="0 0 32 12" aria-hidden="true"><path class="line {kind}" '
        f'd="M0 6h32"/></svg>{word}</span>'
        for kind, word in LINES
    )
    return f'<div class="legend">{lines}</div>'
