"""A follower's bus in this process, and the host that talks with it."""

from collections.abc import Iterator

import pytest
from bus_host import Host

from sim.servos.aloha import aloha_servos
from sim.servos.bus import ServoBus


@pytest.fixture
def follower() -> Iterator[Host]:
    host = Host(ServoBus(aloha_servos("follower")))
    yield host
    host.close()


@pytest.fixture(scope="module")
def shared_follower() -> Iterator[Host]:
    """One bus for all of hypothesis' examples: nothing they send must ever wear it out."""
    host = Host(ServoBus(aloha_servos("follower")))
    yield host
    host.close()
