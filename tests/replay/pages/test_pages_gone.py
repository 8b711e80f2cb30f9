"""A report about files of which one is deleted meanwhile."""

from pathlib import Path

from replay.pages.build import write_pages
from replay.printer import Printer
from tests.recorder.fake_rig import calm, make_episode
from tests.replay.pages.reading import read_report


def test_it_is_counted_apart_and_is_nothing_bad(tmp_path: Path) -> None:
    paths = [make_episode(tmp_path, 200, number, change=calm) for number in range(3)]
    paths[1].unlink()
    assert write_pages(paths, tmp_path / "out", Printer(as_json=False)) == 0
    pages = read_report(tmp_path / "out")
    assert len(pages) == 4  # its neighbours lead to it
    index = pages["index.html"].text
    html = (tmp_path / "out" / "index.html").read_text()
    assert "<b>2</b><span>episodes</span>" in html
    assert "<b>1</b><span>gone meanwhile</span>" in html
    assert not any("unusable" in str(value) for _, value in pages["index.html"].attributes)
    for page in (index, pages["episodes/episode_1.html"].text):
        assert "episode_1.hdf5 is gone meanwhile." in page
