"""The screen of tests beside a real daemon: keys that light and count, and locks tried one by one."""

from collections.abc import Callable, Iterator

import pytest
from textual.widgets import DataTable

from simulator.locker_sim import LockerSim
from simulator.plan import plan_of
from tests.screens.tui.stand import Seen, seen

SIZES = [(80, 24), (120, 40), (200, 60)]
LABEL = "JJFI65432110000070773"


@pytest.fixture(scope="module")
def small(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Give an automat of three doors."""
    with new_locker_sim(plan=plan_of(3, channels=3)) as automat:
        yield automat


async def choose(screen: Seen, row: int) -> None:
    """Move to a lock."""
    screen.app.screen.query_one(DataTable).move_cursor(row=row)
    await screen.pilot.pause()


async def goes_through(screen: Seen, automat: LockerSim, label: str) -> None:
    """Wait until a door was opened by its test, and shut it."""
    await screen.shows(f"DOOR {label} IS OPEN")
    automat.shut(label)
    await screen.shows(f"What lies in box {label}?")


@pytest.mark.parametrize("size", SIZES)
async def test_keys_and_locks_fit_every_size(shared_sim: LockerSim, size: tuple[int, int]) -> None:
    async with seen(shared_sim.socket, size=size, matter="tests") as screen:
        await screen.shows("Keypad front", "OK  -", "k begins a trial", "LAST TEST", "door shut")
        assert all(len(line) <= size[0] for line in screen.lines())
        assert "x stop" in screen.lines()[-1]


async def test_every_key_and_label_is_counted_and_the_last_key_is_lit(locker_sim: LockerSim) -> None:
    async with seen(locker_sim.socket, matter="tests", technician="t-7") as screen:
        await screen.shows("Keypad front")
        await screen.press("k")
        await screen.shows("ON TRIAL by t-7", "hold a label to it")
        locker_sim.see("keypad is being tested")
        locker_sim.type("5")
        await screen.shows(">5< 1")
        locker_sim.type("OK")
        await screen.shows(">OK< 1", " 5  1")
        locker_sim.scan(LABEL)
        await screen.shows("1 read", LABEL[-6:])
        await screen.press("k")
        await screen.shows("front (1 in all): ready", "OK  -")
    assert locker_sim.expect("technician.tested", device="keys").data["technician"] == "t-7"


async def test_a_trial_ended_at_the_keypad_is_over_on_the_screen(locker_sim: LockerSim) -> None:
    async with seen(locker_sim.socket, matter="tests") as screen:
        await screen.shows("Keypad front")
        await screen.press("k")
        await screen.shows("ON TRIAL")
        locker_sim.type("C")
        await screen.shows(">C< 1")
        locker_sim.type("C")
        await screen.shows("front (1 in all): ready")


async def test_display_and_sounder_are_tried(locker_sim: LockerSim) -> None:
    async with seen(locker_sim.socket, matter="tests") as screen:
        await screen.shows("Keypad front")
        await screen.press("d")
        await screen.shows("every cell is lit")
        await screen.press("s")
        await screen.shows("every tone is played")
    for device in ("display", "sounder"):
        locker_sim.expect("technician.tested", device=device)


async def test_a_person_at_the_keypad_is_not_disturbed(locker_sim: LockerSim) -> None:
    parcel = locker_sim.deliver()
    locker_sim.type(f"C {parcel.code} OK")
    async with seen(locker_sim.socket, matter="tests") as screen:
        await screen.shows("in use")
        await screen.press("k")
        await screen.shows("Refused", "Somebody is at this keypad now")


async def test_all_locks_are_tested_one_by_one_and_said_to_be_empty(small: LockerSim) -> None:
    async with seen(small.socket, matter="tests", technician="t-7") as screen:
        await screen.shows("LAST TEST", "door shut")
        await choose(screen, 0)
        await screen.press("l")
        await screen.shows("3 doors spring open")
        await screen.press("y")
        for label in ("1", "2", "3"):
            await goes_through(screen, small, label)
            await screen.press("e")
        await screen.shows("Ended at box 3, 3 of 3")
        assert screen.text().count("opened, ") == 3
        assert all(box["free"] for box in small.ask("/v1/compartments")["compartments"])
    for label in ("1", "2", "3"):
        tested = small.expect("technician.tested", compartment=label)
        assert (tested.data["technician"], tested.data["result"]) == ("t-7", "opened")


async def test_the_stop_key_ends_the_walk_and_the_open_question_can_be_answered_later(
    small: LockerSim,
) -> None:
    pulses = small.door("3").pulses
    async with seen(small.socket, matter="tests") as screen:
        await screen.shows("LAST TEST", "door shut")
        await choose(screen, 1)
        await screen.press("l")
        await screen.shows("2 doors spring open")
        await screen.press("y")
        await screen.shows("DOOR 2 IS OPEN")
        await screen.press("x")
        await screen.shows("STOPPED at box 2, 1 of 2")
        small.shut("2")
        await screen.shows("@")
        await screen.press("f")
        await screen.shows("What lies in box 2?", "Nothing should lie inside")
        await screen.press("d")
        await screen.hides("What lies in box 2?")
        assert small.door("3").pulses == pulses
    small.expect("compartment.inspected", compartment="2", verdict="dirty")


async def test_a_lock_that_does_not_open_is_named_and_no_is_the_default(small: LockerSim) -> None:
    small.fault("jam", "3", "stuck")
    async with seen(small.socket, matter="tests") as screen:
        await screen.shows("LAST TEST", "door shut")
        await choose(screen, 2)
        pulses = small.door("3").pulses
        await screen.press("t")
        await screen.shows("Door 3 springs open")
        await screen.press("enter")
        await screen.hides("Door 3 springs open")
        assert small.door("3").pulses == pulses
        await screen.press("t")
        await screen.shows("Door 3 springs open")
        await screen.press("y")
        await screen.shows("DID NOT OPEN", limit_s=30)
