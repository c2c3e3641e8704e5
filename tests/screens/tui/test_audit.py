"""The round of all compartments on the technician's screen, beside a real daemon on simulated hardware."""

from collections.abc import Callable, Iterator

import pytest

from simulator.locker_sim import LockerSim
from simulator.plan import plan_of
from tests.screens.tui.stand import Seen, seen

SIZES = [(80, 24), (120, 40), (200, 60)]
DOORS = 4


@pytest.fixture
def automat(new_locker_sim: Callable[..., LockerSim]) -> Iterator[LockerSim]:
    """Give an automat of a few doors."""
    with new_locker_sim(plan=plan_of(DOORS, channels=DOORS)) as automat:
        yield automat


async def looks_into(screen: Seen, automat: LockerSim, label: str) -> None:
    """Open the next door and shut it, until it is asked what lies inside."""
    await screen.shows(f"NEXT IS BOX {label}")
    await screen.press("enter")
    await screen.shows(f"LOOK INTO BOX {label}, AND SHUT IT.")
    automat.shut(label)
    await screen.shows(f"WHAT LIES IN BOX {label}?")


async def test_a_round_is_walked_interrupted_gone_on_with_and_reported(automat: LockerSim) -> None:
    stored = automat.deliver().compartment
    assert stored == "1"
    async with seen(automat.socket, matter="audit", technician="t@7") as screen:
        await screen.shows("No audit is under way", "press Enter")
        await screen.press("enter")
        await screen.shows("AUDIT 1 UNDER WAY: 0 of 4", "t@7")
        await screen.press("e")
        await screen.shows("Open a door first")
        await screen.press("enter")
        await looks_into(screen, automat, "1")
        await screen.shows("should lie here")
        await screen.press("p")
        await screen.shows("1 of 4", "+ parcel")
        await looks_into(screen, automat, "2")
        await screen.shows("No parcel should lie here.")

    async with seen(automat.socket, matter="audit", technician="t@7", language="fi") as screen:
        await screen.shows("KIERROS 1 KÄYNNISSÄ: 1/4", "MITÄ ON LOKEROSSA 2?")

    async with seen(automat.socket, matter="audit", technician="t@7") as screen:
        await screen.shows("WHAT LIES IN BOX 2?")
        await screen.press("d")
        await screen.shows("2 of 4", "! dirty", "DIFFERENCES IN BOX: 2")
        automat.cut_power()
        await screen.shows("No connection")
        automat.restore_power()
        await screen.hides("No connection", limit_s=30)
        await looks_into(screen, automat, "3")
        await screen.press("p")
        await screen.shows("Its tracking id")
        await screen.type("-")
        await screen.press("enter")
        await screen.shows("3 of 4", "DIFFERENCES IN BOX: 2, 3")
        rows = {line.split()[0]: line for line in screen.lines() if line.strip() and "t@7" in line}
        assert "not asked" in rows["2"], "of what is dirty nobody asks which parcel it was"
        assert rows["3"].split()[:5] == ["3", "!", "parcel", "nothing", "unnamed"]
        await screen.press("w")
        await screen.shows("Nobody has looked into: 4.")
        await screen.press("enter")
        await screen.hides("Nobody has looked into")
        await screen.press("s")
        await screen.shows("Skip box 4")
        await screen.type("a van")
        await screen.press("enter")
        await screen.shows("EVERY COMPARTMENT IS DONE", "- skipped", "t@7: a van")
        await screen.press("w")
        await screen.shows("Write the report?")
        await screen.press("y")
        await screen.shows("Audit 1, complete", "1 dirty", "2 parcel", "1 skipped")
        await screen.shows("DIFFERENCES IN BOX: 2, 3")
        await screen.press("enter")
        await screen.shows("No audit is under way")
    report = automat.expect("audit.ended").data
    assert report["verdicts"] == {"dirty": 1, "parcel": 2, "skipped": 1}
    assert [each["compartment"] for each in report["differences"]] == ["2", "3"]
    assert report["technician"] == "t@7"


@pytest.mark.parametrize("size", SIZES)
async def test_the_round_fits_every_size(shared_sim: LockerSim, size: tuple[int, int]) -> None:
    async with seen(shared_sim.socket, size=size, matter="audit") as screen:
        await screen.shows("BOX", "SAID", "EXPECTED", "FOUND", "WHO", "BEGIN A ROUND")
        assert all(len(line) <= size[0] for line in screen.lines())
        assert len(screen.lines()) == size[1]
        assert "Enter go on" in screen.lines()[-1]


async def test_a_door_that_sticks_and_a_round_begun_afresh(automat: LockerSim) -> None:
    automat.fault("jam", "1", "stuck")
    async with seen(automat.socket, matter="audit") as screen:
        await screen.shows("press Enter")
        await screen.press("enter")
        await screen.shows("NEXT IS BOX 1")
        await screen.press("enter")
        await screen.shows("BOX 1 IS OPENING")
        await screen.shows("NOBODY COULD LOOK INTO BOX 1", limit_s=40)
        await screen.press("p")
        await screen.shows("Open a door first")
        await screen.press("enter")
        await screen.press("f")
        await screen.shows("Begin another?")
        await screen.press("y")
        await screen.shows("AUDIT 2 UNDER WAY: 0 of 4", "NEXT IS BOX 1")
    assert automat.expect("audit.ended").data["outcome"] == "given up"
