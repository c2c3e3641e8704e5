"""A few of the kills that `python -m tests.crash.brokers` does by the thousand."""

import json
from pathlib import Path
from typing import Any

import pytest

from locker.sync.connection import Connection
from locker.sync.link import Link
from locker.sync.outbox import JournalPosition
from simulator.broker import find
from tests.crash import brokers

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find("mosquitto") is None, reason="install mosquitto to run this"),
]


async def test_nothing_is_lost_doubled_or_out_of_order_when_the_broker_is_killed(tmp_path: Path) -> None:
    outcome = await brokers.play(tmp_path, seed=7, kills=4)
    assert outcome.findings == []
    assert outcome.ran["kills"] == 4
    assert outcome.ran["receipts"] > 3
    assert outcome.ran["sent_again"] > 0


async def test_a_link_that_forgets_at_the_brokers_word_is_caught(tmp_path: Path) -> None:
    outcome = await brokers.play(tmp_path, seed=7, kills=2, make_link=Forgetful, limit_s=2.0)
    assert any("the ledger" in finding for finding in outcome.findings)


class Forgetful(Link):
    """Takes the broker's acknowledgement for the back office's, and what it was for is gone."""

    def __init__(self, *arguments: Any, position: Any, **named: Any) -> None:
        self._taken = 0

        def forgotten() -> JournalPosition:
            true: JournalPosition = position()
            taken = max(self._taken, true.acknowledged_through)
            return JournalPosition(true.epoch, true.last_sequence, taken, pruned_through=taken)

        super().__init__(*arguments, position=forgotten, **named)

    async def _send(self, connection: Connection, queue: Any) -> Any:
        while True:
            payload = await queue.get()
            await connection.publish_event(self._topics.journal, payload)
            self._taken = max(self._taken, int(json.loads(payload)["sequence"]))
