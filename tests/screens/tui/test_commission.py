"""The screen that puts an automat into service, beside a real daemon whose cables are crossed."""

from collections.abc import Callable, Iterator

import pytest

from simulator.locker_sim import LockerSim
from simulator.plan import plan_of
from tests.screens.tui.stand import Seen, seen

SIZES = [(80, 24), (120, 40), (200, 60)]
DOORS = 3


@pytest.fixture(scope="module")
def crossed(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Give an automat of three doors that was never put into service; two cables of locks are crossed."""
    with new_locker_sim(plan=plan_of(DOORS, channels=DOORS)) as automat:
        automat._run(crossing(automat))
        yield automat


async def crossing(automat: LockerSim) -> None:
    """Cross two cables, in the thread of the hardware."""
    automat.automat.swap_doors("1", "3", "locks")


def opened(automat: LockerSim) -> str:
    """Return the one door that stands open."""
    (label,) = [name for name, view in automat.automat.doors().items() if view.state == "open"]
    return label


async def tries_next(screen: Seen, automat: LockerSim) -> str:
    """Pulse the lock that is next; return the label on the door that opened, once it is asked for."""
    await screen.press("enter")
    await screen.shows("Pulse the lock configured to box")
    await screen.press("y")
    await screen.shows("Which door opened?", "contact", "Type the label")
    asked = screen.text()
    assert asked.index("was pulsed") < asked.index("contact") < asked.index("Type the label")
    return opened(automat)


@pytest.mark.parametrize("size", SIZES)
async def test_what_is_proved_of_each_door_fits_every_size(crossed: LockerSim, size: tuple[int, int]) -> None:
    async with seen(crossed.socket, size=size, matter="commission") as screen:
        await screen.shows("Never put into service", "Begin with b", "BOX", "WIRING", "SHUT IS", "A1/3")
        assert all(len(line) <= size[0] for line in screen.lines())
        assert len(screen.lines()) == size[1]
        assert "b begin" in screen.lines()[-1]


async def test_crossed_locks_are_proved_with_an_interruption_and_the_map_is_written(
    crossed: LockerSim,
) -> None:
    async with seen(crossed.socket, matter="commission", technician="t@7") as screen:
        await screen.shows("Begin with b")
        await screen.press("b")
        await screen.shows("UNDER WAY", "t@7", "0 of 3 proved", "3 to go", "lock of box 1")
        await screen.press("b")
        await screen.shows("Refused", "already")
        await screen.press("enter")
        await screen.press("s")
        await screen.shows("configured as", "over")

        assert await tries_next(screen, crossed) == "3"
        await screen.shows("ANOTHER ONE")
        await screen.type("77")
        await screen.press("enter")
        await screen.shows("Refused", "there is no compartment")
        await screen.press("enter")
        await screen.shows("WHICH LABEL IS ON THE DOOR THAT OPENED?")
        await screen.press("d")
        await screen.type("3")
        await screen.press("enter")
        await screen.shows("SHUT DOOR 3.")
        crossed.shut("3")
        await screen.shows("opens the door labelled 3", "1 of 3 proved")

    async with seen(crossed.socket, matter="commission", language="fi") as screen:
        await screen.shows("KÄYNNISSÄ", "Todistettu 1/3", "Jäljellä 2")

    async with seen(crossed.socket, matter="commission", technician="t-8") as screen:
        await screen.shows("2 to go", "lock of box 2")
        for left in (2, 1):
            label = await tries_next(screen, crossed)
            await screen.type(label)
            await screen.press("enter")
            await screen.shows(f"SHUT DOOR {label}.")
            crossed.shut(label)
            await screen.shows(f"opens the door labelled {label}", f"{DOORS - left + 1} of 3 proved")
        await screen.press("w")
        await screen.shows("Every door is proved. Write the map")
        await screen.press("y")
        await screen.shows("The automat serves everybody again.")
        await screen.press("enter")
        await screen.shows("Not under way. Map", "in use")
    ended = crossed.expect("commission.ended", why="written")
    assert ended.data["technician"] == "t@7"


async def test_open_doors_are_told_before_a_pulse_and_no_is_the_default(locker_sim: LockerSim) -> None:
    locker_sim.fault("contact-stuck-open", "2")
    async with seen(locker_sim.socket, matter="commission") as screen:
        await screen.until(lambda: screen.app.store.compartments["2"].door == "open", "the open door")
        await screen.shows("Begin with b")
        await screen.press("t")
        await screen.shows("It is not under way. Begin now?")
        await screen.press("enter")
        await screen.hides("Begin now?")
        assert not locker_sim.ask("/v1/commission")["under_way"]
        await screen.press("t")
        await screen.shows("It is not under way. Begin now?")
        await screen.press("y")
        await screen.shows("Pulse the lock configured to box 1", "These doors stand open: 2.")
        await screen.press("enter")
        await screen.hides("Pulse the lock")
        await screen.shows("These doors stand open: 2.")
        assert locker_sim.door("1").pulses == 0
        await screen.press("w")
        await screen.shows("Not proved: 1, 2, 3", "Write")
        await screen.press("y")
        await screen.shows("Refused", "No compartment is proved.")
        await screen.press("enter")
        await screen.press("n")
        await screen.shows("No lock waits for its label.")
        await screen.press("enter")
        await screen.press("x")
        await screen.shows("Give the automat back without writing?")
        await screen.press("y")
        await screen.shows("Begin with b")
    locker_sim.expect("commission.ended")
