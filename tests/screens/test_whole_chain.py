"""The whole chain through the panel: real daemon, broker and back office, every key and hand by the pilot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from simulator.demo import Demo
from simulator.front.book import digits
from simulator.front.wall import Wall
from simulator.panel import Panel
from simulator.people import Person
from simulator.stock import Stock
from tests.screens.stand import Seen, choose, seen

LIMIT_S = 20.0


@pytest.fixture
async def demo(tmp_path: Path, locker_sim_stock: Stock) -> AsyncIterator[Demo]:
    running = Demo(tmp_path, seed=5, stock=locker_sim_stock)
    await running.start()
    yield running
    await running.stop()


def person(demo: Demo, name: str) -> Person:
    return next(person for person in demo.people if person.name == name)


async def type_keys(screen: Seen, digits_typed: str, *, clear: bool) -> None:
    await screen.press(" ".join((*("c" * clear), *digits_typed, "enter")))


async def step(screen: Seen, number: int) -> None:
    await screen.shows(f"▶ {number}", part="steps", limit_s=LIMIT_S)


async def opened(screen: Seen) -> None:
    """The door that the automat has opened is drawn open, and selected."""
    wall = screen.panel.query_one(Wall)
    await screen.until(lambda: wall.look(wall.selected).state == "open", "an open door", LIMIT_S)


async def deliver(demo: Demo, screen: Seen, tracking_id: str) -> None:
    await type_keys(screen, person(demo, "courier 1").code, clear=True)
    await step(screen, 2)
    await type_keys(screen, digits(tracking_id), clear=False)
    await opened(screen)
    await screen.press("p s")
    await step(screen, 4)
    await screen.shows("door.closed", part="journal", limit_s=LIMIT_S)
    await screen.press("enter")
    await step(screen, 5)
    await screen.press("c")
    await step(screen, 6)


@pytest.mark.broker
async def test_a_parcel_goes_in_a_code_takes_it_out_a_receipt_arrives(demo: Demo) -> None:
    recipient = person(demo, "recipient 1")
    async with seen(Panel(demo)) as screen:
        await step(screen, 1)
        await deliver(demo, screen, recipient.tracking_id or "")
        await type_keys(screen, recipient.code, clear=True)
        await step(screen, 7)
        await opened(screen)
        await screen.press("t s")
        await screen.shows("done!", part="steps", limit_s=LIMIT_S)
        assert " ✓ " in screen.row("journal", "parcel.handed-over")
        assert f"{digits(recipient.tracking_id or '')} collected" in screen.text()
        await screen.press("q")


@pytest.mark.broker
async def test_a_power_cut_while_the_parcel_lies_inside_loses_nothing(demo: Demo) -> None:
    recipient = person(demo, "recipient 2")
    async with seen(Panel(demo), (120, 40)) as screen:
        await type_keys(screen, person(demo, "courier 1").code, clear=True)
        await step(screen, 2)
        await screen.press("k")
        await screen.shows("NO POWER")
        await screen.press("k")
        await screen.shows("daemon    ● runs", limit_s=LIMIT_S)
        await step(screen, 1)
        await deliver(demo, screen, recipient.tracking_id or "")
        await screen.shows(f"{digits(recipient.tracking_id or '')} in box")
        await screen.press("k")
        await screen.shows("NO POWER")
        await screen.press("k")
        await screen.shows("daemon    ● runs", limit_s=LIMIT_S)
        await type_keys(screen, recipient.code, clear=True)
        await opened(screen)
        await screen.press("t s")
        await screen.shows("done!", part="steps", limit_s=LIMIT_S)


@pytest.mark.broker
async def test_a_sender_leaves_a_parcel_and_a_courier_takes_it_by_the_script(demo: Demo) -> None:
    sender = person(demo, "sender 1")
    sent = digits(sender.tracking_id or "")
    async with seen(Panel(demo), (100, 30)) as screen:
        await screen.shows(f"{sent} to send", part="people")
        while screen.panel._guide.title != "sender":
            await screen.press("g")
        await type_keys(screen, sender.code, clear=True)
        await step(screen, 2)
        await opened(screen)
        await screen.press("p s")
        await step(screen, 3)
        await screen.shows("door.closed", part="journal", limit_s=LIMIT_S)
        await screen.press("enter")
        await step(screen, 5)
        await screen.shows(f"{sent} registered", "applied parcel.register", limit_s=LIMIT_S)
        await type_keys(screen, person(demo, "courier 1").code, clear=True)
        await step(screen, 6)
        await screen.press("1 enter")
        await opened(screen)
        await screen.press("t s")
        await step(screen, 7)
        await screen.until(lambda: screen.text().count("door.closed") == 2, "the door shut", LIMIT_S)
        await screen.press("enter")
        await step(screen, 8)
        await screen.press("c")
        await screen.shows("sender: done!", part="steps", limit_s=LIMIT_S)
        await screen.shows(f"{sent} removed", part="people", limit_s=LIMIT_S)


@pytest.mark.broker
async def test_customer_service_replaces_a_code_and_opens_a_door(demo: Demo) -> None:
    before = person(demo, "recipient 1").code
    async with seen(Panel(demo), (100, 30)) as screen:
        await screen.shows("refused parcel.announce", "service-personal-handover", part="journal")
        await choose(screen, "o", "1", "1")
        await screen.shows("applied parcel.replace-code", part="journal", limit_s=LIMIT_S)
        await screen.until(lambda: before not in screen.text(), "the new code", LIMIT_S)
        assert person(demo, "recipient 1").code in screen.text()
        await choose(screen, "o", "3", "4", "1", "1")
        await screen.shows("opened.remotely (4)", part="journal", limit_s=LIMIT_S)
        await opened(screen)
        await screen.press("s")
        await screen.shows("door.closed (4)", part="journal", limit_s=LIMIT_S)
