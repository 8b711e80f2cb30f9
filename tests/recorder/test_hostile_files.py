"""Files made to lead a reader astray: each is refused, before memory or time is spent on it."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from recorder.episode.reader import EpisodeReader
from recorder.episode.schema import checksum
from recorder.episode.soundness import check
from recorder.errors import EpisodeError
from recorder.judge import damaged_pictures
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


def shared_strings(file: h5py.File, _folder: Path) -> None:
    """Texts of variable length, which might all be the same megabytes."""
    del file["/tandem/events/text"]
    file.create_dataset("/tandem/events/text", (2,), h5py.string_dtype())


def shared_names(file: h5py.File, _folder: Path) -> None:
    names = [name.decode() for name in file.attrs["joint_names"]]
    file.attrs.create("joint_names", names, dtype=h5py.string_dtype())


def nested_lists(file: h5py.File, _folder: Path) -> None:
    lists = np.empty(1, h5py.vlen_dtype("i4"))
    lists[0] = np.arange(2)
    file.attrs.create("prompt", lists, dtype=lists.dtype)


def vast_pictures(file: h5py.File, _folder: Path) -> None:
    file["/observations/images/cam_0"].attrs["width"] = 65_500


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
        (shared_strings, "/tandem/events/text is of variable length"),
        (shared_names, "attribute 'joint_names' is of variable length"),
        (nested_lists, "attribute 'prompt' is of variable length"),
        (vast_pictures, "65500x48 of cam_0 is no picture size"),
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


def test_pictures_of_another_size_than_their_camera_are_refused(tmp_path: Path) -> None:
    """Of 16000x16000 in fact, which would take a gigabyte to decode."""
    path = make_episode(tmp_path, 6, cameras=1)
    put_pictures(path, {2: (16_000, 16_000), 4: (1, 8_000)})
    with EpisodeReader(path) as episode:
        assert check(episode) == ["Images of cam_0 are 16000x16000, not 64x48, at steps 2, 4."]
        assert np.flatnonzero(damaged_pictures(episode)).tolist() == [2, 4]
        with pytest.raises(EpisodeError, match="of cam_0 at step 4 is 1x8000, not 64x48"):
            episode.image("cam_0", 4)


def put_pictures(path: Path, sizes: dict[int, tuple[int, int]]) -> None:
    """Put the beginnings of JPEGs of these sizes in place of those at some steps of cam_0."""
    with h5py.File(path, "r+") as file:
        rows = file["/observations/images/cam_0"]
        for step, (width, height) in sizes.items():
            content = bytearray(rows[step].tobytes())
            at = content.index(b"\xff\xc0") + 5
            content[at : at + 4] = struct.pack(">HH", height, width)
            length = int(file["/compress_len"][0, step])
            rows[step] = np.frombuffer(content, np.uint8)
            file["/tandem/frame_crc32"][step, 0] = checksum(bytes(content[:length]))


def faults(path: Path) -> list[str]:
    try:
        with EpisodeReader(path) as episode:
            return check(episode)
    except EpisodeError as error:
        return [str(error)]
