"""A serial port: raw, exclusive and never blocking, with errors that say what to do.

Plain file descriptors rather than pyserial: the loop polls four of them at once.
"""

import contextlib
import errno
import fcntl
import os
import select
import struct
import termios
from typing import Final

from teleop.errors import PortError, UnpluggedError

READ_BYTES: Final = 4096
READS_TO_DISCARD: Final = 4
WRITE_PATIENCE_MS: Final = 1000
"""How long a full output buffer may stay full (a whole sync write takes 0.6 ms on the wire)."""

_ASYNC_LOW_LATENCY: Final = 1 << 13
_SERIAL_STRUCT_BYTES: Final = 256  # more than the kernel's serial_struct
_FLAGS_AT: Final = 16


class SerialPort:
    """One open serial port.

    Raises (from opening):
        PortError: no such port, no permission, held by another process, or an impossible rate.
    """

    def __init__(self, path: str, baud: int) -> None:
        self.path = path
        self.baud = baud
        self.fd = _open(path)
        try:
            _lock(self.fd, path)
            _configure(self.fd, path, baud)
        except BaseException:
            os.close(self.fd)
            raise
        _ask_for_low_latency(self.fd)
        self._closed = False

    def read(self) -> bytes:
        """What has arrived, perhaps nothing. Never blocks.

        Raises:
            UnpluggedError: the port is gone.
        """
        try:
            data = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._unplugged() from error
        if not data:  # raw mode with VMIN 1: an open line never reads as nothing, a dead one does
            raise self._unplugged()
        return data

    def write(self, data: bytes) -> None:
        """Write all of `data`; waits (bounded) only where the output buffer is full.

        Raises:
            UnpluggedError: the port is gone, or takes nothing more.
        """
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                if not self.wait(WRITE_PATIENCE_MS, select.POLLOUT):
                    raise self._unplugged() from None
            except OSError as error:
                raise self._unplugged() from error

    def wait(self, timeout_ms: float, events: int = select.POLLIN) -> bool:
        """Wait until the port can be read (or what `events` says); False: not in time."""
        poller = select.poll()
        poller.register(self.fd, events)
        return bool(poller.poll(timeout_ms))

    def discard_input(self) -> None:
        """Throw away whatever has arrived: late replies to earlier requests, noise.

        A read that finds nothing costs a fifth of a `tcflush`; what never ends is flushed.

        Raises:
            UnpluggedError: the port is gone.
        """
        for _ in range(READS_TO_DISCARD):
            if not self.read():
                return
        try:
            termios.tcflush(self.fd, termios.TCIFLUSH)
        except termios.error as error:
            raise self._unplugged() from error

    def close(self) -> None:
        """Let others open the port. Harmless when repeated."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(OSError):
                fcntl.ioctl(self.fd, termios.TIOCNXCL)
            os.close(self.fd)

    def _unplugged(self) -> UnpluggedError:
        return UnpluggedError(
            f"Serial port {self.path} is gone: check the USB cable and the arm's power."
        )


def is_pseudo_terminal(path: str) -> bool:
    """Whether a program and no adapter is at the other end: the arms are emulated, not real."""
    return os.path.realpath(path).startswith("/dev/pts/")


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PortError(_reason(path, error)) from error


def _reason(path: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return f"Serial port {path} does not exist: plug the arm in, or correct its rig file."
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"No permission for serial port {path}: join the group with "
            "`sudo usermod -aG dialout $USER` and log in again."
        )
    if error.errno == errno.EBUSY:
        return _held(path)
    return f"Cannot open serial port {path}: {error.strerror}."


def _held(path: str) -> str:
    return f"Serial port {path} is held by another process: end it (`fuser {path}` names it)."


def _lock(fd: int, path: str) -> None:
    """TIOCEXCL keeps other users' programs out, flock those of root that ask."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PortError(_held(path)) from error
    try:
        fcntl.ioctl(fd, termios.TIOCEXCL)
    except OSError as error:
        raise PortError(f"{path} is not a serial port.") from error


def _configure(fd: int, path: str, baud: int) -> None:
    speed = getattr(termios, f"B{baud}", None)
    if speed is None:
        raise PortError(f"Serial port {path}: this system has no baud rate {baud}; try 1000000.")
    control = list(termios.tcgetattr(fd)[6])
    control[termios.VMIN], control[termios.VTIME] = 1, 0
    flags = termios.CS8 | termios.CREAD | termios.CLOCAL
    try:
        termios.tcsetattr(fd, termios.TCSANOW, [0, 0, flags, 0, speed, speed, control])
        termios.tcflush(fd, termios.TCIOFLUSH)
    except termios.error as error:
        raise PortError(f"{path} is not a serial port.") from error


def _ask_for_low_latency(fd: int) -> None:
    """Have an FTDI adapter hand bytes on after 1 ms, not 16. Best effort: a pty cannot."""
    with contextlib.suppress(OSError):
        settings = bytearray(_SERIAL_STRUCT_BYTES)
        fcntl.ioctl(fd, termios.TIOCGSERIAL, settings)
        (flags,) = struct.unpack_from("i", settings, _FLAGS_AT)
        struct.pack_into("i", settings, _FLAGS_AT, flags | _ASYNC_LOW_LATENCY)
        fcntl.ioctl(fd, termios.TIOCSSERIAL, bytes(settings))
