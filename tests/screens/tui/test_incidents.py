"""The screen of incidents beside a real daemon: what is open, what to do, and what a word settles."""

from collections.abc import Callable, Iterator

import pytest
from textual.widgets import DataTable

from simulator.locker_sim import LockerSim
from simulator.plan import plan_of
from tests.screens.tui.stand import Seen, seen

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture(scope="module")
def troubled(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Give an automat of three doors, of which the second seems to have sprung open."""
    with new_locker_sim(plan=plan_of(3, channels=3)) as automat:
        automat.fault("contact-stuck-open", "2")
        automat.expect("incident.raised", incident="door-opened-unasked", about="2", limit_s=60)
        yield automat


def refuse_an_entry(automat: LockerSim) -> None:
    """Let the back office refuse the next entry for ever."""
    number = int(automat.ask("/v1/status")["journal"]["last_sequence"]) + 1
    automat._demo.backoffice.conduct.refuse[number] = "no such type"
    automat.type("C 4444 OK")
    automat.expect("incident.raised", incident="entry-refused")


async def choose(screen: Seen, what: str) -> None:
    """Move to the incident whose line has this text."""
    row = next(place for place, line in enumerate(_rows(screen)) if what in line)
    screen.app.screen.query_one(DataTable).move_cursor(row=row)
    await screen.pilot.pause()


def _rows(screen: Seen) -> list[str]:
    """The lines of the list."""
    return [line for line in screen.lines() if line.strip().startswith(("[!]", "[~]", "[+]"))]


@pytest.mark.parametrize("size", SIZES)
async def test_an_incident_is_told_in_full_at_every_size(troubled: LockerSim, size: tuple[int, int]) -> None:
    async with seen(troubled.socket, size=size, matter="incidents") as screen:
        await screen.shows("[!]", "door opened unasked", "a door opened that the automat had not unlocked")
        await choose(screen, "unasked")
        await screen.shows("TO DO: look for signs of force", "No word settles it")
        assert all(len(line) <= size[0] for line in screen.lines())
        assert "a look after" in screen.lines()[-1]


async def test_in_finnish_meaning_and_remedy_are_finnish(troubled: LockerSim) -> None:
    async with seen(troubled.socket, matter="incidents", language="fi") as screen:
        await screen.shows("ovi aukesi itsestään", "TEE NÄIN: etsi murron jälkiä", "Sana ei riitä")


async def test_whoever_looks_after_an_incident_is_named(troubled: LockerSim) -> None:
    async with seen(troubled.socket, matter="incidents", technician="t-7") as screen:
        await screen.shows("door opened unasked")
        await choose(screen, "unasked")
        await screen.press("a")
        await screen.shows("[~]", "Looked after by t-7 since")
        await screen.press("a")
        await screen.shows("Refused", "You look after this incident already.")
    taken = troubled.expect("incident.acknowledged", incident="door-opened-unasked")
    assert taken.data["technician"] == "t-7"


async def test_what_a_word_does_not_settle_says_what_does(troubled: LockerSim) -> None:
    async with seen(troubled.socket, matter="incidents") as screen:
        await screen.shows("door opened unasked")
        await choose(screen, "unasked")
        await screen.press("c")
        await screen.shows("Clear incident 1", "somebody opened the compartment", "look for signs of force")


async def test_what_a_word_settles_is_cleared_with_a_reason_and_found_in_the_history(
    troubled: LockerSim,
) -> None:
    refuse_an_entry(troubled)
    async with seen(troubled.socket, matter="incidents", technician="t-7") as screen:
        await screen.shows("back office refuses an entry")
        await choose(screen, "refuses an entry")
        await screen.shows("It is settled by your word")
        await screen.press("c")
        await screen.shows("Why is it settled?")
        await screen.type("their mistake")
        await screen.press("enter")
        await screen.hides("back office refuses an entry")
        await screen.press("h")
        await screen.shows("[+]", "back office refuses an entry")
        await choose(screen, "refuses an entry")
        await screen.shows("Cleared 20")
    cleared = troubled.expect("incident.cleared", incident="entry-refused")
    assert (cleared.data["why"], cleared.data["technician"]) == ("their mistake", "t-7")


async def test_what_was_kept_of_the_wire_around_it_is_shown(troubled: LockerSim) -> None:
    async with seen(troubled.socket, matter="incidents") as screen:
        await screen.shows("The wire around it was kept")
        await choose(screen, "unasked")
        await screen.press("w")
        await screen.shows("The wire around incident 1", "locks")
        await screen.press("enter")
        await screen.hides("The wire around incident 1")


async def test_enter_shows_its_compartment_and_g_goes_there_on_the_wall(troubled: LockerSim) -> None:
    async with seen(troubled.socket, matter="incidents") as screen:
        await screen.shows("door opened unasked")
        await choose(screen, "unasked")
        await screen.press("enter")
        await screen.shows("BOX 2", "door opened unasked")
        await screen.press("escape")
        await screen.shows("[3 Incidents", "TO DO")
        await screen.press("g")
        await screen.shows("[2 Wall]")


async def test_a_guarded_keypad_is_released_from_its_incident(locker_sim: LockerSim) -> None:
    for code in range(6000, 6030):
        locker_sim.type(f"C {code} OK")
        locker_sim.advance(minutes=11)
    locker_sim.expect("incident.raised", incident="guard-mode", limit_s=60)
    async with seen(locker_sim.socket, matter="incidents") as screen:
        await screen.shows("keypad shut after wrong codes")
        await choose(screen, "wrong codes")
        await screen.press("r")
        await screen.shows("Let everybody type at keypad")
        await screen.press("enter")
        await screen.hides("Let everybody type")
        await screen.press("r", "y")
        await screen.shows("No incident is open")
    assert locker_sim.expect("security.guard-released").data["technician"] == "T-100"
