"""What can go wrong in the simulated rig.

SimError
├── SceneError    no such task, or a state that does not belong to this scene
└── RenderError   a picture cannot be rendered
    └── GraphicsError   (in `gl`) no working GL on this machine
"""


class SimError(Exception):
    """Root of everything `sim` raises on purpose."""


class SceneError(SimError):
    """A scene was asked for something it does not have."""


class RenderError(SimError):
    """Images cannot be rendered on this machine."""
