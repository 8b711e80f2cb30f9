"""Telling the simulated world which frames have been taken, so that lock-step loses none."""

import socket
from pathlib import Path

from recorder.scene import SceneReader
from teleop import lockstep


class WorldLink:
    """The recorder's connection to the world.

    Raises:
        LockstepError: the world does not listen.
    """

    def __init__(self, path: Path, scene: SceneReader) -> None:
        self._socket: socket.socket | None = lockstep.connect(path, "recorder")
        self._scene = scene
        self._last = -1

    def acknowledge(self, t_ns: int) -> bool:
        """Tell that all frames that arrived until then are encoded, or not needed.

        Returns:
            False, once, when the world turns out to be gone. Later calls do nothing.
        """
        # In lock-step every set of frames has the number of the state that it shows.
        taken = self._scene.newest_number(t_ns)
        if self._socket is None or taken is None or taken <= self._last:
            return True
        self._last = taken
        try:
            lockstep.send(self._socket, {"op": "ack", "frame": taken})
        except OSError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
