"""The screen "overview", beside a real daemon on simulated hardware."""

from datetime import UTC, datetime, timedelta

import pytest

from locker.api.schema import JournalEntryView, Status
from simulator.locker_sim import LockerSim
from tests.screens.tui.stand import seen
from tui.health import Known, lines, verdict
from tui.store import Store
from tui.telling import span
from tui.words import Words

EN = Words("en")
SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_one_look_tells_every_matter_with_a_mark(shared_sim: LockerSim, size: tuple[int, int]) -> None:
    async with seen(shared_sim.socket, size=size) as screen:
        await screen.shows(
            " NEEDS YOU: not commissioned",
            " ok Service    normal, running for ",
            " ok Free       S 6 of 6   M 5 of 5   L 2 of 2   XL 1 of 1",
            " -- Boxes      14 in all",
            " ok Doors      all shut",
            " ok Link       linked with 127.0.0.1:",
            " acknowledged (20",
            " ok Clock      20",
            " ok Disk       has room",
            " ok Keypads    all work",
            " ok Parts      every line and board answers",
            " !! Wiring     NOT COMMISSIONED",
            " -- Audit      none under way",
            " -- Versions   daemon 0.1.0, contract 1.2, this program 0.1.0",
            "No open incidents.",
        )
        assert all(len(line) <= size[0] for line in screen.lines())


async def test_what_goes_wrong_stands_at_the_top_and_in_its_line_until_it_is_right(
    locker_sim: LockerSim,
) -> None:
    async with seen(locker_sim.socket) as screen:
        locker_sim.unplug("keypad-front")
        await screen.shows("FAULTY: front")
        locker_sim.fault("contact-stuck-open", "3")
        await screen.shows(
            "NEEDS YOU: 2 incidents, 1 door open, keypad, not commissioned",
            " !! Doors      OPEN: 3",
            " !! Keypads    FAULTY: front",
            "Open incidents: 2, the newest",
            "#2 ",
        )
        await screen.press("enter")
        await screen.shows("[3 Incidents(")
        await screen.press("1")
        locker_sim.replug("keypad-front")
        locker_sim.heal("contact-stuck-open", "3")
        await screen.shows(" ok Keypads    all work", " ok Doors      all shut", "NEEDS YOU: 1 incident, ")


async def test_without_the_broker_the_line_says_why_and_how_much_waits(locker_sim: LockerSim) -> None:
    async with seen(locker_sim.socket, size=(120, 40), language="fi") as screen:
        await screen.shows(" ok Yhteys     yhteys: 127.0.0.1:")
        locker_sim._run(locker_sim._demo.broker.stop())
        await screen.shows(" !! Yhteys     EI YHTEYTTÄ: 127.0.0.1:", "ei yhteyttä", limit_s=30)


def test_a_back_office_that_is_linked_and_silent_needs_somebody() -> None:
    store, status = Store(), status_of(acknowledged=4, last=6)
    oldest = entry(5, at=status.clock.wall_at - timedelta(minutes=11))

    told = lines(store, status, Known(waiting=oldest), EN)
    waiting = next(line for line in told if line.name == "sync")

    assert waiting.mark == "!!"
    assert waiting.text == "1-4 acknowledged; 2 not acknowledged; the oldest for 11 min"
    assert verdict(store, told, EN) == (False, "NEEDS YOU: back office does not answer")


def test_an_automat_that_lacks_nothing_is_well() -> None:
    store = Store()
    told = lines(store, status_of(acknowledged=6, last=6), Known(acknowledged=entry(6)), EN)

    assert verdict(store, told, EN) == (True, "ALL IS WELL")
    assert not [line for line in told if line.mark == "!!"]


@pytest.mark.parametrize(
    ("change", "need"),
    [
        ({"mode": "frozen"}, "mode FROZEN"),
        ({"started": False}, "still starting"),
        ({"storage_low": True}, "disk nearly full"),
        ({"guarded_keypads": ("front",)}, "keypad"),
        ({"lost_parts": ("board A",)}, "lost parts"),
        ({"commissioned": False}, "not commissioned"),
        ({"link_connected": False}, "no link"),
    ],
)
def test_every_trouble_of_the_status_is_a_need(change: dict[str, object], need: str) -> None:
    status = status_of(acknowledged=6, last=6).model_copy(update=change)
    assert verdict(Store(), lines(Store(), status, Known(), EN), EN) == (False, f"NEEDS YOU: {need}")


@pytest.mark.parametrize("change", [{"trust": "untrusted"}, {"doubted": True}])
def test_a_clock_that_is_not_believed_is_a_need(change: dict[str, object]) -> None:
    status = status_of(acknowledged=6, last=6)
    status = status.model_copy(update={"clock": status.clock.model_copy(update=change)})
    assert verdict(Store(), lines(Store(), status, Known(), EN), EN) == (False, "NEEDS YOU: clock")


def test_spans_are_told_in_their_two_largest_units() -> None:
    told = [span(seconds, EN) for seconds in (-1, 59.9, 61, 3_660, 90_000)]
    assert told == ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h"]


def status_of(*, acknowledged: int, last: int) -> Status:
    """An automat that lacks nothing."""
    return Status.model_validate_json(
        f"""{{"automat_id": "a", "name": "A", "version": "1", "mode": "normal", "started": true,
        "uptime_s": 9.0, "free": {{}}, "parcels": {{}}, "open_incidents": 0, "link_connected": true,
        "link_trouble": null,
        "clock": {{"trust": "trusted", "wall_at": "2026-03-02T09:00:00Z", "powered_s": 1, "doubted": false}},
        "broker": "b:8883", "storage_low": false, "commissioned": true, "guarded_keypads": [],
        "faulty_keypads": [], "lost_parts": [], "journal": {{"epoch": 1, "last_sequence": {last},
        "acknowledged_through": {acknowledged}, "unacknowledged": {last - acknowledged}, "parked": 0}}}}"""
    )


def entry(sequence: int, *, at: datetime = datetime(2026, 3, 2, 8, 59, tzinfo=UTC)) -> JournalEntryView:
    """An entry of the first epoch."""
    return JournalEntryView(
        epoch=1, sequence=sequence, kind="door.closed", at=at, subject=None, data={}, hash="00"
    )
