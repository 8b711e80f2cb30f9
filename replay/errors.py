"""Everything that `replay` and `episodes` refuse in a sentence.

    ReplayError
    ├── NotFoundError   no episode of that name, or several
    ├── PictureError    a picture or video cannot be written
    ├── PagesError      pages cannot be written
    ├── EditError       an edit that cannot be done; nothing was changed
    ├── ExportError     an export that cannot be made; nothing is left of it
    └── PlaybackError   an episode that cannot be played on that rig

What is wrong with a file is a `recorder.errors.EpisodeError`.
"""


class ReplayError(Exception):
    """One clear sentence: what, where, and what to do."""


class NotFoundError(ReplayError):
    """No episode of that name, or several; the text lists what there is."""


class PictureError(ReplayError):
    """A picture or video cannot be written."""


class PagesError(ReplayError):
    """Pages cannot be written."""


class EditError(ReplayError):
    """An edit that cannot be done. Nothing was changed."""


class ExportError(ReplayError):
    """An export that cannot be made. Nothing is left of it."""


class PlaybackError(ReplayError):
    """An episode that cannot be played on that rig. No arm was moved."""
