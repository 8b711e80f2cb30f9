"""How the cameras and the servos did in an episode, as tables."""

from collections.abc import Iterator

from recorder.episode.reader import EpisodeFacts
from replay.inspect.summary import CameraSummary, Summary
from replay.pages.markup import facts_list, table, text


def cameras_html(summary: Summary) -> str:
    """Rates, ages and what was amiss, a row a camera; what holds of all of them."""
    headings = ("camera", "size", "rate", "kB a picture", "age", "repeated", "stale", "missing")
    cameras = table("cameras", headings, map(_camera, summary.cameras))
    skew = ""
    if summary.skew_ms is not None:
        skew = f"{summary.skew_ms:.1f} ms (at most {summary.worst_skew_ms:.1f})"
    together = (
        ("between the pictures of a step", skew),
        ("steps without pictures of their own", str(summary.dropped or "")),
    )
    return cameras + (facts_list(together) if skew or summary.dropped else "")


def _camera(camera: CameraSummary) -> Iterator[str]:
    yield text(camera.name)
    yield f"{camera.width}\N{MULTIPLICATION SIGN}{camera.height}"
    yield f"{camera.fps:.1f} a second"
    yield f"{camera.mean_bytes / 1e3:.1f}"
    yield _age(camera)
    yield from map(str, (camera.repeated, camera.stale, camera.missing))


def _age(camera: CameraSummary) -> str:
    if camera.age_ms is None:
        return "no picture"
    return f"{camera.age_ms:.0f} ms (at most {camera.oldest_ms:.0f})"


def health_html(facts: EpisodeFacts, summary: Summary) -> str:
    """What was lost, how late control was, how warm the servos got."""
    return facts_list(
        (
            ("followers behind the commands", _lag(facts, summary)),
            ("steps missing", str(facts.missing_steps)),
            ("deadlines missed", str(summary.missed_deadlines)),
            ("replies lost", _by_bus(summary.lost)),
            ("replies asked for again", _by_bus(summary.retries)),
            ("readings not believed", _by_bus(summary.rejected)),
            ("steps unplugged", _by_bus(summary.unplugged)),
            ("ticks late, 99 of 100 less than", _late(summary)),
            ("servos", _range(summary.temperature_degc, "\N{DEGREE SIGN}C", 0)),
            ("supply", _range(summary.voltage_v, "V", 1)),
            ("hardware errors", str(summary.hardware_errors or "none")),
            ("commands limited", _limited(summary)),
        )
    )


def _lag(facts: EpisodeFacts, summary: Summary) -> str:
    if summary.lag_ticks is None or facts.fps <= 0:
        return "nothing moved"
    return f"{summary.lag_ticks} steps ({1000 * summary.lag_ticks / facts.fps:.0f} ms)"


def _late(summary: Summary) -> str:
    if summary.timing is None:
        return "simulated time: nothing is late"
    return f"{summary.timing.late_p99_ms:.2f} ms (at worst {summary.timing.late_worst_ms:.2f})"


def _by_bus(counts: dict[str, int]) -> str:
    return text(", ".join(f"{bus} {count}" for bus, count in counts.items()) or "none")


def _range(values: tuple[float, float], unit: str, digits: int) -> str:
    low, high = (f"{value:.{digits}f}" for value in values)
    return f"{low} to {high} {unit}" if any(values) else "not told"


def _limited(summary: Summary) -> str:
    told = (
        f"{joint.name} ({', '.join(f'{name} {count}x' for name, count in joint.limited.items())})"
        for joint in summary.joints
        if joint.limited
    )
    return text(", ".join(told) or "none")
