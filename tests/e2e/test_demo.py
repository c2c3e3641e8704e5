"""The demo as a person meets it: the real processes behind the automat's front."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from simulator.broker import Broker, find
from simulator.daemon import DaemonError
from simulator.demo import Demo
from simulator.panel import Panel
from simulator.people import Person
from simulator.stock import Stock
from simulator.stories.catalogue import STORIES
from simulator.stories.perform import perform
from simulator.stories.plans import small_plan
from simulator.transcript import Line

pytestmark = [pytest.mark.broker, pytest.mark.timeout(120)]

LIMIT_S = 20.0


@pytest.fixture
def directory() -> Iterator[Path]:
    # Sockets have short names; pytest's own directories are too deep for them.
    with tempfile.TemporaryDirectory(prefix="demo-", ignore_cleanup_errors=True) as made:
        yield Path(made)


async def test_the_people_of_the_demo_come_to_an_automat_without_large_boxes_too(
    directory: Path, locker_sim_stock: Stock
) -> None:
    demo = Demo(directory, plan=small_plan("1", "2", "3", "4", "5"), stock=locker_sim_stock)
    try:
        await demo.start()
        assert {person.role for person in demo.people} >= {"courier", "recipient", "sender"}
    finally:
        await demo.stop()


async def test_an_automat_that_does_not_serve_is_waited_for_and_what_it_lacks_is_named(
    directory: Path, locker_sim_stock: Stock
) -> None:
    demo = Demo(directory, plan=small_plan("1", "2"), story=True, stock=locker_sim_stock)
    try:
        await demo.start()
        demo.automat.unplug("keypad-front")
        await demo.backoffice.until(
            lambda office: any(
                row.type == "automat.incident.raised" for row in office.ledger.rows(demo.plan.automat_id)
            ),
            LIMIT_S,
            "the lost keypad",
        )
        with pytest.raises(DaemonError, match=r"does not serve after 0\.5 s: keypad front: "):
            await demo.until_served(0.5)
        demo.automat.replug("keypad-front")
        await demo.until_served()
        await demo.kill_daemon()
        with pytest.raises(DaemonError):
            await demo.until_served()
    finally:
        await demo.stop()


async def test_a_parcel_goes_in_and_out_with_the_codes_that_the_screen_names(directory: Path) -> None:
    demo = Demo(directory)
    try:
        await demo.start()
        panel = Panel(demo)
        async with panel.run_test(size=(110, 45)) as pilot:
            courier = next(person for person in demo.people if person.role == "courier")
            parcel = next(person for person in demo.people if person.role == "recipient")
            label = await _deliver(demo, pilot, courier, parcel)
            await _press(pilot, f"c{parcel.code}", "enter")
            await demo.automat.until(lambda: demo.automat.door(label).state == "open", LIMIT_S, "the door")
            assert demo.automat.take(label) == [parcel.tracking_id]
            demo.automat.push_shut(label)
            await demo.backoffice.until(
                lambda office: any(
                    row.type == "automat.parcel.handed-over" and row.subject == parcel.tracking_id
                    for row in office.ledger.rows(demo.plan.automat_id)
                ),
                LIMIT_S,
                "the receipt at the back office",
            )
    finally:
        await demo.stop()


@pytest.mark.parametrize("name", ["pickup", "broker-killed"])
async def test_the_broker_of_a_machine_without_mosquitto_does_as_well(name: str, directory: Path) -> None:
    if find("nats") is None:
        pytest.skip("nats-server is not installed: it comes with the demo extra")
    told: list[Line] = []
    broker_directory = directory / "broker"
    broker_directory.mkdir()
    broker = await Broker.start(broker_directory, "nats")
    try:
        came_true = await perform(STORIES[name], directory / "automat", told.append, broker=broker)
    finally:
        await broker.stop()
    assert came_true, [line.text for line in told if line.kind == "failed"]


async def _deliver(demo: Demo, pilot: Pilot[None], courier: Person, parcel: Person) -> str:
    """Deliver by the panel's keypad; the label of the compartment, which the display names."""
    assert parcel.tracking_id is not None
    await _press(pilot, f"c{courier.code}", "enter")
    await _press(pilot, parcel.tracking_id[-8:], "enter")
    await demo.automat.until(lambda: _open(demo) is not None, LIMIT_S, "an open door")
    label = _open(demo)
    assert label is not None
    await demo.automat.until(lambda: demo.automat.door(label).state == "open", LIMIT_S, "the door wide open")
    assert re.search(rf"\b{label}\b", demo.automat.display("front").text())
    demo.automat.put(label, parcel.tracking_id)
    demo.automat.push_shut(label)
    await demo.automat.until(lambda: "OK =" in demo.automat.display("front").text(), LIMIT_S, "the question")
    await _press(pilot, "", "enter")
    await demo.backoffice.until(
        lambda office: any(
            row.type == "automat.parcel.stored" and row.subject == parcel.tracking_id
            for row in office.ledger.rows(demo.plan.automat_id)
        ),
        LIMIT_S,
        "the deposit at the back office",
    )
    await _press(pilot, "c")
    return label


def _open(demo: Demo) -> str | None:
    return next((label for label, door in demo.automat.doors().items() if door.open), None)


async def _press(pilot: Pilot[None], keys: str, *more: str) -> None:
    await pilot.press(*keys, *more)
