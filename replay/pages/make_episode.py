"""An episode into a report: its pictures and its page. Damaged parts are told, and cost no page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from recorder.episode.reader import EpisodeEvent, EpisodeReader
from recorder.errors import EpisodeError
from replay.gone import opened
from replay.inspect.checked import Checked, check_file, not_opened
from replay.inspect.summary import Summary, summarise
from replay.material import Motion, motion_of
from replay.pages.entry import Entry, Place, about
from replay.pages.episode_page import Content, damaged_page, episode_page
from replay.pages.pictures import (
    STRIP_WIDTH,
    THUMBNAIL_WIDTH,
    main_camera,
    moments,
    write_strip,
)
from replay.pages.strips import Strip

DAMAGE: Final = (EpisodeError, ArithmeticError, LookupError, TypeError, ValueError)
"""What damaged bytes come to where the numbers in them are used."""


def write_episode(
    place: Place, pages: Path, pictures: Path, before: Place | None, after: Place | None
) -> Entry:
    """Check a file, write its page and pictures; what the index says of it.

    Raises:
        OSError: the disk refuses.
    """
    checked = _checked(place.path)
    page = pages / f"{place.name}.html"
    around = before, after
    if not checked.error:
        try:
            with opened(place.path) as episode:
                entry, content = _look(episode, place, checked, pictures)
            page.write_text(episode_page(content, *around), encoding="utf-8")
            return entry
        except EpisodeError as error:  # it has changed, is gone, or cannot be read any more
            checked = not_opened(place.path, error)
    page.write_text(damaged_page(place, checked, *around), encoding="utf-8")
    return Entry(place, checked)


def _checked(path: Path) -> Checked:
    """One file that the checks stumble over costs no report of a thousand."""
    try:
        return check_file(path)
    except DAMAGE as error:
        return Checked(path, error=f"{path} is too damaged to be checked ({error}).")


def _look(
    episode: EpisodeReader, place: Place, checked: Checked, pictures: Path
) -> tuple[Entry, Content]:
    motion, events = _motion(episode), _events(episode)
    strips = _strips(episode, place, pictures)
    ending = events[-1].text if events else ""
    entry = Entry(
        place,
        checked,
        about(episode, motion, ending, picture=_thumbnail(episode, place, pictures)),
    )
    content = Content(
        place=place,
        checked=checked,
        facts=episode.facts,
        steps=episode.steps,
        size_bytes=episode.size_bytes,
        first_ns=_first_ns(episode),
        summary=_summary(episode),
        motion=motion,
        events=events,
        strips=strips,
    )
    return entry, content


def _motion(episode: EpisodeReader) -> Motion | None:
    try:
        motion = motion_of(episode)
    except DAMAGE:
        return None
    shape = (episode.steps, len(motion.joint_names))
    whole = all(each.shape == shape for each in (motion.leader, motion.action, motion.qpos))
    return motion if whole and motion.seconds.shape == shape[:1] and episode.steps else None


def _summary(episode: EpisodeReader) -> Summary | None:
    try:
        return summarise(episode)
    except DAMAGE:
        return None


def _events(episode: EpisodeReader) -> Sequence[EpisodeEvent]:
    try:
        return episode.events()
    except DAMAGE:
        return ()


def _first_ns(episode: EpisodeReader) -> int:
    try:
        return int(episode.column("/tandem/tick_ns")[0])
    except DAMAGE:
        return 0


def _strips(episode: EpisodeReader, place: Place, pictures: Path) -> list[Strip]:
    steps = moments(episode.steps) if episode.steps else []
    strips = []
    for number, camera in enumerate(episode.facts.camera_names if steps else ()):
        path = pictures / f"{place.name}-{number}.jpg"
        try:
            size = write_strip(episode, camera, steps, STRIP_WIDTH, path)
        except DAMAGE as error:
            strips.append(Strip(camera, steps, fault=str(error)))
        else:
            strips.append(Strip(camera, steps, path.name, *size))
    return strips


def _thumbnail(episode: EpisodeReader, place: Place, pictures: Path) -> bool:
    """The main camera's first and last picture."""
    names = episode.facts.camera_names
    if not names or not episode.steps:
        return False
    steps = [0, episode.steps - 1]
    path = pictures / f"{place.name}.jpg"
    try:
        write_strip(episode, main_camera(names), steps, THUMBNAIL_WIDTH, path)
    except DAMAGE:
        return False
    return True
