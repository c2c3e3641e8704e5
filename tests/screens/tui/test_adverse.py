"""Hands that are too fast, texts that are too long, answers that never come: no crash, no lie."""

from pathlib import Path

from textual import events
from textual.widgets import Input

from simulator.locker_sim import LockerSim
from tests.screens.tui.stand import Seen, seen
from tui.screens.compartment import CompartmentScreen


async def at_once(screen: Seen, *keys: str) -> None:
    """Let keys arrive together, as a slow connection or an impatient hand brings them."""
    for key in keys:
        screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await screen.pilot.pause()


async def open_compartment(screen: Seen) -> None:
    """Open the first compartment of the wall."""
    await screen.shows("► 1 ")
    await screen.press("enter")
    await screen.shows("BOX 1 ")


async def test_escape_twice_leads_back_once(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        await at_once(screen, "escape", "escape")
        await screen.shows("[2 Wall]")
        assert len(screen.app.screen_stack) == 1


async def test_enter_twice_shows_a_compartment_once(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await screen.shows("► 1 ")
        await at_once(screen, "enter", "enter")
        await screen.until(lambda: isinstance(screen.app.screen, CompartmentScreen), "the compartment")
        await screen.pilot.pause()
        assert len(screen.app.screen_stack) == 2


async def test_yes_twice_closes_one_dialog(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        await screen.press("t")
        await screen.shows("Yes (y)")
        await at_once(screen, "n", "n")
        await screen.pilot.pause()
        assert isinstance(screen.app.screen, CompartmentScreen)


async def test_a_key_pressed_twice_asks_one_question(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        await at_once(screen, "t", "t")
        await screen.shows("Yes (y)")
        await screen.press("n")
        await screen.hides("Yes (y)")
        assert isinstance(screen.app.screen, CompartmentScreen)


async def test_a_long_help_shows_its_end_by_keys_on_any_screen(shared_sim: LockerSim) -> None:
    for matter, size in (("audit", (80, 24)), ("tests", (60, 16)), ("commission", (40, 10))):
        async with seen(shared_sim.socket, matter=matter, language="fi", size=size) as screen:
            await screen.press("f1")
            await screen.shows("sulkee tämän.")
            await screen.press(*["pagedown"] * 12)
            await screen.shows("lopettaa.", "sulkee tämän.")


async def test_help_closed_twice(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="overview") as screen:
        await screen.press("f1")
        await screen.shows("Enter closes")
        await at_once(screen, "enter", "escape", "escape")
        assert len(screen.app.screen_stack) == 1
        await screen.press("f1")
        await screen.shows("Enter closes")


async def test_an_id_that_is_none_is_asked_again(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall", technician="two words") as screen:
        await open_compartment(screen)
        await screen.press("u", "y")
        await screen.shows("Your own id")


async def test_a_long_or_strange_reason(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        await screen.press("x")
        await screen.shows("Why?")
        line = screen.app.screen.query_one(Input)
        line.value = "red: \x9b31m"
        await screen.press("enter")
        await screen.shows("That is not what is asked for.")
        line.value = "[/nothing]"
        await screen.press("enter")
        await screen.shows("Yes (y)")
        await screen.press("y")
        await screen.shows("[/nothing]")
        await screen.press("u")
        await screen.shows("Yes (y)")
        await screen.press("y")
        await screen.hides("Blocked")


async def test_markup_in_a_reason_of_the_round(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="audit", size=(120, 40)) as screen:
        await screen.shows("BEGIN A ROUND")
        await screen.press("enter")
        await screen.shows("UNDER WAY")
        await screen.press("s")
        await screen.shows("Skip")
        screen.app.screen.query_one(Input).value = "[/nothing] [bold]"
        await screen.press("enter")
        await screen.shows("T-100: [/nothing] [bold]")
        await screen.press("w")
        await screen.shows("Yes (y)")
        await screen.press("y")
        await screen.shows("The report is in the journal")


async def test_no_answer_yet_is_no_viewer(tmp_path: Path) -> None:
    async with seen(tmp_path / "none.sock", known=False, matter="commission") as screen:
        await screen.shows("No connection")
        await screen.press("f")
        await screen.press("y")
        await screen.shows("nothing was asked of it")
        assert "You may only look" not in screen.text()
