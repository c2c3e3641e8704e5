"""What is left of an epoch that the journal left is sent in front of the present one's (F12)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from locker.domain.journal import Entry, EntryKind, seal
from locker.domain.times import Now, Trust
from locker.sync.link import Link
from tests.unit.sync.automat import AUTOMAT_ID, AutomatInMemory, running_link, settings_for
from tests.unit.sync.test_link import uplink

pytestmark = pytest.mark.broker


def restored(automat: AutomatInMemory, through: int, others: int) -> None:
    """Put the journal back to a number, and let it write other entries from there on."""
    del automat.journal[through:]
    now = Now(datetime(2027, 1, 1, tzinfo=UTC), Trust.TRUSTED, 1.0)
    for _ in range(others):
        head = automat.journal[-1].head
        sealed = seal(Entry(EntryKind.STARTED), head, now, automat_id=AUTOMAT_ID, sign=automat.key.sign)
        automat.journal.append(sealed)


async def test_what_is_left_of_an_earlier_epoch_is_sent_and_collides_with_nothing(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        up.automat.write(40)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.drained()
        held = up.ledger()
        restored(up.automat, 30, others=5)
        up.automat.leave(acknowledged_through=29)
        up.automat.write(10)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: up.automat.earlier() is None)
            await up.automat.until(lambda: up.automat.acknowledged_through == 10)
        assert up.ledger() == held + up.journal()
        assert all(row.fault is None for row in up.office.ledger.rows(AUTOMAT_ID))
        forks = [number for number, _ in up.office.ledger.forks(AUTOMAT_ID, 1)]
        assert forks == [31, 32, 33, 34, 35]  # each was shown, and is kept on both sides


async def test_what_does_not_collide_of_an_earlier_epoch_is_in_the_ledger(tmp_path: Path) -> None:
    async with uplink(tmp_path) as up:
        up.automat.write(40)
        left = up.journal()
        up.automat.leave(acknowledged_through=0)
        up.automat.write(10)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: up.automat.earlier() is None)
            await up.automat.until(lambda: up.automat.acknowledged_through == 10)
        assert up.ledger() == left + up.journal()


async def test_what_nobody_can_send_of_an_earlier_epoch_holds_the_present_one_back_no_longer(
    tmp_path: Path,
) -> None:
    async with uplink(tmp_path) as up:
        up.automat.write(40)
        up.automat.leave(acknowledged_through=30, pruned_through=30)  # and the back office lost it all
        up.automat.write(10)
        async with running_link(up.automat, settings_for(up.broker)):
            await up.automat.until(lambda: up.automat.acknowledged_through == 10)
        assert up.automat.earlier() is not None


async def test_an_acknowledgement_counts_for_an_earlier_epoch_only_as_far_as_it_was_sent(
    tmp_path: Path,
) -> None:
    async with uplink(tmp_path) as up:
        up.automat.write(40)
        up.automat.leave(acknowledged_through=30)
        link = Link(
            settings_for(up.broker),
            post=up.automat.post,
            payloads=up.automat.payloads,
            position=up.automat.position,
            earlier=up.automat.earlier,
            state=up.automat.state,
        )
        link._hear(b'{"epoch":1,"through":1000000,"time":"2026-05-04T12:00:00Z"}')
        assert link._heard[1].through == 30
