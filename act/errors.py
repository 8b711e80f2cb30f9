"""What can go wrong with learning and policies.

ActError
├── ConfigError       options that make no sense, or do not go together
├── DataError         episodes that cannot be learned from as they are
├── CheckpointError   a checkpoint, statistics or weights that are missing, broken or not ours
├── TrainingError     a training that cannot go on, e.g. because its loss is no number
└── EvaluationError   a policy that cannot be run on this rig or task
"""


class ActError(Exception):
    """Its text is one sentence for whoever typed the command: what, where, what to do."""


class ConfigError(ActError):
    """Options that make no sense, or do not go together."""


class DataError(ActError):
    """Episodes that cannot be learned from as they are."""


class CheckpointError(ActError):
    """A checkpoint, statistics or weights that are missing, broken or not ours."""


class TrainingError(ActError):
    """A training that cannot go on."""


class EvaluationError(ActError):
    """A policy that cannot be run on this rig or task."""
