"""The panel over a real simulated automat: what it shows of the hardware, and what hands do through it."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from textual.widget import Widget

from simulator.events import KeyPressed
from simulator.front.drawing import DoorLook
from simulator.front.pad import Key
from simulator.front.troubles import Trouble
from simulator.front.wall import Door, Wall
from simulator.panel import FRAME_S, Panel
from simulator.plan import plan_of
from tests.screens.stand import OTHER, PARCEL, Seen, Stand, seen

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])


async def open_door(stand: Stand, screen: Seen, label: str) -> None:
    stand.unlock(int(label))
    await stand.automat.until(lambda: stand.automat.door(label).state == "open", 5, f"door {label} open")
    await screen.until(lambda: look(screen, label).state == "open", f"door {label} drawn open")


def look(screen: Seen, label: str) -> DoorLook:
    return screen.panel.query_one(Wall).look(label)


def column_of_first_door(screen: Seen) -> list[str]:
    """What is drawn of doors 1 to 6 in the small layout, where each line of the wall is a line of doors."""
    return [line[1:12] for line in screen.part("wall")[1:-1]]


async def click_door(screen: Seen, label: str) -> None:
    (door,) = (door for door in screen.panel.query(Door) if door.label == label)
    assert await screen.pilot.click(door)


@SIZES
async def test_the_first_look_says_what_to_do_and_fits(stand: Stand, size: tuple[int, int]) -> None:
    stand.show("Kauppatori 1", "Press C, code, OK")
    async with seen(Panel(stand), size) as screen:
        await screen.shows(
            "Kauppatori 1",
            "Press C, code, OK",
            "▶ 1 Courier: type C 482913 OK",
            "024204",
            "00000018",
            "quit q",
        )
        text = screen.text()
        assert all(f" {digit} " in "\n".join(screen.part("pad")) for digit in "1234567890")
        for label in stand.automat.doors():
            assert look(screen, label).label.strip() == label
        assert [len(line) for line in text.split("\n")] == [size[0]] * size[1]
        for part in ("wall", "display", "pad", "troubles", "people", "steps", "journal"):
            region = screen.panel.query_one(f"#{part}").region
            assert screen.panel.screen.region.contains_region(region), f"{part} is cut off"
            assert not [line for line in screen.part(part) if "…" in line], f"{part} has no room"


async def test_the_small_wall_stands_like_the_cabinet(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await open_door(stand, screen, "3")
        stand.automat.put("3", PARCEL)
        stand.automat.jam("5")
        await screen.until(lambda: look(screen, "5").jammed and not look(screen, "3").pulsed, "all drawn")
        assert column_of_first_door(screen) == [
            "[ 1      •]",
            "[ 2      •]",
            "▌▸3  ▣OPEN░",
            "[ 4      •]",
            "┌─5 ───JAM┐",
            "└─────────┘",
            "┌─6 ─────•┐",
            "│         │",
            "│         │",
            "└─────────┘",
        ]


async def test_the_display_is_shown_cell_by_cell_and_its_buzzer_flashes(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.show("Å [b]ä ö 1234567890", "12345678901234567890", beep=True)
        await screen.shows("12345678901234567890", "♪ beep", part="display")
        assert screen.part("display")[1:3] == ["┃ Å [b]ä ö 1234567890  ┃", "┃ 12345678901234567890 ┃"]
        await screen.until(lambda: "beep" not in screen.text(), "silence")


async def test_typed_keys_reach_the_host_in_order_even_the_same_one_twice(stand: Stand) -> None:
    stand.automat.same_key_gap_s = 0.001
    async with seen(Panel(stand)) as screen:
        stand.host("keypad-front")
        await screen.press("c 0 0 4 2 backspace 7 enter")
        assert await stand.keys(8) == b"\x080042\x087\r"


async def test_a_clicked_key_is_pressed_and_flashes(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.host("keypad-front")
        await screen.pilot.click(screen.panel.query(Key)[10])
        await screen.shows("▶ 0  ◀", part="pad")
        assert await stand.keys(1) == b"0"
        await screen.shows("[ 0  ]", part="pad")


async def test_a_pulse_flashes_and_the_opened_door_is_selected(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        stand.automat.jam("9")
        stand.unlock(9)
        await screen.until(lambda: look(screen, "9").pulsed, "the flash")
        assert "↯↯↯" in "\n".join(screen.part("wall"))
        assert not look(screen, "9").selected
        await screen.until(lambda: not look(screen, "9").pulsed, "its end")
        await open_door(stand, screen, "10")
        assert look(screen, "10").selected


async def test_hands_by_mouse_put_a_parcel_in_and_push_the_door_shut(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await open_door(stand, screen, "6")
        await click_door(screen, "6")
        await screen.shows("door 6: open", "put in: 00000017", "put in: 00000018")
        await screen.press("p")
        await screen.until(lambda: look(screen, "6").contents == (PARCEL,), "the parcel inside")
        await click_door(screen, "6")
        await screen.shows("take out: 00000017")
        await screen.press("s")
        await screen.until(lambda: look(screen, "6").state == "shut", "the door shut")
        assert stand.automat.door("6").shut


async def test_hands_by_keyboard_choose_from_the_menu(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await open_door(stand, screen, "3")
        await screen.press("space")
        await screen.shows("door 3: open")
        await screen.press("down enter")
        await screen.until(lambda: look(screen, "3").contents == (OTHER,), "the other parcel inside")
        await screen.press("t")
        await screen.until(lambda: look(screen, "3").contents == (), "it taken out")
        await screen.press("p s")
        await screen.until(lambda: look(screen, "3").state == "shut", "the door shut")
        assert stand.automat.door("3").contents == (PARCEL,)


async def test_a_shut_door_offers_no_parcel_and_says_why_not(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("space")
        await screen.shows("door 1: shut")
        await screen.press("p t")
        assert "door 1: shut" in screen.text()
        await screen.press("escape")
        await screen.until(lambda: "door 1: shut" not in screen.text(), "the menu gone")
        await screen.press("p")
        await screen.shows("compartment 1 is shut")
        assert stand.automat.door("1").contents == ()


async def test_the_menu_follows_the_door(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("space")
        await screen.shows("door 1: shut")
        stand.unlock(1)
        await screen.shows("door 1: open")
        await screen.press("p")
        await screen.until(lambda: look(screen, "1").contents == (PARCEL,), "the parcel inside")


async def test_a_jam_is_made_and_freed(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("space j")
        await screen.until(lambda: look(screen, "1").jammed, "the jam")
        await screen.press("space")
        await screen.shows("free it (jammed: stuck)")
        await screen.press("f")
        await screen.until(lambda: not look(screen, "1").jammed, "the repair")


async def test_arrow_keys_reach_every_door(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        reached = []
        for key in ("down", "down", "down", "down", "right", "right", "left", "up", "up", "up"):
            await screen.press(key)
            reached += [label for label in stand.automat.doors() if look(screen, label).selected]
        assert reached == ["2", "3", "4", "5", "8", "11", "7", "10", "9", "8"]


async def test_entries_arrive_newest_first_and_tick_the_steps(stand: Stand) -> None:
    stand.enter("started")
    async with seen(Panel(stand)) as screen:
        await screen.shows("1 started", part="journal")
        stand.enter("courier.signed-in")
        stand.enter("lock.pulse-intended", PARCEL, purpose="deposit", compartment="3")
        await screen.shows("✓ 1", "✓ 2", "▶ 3", part="steps")
        assert screen.part("journal")[1:4] == [
            "│   3 lock.pulse-intended 0017 ✓ │",
            "│   2 courier.signed-in        ✓ │",
            "│   1 started                  ✓ │",
        ]
        stand.enter("parcel.stored", PARCEL, compartment="3")
        await screen.shows("00000017 in box 3", part="people")


@pytest.mark.parametrize(("size", "ticked"), [((80, 24), "✓ 1 to 8. Receipt"), ((120, 44), "✓ 8 Receipt")])
async def test_after_the_receipt_it_says_what_else_to_try(
    stand: Stand, size: tuple[int, int], ticked: str
) -> None:
    async with seen(Panel(stand), size) as screen:
        stand.enter("parcel.stored", PARCEL, compartment="3")
        stand.enter("code.accepted", PARCEL, compartment="3")
        stand.enter("parcel.handed-over", PARCEL, grade="A")
        await screen.shows(
            "done!", f"{ticked}, entry 3: verified", "a wrong code", "8 days later", part="steps"
        )


async def test_a_wide_journal_spells_everything_out(stand: Stand) -> None:
    async with seen(Panel(stand), (120, 40)) as screen:
        stand.enter("parcel.stored", PARCEL, compartment="3")
        stand.enter("parcel.handed-over", PARCEL, prevhash="f" * 64)
        await screen.shows("parcel.stored", "parcel.handed-over", part="journal")
        assert screen.row("journal", "parcel.stored").split() == [
            "│",
            "1",
            "parcel.stored",
            "(3)",
            PARCEL,
            *["✓", "verified", "│"],
        ]
        assert "! CHAIN BROKEN" in screen.row("journal", "parcel.handed-over")


async def test_the_daemons_power_is_cut_and_comes_back(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.shows("daemon    ● runs")
        await screen.press("k")
        await screen.shows("daemon    ○ NO POWER")
        await screen.press("k")
        await screen.shows("daemon    ● runs")
        assert stand.daemon_running


async def test_what_fails_is_told_and_shown(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("k")
        await screen.shows("NO POWER")
        stand.daemon_fails = "lockerd ended [twice]"
        await screen.press("k")
        await screen.shows("lockerd ended [twice]", "NO POWER")


async def test_broker_lock_line_and_clock_are_disturbed(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.press("b")
        await screen.shows("broker    ○ STOPPED")
        stand.broker.held.set()
        await screen.press("b")
        await screen.shows("broker    ● runs")
        await screen.press("l")
        await screen.shows("NO CABLE")
        assert not stand.automat.port("locks").exists()
        await screen.press("l")
        await screen.shows("● plugged")
        assert stand.automat.port("locks").exists()
        await screen.press("m m")
        await screen.shows("+2 days")


async def test_a_click_on_a_trouble_does_what_its_key_does(stand: Stand) -> None:
    async with seen(Panel(stand), (120, 40)) as screen:
        await screen.pilot.click(screen.panel.query(Trouble)[3])
        await screen.shows("+1 days")


async def test_one_disturbance_at_a_time(stand: Stand) -> None:
    stand.broker.running = False
    async with seen(Panel(stand)) as screen:
        await screen.press("b")
        await screen.shows("… starts")
        await screen.press("k")
        await screen.shows("one thing at a time")
        assert stand.daemon_running


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_quitting_leaves_no_task_and_no_observer_behind(stand: Stand, key: str) -> None:
    before = asyncio.all_tasks()
    stand.broker.running = False
    panel = Panel(stand)
    async with seen(panel) as screen:
        await screen.press("b")
        await screen.shows("… starts")
        await screen.press("1")
        await screen.press(key)
        await screen.until(lambda: panel._exit, "the end")
    assert asyncio.all_tasks() == before
    assert not stand.observed
    stand.automat.press("front", "C")


async def test_a_resize_lays_the_wall_out_anew(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        assert len(screen.part("wall")) == 12
        await screen.press("space")
        await screen.shows("door 1: shut")
        await screen.pilot.resize_terminal(120, 40)
        await screen.press("escape")
        await screen.until(lambda: "door 1: shut" not in screen.text(), "the menu gone")
        assert len(screen.part("wall")) == 22


async def test_a_cabinet_too_wide_for_the_screen_scrolls_to_the_chosen_door(tmp_path: Path) -> None:
    stand = Stand(tmp_path, plan_of(96))
    await stand.start()
    async with seen(Panel(stand)) as screen:
        assert "[ 89 " not in screen.text()
        await screen.press("left")
        await screen.until(lambda: "89" in "\n".join(screen.part("wall")), "the last column")
    await stand.stop()


async def test_the_busy_wire_alone_draws_nothing(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.shows("▶ 1")
        drawn: list[Panel] = []

        def noted(self: Panel) -> None:
            drawn.append(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Panel, "_draw", noted)
            for channel in range(1, 6):
                await stand.poll(channel)
            await screen.pilot.pause()
            assert drawn == []
            stand.automat.jam("1")
            await screen.until(lambda: bool(drawn), "that something else is drawn")


async def test_what_has_not_changed_is_not_painted_again(stand: Stand) -> None:
    async with seen(Panel(stand)) as screen:
        await screen.shows("▶ 1")
        painted: list[Widget] = []
        refresh = Widget.refresh

        def noted(self: Widget, *args: Any, **options: Any) -> Widget:
            painted.append(self)
            return refresh(self, *args, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Widget, "refresh", noted)
            stand.automat.jam("4")
            await screen.until(lambda: look(screen, "4").jammed, "the first jam")
            stand.automat.jam("4")
            stand.automat.jam("5")
            await screen.until(lambda: look(screen, "5").jammed, "the second jam")
        assert [widget.label for widget in painted if isinstance(widget, Door)] == ["4", "5"]
        assert len(painted) == 2


async def test_one_key_twice_is_pressed_as_far_apart_as_a_finger_needs(stand: Stand) -> None:
    stand.automat.same_key_gap_s = 0.3
    pressed_s: list[float] = []
    stand.automat.subscribe(
        lambda event: pressed_s.append(time.monotonic()) if isinstance(event, KeyPressed) else None
    )
    async with seen(Panel(stand)) as screen:
        await screen.press("0 0")
        await screen.until(lambda: len(pressed_s) == 2, "both presses")
    assert pressed_s[1] - pressed_s[0] >= 0.29


async def test_a_burst_is_drawn_at_most_once_a_frame(stand: Stand) -> None:
    panel = Panel(stand)
    async with seen(panel) as screen:
        await screen.shows("▶ 1")
        drawn: list[float] = []
        draw = Panel._draw

        def timed(self: Panel) -> None:
            drawn.append(time.monotonic())
            draw(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Panel, "_draw", timed)
            for number in range(200):
                stand.enter("code.missed", keypad="front", missestoday=number)
                stand.automat.set_fault("jam", "1", "stuck" if number % 2 else None)
                if number % 20 == 0:
                    await screen.pilot.pause()
            await screen.shows(" 200 code.missed", "JAM")
        gaps_s = [later - earlier for earlier, later in pairwise(drawn)]
        assert len(drawn) >= 1
        assert min(gaps_s, default=FRAME_S) >= FRAME_S * 0.9


async def test_what_the_automat_tells_while_the_panel_leaves_harms_nobody(stand: Stand) -> None:
    panel = Panel(stand)
    async with seen(panel) as screen:
        await open_door(stand, screen, "3")
        panel._stale.add("3")
    panel._draw()
    assert panel._stale == {"3"}
