"""Who touches whom, by geom names."""

import mujoco
import numpy as np
from numpy.typing import NDArray

Group = NDArray[np.bool_]
Pairs = NDArray[np.int32]


class Touch:
    """Looks contacts up between groups of named geoms."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._model = model

    def group(self, *names: str) -> Group:
        """A set of geoms, as a mask over geom ids."""
        mask = np.zeros(self._model.ngeom, dtype=bool)
        mask[[self._model.geom(name).id for name in names]] = True
        return mask

    @staticmethod
    def pairs(data: mujoco.MjData) -> Pairs:
        """The geoms that touch now, (2, n) ids. Gathering them costs more than looking them up."""
        return np.asarray(data.contact.geom[: data.ncon].T)

    @staticmethod
    def between(pairs: Pairs, one: Group, other: Group) -> bool:
        """Whether any geom of one group touches any of the other."""
        first, second = pairs
        return bool(((one[first] & other[second]) | (other[first] & one[second])).any())
