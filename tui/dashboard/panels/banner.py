"""The banner: the state in large letters, and what an operator looks for next."""

from typing import Final

from session.status import Phase
from tui.dashboard.drawing.font import SMALL, large
from tui.dashboard.drawing.palette import badge_on
from tui.dashboard.drawing.rows import Row, Span, cell, cut, lines_of, spread, width_of, wrap
from tui.dashboard.panels.scene import Scene
from tui.dashboard.panels.state import NO_DATA, StateLook, look_of
from tui.facts.facts import SessionFacts
from tui.facts.tracking import tracking_words

HIGH: Final = 8
"""From so many rows on the letters are twice as large."""
MOST_ASKING: Final = 2
"""Rows of a question."""
ASIDE: Final = 4
"""Columns beside its text."""
MARGINS: Final = 6
"""Columns beside and between the large letters."""
STRIPES: Final = "████    "
BETWEEN: Final = (Phase.PREPARING, Phase.READY, Phase.SAVING)
"""The scene is being reset: a countdown is of use."""
TIMED: Final = (Phase.RECORDING, Phase.REPLAYING)
"""The seconds of the episode count."""
OVERDUE: Final = "scene should be reset"


def banner_rows(scene: Scene, width: int, height: int) -> list[Row]:
    """Large letters, a line about the session, one for what is asked; with more room the task has
    a line of its own."""
    session = scene.facts.session
    look = look_of(session)
    rows = _large_rows(session, look, width, 2 if height >= HIGH else 1)
    if height >= HIGH:
        rows += [_task_line(scene, look, width), _figures_line(session, look, width)]
    else:
        rows.append(_one_line(scene, look, width))
    asking = asking_lines(session.question, width)
    return [*rows, *_asking_rows(scene, width, asking, above=height >= HIGH)]


def asking_lines(question: str, width: int) -> int:
    """Rows that a question takes."""
    return min(max(len(wrap(question, width - ASIDE)), 1), MOST_ASKING)


def _large_rows(session: SessionFacts, look: StateLook, width: int, scale: int) -> list[Row]:
    word = large(look.word, scale)
    figures = _large_figures(session, scale, width - len(word[0]) - MARGINS)
    gap = width - len(word[0]) - len(figures[0]) - MARGINS
    fault = look.style == "state.fault"
    rows: list[Row] = []
    for y, (letters, beside) in enumerate(zip(word, figures, strict=True)):
        between: Span = (_stripes(gap, y), "hatch") if fault else (" " * gap, look.style)
        rows.append([(f"  {letters} ", look.style), between, (f" {beside}  ", look.style)])
    return rows


def _stripes(width: int, row: int) -> str:
    """Slanting, as on what one should keep clear of."""
    start = 2 * row % len(STRIPES)
    return (STRIPES * (width // len(STRIPES) + 2))[start : start + width]


def _large_figures(session: SessionFacts, scale: int, room: int) -> list[str]:
    """Episode i/n; below it, where the letters are large, the seconds that count just now. What
    there is no room for is left out; that the session ends by itself comes before all."""
    texts = [_progress(session), _large_seconds(session)]
    if _ends_in_s(session) is not None and scale == 1:
        texts.reverse()
    rows: list[str] = []
    for text in texts[:scale]:
        figures = large(text) if text else [""] * SMALL
        rows += figures if len(figures[0]) <= room else [""] * SMALL
    across = max(map(len, rows))
    return [row.rjust(across) for row in rows]


def _fits(session: SessionFacts, look: StateLook, width: int) -> bool:
    """Whether the episode's number stands beside the small letters."""
    return bool(_large_figures(session, 1, width - len(large(look.word)[0]) - MARGINS)[0])


def _progress(session: SessionFacts) -> str:
    return f"{_attempt(session)}/{session.episodes}" if session.episodes else ""


def _attempt(session: SessionFacts) -> int:
    """The last episode stays the last one, although the session counts on."""
    return min(session.attempt, session.episodes)


def _large_seconds(session: SessionFacts) -> str:
    if session.phase in TIMED and session.elapsed_s is not None:
        return f"{session.elapsed_s:.1f}"
    if (ends_s := _ends_in_s(session)) is not None:
        return f"ENDS {ends_s:.0f}"
    left_s = _reset_left_s(session)
    return "" if left_s is None else f"RESET {max(left_s, 0.0):.0f}"


def _reset_left_s(session: SessionFacts) -> float | None:
    return session.reset_left_s if session.phase in BETWEEN else None


def _ends_in_s(session: SessionFacts) -> float | None:
    """Until the session ends by itself; None: it does not."""
    if session.phase is not Phase.REVIEWING or session.reset_left_s is None:
        return None
    return max(session.reset_left_s, 0.0)


def _stage(session: SessionFacts) -> str:
    """What the simulated task has come to; between episodes that is of an old scene."""
    reached = session.phase in TIMED and not session.stage.startswith("0/")
    return session.stage if reached else ""


def _one_line(scene: Scene, look: StateLook, width: int) -> Row:
    session = scene.facts.session
    progress = "" if _fits(session, look, width) else _progress(session)
    rest = _time(session), _counts(session, short=True), scene.clock
    right = "  ".join(filter(None, (progress, *rest)))
    left = [(f" {look.symbol} ", look.style), _badge(session, look), _after(session.task, look)]
    for word in (" accepted", " rejected", " then"):
        if width_of(left) + len(right) + 3 > width:
            right = right.replace(word, "")
    return spread(left, [(f"  {right} ", look.style)], width, look.style)


def _task_line(scene: Scene, look: StateLook, width: int) -> Row:
    session = scene.facts.session
    right: Row = [(f"  {scene.clock} ", look.style)]
    badge = _badge(session, look)
    taken = 3 + len(badge[0]) + 1 + width_of(right)
    task = cut(
        f"{session.task}: {session.prompt}" if session.prompt else session.task, width - taken
    )
    left = [(f" {look.symbol} ", look.style), badge, _after(task, look)]
    return spread(left, right, width, look.style)


def _figures_line(session: SessionFacts, look: StateLook, width: int) -> Row:
    episode = ""
    if session.episodes:
        episode = f"episode {_attempt(session)} of {session.episodes}"
        episode += "" if session.episode is None else f" (file {session.episode})"
    parts = (episode, _time(session), _stage(session))
    left = "   ".join(filter(None, parts))
    counts = _counts(session)
    if len(left) + len(counts) + ASIDE > width:
        counts = _counts(session, short=True)
    return spread([(f"   {left}", look.style)], [(f"  {counts} ", look.style)], width, look.style)


def _badge(session: SessionFacts, look: StateLook) -> Span:
    """Which arms these are: the one thing that must never be mistaken."""
    words = session.kind.banner or f"RIG {session.rig}"
    return f" {words} ", badge_on(session.kind.name.lower(), look.style)


def _after(text: str, look: StateLook) -> Span:
    return f" {text}", look.style


def _time(session: SessionFacts) -> str:
    """The seconds that count: of the episode, until the scene should be reset, or the end."""
    pausing = "‖ then pause" if session.pausing and session.phase is not Phase.PAUSED else ""
    return "  ".join(filter(None, (_seconds(session), pausing)))


def _seconds(session: SessionFacts) -> str:
    if session.phase in TIMED and session.elapsed_s is not None:
        longest = "" if session.longest_s is None else f" / {session.longest_s:.0f}"
        return f"{session.elapsed_s:.1f}{longest} s"
    if (ends_s := _ends_in_s(session)) is not None:
        return f"ends in {ends_s:.0f} s"
    left_s = _reset_left_s(session)
    if left_s is None:
        return ""
    return f"reset {left_s:.0f} s" if left_s >= 0 else OVERDUE


def _counts(session: SessionFacts, short: bool = False) -> str:
    if session.tracking is not None:
        return tracking_words(session.tracking, short)
    if not session.episodes:
        return "nothing is recorded" if session.purpose == "mirror" else ""
    return f"✓ {session.accepted} accepted  ✗ {session.rejected} rejected"


def _asking_rows(scene: Scene, width: int, most: int, above: bool) -> list[Row]:
    """What is asked of the operator, and what the last key came to; else the prompt, if that
    does not stand above already."""
    session = scene.facts.session
    notice = f" {scene.notice} " if scene.notice else ""
    if look_of(session) is NO_DATA:
        silent = (
            f"The session has said nothing for {session.silent_s:.0f} s: what stands here is old."
        )
        return [[(cell(f" ! {silent}", width), "alarm")]]
    if not session.question:
        if notice:
            return [[(cell(notice, width), "notice")]]
        return [] if above else [_prompt_line(session, width)]
    lines = lines_of(session.question, width - ASIDE, most)
    rows: list[Row] = [
        [(cell(f" {'►' if y == 0 else ' '} {line}", width), "question")]
        for y, line in enumerate(lines)
    ]
    if notice:
        last = [(f" {'►' if len(lines) == 1 else ' '} {lines[-1]} ", "question")]
        fits = width_of(last) + width_of([(notice, "")]) <= width
        answer: Row = [(notice if fits else cell(notice, width), "notice")]
        rows[-1] = spread(last, answer, width, "question")
    return rows


def _prompt_line(session: SessionFacts, width: int) -> Row:
    return spread([(f" {session.prompt}", "dim")], [(f"  {_stage(session)} ", "dim")], width)
