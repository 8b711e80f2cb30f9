"""Where the files of a set lie, and when the next one begins."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from replay.export.lerobot.settings import MIB

_NUMBERED: Final = "chunk-{chunk_index:03d}/file-{file_index:03d}"
DATA: Final = f"data/{_NUMBERED}.parquet"
VIDEO: Final = f"videos/{{video_key}}/{_NUMBERED}.mp4"
EPISODES: Final = f"meta/episodes/{_NUMBERED}.parquet"
TASKS: Final = "meta/tasks.parquet"
STATISTICS: Final = "meta/stats.json"
INFO: Final = "meta/info.json"


@dataclass(frozen=True, slots=True)
class Place:
    """The number of a folder, and of a file in it; both count from 0."""

    chunk: int = 0
    file: int = 0

    def name(self, template: str, video_key: str = "") -> str:
        """The file's path, relative to the set."""
        return template.format(chunk_index=self.chunk, file_index=self.file, video_key=video_key)

    def path(self, folder: Path, template: str, video_key: str = "") -> Path:
        """The file's path; its folder is made."""
        path = folder / self.name(template, video_key)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def place(number: int, files_per_chunk: int) -> Place:
    """The place of the n-th file of a kind."""
    return Place(*divmod(number, files_per_chunk))


def rolls_over(file_bytes: int, coming_bytes: float, limit_mb: float) -> bool:
    """Whether an episode of so many bytes begins a new file.

    Args:
        file_bytes: in the current one, which holds an episode already.
        limit_mb: MiB.
    """
    return file_bytes + coming_bytes >= limit_mb * MIB
