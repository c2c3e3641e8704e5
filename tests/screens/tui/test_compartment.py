"""The screen of one compartment beside a real daemon: all that is known of it, and every action on it."""

from collections.abc import Callable, Iterator

import pytest

from simulator.locker_sim import LockerSim
from simulator.plan import plan_of
from tests.screens.tui.stand import Seen, seen

SIZES = [(80, 24), (120, 40), (200, 60)]
DOORS = 3
MAIJA = "t@7"


@pytest.fixture
def automat(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Give an automat of a few doors."""
    with new_locker_sim(plan=plan_of(DOORS, channels=DOORS)) as automat:
        yield automat


async def shown(screen: Seen, label: str) -> None:
    """Show a compartment as the wall does."""
    screen.app.show_compartment(label)
    await screen.shows(f"BOX {label}", "Enter open")


async def opened(screen: Seen, automat: LockerSim, label: str, reason: str = "it squeaks") -> None:
    """Open a door, with a reason and a Yes, and shut it again."""
    await screen.press("enter")
    await screen.shows(f"Open box {label}", "Why?")
    await screen.type(reason)
    await screen.press("enter")
    await screen.shows(f"The door of box {label} opens now.")
    await screen.press("y")
    await screen.shows(f"LOOK INTO BOX {label}, AND SHUT IT.")
    automat.shut(label)
    await screen.shows(f"WHAT LIES IN BOX {label}?")


@pytest.mark.parametrize("size", SIZES)
async def test_everything_about_a_compartment_is_told_at_every_size(
    automat: LockerSim, size: tuple[int, int]
) -> None:
    parcel = automat.deliver()
    label = parcel.compartment
    assert label is not None
    async with seen(automat.socket, size=size, technician=MAIJA) as screen:
        await shown(screen, label)
        await screen.shows(
            parcel.tracking_id, "Lock: 1 openings timed", "Times: ", "Wiring: lock", "No open incident."
        )
        await screen.shows("pulse")
        assert all(len(line) <= size[0] for line in screen.lines())
        assert parcel.code not in screen.text()
        await screen.press("escape")
        await screen.hides("Wiring: lock")


async def test_the_wall_leads_there_and_the_keys_stand_in_the_help(automat: LockerSim) -> None:
    async with seen(automat.socket, matter="wall", technician=MAIJA) as screen:
        await screen.shows("[2 Wall")
        await screen.app.go_to("2")
        await screen.press("enter")
        await screen.shows("BOX 2", "Enter open")
        await screen.press("f1")
        await screen.shows("mark it clean")


async def test_a_door_opens_with_a_reason_and_a_yes_and_then_the_question_appears(
    automat: LockerSim,
) -> None:
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "2")
        await screen.press("e")
        await screen.shows("Open the door first")
        await screen.press("enter")
        await screen.hides("Open the door first")
        await opened(screen, automat, "2")
        await screen.shows("No parcel should lie here.")
        await screen.press("e")
        await screen.shows("sound", "free")
        await screen.hides("WHAT LIES IN BOX 2?")
        await screen.shows("box inspected: empty")
    entry = automat.expect("opened.by-person", compartment="2")
    assert (entry.data["technician"], entry.data["reason"]) == (MAIJA, "it squeaks")


@pytest.mark.parametrize("keys", [("enter",), ("n",), ("escape",)])
async def test_no_is_the_default_of_every_confirmation(automat: LockerSim, keys: tuple[str, ...]) -> None:
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "2")
        for key, title in (
            ("t", "Test the lock of box 2"),
            ("u", "Unblock box 2"),
            ("m", "Mark box 2 clean"),
        ):
            await screen.press(key)
            await screen.shows(title)
            await screen.press(*keys)
            await screen.hides(title)
    assert not automat.journal("lock.pulse-intended")


async def test_enter_means_no_from_the_first_moment_and_yes_upon_yes(automat: LockerSim) -> None:
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "2")
        await screen.press("t")
        await screen.shows("Test the lock of box 2")
        screen.app.screen.set_focus(None)  # as it is until the question has been painted
        await screen.press("enter")
        await screen.hides("Test the lock of box 2")
        assert not automat.journal("lock.pulse-intended")
        await screen.press("t")
        await screen.shows("Test the lock of box 2")
        await screen.press("right", "enter")
        await screen.shows("LOOK INTO BOX 2")
    automat.shut("2")


async def test_a_test_tells_how_long_the_lock_took(automat: LockerSim) -> None:
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "1")
        await screen.shows("Lock: nothing is known")
        await screen.press("t")
        await screen.shows("Test the lock of box 1")
        await screen.press("y")
        await screen.shows("LOOK INTO BOX 1, AND SHUT IT.")
        automat.shut("1")
        await screen.shows("WHAT LIES IN BOX 1?", "Lock: 1 openings timed", "hardware tested: opened")
        await screen.press("b")
        await screen.shows("FAULTY", "Why: damaged")
    assert automat.expect("technician.tested", compartment="1").data["technician"] == MAIJA


async def test_a_box_is_blocked_with_a_reason_and_unblocked(automat: LockerSim) -> None:
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "3")
        await screen.press("x")
        await screen.shows("Block box 3", "Why?")
        await screen.type("wet paint")
        await screen.press("enter")
        await screen.shows("Block box 3?")
        await screen.press("y")
        await screen.shows("BLOCKED", "wet paint")
        await screen.press("u")
        await screen.shows("Unblock box 3?")
        await screen.press("y")
        await screen.hides("BLOCKED")
        await screen.press("u")
        await screen.shows("Unblock box 3?")
        await screen.press("y")
        await screen.shows("Refused", "the compartment is not blocked")


async def test_a_box_is_marked_clean_only_after_a_look(automat: LockerSim) -> None:
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "2")
        await opened(screen, automat, "2")
        await screen.press("d")
        await screen.shows("to be inspected", "dirty or damaged")
        await screen.press("m")
        await screen.shows("Mark box 2 clean")
        await screen.press("y")
        await screen.shows("LOOK INTO BOX 2, AND SHUT IT.")
        automat.shut("2")
        await screen.shows("WHAT LIES IN BOX 2?")
        await screen.press("m")
        await screen.shows("free", "No open incident.")


async def test_a_parcel_that_is_not_there_is_missing_only_after_a_yes(automat: LockerSim) -> None:
    label = automat.deliver().compartment
    assert label is not None
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, label)
        await opened(screen, automat, label)
        await screen.press("e")
        await screen.shows("MISSING if the box is empty")
        await screen.press("enter")
        await screen.shows(f"WHAT LIES IN BOX {label}?")
        await screen.press("p")
        await screen.shows("sound", "as expected")
    assert not automat.journal("parcel.missing")


async def test_a_parcel_that_is_named_is_stored_and_a_wrong_name_refused(automat: LockerSim) -> None:
    parcel = automat.announce()
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "1")
        await opened(screen, automat, "1")
        await screen.press("p")
        await screen.shows("Its tracking id")
        await screen.type("X1")
        await screen.press("enter")
        await screen.shows("Refused", "read it from the label again")
        await screen.press("enter")
        await screen.press("o")
        await screen.shows("Its tracking id")
        await screen.type(parcel.tracking_id)
        await screen.press("enter")
        await screen.shows(f"{parcel.tracking_id} stored")
    assert automat.expect("parcel.stored", compartment="1").data["found"] is True


async def test_a_jammed_door_is_told_with_its_incident_and_what_to_do(automat: LockerSim) -> None:
    automat.fault("jam", "2", "stuck")
    async with seen(automat.socket, technician=MAIJA) as screen:
        await shown(screen, "2")
        await screen.press("t")
        await screen.shows("Test the lock of box 2")
        await screen.press("y")
        await screen.shows("BOX 2 IS OPENING.")
        await screen.shows("BOX 2 DID NOT OPEN.", "FAULTY", "free the door by hand", limit_s=30)
        automat.heal("jam", "2")
        await opened(screen, automat, "2")
        await screen.press("e")
        await screen.shows("sound", "No open incident.")


async def test_the_screen_speaks_finnish(automat: LockerSim) -> None:
    async with seen(automat.socket, technician=MAIJA, language="fi") as screen:
        screen.app.show_compartment("1")
        await screen.shows("LOKERO 1", "Ei avoimia häiriöitä.", "Johdotus: lukko")
