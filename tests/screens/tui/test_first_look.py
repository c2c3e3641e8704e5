"""What somebody sees who never saw the screens before: nothing that matters is cut off or left unsaid."""

import pytest

from locker.api.schema import ParcelView
from simulator.locker_sim import LockerSim
from tests.screens.tui.stand import seen
from tui.store import Store
from tui.widgets.bars import Tabs
from tui.words import LANGUAGES, Language, Words, texts_in

HELP_CELLS = 66
"""What a dialog shows beside a scroll bar at 80 columns."""
WAITING = "JJFI65432110000079001"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [80, 120])
async def test_the_tabs_always_tell_how_many_incidents_are_open(
    shared_sim: LockerSim, language: Language, width: int
) -> None:
    async with seen(shared_sim.socket, size=(width, 24), language=language) as screen:
        tabs, store = screen.app.screen.query_one(Tabs), Store()
        incident = Words(language)("tabs.incidents")
        for count in (1, 12, 123):
            store.incidents = dict.fromkeys(range(count))  # type: ignore[assignment]  # only counted here
            tabs.show(store, screen.app.words)
            line = str(tabs.render())
            assert f"({count})" in line
            assert f"3 {incident[:2]}" in line
            assert len(line) <= width


async def test_the_top_line_names_the_technicians_own_id(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, technician="maija") as screen:
        await screen.shows("technician maija")


async def test_a_search_tells_of_a_parcel_that_lies_in_no_box(shared_sim: LockerSim) -> None:
    shared_sim.announce(WAITING, size="S", code="907001")
    async with seen(shared_sim.socket) as screen:
        await screen.until(lambda: WAITING in screen.app.store.parcels, "the parcel")
        await screen.press("slash")
        await screen.type(WAITING[-6:])
        await screen.shows(f"Parcel {WAITING} lies in no box here: announced.")
        await screen.press("escape")
        await screen.hides("lies in no box")


def test_only_parcels_outside_of_the_boxes_are_elsewhere() -> None:
    def parcel(tracking_id: str, compartment: str | None) -> ParcelView:
        return ParcelView.model_construct(tracking_id=tracking_id, compartment=compartment, state="stored")

    store = Store()
    store.parcels = {"JJFI1": parcel("JJFI1", "4"), "JJFI12": parcel("JJFI12", None)}
    assert [each.tracking_id for each in store.parcels_elsewhere(" jjfi1 ")] == ["JJFI12"]
    assert store.parcels_elsewhere("  ") == []


async def test_free_compartments_are_told_from_the_smallest_to_the_largest(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket) as screen:
        await screen.shows("ok Free")
        line = next(line for line in screen.lines() if "ok Free" in line)
        sizes = [size for size in ("S", "M", "L", "XL") if f" {size} " in line]
        places = [line.index(f" {size} ") for size in sizes]
        assert len(sizes) > 1
        assert places == sorted(places)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_key_does_stands_on_lines_of_its_own_in_every_help(language: Language) -> None:
    helps = {key: text for key, text in texts_in(language).items() if key.endswith(".help")}
    too_long = {
        key: [line for line in text.split("\n") if "  " in line.strip() and len(line) > HELP_CELLS]
        for key, text in helps.items()
        if key != "lines.help"
    }
    assert {key: lines for key, lines in too_long.items() if lines} == {}
