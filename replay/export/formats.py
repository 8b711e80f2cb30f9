"""The formats that episodes can be exported to."""

from typing import Any, Final

from replay.export import aloha_swapped, mp4, raw, rerun
from replay.export.exporter import Exporter
from replay.export.lerobot import exporter as lerobot

FORMATS: Final[dict[str, Exporter[Any]]] = {
    each.name: each
    for each in (
        lerobot.EXPORTER,
        raw.EXPORTER,
        aloha_swapped.EXPORTER,
        mp4.EXPORTER,
        rerun.EXPORTER,
    )
}
