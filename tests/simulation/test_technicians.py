"""A technician with a laptop: the real client at the real socket, in virtual time."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from locker.api.client import ApiClient
from simulator.virtual_loop import run
from simulator.week.technicians import Technician
from simulator.week.week import Settings, Week

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize(
    ("work", "kinds"),
    [
        (Technician.audit, {"audit.begun", "audit.skipped", "audit.ended", "compartment.inspected"}),
        (Technician.commission, {"commission.begun", "commission.lock-tried", "commission.door-proved"}),
        (Technician.look_into_some, {"opened.by-person", "compartment.inspected"}),
        (Technician.try_things, {"technician.tested", "compartment.blocked"}),
    ],
)
def test_what_a_technician_does_at_the_socket_is_in_the_journal(
    work: Callable[[Technician, ApiClient], Awaitable[None]], kinds: set[str], tmp_path: Path
) -> None:
    async def done() -> set[str]:
        week = Week(Settings(3, kept=(), compartments=0), tmp_path)
        async with week.begun():

            async def visit() -> None:
                async with ApiClient(week.stand.place.socket) as client:
                    await work(week.technician, client)

            await week.pause(10.0)
            await week.do(week.people.visit("a technician with a laptop", visit))
            await week.pause(60.0)
            week.check()
        return set(week.witness.counts)

    assert kinds <= run(done())


def test_a_laptop_says_that_nobody_answers_while_there_is_no_power(tmp_path: Path) -> None:
    async def asked() -> list[str]:
        week = Week(Settings(3, kept=(), compartments=0), tmp_path)
        said: list[str] = []
        async with week.begun():
            week.troublemaker.cut(600.0)
            await Technician(week.stand.place.socket, week.people, said.append).visit()
        return said

    assert run(asked())[0].startswith("the laptop says")
