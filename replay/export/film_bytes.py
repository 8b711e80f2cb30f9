"""How large videos become, as far as the JPEGs that they are made of can tell: how much moves in
the pictures, and how noisy they are, decides."""

from dataclasses import dataclass
from typing import Final

MEASURED_AT_CRF: Final = 23
CRF_TO_HALVE: Final = 6


@dataclass(frozen=True, slots=True)
class FilmShare:
    """Of the JPEGs' bytes.

    Attributes:
        usual: of pictures of a simulated rig, which are quiet: measured.
        most: of noisy ones, in which much moves.
    """

    usual: float
    most: float

    def bytes_of(self, jpeg_bytes: int, crf: int) -> tuple[int, int]:
        """What is usual at a constant quality, and what it may be at most."""
        scale = jpeg_bytes * 2 ** ((MEASURED_AT_CRF - crf) / CRF_TO_HALVE)
        return round(self.usual * scale), round(self.most * scale)


A_KEY_FRAME_A_SECOND: Final = FilmShare(0.04, 0.25)
EVERY_OTHER_A_KEY_FRAME: Final = FilmShare(0.14, 0.4)
