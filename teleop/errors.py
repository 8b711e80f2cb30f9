"""What can go wrong with the arms, as one tree.

TeleopError
 +- PortError            a serial port cannot be opened
 +- UnpluggedError       an open port is gone: the adapter was pulled, or the emulated rig has ended
 +- ServoError           a servo is missing, wrong, or did not do what it was told
 +- TrackError           what is to be played back cannot be read
 +- ClockLostError       the simulated world that sets the time is gone
"""


class TeleopError(Exception):
    """Root of the arms' errors; the text says what happened, where, and what to do next."""


class PortError(TeleopError):
    """A serial port cannot be opened."""


class UnpluggedError(TeleopError):
    """An open serial port is gone."""


class ServoError(TeleopError):
    """A servo is missing, of the wrong kind, or did not do what it was told."""


class TrackError(TeleopError):
    """What is to be played back cannot be read."""


class ClockLostError(TeleopError):
    """Whoever sets the time (the simulated world) is gone or stays silent."""
