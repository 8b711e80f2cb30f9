"""Which edits are done, as one number: what a session must know when its recorder has died."""


class EditLedger:
    """Counts edits by their serials, which increase; they may be done in another order."""

    def __init__(self) -> None:
        self._open: set[int] = set()
        self._newest = 0

    def receive(self, serial: int) -> None:
        """An edit has come."""
        self._open.add(serial)
        self._newest = max(self._newest, serial)

    def settle(self, serial: int) -> None:
        """It is carried out or refused."""
        self._open.discard(serial)

    @property
    def done(self) -> int:
        """No edit that has come is still to be done up to this serial; 0: none has come."""
        return min(self._open, default=self._newest + 1) - 1
