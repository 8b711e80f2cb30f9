"""From a camera's configuration to a `Camera` of its kind. A kind's library is imported here only
when a camera of that kind is configured."""

from pathlib import Path

from recorder.cameras.camera import Camera
from recorder.cameras.pattern import PatternCamera
from recorder.cameras.simulated import SimulatedCamera
from recorder.cameras.source import Source
from recorder.config import CameraConfig


def open_camera(
    config: CameraConfig, runtime_dir: Path, phase_ns: int = 0, *, lockstep: bool = False
) -> Camera:
    """The camera; a device that is missing or refuses shows in its `health`, not here.

    Args:
        phase_ns: of a pattern camera, so that several do not take their pictures together.
        lockstep: a simulated camera takes its pictures when control asks for them.

    Raises:
        FileNotFoundError: the simulated world has not made this camera's ring yet.
        CameraError: a simulated camera is not what is configured.
    """
    match config.kind:
        case "pattern":
            return PatternCamera(config, phase_ns)
        case "simulated":
            return SimulatedCamera(runtime_dir, config, lockstep=lockstep)
        case "realsense" | "webcam":
            from recorder.cameras.capture import CapturedCamera

            return CapturedCamera(config, source_of(config))


def source_of(config: CameraConfig) -> Source:
    """The device of a captured camera."""
    if config.kind == "realsense":
        from recorder.cameras.realsense import RealSense

        return RealSense(config)
    from recorder.cameras.webcam import Webcam

    return Webcam(config)
