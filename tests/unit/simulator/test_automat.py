"""The simulated automat in real time, met through its ports as a host would."""

import asyncio
import time

import pytest

from simulator.automat import SimulatedAutomat
from simulator.boards.xor_bcc import framed
from simulator.events import (
    DisplayChanged,
    DoorMoved,
    FaultChanged,
    KeyPressed,
    PortPlugged,
    SimulatorEvent,
    WireBytes,
)
from simulator.world import HandRefusedError
from tests.unit.simulator.conftest import Host

UNLOCK_3 = framed(0x8A, 1, 3, 0x11)
OPENED_3 = framed(0x8A, 1, 3, 0x00)


async def open_door(automat: SimulatedAutomat, locks: Host) -> None:
    locks.write(UNLOCK_3)
    await automat.until(lambda: automat.door("3").state == "open", 5, "door 3 open")


async def test_an_unlock_over_the_port_opens_the_door_and_is_answered(
    automat: SimulatedAutomat, locks: Host
) -> None:
    started_s = time.monotonic()
    locks.write(UNLOCK_3)
    assert await locks.read(5) == OPENED_3
    assert time.monotonic() - started_s >= 0.2
    assert automat.door("3").pulses == 1
    await automat.until(lambda: automat.door("3").state == "open", 5, "door 3 open")


async def test_hands_deliver_and_collect(automat: SimulatedAutomat, locks: Host) -> None:
    with pytest.raises(HandRefusedError, match="compartment 3 is shut"):
        automat.put("3", "JJFI1")
    await open_door(automat, locks)
    automat.put("3", "JJFI1")
    assert automat.take("3") == ["JJFI1"]
    automat.push_shut("3")
    await automat.until(lambda: automat.door("3").shut, 5, "door 3 shut")


async def test_a_door_that_needs_pressing_opens_at_the_next_pulse(
    automat: SimulatedAutomat, locks: Host
) -> None:
    automat.jam("3", "press")
    locks.write(UNLOCK_3)
    assert await locks.read(5) == UNLOCK_3
    automat.press_door("3")
    await open_door(automat, locks)
    assert automat.door("3").pulses == 2


async def test_typed_keys_arrive_in_order_and_one_key_twice_is_slower(automat: SimulatedAutomat) -> None:
    host = Host(automat.port("keypad-front"))
    started_s = time.monotonic()
    automat.key_gap_s, automat.same_key_gap_s = 0.001, 0.05
    await automat.type("front", "C 00 OK")
    assert time.monotonic() - started_s >= 0.05
    assert await host.read(4) == b"\x0800\r"
    host.close()


async def test_a_digit_is_pressed_once_more_a_gap_after_the_display_has_answered_the_first(
    automat: SimulatedAutomat,
) -> None:
    keypad, display = Host(automat.port("keypad-front")), Host(automat.port("display-front"))
    seen: list[SimulatorEvent] = []
    automat.subscribe(seen.append)
    automat.key_gap_s, automat.same_key_gap_s, automat.glance_s = 0.001, 0.05, 60
    typing = asyncio.create_task(automat.type("front", "77 OK"))
    assert await keypad.read(1) == b"7"
    answered_s = time.monotonic()
    display.write(b"\x1b@\x1bQA*\r")
    async with asyncio.timeout(5):
        await typing
    assert time.monotonic() - answered_s >= 0.05
    assert await keypad.read(2) == b"7\r"
    keypad.close()
    display.close()
    told = [event for event in seen if isinstance(event, KeyPressed | DisplayChanged)]
    assert [type(event) for event in told] == [KeyPressed, DisplayChanged, KeyPressed, KeyPressed]


async def test_a_display_that_does_not_answer_keeps_no_finger_from_a_digit(automat: SimulatedAutomat) -> None:
    keypad = Host(automat.port("keypad-front"))
    automat.key_gap_s = automat.same_key_gap_s = 0.001
    automat.glance_s = 0.05
    started_s = time.monotonic()
    await automat.type("front", "77 OK OK")
    assert time.monotonic() - started_s >= 0.05
    assert await keypad.read(4) == b"77\r\r"
    keypad.close()


async def test_a_label_held_in_front_of_the_scanner_arrives(automat: SimulatedAutomat) -> None:
    host = Host(automat.port("scanner-front"))
    automat.scan("front", "JJFI1")
    assert await host.read(6) == b"JJFI1\r"
    with pytest.raises(KeyError, match="no scanner 'back'; there are front"):
        automat.scan("back", "JJFI1")
    host.close()


async def test_the_display_shows_what_the_host_wrote(automat: SimulatedAutomat) -> None:
    host = Host(automat.port("display-front"))
    host.write(b"\x1b@\x1bQATervetuloa\r\x1bQB\x8fland\r\x07")
    view = automat.display("front")
    await automat.until(lambda: view.beeps == 1, 5, "a beep")
    assert view.text() == "Tervetuloa\nÅland"
    host.close()


async def test_observers_are_told_everything_in_order(automat: SimulatedAutomat, locks: Host) -> None:
    seen: list[SimulatorEvent] = []
    stop = automat.subscribe(seen.append)
    await open_door(automat, locks)
    await locks.read(5)
    automat.press("front", "C")
    stop()
    automat.press("front", "OK")
    wire = [event for event in seen if isinstance(event, WireBytes)]
    assert wire[0] == WireBytes("locks", "from-host", UNLOCK_3)
    assert WireBytes("locks", "to-host", OPENED_3) in wire
    assert [event.state for event in seen if isinstance(event, DoorMoved)] == ["unlatched", "ajar", "open"]
    assert [event for event in seen if isinstance(event, KeyPressed)] == [KeyPressed("front", "C")]


async def test_an_observer_may_act_on_the_automat(automat: SimulatedAutomat, locks: Host) -> None:
    def shut(event: SimulatorEvent) -> None:
        if event == DoorMoved("3", "open"):
            automat.push_shut("3")

    automat.subscribe(shut)
    locks.write(UNLOCK_3)
    await automat.until(lambda: automat.door("3").pulses == 1, 5, "a pulse")
    await automat.until(lambda: automat.door("3").shut, 5, "door 3 shut again")


async def test_a_wait_that_fails_says_what_was_awaited_and_what_was_there(automat: SimulatedAutomat) -> None:
    automat.press("front", "C")
    with pytest.raises(TimeoutError, match=r"for rain; display front shows .*all shut.*KeyPressed"):
        await automat.until(lambda: False, 0.01, "rain")


async def test_a_predicate_that_raises_fails_its_wait_only(automat: SimulatedAutomat) -> None:
    calls: list[int] = []

    def broken() -> bool:
        calls.append(1)
        if len(calls) > 1:
            raise LookupError("mine")
        return False

    waiting = asyncio.ensure_future(automat.until(broken, 5, "nothing"))
    await asyncio.sleep(0)
    automat.press("front", "C")
    with pytest.raises(LookupError, match="mine"):
        await waiting
    automat.press("front", "OK")


async def test_unplug_and_replug_under_the_same_path(automat: SimulatedAutomat, locks: Host) -> None:
    seen: list[SimulatorEvent] = []
    automat.subscribe(seen.append)
    automat.unplug("locks")
    assert await locks.read(1) == b""
    automat.replug("locks")
    assert PortPlugged("locks") in seen
    again = Host(automat.port("locks"))
    again.write(UNLOCK_3)
    assert await again.read(5) == OPENED_3
    again.close()


async def test_faults_are_set_by_name_on_their_target(automat: SimulatedAutomat, locks: Host) -> None:
    seen: list[SimulatorEvent] = []
    automat.subscribe(seen.append)
    automat.set_fault("no-unlock-answer", "A")
    automat.set_fault("hung-port", "locks")
    locks.write(UNLOCK_3)
    automat.set_fault("hung-port", "locks", None)
    await automat.until(lambda: automat.door("3").state == "open", 5, "door 3 open")
    assert FaultChanged("no-unlock-answer", "A", True) in seen
    assert not [e for e in seen if isinstance(e, WireBytes) and e.direction == "to-host"]


async def test_wrong_names_are_answered_with_the_right_ones(automat: SimulatedAutomat) -> None:
    with pytest.raises(KeyError, match="no keypad 'back'; there are front"):
        automat.press("back", "C")
    with pytest.raises(KeyError, match="no port 'usb'; there are locks, keypad-front, display-front"):
        automat.unplug("usb")
    with pytest.raises(KeyError, match="no display 'back'"):
        automat.display("back")


async def test_at_rest_it_sleeps(automat: SimulatedAutomat, locks: Host) -> None:
    await open_door(automat, locks)
    await locks.read(5)
    await automat.until(lambda: automat.stirs_in_s() is None, 5, "rest")


async def test_after_stop_nothing_is_left(automat: SimulatedAutomat) -> None:
    waiting = asyncio.ensure_future(automat.until(lambda: False, 5, "nothing"))
    await asyncio.sleep(0)
    await automat.stop()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not automat.port("locks").is_symlink()


async def test_changes_of_the_display_are_events(automat: SimulatedAutomat) -> None:
    seen: list[SimulatorEvent] = []
    automat.subscribe(seen.append)
    host = Host(automat.port("display-front"))
    host.write(b"Hei")
    await automat.until(lambda: bool(seen) and isinstance(seen[-1], DisplayChanged), 5, "a new display")
    host.close()
