"""The statistics that tonyzhaozh/act pickles beside its checkpoints, read without being believed.

A pickle is a program. This reader has it make stand-ins of arrays, and refuses whatever else it
asks for: nothing in it is executed, not even numpy's own way of making an array.
"""

import pickle
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from act.checkpoints.read_pickled import require_ordinary
from act.data.stats import Stats, from_json
from act.errors import CheckpointError

MAX_BYTES: Final = 64 << 20  # it keeps the joints of a whole episode, as an example


class _Type:
    """What a pickle says of numbers' type."""

    def __init__(self, code: str, *_: object) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]


class _Array:
    """What a pickle says of an array."""

    values: list[float] | None = None

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, _, kind, _, content = state
        if isinstance(kind, _Type) and kind.code in ("f4", "f8") and kind.order in ("<", ">", "="):
            self.values = np.frombuffer(content, kind.order + kind.code).tolist()


def _from_buffer(content: Any, kind: object, shape: object, _: object) -> _Array:
    """How pickles of protocol 5 make an array."""
    array = _Array()
    array.__setstate__((1, shape, kind, False, content))
    return array


class _ArraysOnly(pickle.Unpickler):
    """Makes stand-ins of arrays, and refuses all else that a pickle can ask for."""

    known: Final = {
        ("numpy", "dtype"): _Type,
        ("numpy", "ndarray"): "ndarray",  # named, never called
        ("numpy.core.multiarray", "_reconstruct"): _Array,
        ("numpy._core.multiarray", "_reconstruct"): _Array,
        ("numpy.core.numeric", "_frombuffer"): _from_buffer,
        ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Raises pickle.UnpicklingError: anything else than an array of numbers."""
        if (module, name) not in self.known:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return self.known[module, name]


def read_stats(path: Path) -> Stats:
    """The statistics of the reference's dataset_stats.pkl.

    Raises:
        CheckpointError: it cannot be read, or holds anything else than arrays of numbers.
    """
    try:
        require_ordinary(path, MAX_BYTES)
        table = _ArraysOnly(BytesIO(path.read_bytes())).load()
    except OSError as error:
        raise CheckpointError(f"Cannot read {path}: {error.strerror}.") from error
    except CheckpointError as error:
        raise CheckpointError(f"{error}.") from error
    except Exception as error:  # a hostile file may make it raise anything
        raise CheckpointError(
            f"{path} is refused: it holds more than arrays of numbers."
        ) from error
    if not isinstance(table, dict):
        raise CheckpointError(f"{path} holds no table of statistics.")
    arrays = {name: each.values for name, each in table.items() if isinstance(each, _Array)}
    try:
        return from_json(arrays)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
