"""Files made to lead a reader astray: each is refused, before memory or time is spent on it."""

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from tests.recorder.fake_rig import make_episode

Make = Callable[[h5py.File, Path], object]


def huge_chunk(file: h5py.File, _folder: Path) -> None:
    """4 rows that lie in a compressed chunk of a gigabyte."""
    replaced(file, maxshape=(None, 14), chunks=(1 << 24, 14), compression="gzip")


def huge_strings(file: h5py.File, _folder: Path) -> None:
    del file["/tandem/events/text"]
    kind = h5py.string_dtype("utf-8", 1 << 20)
    options = {"maxshape": (None,), "chunks": (2000,), "compression": "gzip"}
    file.create_dataset("/tandem/events/text", (1,), kind, **options)


def link_to_a_pipe(file: h5py.File, folder: Path) -> None:
    os.mkfifo(folder / "pipe.hdf5")
    del file["/action"]
    file["/action"] = h5py.ExternalLink(str(folder / "pipe.hdf5"), "/action")


def group_in_a_pipe(file: h5py.File, folder: Path) -> None:
    os.mkfifo(folder / "pipe.hdf5")
    del file["/observations"]
    file["/observations"] = h5py.ExternalLink(str(folder / "pipe.hdf5"), "/observations")


def detour_to_a_pipe(file: h5py.File, folder: Path) -> None:
    link_to_a_pipe(file, folder)
    file.move("/action", "/elsewhere")
    file["/action"] = h5py.SoftLink("/elsewhere")


def link_to_itself(file: h5py.File, _folder: Path) -> None:
    del file["/action"]
    file["/action"] = h5py.SoftLink("/action")


def bytes_of_another_file(file: h5py.File, folder: Path) -> None:
    (folder / "secret").write_bytes(bytes(4 * 14 * 4))
    del file["/action"]
    stored = [(str(folder / "secret"), 0, h5py.h5f.UNLIMITED)]
    file.create_dataset("/action", (4, 14), "f4", external=stored)


def view_of_another_file(file: h5py.File, folder: Path) -> None:
    with h5py.File(folder / "other.hdf5", "w") as other:
        other["x"] = np.zeros((4, 14), "f4")
    del file["/action"]
    layout = h5py.VirtualLayout((4, 14), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.hdf5"), "x", (4, 14))
    file.create_virtual_dataset("/action", layout)


def replaced(file: h5py.File, **options: object) -> None:
    values = file["/action"][()]
    del file["/action"]
    file.create_dataset("/action", data=values, **options)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (huge_chunk, "/action claims to be larger than the file"),
        (huge_strings, "/tandem/events/text claims to be larger than the file"),
        (link_to_a_pipe, "/action leads elsewhere"),
        (group_in_a_pipe, "/observations/qpos leads elsewhere"),
        (detour_to_a_pipe, "/action leads elsewhere"),
        (link_to_itself, "/action leads elsewhere"),
        (bytes_of_another_file, "/action lies in another file"),
        (view_of_another_file, "/action lies in another file"),
    ],
)
def test_it_is_refused(tmp_path: Path, make: Make, fault: str) -> None:
    path = make_episode(tmp_path, 4)
    with h5py.File(path, "r+") as file:
        make(file, tmp_path)
    assert fault in " ".join(faults(path))


def faults(path: Path) -> list[str]:
    try:
        with EpisodeReader(path) as episode:
            return check(episode)
    except EpisodeError as error:
        return [str(error)]
