"""A camera of the simulated rig: the world, or a renderer of it, publishes frames in a ring.

Not simulated: exposure and transport. In lock-step capture and arrival are one moment; in real time
a frame arrives when it has been rendered, and slots that rendering was too slow for have no frame.
"""

import contextlib
from functools import partial
from pathlib import Path

from recorder.cameras.camera import CameraAbout, CameraHealth, CameraState, Frame
from recorder.cameras.rate import health_of
from recorder.config import CameraConfig
from recorder.errors import CameraError
from recorder.ring_search import newest_not_after
from teleop.lockstep import frame_ring
from teleop.ring import RingError, RingReader


class SimulatedCamera:
    """Reads the frame ring of one camera (see the `Camera` contract).

    Args:
        lockstep: the world takes its pictures when control asks for them.

    Raises:
        FileNotFoundError: the world has not made the ring yet.
        CameraError: the images in it are not of the configured size.
    """

    def __init__(self, runtime_dir: Path, config: CameraConfig, *, lockstep: bool = False) -> None:
        self.name = config.name
        self._ring = RingReader(runtime_dir / frame_ring(config.name))
        self._last: Frame | None = None
        self._period_ns = config.period_ns
        self._lockstep = lockstep
        self._about = CameraAbout(
            "simulated",
            device="rendered by MuJoCo",
            width=config.width,
            height=config.height,
            rate_hz=config.rate_hz,
        )
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

    def has_passed(self, t_ns: int) -> bool:
        """See `Camera`: the ring has gone round, and its oldest frame is newer."""
        oldest = self._ring.oldest()
        if oldest == 0:
            return False
        try:
            return int(self._ring.peek(oldest, "arrival_ns")) > t_ns
        except RingError:  # overwritten while it was looked at: so were those before
            return True

    def health(self, t_ns: int) -> CameraHealth:
        """See `Camera`. In lock-step it gives a picture whenever control wants one: never late."""
        if self._lockstep:
            return CameraHealth(CameraState.LIVE, 1e9 / self._period_ns, silent_ns=0)
        return health_of(self._arrivals(), self._period_ns, t_ns)

    def _arrivals(self) -> list[int]:
        """When the newest frames arrived, oldest first, as far as the ring goes back."""
        arrivals = []
        for index in range(self._ring.oldest(), len(self._ring)):
            with contextlib.suppress(RingError):
                arrivals.append(int(self._ring.peek(index, "arrival_ns")))
        return arrivals

    def about(self) -> CameraAbout:
        """See `Camera`."""
        return self._about

    def close(self) -> None:
        """Let the ring go."""
        self._ring.close()
