"""Which takes have changed since they were last told of."""

from collections.abc import Sequence
from dataclasses import replace

from session.status import TakeState
from tui.facts.facts import TakeFacts
from tui.plain.lines import take_line


class News:
    """Compares with the last call; what was there at the first one is known already."""

    def __init__(self) -> None:
        self._known: dict[int, TakeFacts] | None = None

    def changed(self, takes: Sequence[TakeFacts]) -> list[TakeFacts]:
        """The takes that are new or not as they were, oldest first."""
        known = self._known
        self._known = {take.episode: _fate(take) for take in takes}
        if known is None:
            return []
        return [take for take in reversed(takes) if known.get(take.episode) != _fate(take)]

    def of(self, takes: Sequence[TakeFacts]) -> list[str]:
        """The same as lines; takes whose fate is open have none."""
        return [line for take in self.changed(takes) if (line := take_line(take))]


def _fate(take: TakeFacts) -> TakeFacts:
    """A take without its length while that grows."""
    return replace(take, length_s=0.0) if take.state is TakeState.RECORDING else take
