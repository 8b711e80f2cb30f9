"""A camera of the simulated rig: the world, or a renderer of it, publishes frames in a ring.

Not simulated: exposure and transport. In lock-step capture and arrival are one moment; in real time
a frame arrives when it has been rendered, and slots that rendering was too slow for have no frame.
"""

from functools import partial
from pathlib import Path

from recorder.camera import Frame
from recorder.config import CameraConfig
from recorder.errors import CameraError
from recorder.ring_search import newest_not_after
from teleop.lockstep import frame_ring
from teleop.ring import RingError, RingReader


class SimulatedCamera:
    """Reads the frame ring of one camera (see the `Camera` contract).

    Raises:
        FileNotFoundError: the world has not made the ring yet.
        CameraError: the images in it are not of the configured size.
    """

    def __init__(self, runtime_dir: Path, config: CameraConfig) -> None:
        self.name = config.name
        self._ring = RingReader(runtime_dir / frame_ring(config.name))
        self._last: Frame | None = None
        expected = (config.height, config.width, 3)
        found = self._ring.dtype["image"].shape
        if found != expected:
            raise CameraError(
                f"Camera {config.name} delivers images of shape {found}, not {expected}: "
                "give the simulated world and the recorder the same camera configuration."
            )

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        """See `Camera`. The image stays where the world has put it (a copy of four costs more
        than all else in a step): in lock-step the world leaves it alone until it is acknowledged,
        in real time it is overwritten when the ring has gone round."""
        index = newest_not_after(self._ring, "arrival_ns", t_ns)
        if index is None:
            return None
        try:
            if self._last and self._last.number == int(self._ring.peek(index, "number")):
                return self._last
            record = self._ring.view(index)
        except RingError:
            return None
        self._last = Frame(
            image=record["image"],
            number=int(record["number"]),
            capture_ns=int(record["capture_ns"]),
            arrival_ns=int(record["arrival_ns"]),
            is_whole=partial(self._ring.holds, index),
        )
        return self._last

    def close(self) -> None:
        """Let the ring go."""
        self._ring.close()
