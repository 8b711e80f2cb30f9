"""A length of time as a person says it."""


def in_words(seconds: float) -> str:
    """43 ms, 1.2 s, 90 s, 5 min, 2 h."""
    if seconds < 1:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"
