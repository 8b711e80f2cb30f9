"""Sessions run in real time: one during which the machine stood still is run again."""

from pathlib import Path

import pytest
from stalls import StallWatch

WATCH = StallWatch()
AGAIN = 2


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    WATCH.forget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=AGAIN, condition=lambda: WATCH.has_stalled))
