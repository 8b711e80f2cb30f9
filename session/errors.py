"""What can end a session, or the start of one.

SessionError
├── LaunchError         the session did not start, or there is none to attach to
├── NotStartedError     control did not start to follow, and has said why
├── RecorderLostError   the recorder died: control holds, and the session starts another
└── RequestError        a client has asked for something that is no request

Interrupted and Unwatched are no errors: the operator wants to leave, or the terminal went away.
"""


class SessionError(Exception):
    """The session cannot go on; the text is for the operator."""


class LaunchError(SessionError):
    """The session did not start, or there is none to attach to; the text says why."""


class NotStartedError(SessionError):
    """Control was told to follow the leaders and does not; why stands in its events."""


class RecorderLostError(SessionError):
    """The recorder died: control holds, and the session starts another."""


class RequestError(SessionError):
    """A client has asked for something that is no request; the text is for whoever did."""


class Interrupted(Exception):  # noqa: N818 - not an error: the operator wants to leave
    """The operator asked to end the session."""


class Unwatched(Exception):  # noqa: N818 - not an error: the terminal went away
    """No terminal has been connected for a while."""
