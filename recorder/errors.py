"""What can go wrong with recording, one tree.

RecorderError
├── FolderError      the dataset folder cannot be recorded into (locked, full, read-only, mixed)
├── CameraError      a camera is missing or not what the configuration says
├── JournalError     a step could not be appended; the journal up to it is whole
├── EpisodeError     a file is no episode, or a damaged one; names the file and the fault
├── TrashError       an episode cannot be moved to the trash, or back
├── AmendError       a file could not be labelled, noted in or trimmed; it is as it was
└── FinaliseError    a journal could not be turned into an episode file; the journal is kept
    └── JournalBusyError   another living process is at work on it
"""


class RecorderError(Exception):
    """Root of what can go wrong with recording; the text is one sentence for the operator."""


class FolderError(RecorderError):
    """The dataset folder cannot be recorded into."""


class CameraError(RecorderError):
    """A camera is missing, or delivers something other than configured."""


class JournalError(RecorderError):
    """A step could not be appended; everything before it is whole."""


class EpisodeError(RecorderError):
    """A file is not an episode, or not a whole one."""


class TrashError(RecorderError):
    """An episode cannot be moved to the trash, or back; everything is where it was."""


class AmendError(RecorderError):
    """A file could not be labelled, noted in, trimmed, or brought back; it is as it was."""


class FinaliseError(RecorderError):
    """A journal could not be turned into an episode file; the journal is still there."""


class JournalBusyError(FinaliseError):
    """A living process records into, or finalises, this journal."""
