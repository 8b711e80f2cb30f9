"""How many files there are of each word that was found for them."""

from collections.abc import Mapping

from replay.inspect.checked import GONE


def in_sum(words: Mapping[str, int]) -> str:
    """E.g. ``3 episodes: 2 ok, 1 reject; 1 gone meanwhile``: what is gone counts for nothing.

    Args:
        words: how many there are of each `Checked.word`, in the order in which they are told.
    """
    found = {word: count for word, count in words.items() if word != GONE}
    total = sum(found.values())
    counted = ", ".join(f"{count} {word}" for word, count in found.items())
    episodes = f"{total} episode{'' if total == 1 else 's'}: {counted}" if found else "No episodes"
    return f"{episodes}; {words[GONE]} gone meanwhile" if words.get(GONE) else episodes
