"""The whole automat in virtual time: bytes in, doors move, bytes out; one seed, one history."""

import pytest

from simulator.boards.xor_bcc import framed
from simulator.cabinet import Cabinet
from simulator.events import (
    Beeped,
    CoilPulsed,
    DisplayChanged,
    DoorMoved,
    KeyPressed,
    LabelScanned,
    ParcelPut,
    ParcelTaken,
    SimulatorEvent,
)
from simulator.faults import UnknownFaultError
from simulator.plan import demo_plan

UNLOCK_3 = framed(0x8A, 1, 3, 0x11)


def cabinet(*, seed: int = 0) -> tuple[Cabinet, list[SimulatorEvent]]:
    events: list[SimulatorEvent] = []
    return Cabinet(demo_plan(), seed=seed, tell=events.append), events


def test_an_unlock_opens_its_door_and_the_answer_already_sees_it() -> None:
    c, events = cabinet()
    c.feed("locks", UNLOCK_3)
    assert c.advance(1.0) == [("locks", framed(0x8A, 1, 3, 0x00))]
    assert events == [
        CoilPulsed("3", 0.3),
        DoorMoved("3", "unlatched"),
        DoorMoved("3", "ajar"),
        DoorMoved("3", "open"),
    ]


def test_a_jammed_door_is_acknowledged_as_still_shut() -> None:
    c, _ = cabinet()
    c.set_fault("jam", "3", "stuck")
    c.feed("locks", UNLOCK_3)
    assert c.advance(1.0) == [("locks", UNLOCK_3)]


def test_a_parcel_goes_in_and_comes_out() -> None:
    c, events = cabinet()
    c.feed("locks", UNLOCK_3)
    c.advance(1.0)
    c.put("3", "JJFI1")
    assert c.take("3") == ["JJFI1"]
    assert events[-2:] == [ParcelPut("3", "JJFI1"), ParcelTaken("3", ("JJFI1",))]
    c.world.push("3")
    c.advance(1.0)
    assert c.doors()["3"].shut
    assert c.due_in_s() is None


def test_keys_come_out_of_the_keypads_port() -> None:
    c, events = cabinet()
    c.press("front", "C")
    assert c.advance(0) == [("keypad-front", b"\x08")]
    assert events == [KeyPressed("front", "C")]


def test_labels_come_out_of_the_scanners_port() -> None:
    c, events = cabinet()
    c.set_fault("fragmented-label", "front", 0.5)
    c.scan("front", "JJFI1")
    assert events[-1] == LabelScanned("front", "JJFI1")
    assert c.advance(1.0) == [("scanner-front", b"JJF"), ("scanner-front", b"I1\r")]
    c.feed("scanner-front", bytes.fromhex("7E 00 08 01 00 02 01 AB CD"))
    assert c.advance(0) == [("scanner-front", bytes.fromhex("02 00 00 01 00 33 31"))]


def test_the_display_tells_its_changes_and_beeps() -> None:
    c, events = cabinet()
    c.feed("display-front", b"\x07Hei")
    c.feed("display-front", b"\x1bl\x01\x01Hei")
    assert events == [Beeped("front", 1), DisplayChanged("front", ("Hei".ljust(20), " " * 20))]


def test_doors_report_themselves_where_the_board_is_told_to() -> None:
    c, _ = cabinet()
    c.set_fault("unsolicited-reports", "A", 0x82)
    c.world.force("3")
    assert c.advance(1.0) == [("locks", framed(0x82, 1, 3, 0x00))]


@pytest.mark.parametrize(
    ("name", "target", "value", "reason"),
    [
        ("hung-port", "locks", True, "belongs to a port"),
        ("dead-board", "Z", True, "no board 'Z'"),
        ("stuck-key", "front", "#", "no key '#'"),
    ],
)
def test_an_impossible_fault_is_named(name: str, target: str, value: str, reason: str) -> None:
    c, events = cabinet()
    with pytest.raises((UnknownFaultError, KeyError), match=reason):
        c.set_fault(name, target, value)
    assert events == []


def test_one_seed_gives_one_history_however_time_is_cut() -> None:
    def history(step_s: float) -> list[tuple[str, bytes]]:
        c, _ = cabinet(seed=9)
        c.set_fault("noise", "locks", 0.1)
        sent = []
        for channel in range(1, 15):
            c.feed("locks", framed(0x8A, 1, channel, 0x11))
            for _ in range(round(1 / step_s)):
                sent += c.advance(step_s)
        return sent

    assert history(0.25) == history(0.25)
    assert len(history(0.5)) > 5


def test_a_quiet_day_costs_no_steps() -> None:
    c, _ = cabinet()
    assert c.advance(86_400.0) == []
    assert not c.moving
