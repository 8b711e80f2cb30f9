"""Finding, in a ring, the newest record that is not after a time."""

from teleop.ring import EmptyRingError, OverrunError, RingReader


def newest_not_after(ring: RingReader, field: str, t_ns: int) -> int | None:
    """Index of the newest record whose `field` (a time in ns) is not after `t_ns`.

    Searches backwards from the newest: the recorder may lag the writer by a tick or two.

    Returns:
        None if no such record is left in the ring.
    """
    for index in range(len(ring) - 1, ring.oldest() - 1, -1):
        try:
            if int(ring.peek(index, field)) <= t_ns:
                return index
        except (OverrunError, EmptyRingError):
            return None
    return None
