"""What all episodes of one folder have in common, so that nobody trains on a mixture unawares.

Arms that were real, simulated or emulated, another rig, other joints, cameras, sizes or rates of
pictures, test pictures in place of a camera's, another rate of steps or another kind of time: each
gives a policy other numbers under the same names.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from recorder.arms import Arms, arms_of
from recorder.config import CameraConfig, CameraKind, RecorderConfig, TimeBase
from recorder.episode.reader import EpisodeFacts, EpisodeReader
from recorder.episode.schema import JOURNAL_SUFFIX, ArmsKind
from recorder.errors import EpisodeError, JournalError
from recorder.journal.header import EpisodeHeader
from recorder.journal.reader import JournalReader
from teleop.joints import Side

Clock = Literal["simulated", "real"]
TEST_PICTURE: Final[CameraKind] = "pattern"


@dataclass(frozen=True, slots=True)
class CameraMode:
    """A camera as far as a folder is concerned: its name, size in pixels, rate, and what it shows.

    Which kind of camera it was is no matter: whether it was real or simulated, the arms tell.

    Attributes:
        rate_hz: as configured; None: the file does not tell, and rates are not compared then.
        test_picture: whether it showed one, and nothing real; None as with the rate.
    """

    name: str
    width: int
    height: int
    rate_hz: float | None
    test_picture: bool | None

    @classmethod
    def of_config(cls, camera: CameraConfig) -> "CameraMode":
        """Of a camera as it is configured."""
        shows_test = camera.kind == TEST_PICTURE
        return cls(camera.name, camera.width, camera.height, camera.rate_hz, shows_test)

    def words(self, *, rate: bool, picture: bool) -> str:
        """As a person reads it, with the rate and the test picture or without."""
        size = f"{self.name} {self.width}x{self.height}"
        at = f" at {self.rate_hz:g} Hz" if rate else ""
        return size + at + (" (test picture)" if picture and self.test_picture else "")


@dataclass(frozen=True, slots=True)
class FolderIdentity:
    """What may not differ between two episodes of one folder.

    Attributes:
        arms: `real`, `simulated` or `emulated`.
        rig: the name in the rig file.
        joint_names: 14, or 7 of one arm pair.
        cameras: in the file's order, which is that of its camera axis.
        fps: steps a second.
        clock: whose time the stamps are: `simulated` in lock-step, else the wall clock's.
    """

    arms: str
    rig: str
    joint_names: tuple[str, ...]
    cameras: tuple[CameraMode, ...]
    fps: int
    clock: Clock

    @classmethod
    def of_rig(
        cls,
        *,
        arms: ArmsKind,
        rig: str,
        sides: tuple[Side, ...],
        cameras: Sequence[CameraConfig],
        fps: int,
        time_base: TimeBase,
    ) -> "FolderIdentity":
        """Of the episodes that a rig of this configuration gives."""
        return cls(
            arms=arms,
            rig=rig,
            joint_names=Arms(sides).joint_names,
            cameras=tuple(map(CameraMode.of_config, cameras)),
            fps=fps,
            clock=_clock(simulated=time_base == "simulated"),
        )

    @classmethod
    def of_header(cls, header: EpisodeHeader) -> "FolderIdentity":
        """Of an episode that is being recorded, or of a journal."""
        return cls.of_rig(
            arms=header.arms_kind,
            rig=header.rig_name,
            sides=header.sides,
            cameras=header.cameras,
            fps=header.rate_hz,
            time_base=header.time_base,
        )

    @classmethod
    def of_config(cls, config: RecorderConfig) -> "FolderIdentity":
        """Of the episodes that a recorder started with this would record."""
        scene: ArmsKind = "simulated" if config.scene_ring else "emulated"
        return cls.of_rig(
            arms=scene if config.simulated else "real",
            rig=config.rig_name,
            sides=config.sides,
            cameras=config.cameras,
            fps=config.rate_hz,
            time_base=config.time_base,
        )

    @classmethod
    def of_episode(cls, episode: EpisodeReader) -> "FolderIdentity":
        """Of an episode file, of any version that can be read.

        Raises:
            EpisodeError: the file is damaged where it would say so.
        """
        facts = episode.facts
        modes = zip(facts.camera_names, _rates_hz(facts), _test_pictures(facts), strict=True)
        return cls(
            arms=facts.arms_kind,
            rig=facts.rig,
            joint_names=facts.joint_names,
            cameras=tuple(
                CameraMode(name, *episode.image_size(name), rate_hz, test_picture)
                for name, rate_hz, test_picture in modes
            ),
            fps=facts.fps,
            clock=_clock(simulated=facts.simulated_time),
        )

    def difference(self, other: "FolderIdentity") -> tuple[str, str] | None:
        """What tells the two apart, in the words of each; None: they may share a folder."""
        told = {
            "rates": self._tells_rates and other._tells_rates,
            "pictures": self._tells_pictures and other._tells_pictures,
        }
        pairs = zip(self._words(**told), other._words(**told), strict=True)
        return next(((mine, theirs) for mine, theirs in pairs if mine != theirs), None)

    @property
    def _tells_rates(self) -> bool:
        return all(camera.rate_hz is not None for camera in self.cameras)

    @property
    def _tells_pictures(self) -> bool:
        return all(camera.test_picture is not None for camera in self.cameras)

    def _words(self, *, rates: bool, pictures: bool) -> Iterator[str]:
        """Each property as it reads after "was recorded"; the most telling ones come first."""
        yield f"with {self.arms} arms"
        yield f"on rig {self.rig!r}"
        yield f"with {self._joint_words()}"
        yield f"with {self._camera_words(rates, pictures)}"
        yield f"at {self.fps} steps a second"
        yield f"in {self.clock} time"

    def _joint_words(self) -> str:
        arms = arms_of(self.joint_names)
        which = f"{' and '.join(arms.sides)} arm" if arms else ", ".join(self.joint_names)
        return f"{len(self.joint_names)} joints ({which})"

    def _camera_words(self, rates: bool, pictures: bool) -> str:
        if not self.cameras:
            return "no camera"
        word = "camera" if len(self.cameras) == 1 else "cameras"
        each = (camera.words(rate=rates, picture=pictures) for camera in self.cameras)
        return f"{word} {', '.join(each)}"


def identity_of(path: Path) -> FolderIdentity | None:
    """The identity of an episode file or a journal; None if it is too damaged to prove one."""
    try:
        if path.suffix == JOURNAL_SUFFIX:
            with JournalReader(path) as journal:
                return FolderIdentity.of_header(journal.header) if journal.header else None
        with EpisodeReader(path) as episode:
            return FolderIdentity.of_episode(episode)
    except (EpisodeError, JournalError):
        return None


def _rates_hz(facts: EpisodeFacts) -> tuple[float | None, ...]:
    """The configured rates in the order of the cameras; all None where the attribute is damaged."""
    try:
        table = json.loads(facts.camera_rate_hz)
        rates = tuple(float(table[name]) for name in facts.camera_names)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        rates = (math.nan,)
    return (
        rates if all(0 < rate < math.inf for rate in rates) else (None,) * len(facts.camera_names)
    )


def _test_pictures(facts: EpisodeFacts) -> tuple[bool | None, ...]:
    """Of each camera; all None in files too old to tell, and where the attribute is damaged."""
    try:
        table = json.loads(facts.camera_kind or "")
        kinds = [table[name] for name in facts.camera_names]
    except (ValueError, TypeError, KeyError, RecursionError):
        kinds = [None]
    if not all(kind in get_args(CameraKind) for kind in kinds):
        return (None,) * len(facts.camera_names)
    return tuple(kind == TEST_PICTURE for kind in kinds)


def _clock(*, simulated: bool) -> Clock:
    return "simulated" if simulated else "real"
