"""Hands that are too fast, texts that are too long, answers that never come: no crash, no lie."""

import os
import signal
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from textual import events
from textual.widgets import Input

from locker.api.client import ApiClient, DaemonUnreachable
from locker.api.schema import AuditItem, IncidentItem, IncidentView
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


async def test_letters_that_come_before_their_question_do_nothing_else(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        await at_once(screen, "x", *"dirty")
        await screen.shows("Block box 1", "Why?")
        assert len(screen.app.screen_stack) == 3


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


async def test_a_round_that_ended_while_nobody_answered_is_forgotten(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, size=(120, 40)) as screen:
        store = screen.app.store
        async with ApiClient(shared_sim.socket) as client:
            store.apply(AuditItem(number=1, under_way=True, done=3, total=14))
            await screen.shows("under way: 3 of 14")
            async with aclosing(client.events()) as items:
                store.apply(await anext(items))
        await screen.hides("under way: 3 of 14")


async def test_what_to_do_about_many_incidents_of_a_box_is_reached_by_keys(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        screen.app.store.apply(IncidentItem(number=1, incident=incident(1, "door-did-not-open")))
        for number in range(2, 8):
            screen.app.store.apply(
                IncidentItem(number=number, incident=incident(number, "compartment-dirty"))
            )
        await screen.shows("#7 ")
        assert "free the door by hand" not in screen.text()
        await screen.press("pagedown")
        await screen.shows("#1 ", "free the door by hand")


async def test_brackets_in_the_name_of_a_file_are_shown(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket) as screen:
        screen.app.notify("saved: [/tmp]/a\x1b[31m")
        await screen.shows("saved: [/tmp]/a?[31m")


async def test_what_was_asked_before_the_connection_broke_may_have_been_done(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket, matter="wall") as screen:
        await open_compartment(screen)
        box = screen.app.screen
        assert isinstance(box, CompartmentScreen)
        worker = box.run_worker(box.not_acted(DaemonUnreachable("the connection broke")))
        await screen.shows("Was it done?", "may have been done")
        await screen.press("enter")
        await worker.wait()


def incident(number: int, kind: str) -> IncidentView:
    """An open incident about the first compartment."""
    return IncidentView(
        number=number,
        kind=kind,
        about="1",
        detail="seen in a test, and told in so many words that they take more than a line of it",
        meaning="-",
        remedy="free the door by hand" if kind == "door-did-not-open" else "clean it",
        settling="by-looking",
        raised_at=datetime(2026, 3, 1, tzinfo=UTC),
        cleared_at=None,
        acknowledged_by=None,
        acknowledged_at=None,
    )


async def test_a_daemon_that_hangs_is_told_and_so_is_its_return(shared_sim: LockerSim) -> None:
    daemon = shared_sim._demo.daemon_pid
    assert daemon is not None
    async with seen(shared_sim.socket) as screen:
        os.kill(daemon, signal.SIGSTOP)
        try:
            await screen.shows("No connection, trying again:", "did not answer within", limit_s=30)
        finally:
            os.kill(daemon, signal.SIGCONT)
        await screen.hides("No connection", limit_s=30)
