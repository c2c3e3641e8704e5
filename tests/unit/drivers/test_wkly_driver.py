"""The WKLY driver against the device half, which misbehaves: no wrong door, no wrong state, one pulse."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from drivers.base import SILENT, Contact, ContactReport, UnlockAnswer, UnlockOutcome
from drivers.errors import CallerMistake, LineDown, NoAnswer
from drivers.wkly.driver import WklyBoard, WklySettings
from drivers.wkly.finding import explain, search
from simulator.boards import wkly as device
from tests.unit.drivers.device_half import Locks, Wired
from tests.unit.drivers.support import MemoryLine

# Frames by hand from PROTOCOL.md, board 3.
UNLOCK_4 = bytes.fromhex("57 4B 4C 59 09 03 82 04 85")
READ_4 = bytes.fromhex("57 4B 4C 59 09 03 83 04 84")
READ_ALL = bytes.fromhex("57 4B 4C 59 08 03 84 86")
REPORT_4_OPEN = bytes.fromhex("57 4B 4C 59 0A 03 85 04 00 81")

OPEN = UnlockAnswer(UnlockOutcome.ANSWERED, Contact.OPEN)
CLOSED = UnlockAnswer(UnlockOutcome.ANSWERED, Contact.CLOSED)
QUICK: dict[str, Any] = {"read_timeout_s": 0.03, "unlock_timeout_s": 0.03}

Wire = Callable[..., Wired]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made: list[Wired] = []

    def make(*, fitted: int = 12, wait_s: float = 1.2, chunk: int = 64, **known: Any) -> Wired:
        settings = WklySettings(**{"address": 3, "channels": 12} | known)
        locks = Locks()
        board = device.WklyBoard(3, fitted, locks, dice=random.Random(1))
        made.append(Wired(board, locks, lambda bus: WklyBoard(bus, settings), wait_s=wait_s, chunk=chunk))
        return made[-1]

    async with asyncio.timeout(10):
        yield make
        for one in made:
            await one.bus.stop()


async def test_an_unlock_opens_its_lock_and_tells_the_contact(wire: Wire) -> None:
    wired = wire()
    assert await wired.driver.unlock(4) == OPEN
    assert (wired.line.written, wired.locks.pulsed) == ([UNLOCK_4], [4])


async def test_a_jammed_door_is_answered_and_stays_closed(wire: Wire) -> None:
    wired = wire()
    wired.locks.jammed.add(4)
    assert await wired.driver.unlock(4) == CLOSED


async def test_every_channel_opens_its_own_lock(wire: Wire) -> None:
    wired = wire(fitted=24, channels=24)
    for channel in range(1, 25):
        assert await wired.driver.unlock(channel) == OPEN
    assert wired.locks.pulsed == list(range(1, 25))


async def test_a_refusal_says_why_and_moves_nothing(wire: Wire) -> None:
    wired = wire()
    wired.board.faults.set("duty-cycle", 15)
    await wired.driver.unlock(4)
    refused = await wired.driver.unlock(4)
    assert (refused.outcome, refused.contact) == (UnlockOutcome.REFUSED, Contact.OPEN)
    assert "failed (FF)" in refused.reason
    assert wired.locks.pulsed == [4]


async def test_a_channel_that_only_the_settings_have_is_refused_by_the_board(wire: Wire) -> None:
    refused = await wire(fitted=3).driver.unlock(4)
    assert (refused.outcome, refused.contact) == (UnlockOutcome.REFUSED, None)


async def test_a_board_that_never_answers_an_unlock_is_read_instead(wire: Wire) -> None:
    wired = wire(acknowledges=False, unlock_timeout_s=10.0)
    wired.board.faults.set("no-unlock-answer", True)
    async with asyncio.timeout(5):
        assert await wired.driver.unlock(4) == OPEN
    assert wired.line.written == [UNLOCK_4, READ_4]
    assert wired.locks.pulsed == [4]


@pytest.mark.parametrize(
    ("fault", "value"),
    [("no-unlock-answer", True), ("wrong-checksum", 1), ("wrong-address", 1), ("wrong-channel", 1)],
)
async def test_an_unlock_without_a_right_answer_is_sent_once_and_its_contact_read(
    wire: Wire, fault: str, value: int
) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set(fault, value)
    assert await wired.driver.unlock(4) == OPEN
    assert wired.line.written == [UNLOCK_4, READ_4]
    assert wired.locks.pulsed == [4]


async def test_a_dead_board_is_silent_and_asked_to_unlock_once(wire: Wire) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set("dead-board", True)
    assert await wired.driver.unlock(4) == SILENT
    assert wired.line.written == [UNLOCK_4, READ_4]


async def test_a_board_that_can_tell_no_contact_instead_of_an_answer_is_silent(wire: Wire) -> None:
    wired = wire(**QUICK)

    def fail_to_read(line: MemoryLine, request: bytes) -> None:
        if request == READ_4:
            line.arrive(device.framed(3, 0x83, 0xFF, 4, 0x00))

    wired.line.device = fail_to_read
    assert await wired.driver.unlock(4) == SILENT


async def test_a_busy_board_pulses_nothing_and_says_how_the_door_stands(wire: Wire) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set("busy", True)
    await wired.driver.unlock(4)
    assert await wired.driver.unlock(5) == CLOSED
    assert wired.locks.pulsed == [4]


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("echo-request", True),
        ("garbage-in-front", 4),
        ("fragmented-replies", 0.002),
        ("stale-answer-in-front", True),
        ("answer-after-pulse", True),
    ],
)
@pytest.mark.parametrize("chunk", [1, 64])
async def test_what_is_in_front_or_in_pieces_costs_nothing(
    wire: Wire, fault: str, value: float, chunk: int
) -> None:
    wired = wire(chunk=chunk)
    wired.locks.open.add(7)
    wired.board.faults.set(fault, value)
    assert await wired.driver.unlock(4) == OPEN
    assert await wired.driver.unlock(5) == OPEN
    contacts = await wired.driver.read_contacts()
    assert [channel for channel, contact in contacts.items() if contact is Contact.OPEN] == [4, 5, 7]
    assert wired.locks.pulsed == [4, 5]


async def test_a_late_answer_of_another_unlock_is_not_taken_for_this_one(wire: Wire) -> None:
    wired = wire(**QUICK)
    wired.locks.jammed.add(5)
    wired.board.faults.set("late-answer", 2.0)
    assert await wired.driver.unlock(4) == SILENT
    wired.board.faults.set("late-answer", None)
    assert await wired.driver.unlock(5) == CLOSED
    assert wired.locks.pulsed == [4, 5]


async def test_all_contacts_in_one_read_and_errors_are_unknown(wire: Wire) -> None:
    wired = wire()
    wired.locks.open |= {2, 12}
    contacts = await wired.driver.read_contacts()
    assert [channel for channel, contact in contacts.items() if contact is Contact.OPEN] == [2, 12]
    assert set(contacts) == set(range(1, 13))
    wired.line.device = lambda line, _: line.arrive(device.framed(3, 0x84, 0, 3, 0, 0xFF, 1))
    assert await wired.driver.read_contacts() == {1: Contact.OPEN, 3: Contact.CLOSED}


async def test_channels_that_the_board_does_not_have_are_unknown(wire: Wire) -> None:
    assert set(await wire(fitted=5).driver.read_contacts()) == set(range(1, 6))
    assert (await wire(fitted=5).driver.identify()).facts == {"channels": "5"}


@pytest.mark.parametrize("fault", ["wrong-checksum", "no-answer", "wrong-address"])
async def test_a_read_is_repeated_once_and_then_unanswered(wire: Wire, fault: str) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set(fault, 1)
    assert len(await wired.driver.read_contacts()) == 12
    wired.line.written.clear()
    wired.board.faults.set(fault, True)
    with pytest.raises(NoAnswer):
        await wired.driver.read_contacts()
    assert wired.line.written == [READ_ALL, READ_ALL]


async def test_a_reading_that_failed_on_the_board_is_no_reading(wire: Wire) -> None:
    wired = wire()
    wired.line.device = lambda line, _: line.arrive(device.framed(3, 0x84, 0xFF))
    with pytest.raises(NoAnswer, match=r"board 3 says that its reading failed \(FF\)"):
        await wired.driver.read_contacts()


async def test_the_other_header_is_understood_only_where_it_is_configured(wire: Wire) -> None:
    strict, lenient = wire(**QUICK), wire(alternate_header=True)
    for wired in (strict, lenient):
        wired.board.faults.set("alternate-function", True)
    with pytest.raises(NoAnswer):
        await strict.driver.read_contacts()
    assert len(await lenient.driver.read_contacts()) == 12
    assert await lenient.driver.unlock(4) == OPEN


async def test_reports_reach_only_their_board_and_answer_nothing(wire: Wire) -> None:
    wired = wire()
    reports: list[ContactReport] = []
    wired.driver.on_report = reports.append
    other_board, no_such_channel = device.framed(2, 0x85, 4, 0), device.framed(3, 0x85, 13, 0)
    in_error, no_report = device.framed(3, 0x85, 4, 0xFF), device.framed(3, 0x83, 0, 4, 0)
    wired.line.arrive(b"\xfb" + REPORT_4_OPEN + other_board + no_such_channel + in_error + no_report)
    wired.line.collect_input()
    assert reports == [ContactReport(4, Contact.OPEN)]
    assert (await wired.driver.read_contacts())[4] is Contact.CLOSED


async def test_a_report_in_front_of_an_answer_costs_neither(wire: Wire) -> None:
    wired = wire()
    reports: list[ContactReport] = []
    wired.driver.on_report = reports.append
    wired.locks.open.add(2)
    wired.board.contact_changed(2)
    contacts = await wired.driver.read_contacts()
    assert contacts[2] is Contact.OPEN
    assert reports == [ContactReport(2, Contact.OPEN)]


async def test_a_report_that_breaks_into_an_answer_costs_at_most_the_answer(wire: Wire) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set("report-within-answer", 1)
    assert len(await wired.driver.read_contacts()) == 12


async def test_a_line_lost_after_the_unlock_is_silence_and_before_it_surely_unsent(wire: Wire) -> None:
    wired = wire(wait_s=0.0)
    task = asyncio.get_running_loop().create_task(wired.driver.unlock(4))
    await wired.line.until_written(1)
    wired.line.cut()
    assert await task == SILENT
    with pytest.raises(LineDown):
        await wired.driver.unlock(5)
    assert wired.line.written == [UNLOCK_4]


@pytest.mark.parametrize("channel", [0, -1, 13, 255, 256])
async def test_a_channel_that_is_not_there_is_refused_before_anything_is_sent(
    wire: Wire, channel: int
) -> None:
    wired = wire()
    with pytest.raises(CallerMistake, match=r"outside 1\.\.12"):
        await wired.driver.unlock(channel)
    assert wired.line.written == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": 255},
        {"address": -1},
        {"channels": 0},
        {"channels": 25},
        {"read_timeout_s": 0.0},
        {"unlock_timeout_s": -1.0},
    ],
)
def test_settings_that_no_board_has_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CallerMistake):
        WklySettings(**wrong)


async def test_a_search_finds_the_board_its_channels_and_its_header(wire: Wire) -> None:
    wired = wire()
    found = {"address": 3, "channels": 12, "alternate_header": False}
    assert await search(wired.bus, 3) == found
    wired.board.faults.set("alternate-function", True)
    assert await search(wired.bus, 3) == found | {"alternate_header": True}
    assert await search(wired.bus, 4) is None
    assert await search(wired.bus, 255) is None
    assert wired.locks.pulsed == []


@pytest.mark.parametrize(
    ("data", "sent", "words"),
    [
        (UNLOCK_4, True, ["unlock: board 3, channel 4"]),
        (READ_ALL, True, ["read all: board 3"]),
        (device.framed(3, 0x80, 2, 1, 5), True, ["unlock several together: board 3, channels 1, 5"]),
        (UNLOCK_4[:-1] + b"\x86", True, ["wrong checksum"]),
        (UNLOCK_4[:5], True, ["no whole frame"]),
        (REPORT_4_OPEN, False, ["door report, unasked: board 3, channel 4, contact open"]),
        (device.framed(3, 0x82, 0, 4, 1), False, ["unlock: board 3, channel 4, done, contact closed"]),
        (device.framed(3, 0x82, 0xFF), False, ["unlock: board 3, failed (FF)"]),
        (device.framed(3, 0x84, 0, 2, 1, 0xFF), False, ["read all: board 3, done, contacts 01 FF"]),
        (device.framed(3, 0x96, 1), False, ["board 3: command 96, data 01"]),
        (
            device.framed(3, 0x96, *bytes(67)),
            True,
            ["no frame of this family: 67 data bytes are more than 66"],
        ),
        (
            b"\xfb" + REPORT_4_OPEN + UNLOCK_4,
            False,
            [
                "no frame of this family: FB",
                "door report, unasked: board 3, channel 4, contact open",
                "echo of a request: unlock: board 3, channel 4",
            ],
        ),
        (READ_ALL, False, ["echo of a request: read all: board 3"]),
        (
            device.framed(3, 0x82, 0, 4, 1),
            True,
            ["no request of this family: unlock, data 00 04 01"],
        ),
        (REPORT_4_OPEN, True, ["no request of this family: door report, unasked, data 04 00"]),
        (b"\x01\x02", False, ["no frame of this family: 01 02"]),
        (b"", False, ["no frame of this family"]),
    ],
)
def test_frames_are_put_into_words(data: bytes, sent: bool, words: list[str]) -> None:  # noqa: FBT001 - a table
    assert list(explain(data, sent)) == words
