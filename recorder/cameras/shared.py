"""A camera whose frames other processes see, too: a policy looks at what is recorded."""

from pathlib import Path
from typing import Final

from recorder.cameras.camera import Camera, CameraAbout, CameraHealth, Frame
from recorder.config import CameraConfig
from teleop.lockstep import frame_dtype, frame_ring
from teleop.ring import RingWriter

SLOTS: Final = 8


class SharedCamera:
    """Hands on what another camera gives, and puts every new frame of it into a ring.

    Frames whose size is not the configured one are not shared. See the `Camera` contract.
    """

    def __init__(self, camera: Camera, config: CameraConfig, runtime_dir: Path) -> None:
        self.name = camera.name
        self._camera = camera
        self._shape = (config.height, config.width, 3)
        self._shared = -1
        dtype = frame_dtype(config.height, config.width)
        self._ring = RingWriter(runtime_dir / frame_ring(config.name), dtype, SLOTS)

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        """See `Camera`."""
        frame = self._camera.newest_arrived_before(t_ns)
        if frame is not None and frame.number != self._shared and frame.image.shape == self._shape:
            self._share(frame)
        return frame

    def _share(self, frame: Frame) -> None:
        record = self._ring.begin()
        record["number"], record["image"] = frame.number, frame.image
        record["capture_ns"], record["arrival_ns"] = frame.capture_ns, frame.arrival_ns
        self._ring.commit()
        self._shared = frame.number

    def has_passed(self, t_ns: int) -> bool:
        """See `Camera`."""
        return self._camera.has_passed(t_ns)

    def health(self, t_ns: int) -> CameraHealth:
        """See `Camera`."""
        return self._camera.health(t_ns)

    def about(self) -> CameraAbout:
        """See `Camera`."""
        return self._camera.about()

    def close(self) -> None:
        """See `Camera`; the ring stays for its readers."""
        self._camera.close()
        self._ring.close()
