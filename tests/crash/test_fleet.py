"""A fleet of real links, with pauses thirty times shorter than `python -m tests.crash.fleet` takes."""

from pathlib import Path

import pytest

from simulator.broker import find
from tests.crash import fleet

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find("mosquitto") is None, reason="install mosquitto to run this"),
]


async def test_fifty_links_that_lost_their_broker_knock_seldom_and_all_come_back(tmp_path: Path) -> None:
    # a machine that is busy otherwise decides how dense a second's thirtieth is: that is not judged here
    outcome = await fleet.play(tmp_path, seed=1, links=50, scale=1 / 30, fullest=1.0)
    assert outcome.findings == []
