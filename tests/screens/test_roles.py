"""Other roles than a courier's and a recipient's, played through the panel over a hand-hosted automat."""

import asyncio

import pytest

from simulator.front.book import digits
from simulator.front.display import Display
from simulator.front.hands import DIRT
from simulator.panel import Panel
from simulator.people import Person
from tests.screens.stand import OTHER, PARCEL, SENT, Stand, choose, seen

REASON, OPERATOR = "a recipient calls for help", "operator Aino"


async def test_a_label_is_held_before_the_scanner(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.host("scanner-front")
        await screen.press("r")
        await screen.shows("1  00000017 recipient 1", "2  00000018 recipient 2")
        await choose(screen, "2")
        wanted = f"{OTHER}\r".encode()
        assert await stand.heard("scanner-front", len(wanted)) == wanted


async def test_a_parcel_that_nobody_announced_can_be_scanned_and_is_at_hand_then(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.host("scanner-front")
        await choose(screen, "r", "3")
        scanned = (await stand.heard("scanner-front", 22)).decode().strip()
        await screen.shows("nobody's", digits(scanned), part="people")
        assert scanned not in (PARCEL, OTHER)
        stand.enter("lock.pulse-intended", scanned, purpose="deposit", compartment="3")
        stand.unlock(3)
        await screen.shows("OPEN")
        await screen.press("p")
        await screen.until(lambda: stand.automat.door("3").contents == (scanned,), "it inside")


async def test_keys_over_a_menu_are_not_the_automats(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.host("keypad-front")
        await screen.press("o")
        await screen.shows("customer service")
        await screen.press("down 0 c backspace escape")
        await screen.until(lambda: "block a compartment" not in screen.text(), "the menu gone")
        await screen.press("space down enter")
        await screen.press("7")
        assert await stand.keys(1) == b"7"


ASKED: list[tuple[str, tuple[object, ...]]] = [
    ("1 2", ("replace_code", OTHER)),
    ("2 1", ("pay", PARCEL)),
    ("3 3 1 1", ("open", "3", OPERATOR, REASON)),
    ("4 1 2 2", ("block", "1", "operator Birger", "to clean it")),
    ("5 1 1", ("unblock", "1", OPERATOR)),
    ("6 4 1", ("set_mode", "frozen", OPERATOR)),
    ("7 1 2", ("withdraw", PARCEL, "refusal")),
    ("8 1 2 1", ("announce", "M", (), None)),
    ("8 1 1 4", ("announce", "S", ("personal-handover",), None)),
    ("9 3", ("expect_drop_off", "L")),
    ("a", ("let_register", False)),
    ("b 1 1", ("release_guard", "front", OPERATOR)),
    ("c 1", ("revoke_courier", "courier 1")),
    ("d", ("authorise_courier",)),
]


async def test_customer_service_asks_for_what_it_needs(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        for keys, asked in ASKED:
            stand.counter.asked.clear()
            await choose(screen, "o", *keys.split())
            await screen.until(lambda: bool(stand.counter.asked), f"the command of {keys}")
            assert stand.counter.asked == [asked]


async def test_customer_service_begins_with_the_door_under_the_cursor(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("down")
        await choose(screen, "o", "3")
        await screen.shows("1  door 2")


async def test_nothing_is_asked_for_when_a_question_is_left(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await choose(screen, "o", "3", "1", "escape")
        await screen.until(lambda: len(screen.panel.screen_stack) == 1, "the front")
        assert stand.counter.asked == []


async def test_registering_is_switched_off_and_on(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        for on in (False, True):
            await choose(screen, "o", "a")
            await screen.until(lambda now=on: stand.counter.registering is now, "the switch")  # type: ignore[misc]  # mypy knows no default of a lambda


async def test_what_the_automat_answered_stands_in_the_journal(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.enter("command.applied", command="mode.set")
        stand.enter("command.refused", PARCEL, command="parcel.withdraw", reason="already-redirected")
        stand.enter("command.refused", reason="bad-signature", more=37)
        await screen.shows("applied mode.set", "refused withdraw", "already-redirected", part="journal")
    async with seen(Panel(stand), (140, 40)) as screen:
        await screen.shows("refused parcel.withdraw: already-redirected", PARCEL, part="journal")
        await screen.shows("refused 37 more: bad-signature", part="journal")


async def test_who_comes_later_is_listed_with_a_code(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.invite(Person("sender", "sender 1", "305511", SENT))
        await screen.shows("sender 1    305511", "00000021 to send", part="people")


async def test_everybody_can_be_read_where_the_list_has_no_room(stand: Stand) -> None:
    stand.people += [
        Person("recipient", f"recipient {n}", f"{n:06d}", f"{SENT[:-2]}{n}") for n in range(30, 37)
    ]
    async with seen(Panel(stand)) as screen:
        await screen.shows("e: everybody", part="people")
        assert "recipient 36" not in screen.text()
        await screen.press("e")
        await screen.shows("recipient 36000036", "00000036 to bring")
        await screen.press("escape")
        await screen.until(lambda: "recipient 36" not in screen.text(), "it gone")


async def test_another_roles_script_is_shown(stand: Stand) -> None:
    stand.people.append(Person("technician", "technician", "600100"))
    async with seen(Panel(stand)) as screen:
        await screen.shows("courier and recipient", "g: another role", part="steps")
        await screen.press("g g g")
        await screen.shows("technician", "▶ 1 Technician: type C 600100 OK", part="steps")
        assert screen.part("people")[1].startswith("│technician  600100")
        stand.enter("technician.signed-in")
        await screen.shows("✓ 1", "▶ 2", part="steps")


async def test_a_box_is_made_dirty_and_somebody_elses_parcel_laid_in(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.unlock(3)
        await screen.shows("OPEN")
        await screen.press("space y")
        await screen.until(lambda: stand.automat.door("3").contents == (DIRT,), "dirt")
        await screen.press("space")
        await screen.shows("take out: dirt")
        await screen.press("n")
        await screen.until(lambda: len(stand.automat.door("3").contents) == 2, "a parcel beside it")
        await screen.shows("nobody's", part="people")
        await screen.press("t")
        await screen.until(lambda: not stand.automat.door("3").contents, "all taken out")


async def test_the_clock_moves_by_an_hour_a_day_and_a_week(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("h h")
        await screen.shows("+0 d 2 h", part="troubles")
        await screen.press("w m")
        await screen.shows("+8 d 2 h", part="troubles")


async def test_a_tone_and_ticking_are_told_apart(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        display = screen.panel.query_one(Display)
        display.beep(10.0)
        assert display.border_subtitle == "♪ beep"
        display.beep(10.2)
        display.beep(10.4)
        assert display.border_subtitle == "♪♪♪ beep"
        display.beep(11.4)
        assert display.border_subtitle == "♪ beep"
        display.beep(12.4)
        display.beep(13.4)
        assert display.border_subtitle == "♪ ticking 3"
        await asyncio.wait_for(screen.until(lambda: not display.border_subtitle, "silence"), 5)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (160, 50)])
async def test_every_menu_fits(stand: Stand, size: tuple[int, int]) -> None:
    async with seen(Panel(stand), size) as screen:
        for key, last in (("o", "d  a code for one more courier"), ("r", "a parcel that nobody announced")):
            await screen.press(key)
            await screen.shows(last)
            assert "…" not in "\n".join(screen.part("choose"))
            await screen.press("escape")
            await screen.until(lambda: len(screen.panel.screen_stack) == 1, "the front")


async def test_parcels_stand_beside_their_people_from_100_columns_on(stand: Stand) -> None:
    async with seen(Panel(stand), (100, 30)) as screen:
        await screen.shows("recipient 1 024204 00000017 to bring", part="people")
        region = screen.panel.query_one("#people").region
        assert screen.panel.screen.region.contains_region(region)
