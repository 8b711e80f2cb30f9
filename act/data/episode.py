"""One episode file as learning sees it: Tandem's own, or one of the original ALOHA or ACT."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import h5py
import numpy as np
import numpy.typing as npt

from act.data.stats import MAX_JOINTS, Vector
from act.errors import DataError
from recorder.config import MAX_SIDE_PX
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.episode.schema import ATTRIBUTES, IMAGES, READABLE_VERSIONS
from recorder.errors import EpisodeError
from recorder.pictures.decode import jpeg_size
from recorder.printable import printable

Kind = Literal["jpeg", "swapped", "pixels"]
"""How a picture is stored; in a swapped JPEG red and blue are exchanged."""
MAX_CAMERAS: Final = 16
FOREIGN: Final = 0
"""The version of a file that says none."""
BLANK: Final = {"bool": False, "int": FOREIGN, "string": "", "strings": ()}


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """What an episode is, and its joints.

    Attributes:
        identity: unique, whatever the file is called.
        task: of a foreign file its folder's name.
        label: `success`, `failure` or `unlabelled`, as all foreign ones are.
        fps: steps a second; 0: the file does not say.
        joint_names: () where the file does not say.
        sizes: width and height of each camera's pictures, px.
        qpos, action: (T, D) float32, rad, grippers 0-1; all finite.
    """

    path: Path
    identity: str
    task: str
    prompt: str
    label: str
    simulated: bool
    fps: int
    joint_names: tuple[str, ...]
    sizes: dict[str, tuple[int, int]]
    qpos: Vector
    action: Vector

    @property
    def steps(self) -> int:
        """T."""
        return len(self.action)


@dataclass(frozen=True, slots=True)
class Stream:
    """The pictures of one camera in an open file; their width and height, px."""

    dataset: h5py.Dataset
    kind: Kind
    size: tuple[int, int]


class EpisodeFile(EpisodeReader):
    """An open file. Foreign ones have no attributes but `sim`, their pictures are (T, H, W, 3) RGB,
    or JPEG rows (T, L) in which red and blue are exchanged, as that family's loaders have it."""

    def _read_facts(self) -> EpisodeFacts:
        self._streams: dict[str, Stream] = {}
        self.is_foreign = not self._has("schema_version")
        return self._foreign_facts() if self.is_foreign else super()._read_facts()

    def _foreign_facts(self) -> EpisodeFacts:
        with self._naming_faults():
            images = self._file.get(IMAGES) if self._is_its_own(IMAGES) else None
            if not isinstance(images, h5py.Group) or len(images) > MAX_CAMERAS:
                raise EpisodeError(f"{self.path} is HDF5, but no episode of Tandem, ALOHA or ACT.")
            blank: dict[str, Any] = {
                each.name: BLANK[each.kind] for each in ATTRIBUTES if not each.optional
            }
            blank["sim"] = "sim" in self._file.attrs and bool(self._value(self._file.attrs, "sim"))
            return EpisodeFacts(**blank | {"camera_names": tuple(sorted(images))})

    def stream(self, camera: str) -> Stream:
        """A camera's pictures.

        Raises:
            EpisodeError: there is not one a step, or of no size that can be.
        """
        if camera not in self._streams:
            with self._naming_faults():
                self._streams[camera] = self._checked(camera)
        return self._streams[camera]

    def stored(self, camera: str, step: int) -> bytes:
        """The picture of a step as it is stored: a padded JPEG, or pixels.

        Raises:
            EpisodeError: it cannot be read.
        """
        with self._naming_faults():
            return bytes(self.stream(camera).dataset[step].tobytes())

    def _checked(self, camera: str) -> Stream:
        dataset = self._uncached(f"{IMAGES}/{camera}")
        kind: Kind = "swapped" if self.is_foreign else "jpeg"
        size = None
        if dataset.dtype == np.uint8 and dataset.shape[0] == self.steps:
            if dataset.ndim == 4 and dataset.shape[3] == 3:
                kind, size = "pixels", (dataset.shape[2], dataset.shape[1])
            elif dataset.ndim == 2:
                first = bytes(dataset[0].tobytes())
                size = jpeg_size(first) if self.is_foreign else self.image_size(camera)
        if size is None or not all(1 <= side <= MAX_SIDE_PX for side in size):
            told = f"{IMAGES}/{camera} {dataset.shape} is not a picture a step"
            raise EpisodeError(f"{self.path}: {told}.")
        return Stream(dataset, kind, size)

    def _uncached(self, path: str) -> h5py.Dataset:
        """A dataset of which HDF5 keeps nothing: it would be some 8 MB of each camera and file."""
        self._dataset(path)  # may it be read?
        access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
        access.set_chunk_cache(0, 0, 1.0)
        return h5py.Dataset(h5py.h5d.open(self._file.id, path.encode(), access))


def read_episode(path: Path) -> Episode:
    """An episode that can be learned from.

    Raises:
        DataError: it cannot, and why.
    """
    try:
        with EpisodeFile(path) as file:
            return _read(file)
    except EpisodeError as error:
        raise DataError(printable(str(error))) from error


def _read(file: EpisodeFile) -> Episode:
    facts = file.facts
    if not file.is_foreign and facts.schema_version not in READABLE_VERSIONS:
        raise EpisodeError(f"{file.path} is of version {facts.schema_version}, which is unknown.")
    if facts.policy is not None:
        raise EpisodeError(f"{file.path} was led by a policy: it is no demonstration.")
    qpos, action = _joints(file, "/observations/qpos"), _joints(file, "/action")
    if len(qpos) != len(action):
        raise EpisodeError(f"{file.path} has {len(qpos)} observations, but {len(action)} actions.")
    if facts.joint_names and not len(facts.joint_names) == qpos.shape[1] == action.shape[1]:
        raise EpisodeError(f"{file.path} has other joints than it names.")
    return Episode(
        path=file.path,
        identity=facts.episode_id or str(file.path.resolve()),
        task=facts.task or file.path.resolve().parent.name,
        prompt=facts.prompt,
        label=facts.outcome.name.lower(),
        simulated=facts.sim,
        fps=max(0, facts.fps),
        joint_names=facts.joint_names,
        sizes={camera: file.stream(camera).size for camera in facts.camera_names},
        qpos=qpos,
        action=action,
    )


def _joints(file: EpisodeFile, path: str) -> npt.NDArray[np.float32]:
    shape, kind = file.shape(path), file.dtype(path).kind
    if len(shape) != 2 or not shape[0] or not 1 <= shape[1] <= MAX_JOINTS or kind != "f":
        raise EpisodeError(f"{file.path}: {path} {shape} is not up to {MAX_JOINTS} joints a step.")
    with np.errstate(over="ignore"):
        values = file.column(path).astype(np.float32)
    if not (finite := np.isfinite(values).all(axis=1)).all():
        row = int(np.argmin(finite))
        raise EpisodeError(f"{file.path}: {path} is no number at step {row}: `episodes trim` it.")
    return values
