"""What a marker promises: who asks for it by name gets its tests run, or a failure.

``pytest -m hardware`` on a machine without a rig must not end in a green row of skips.
"""

import re
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no finding
settings.load_profile("untimed")

EQUIPMENT = ("hardware", "gpu")
SLOW_TIMEOUT_S = 3600


def asked_for(marker: str, expression: str) -> bool:
    """Whether a ``-m`` expression names the marker and does not negate it."""
    named = re.search(rf"\b{marker}\b", expression)
    negated = re.search(rf"\bnot\s+{marker}\b", expression)
    return bool(named and not negated)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give slow tests the time they take."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT_S))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test whose equipment was asked for into a failure."""
    report = yield
    if not report.skipped or hasattr(report, "wasxfail"):
        return report
    for marker in EQUIPMENT:
        if item.get_closest_marker(marker) and asked_for(marker, item.config.option.markexpr):
            report.outcome = "failed"
            report.longrepr = f"{marker} was asked for, and it is not there: {_reason(report)}"
    return report


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
