"""A camera with a device of its own: a thread opens and reads it, for good.

The thread does what blocks; whoever records only looks at what it has left. A device that is
missing, ends, hangs or gives no frames is closed and tried again for as long as the camera is
wanted; nothing that a source does ends the thread.
"""

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from recorder.cameras.camera import CameraAbout, CameraHealth, CameraState, Frame
from recorder.cameras.history import History
from recorder.cameras.rate import health_of
from recorder.cameras.source import Source
from recorder.config import CameraConfig
from recorder.errors import CameraError

READ_S: Final = 0.2
"""How long a source is asked to wait for one frame."""
PATIENCE_S: Final = 2.0
PATIENCE_PERIODS: Final = 20
"""An open device that gives no frame for both has hung and is opened anew."""
SHORTEST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 2.0
"""Before a device is tried again: doubled each time, until it has given a frame."""
END_WITHIN_S: Final = 3.5
"""Longer than a webcam's longest call: should the process end while a thread is inside OpenCV, the
interpreter would abort."""


class CapturedCamera:
    """See `Camera`; begins to capture at once.

    Args:
        source: used by this camera's thread alone from now on.
        clock: CLOCK_MONOTONIC unless a test says otherwise; ns.
    """

    def __init__(
        self, config: CameraConfig, source: Source, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.name = config.name
        self._config = config
        self._source = source
        self._clock = clock
        self._history = History(config.period_ns)
        self._about = CameraAbout(
            config.kind, width=config.width, height=config.height, path=config.device
        )
        self._fault = ""
        self._opened = 0
        self._wait_s = SHORTEST_WAIT_S
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {self.name}", daemon=True)
        self._thread.start()

    def newest_arrived_before(self, t_ns: int) -> Frame | None:
        """See `Camera`; reaches back 0.4 s."""
        return self._history.newest_arrived_before(t_ns)

    def has_passed(self, t_ns: int) -> bool:
        """See `Camera`."""
        return self._history.has_passed(t_ns)

    def health(self, t_ns: int) -> CameraHealth:
        """See `Camera`. LOST from an error until the next frame has come."""
        reconnects, fault = max(0, self._opened - 1), self._fault
        health = health_of(self._history.arrivals_ns(), self._config.period_ns, t_ns)
        if fault:
            health = replace(health, state=CameraState.LOST, fault=fault)
        return replace(health, reconnects=reconnects)

    def about(self) -> CameraAbout:
        """See `Camera`."""
        about = self._about
        if not self._history.moved or about.clock == "arrival":  # those are reckoned by ourselves
            return about
        said = (
            "The capture times of some frames could not be true and were moved to where they "
            "can be: the clock of the camera or of its driver is wrong."
        )
        return replace(about, not_set=(*about.not_set, said))

    def stop(self) -> None:
        """Ask the thread to end, without waiting: of several cameras first all, then `close`."""
        self._stopped.set()

    def close(self) -> None:
        """Let the device go. Waits for the call that the thread is in, for END_WITHIN_S at most:
        with a live device that is one period."""
        self.stop()
        self._thread.join(END_WITHIN_S)

    # ---- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._capture()
            except CameraError as error:
                self._fault = str(error)
            except Exception as error:  # a fault of ours: it must not take the camera with it
                self._fault = _unforeseen(self.name, error)
            self._let_go()
            self._stopped.wait(self._wait_s)
            self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)

    def _capture(self) -> None:
        """Open the device and read it until it fails, or the camera is not wanted any more."""
        self._about = self._source.open()
        self._opened += 1
        self._history.interrupt()
        heard_ns = self._clock()
        while not self._stopped.is_set():
            grab = self._source.read(READ_S)
            now_ns = self._clock()
            if grab is not None:
                self._history.add(grab, now_ns)
                self._fault, self._wait_s, heard_ns = "", SHORTEST_WAIT_S, now_ns
            elif now_ns - heard_ns > self._patience_ns():
                raise CameraError(
                    f"Camera {self.name} is open but has given no picture for "
                    f"{(now_ns - heard_ns) / 1e9:.1f} s; it is opened anew, look at its cable."
                )

    def _patience_ns(self) -> int:
        return max(round(PATIENCE_S * 1e9), PATIENCE_PERIODS * self._config.period_ns)

    def _let_go(self) -> None:
        try:
            self._source.close()
        except Exception as error:
            self._fault = _unforeseen(self.name, error)


def _unforeseen(name: str, error: Exception) -> str:
    """What is said of an error that a source should not have raised, with the place it is from."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"Camera {name} has failed by a fault of the program ({error!r} in {place.name}, "
        f"{place.filename}:{place.lineno}); it is tried again, please report this."
    )
