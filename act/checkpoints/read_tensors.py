"""Reading a safetensors file that anybody may have made: nothing but what is expected."""

import hashlib
import json
from collections.abc import Mapping
from math import prod
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes
from torch import Tensor

from act.checkpoints.read_folder import Files
from act.errors import CheckpointError

Shapes = dict[str, tuple[torch.dtype, tuple[int, ...]]]
"""Type and shape of tensors, by their names."""

MAX_HEADER_BYTES: Final = 4 << 20
MAX_BYTES: Final = 8 << 30
"""Of a file: a hundred times the paper's model, and less than a file of holes may claim."""
DTYPES: Final = {torch.float32: "F32", torch.int64: "I64"}


def shapes_of(tensors: Mapping[str, Tensor]) -> Shapes:
    """Of tensors that need not be allocated."""
    return {name: (each.dtype, tuple(each.shape)) for name, each in tensors.items()}


def read_tensors(
    files: Files, name: str, expected: Shapes, *, some: bool = False
) -> tuple[dict[str, Tensor], str]:
    """The tensors of a file, and the file's sha256.

    Args:
        expected: what must be in it: nothing longer is read.
        some: not all of it need be there.

    Raises:
        CheckpointError: it is anything else, or holds a number that is none.
    """
    room = sum(dtype.itemsize * prod(shape) for dtype, shape in expected.values())
    if room > MAX_BYTES:
        raise CheckpointError(f"{name} would be larger than {MAX_BYTES >> 30} GiB")
    content = files.read(name, room + MAX_HEADER_BYTES)
    found = _header(content, name)
    if (missing := [each for each in expected if each not in found]) and not some:
        raise CheckpointError(f"{name} lacks {missing[0]}{_and_more(missing)}")
    if unknown := [each for each in found if each not in expected]:
        raise CheckpointError(f"{name} holds the unknown {unknown[0]!r:.80}{_and_more(unknown)}")
    for each, about in found.items():
        dtype, shape = expected[each]
        if about.get("dtype") != DTYPES[dtype] or about.get("shape") != list(shape):
            raise CheckpointError(
                f"{each} in {name} must be {DTYPES[dtype]} {list(shape)}, and is "
                f"{about.get('dtype')!r:.20} {about.get('shape')!r:.60}"
            )
    try:
        tensors = from_bytes(content)
    except (SafetensorError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{name} is damaged") from error
    if shapes_of(tensors) != {each: expected[each] for each in found}:
        raise CheckpointError(f"{name} is damaged: its header says two things")
    if broken := [each for each, it in tensors.items() if not bool(torch.isfinite(it).all())]:
        raise CheckpointError(f"{broken[0]} in {name} holds what is no number{_and_more(broken)}")
    return tensors, hashlib.sha256(content).hexdigest()


def _header(content: bytes, name: str) -> dict[str, dict[str, Any]]:
    """What the file says it holds, by name."""
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, len(content) - 8):
        raise CheckpointError(f"{name} is no safetensors file, or cut short")
    try:
        header = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError):
        raise CheckpointError(f"{name} is no safetensors file") from None
    if isinstance(header, dict):
        header.pop("__metadata__", None)
    if not isinstance(header, dict) or not all(isinstance(it, dict) for it in header.values()):
        raise CheckpointError(f"{name} is no safetensors file")
    return header


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
