"""What all screens share: tabs, banner, help, languages, roles, and that nobody is needed to begin."""

from pathlib import Path

import pytest
from textual import events

from simulator.locker_sim import LockerSim
from tests.screens.tui.stand import seen
from tui.screens.base import AskingScreen

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_is_one_key_away_and_names_itself(
    shared_sim: LockerSim, size: tuple[int, int]
) -> None:
    async with seen(shared_sim.socket, size=size) as screen:
        for key, tab in enumerate(
            ("Overview", "Wall", "Incidents", "Journal", "Lines", "Tests", "Audit", "Commiss"), 1
        ):
            await screen.press(str(key))
            await screen.shows(f"[{key} {tab}")
            assert all(len(line) <= size[0] for line in screen.lines())


async def test_without_a_daemon_a_banner_says_so_and_what_to_do(tmp_path: Path) -> None:
    async with seen(tmp_path / "none.sock", known=False) as screen:
        await screen.shows("No connection, trying again:", "is not running")


async def test_help_is_one_key_away_in_both_languages(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket) as screen:
        await screen.press("f1")
        await screen.shows("Enter closes this.")
        await screen.press("enter")
        await screen.hides("Enter closes this.")
        await screen.press("f3")
        await screen.press("f1")
        await screen.shows("Enter sulkee tämän.")


async def test_keys_pressed_right_behind_the_one_of_the_language_are_obeyed(shared_sim: LockerSim) -> None:
    async with seen(shared_sim.socket) as screen:
        await screen.press("2")
        for key in ("f3", "3", "f3", "f3", "5", "f1"):
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await screen.shows("Linjat", "Enter sulkee tämän.")
        await screen.press("f3")  # a dialog is answered first
        await screen.press("enter")
        await screen.hides("Enter sulkee tämän.")
        await screen.shows("[5 Linjat")


@pytest.mark.parametrize("matter", ["incidents", "tests"])
async def test_an_answer_that_comes_while_a_screen_is_taken_down_is_painted_nowhere(
    shared_sim: LockerSim, matter: str
) -> None:
    async with seen(shared_sim.socket, matter=matter) as screen:
        front = screen.app.screen
        assert isinstance(front, AskingScreen)
        client = screen.app.client
        assert client is not None
        await front.remove_children()
        await front.ask(client)
