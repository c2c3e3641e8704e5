"""Thirty days without a broker: people are served, storage times end, then all of it arrives (F8)."""

from pathlib import Path

import pytest

from simulator.people import Person
from simulator.virtual_loop import run
from simulator.week.settling import settle
from simulator.week.week import Settings, Week

DAY_S = 86_400.0
HEARTBEAT_S = 6 * 3600.0


@pytest.mark.timeout(300)
def test_whoever_comes_in_thirty_days_offline_is_served_and_then_all_of_it_arrives(tmp_path: Path) -> None:
    async def live() -> None:
        week = Week(Settings(5, 31.0, kept=(), compartments=0, heartbeat_s=HEARTBEAT_S), tmp_path)
        async with week.begun():
            people, witness, broker = week.people, week.witness, week.stand.broker
            people.behave()
            for _ in range(3):
                await people.announce("S")
            await week.pause(60.0)
            await week.do(people.visit("the courier", people.bring))
            prompt, late, never = list(people.waiting.items())

            broker.conduct.down = True
            broker.cut()
            known = week.stand.office.ledger.progress(week.stand.plan.automat_id, 1).through

            async def comes(person: Person) -> None:
                await week.do(people.visit("a recipient", lambda: people.collect(person)))

            await week.pause(5 * DAY_S)
            await comes(prompt[1])
            assert witness.where[prompt[0]] is None, "its recipient has it"
            await week.pause(7 * DAY_S)
            assert witness.counts["parcel.overdue"] == 2
            await comes(late[1])
            assert witness.counts["code.overdue"] == 1
            await week.do(people.visit("the courier", people.fetch))
            assert [witness.where[tracking_id] for tracking_id, _ in (late, never)] == [None, None]
            await week.pause(18 * DAY_S)
            assert week.stand.office.ledger.progress(week.stand.plan.automat_id, 1).through == known
            assert len(witness.entries) > known + 20

            broker.conduct.down = False
            await settle(week)  # which holds the ledger against the journal

    run(live())
