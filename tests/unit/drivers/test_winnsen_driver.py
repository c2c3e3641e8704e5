"""The Winnsen driver against the device half: without a checksum, silence and a second reading must do."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from drivers.base import SILENT, Contact, UnlockAnswer, UnlockOutcome
from drivers.errors import CallerMistake, LineDown, NoAnswer
from drivers.winnsen.driver import WinnsenBoard, WinnsenSettings
from drivers.winnsen.finding import explain, search
from simulator.boards import winnsen as device
from tests.unit.drivers.device_half import Locks, Wired
from tests.unit.drivers.support import MemoryLine

# Frames by hand from PROTOCOL.md, station 2, 12 locks.
UNLOCK_4 = bytes.fromhex("90 06 05 02 04 03")
POLL = bytes.fromhex("90 07 02 02 FF 0F 03")

ANSWERED = UnlockAnswer(UnlockOutcome.ANSWERED)
QUICK: dict[str, Any] = {"read_timeout_s": 0.03, "unlock_timeout_s": 0.03}

Wire = Callable[..., Wired]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made: list[Wired] = []

    def make(*, fitted: int = 12, wait_s: float = 1.2, chunk: int = 64, **known: Any) -> Wired:
        settings = WinnsenSettings(**{"address": 2, "channels": 12, "unprotected": True} | known)
        locks = Locks()
        board = device.WinnsenBoard(2, fitted, locks, dice=random.Random(1))
        made.append(Wired(board, locks, lambda bus: WinnsenBoard(bus, settings), wait_s=wait_s, chunk=chunk))
        return made[-1]

    async with asyncio.timeout(10):
        yield make
        for one in made:
            await one.bus.stop()


def opened(contacts: Mapping[int, Contact]) -> list[int]:
    return [channel for channel, contact in contacts.items() if contact is Contact.OPEN]


def answers(*frames: bytes) -> Callable[[MemoryLine, bytes], None]:
    """A board that gives these answers one after another."""
    left = iter(frames)

    def say(line: MemoryLine, _: bytes) -> None:
        line.arrive(next(left))

    return say


async def test_an_unlock_opens_its_lock(wire: Wire) -> None:
    wired = wire()
    assert await wired.driver.unlock(4) == ANSWERED
    assert (wired.line.written, wired.locks.pulsed) == ([UNLOCK_4], [4])


async def test_every_channel_opens_its_own_lock_and_is_read_as_itself(wire: Wire) -> None:
    wired = wire(fitted=16, channels=16)
    for channel in range(1, 17):
        assert await wired.driver.unlock(channel) == ANSWERED
        assert opened(await wired.driver.read_contacts()) == list(range(1, channel + 1))
    assert wired.locks.pulsed == list(range(1, 17))


async def test_a_lock_that_cools_down_is_refused_with_the_reason(wire: Wire) -> None:
    wired = wire()
    wired.board.faults.set("duty-cycle", 15)
    await wired.driver.unlock(4)
    assert await wired.driver.unlock(4) == UnlockAnswer(UnlockOutcome.REFUSED, reason="cooling down")
    assert wired.locks.pulsed == [4]


async def test_a_failed_unlock_is_refused_with_the_reason(wire: Wire) -> None:
    refused = await wire(fitted=3).driver.unlock(4)
    assert refused == UnlockAnswer(UnlockOutcome.REFUSED, reason="failed")


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("no-unlock-answer", True),
        ("wrong-checksum", True),
        ("wrong-address", True),
        ("wrong-channel", True),
        ("dead-board", True),
        ("late-answer", 5.0),
    ],
)
async def test_an_unlock_without_a_right_answer_is_silent_and_sent_once(
    wire: Wire, fault: str, value: float
) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set(fault, value)
    assert await wired.driver.unlock(4) == SILENT
    assert wired.line.written == [UNLOCK_4]
    assert wired.locks.pulsed in ([4], [])


async def test_a_busy_board_is_silent_until_it_was_read(wire: Wire) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set("busy", True)
    assert await wired.driver.unlock(4) == ANSWERED
    assert await wired.driver.unlock(5) == SILENT
    await wired.driver.read_contacts()
    assert await wired.driver.unlock(5) == ANSWERED
    assert wired.locks.pulsed == [4, 5]


async def test_a_board_known_to_be_silent_is_not_waited_for(wire: Wire) -> None:
    wired = wire(acknowledges=False, unlock_timeout_s=10.0)
    wired.board.faults.set("no-unlock-answer", True)
    async with asyncio.timeout(5):
        assert await wired.driver.unlock(4) == SILENT
    assert wired.line.written == [UNLOCK_4]


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("echo-request", True),
        ("garbage-in-front", 4),
        ("fragmented-replies", 0.002),
        ("stale-answer-in-front", True),
        ("alternate-function", True),
        ("answer-after-pulse", True),
    ],
)
@pytest.mark.parametrize("chunk", [1, 64])
async def test_what_is_in_front_in_pieces_or_under_another_code_costs_nothing(
    wire: Wire, fault: str, value: float, chunk: int
) -> None:
    wired = wire(chunk=chunk)
    wired.locks.open.add(7)
    wired.board.faults.set(fault, value)
    assert await wired.driver.unlock(4) == ANSWERED
    assert await wired.driver.unlock(12) == ANSWERED
    assert opened(await wired.driver.read_contacts()) == [4, 7, 12]
    assert wired.locks.pulsed == [4, 12]


async def test_a_late_answer_of_another_unlock_is_not_taken_for_this_one(wire: Wire) -> None:
    wired = wire(**QUICK)
    wired.board.faults.set("late-answer", 0.6)
    assert await wired.driver.unlock(4) == SILENT
    wired.board.faults.set("late-answer", None)
    wired.board.faults.set("no-unlock-answer", True)
    assert await wired.driver.unlock(5) == SILENT
    assert wired.line.written == [UNLOCK_4, bytes.fromhex("90 06 05 02 05 03")]


async def test_a_reading_counts_when_two_in_a_row_are_alike(wire: Wire) -> None:
    wired = wire()
    one, other = device.encode_polled(2, 0x01, 0), device.encode_polled(2, 0x03, 0)
    wired.line.device = answers(other, one, one)
    assert opened(await wired.driver.read_contacts()) == [1]
    assert wired.line.written == [POLL] * 3


async def test_readings_that_never_agree_are_no_reading(wire: Wire) -> None:
    wired = wire()
    wired.line.device = answers(*(device.encode_polled(2, value, 0) for value in range(9)))
    with pytest.raises(NoAnswer, match="station 2: 4 readings, no two of them in a row alike"):
        await wired.driver.read_contacts()
    assert wired.line.written == [POLL] * 4


async def test_it_identifies_as_nothing_but_its_family(wire: Wire) -> None:
    wired = wire()
    facts = (await wired.driver.identify()).facts
    await wired.driver.unlock(4)
    assert (await wired.driver.identify()).facts == facts


async def test_one_reading_is_enough_where_the_configuration_says_so(wire: Wire) -> None:
    wired = wire(confirm_reads=False)
    await wired.driver.read_contacts()
    assert wired.line.written == [POLL]


@pytest.mark.parametrize(
    "wrong",
    [
        device.encode_polled(2, 1, 0) + b"\x00",
        device.encode_polled(3, 1, 0),
        device.encode_polled(2, 1, 0)[:-1] + b"\x13",
        device.encode_polled(2, 1, 0)[:-2] + b"\x03",
        b"\x90\x06" + device.encode_polled(2, 1, 0)[2:],
        device.encode_opened(2, 1, 1),
        device.encode_polled(2, 1, 0, function=0x02),
    ],
    ids=["a byte behind", "other station", "no end", "a byte short", "other length", "open", "an echo"],
)
async def test_a_poll_that_does_not_fit_in_every_byte_or_is_not_followed_by_quiet_is_no_reading(
    wire: Wire, wrong: bytes
) -> None:
    wired = wire(**QUICK)
    wired.line.device = lambda line, _: line.arrive(wrong)
    with pytest.raises(NoAnswer):
        await wired.driver.read_contacts()
    assert wired.line.written == [POLL, POLL]


async def test_reversed_state_bytes_are_a_setting(wire: Wire) -> None:
    wired = wire(byte_order="high-first")
    wired.board.faults.set("reversed-byte-order", True)
    wired.locks.open |= {2, 9}
    assert opened(await wired.driver.read_contacts()) == [2, 9]


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
        {"address": 0},
        {"address": 255},
        {"channels": 0},
        {"channels": 17},
        {"read_timeout_s": 0.0},
        {"unlock_timeout_s": -1.0},
    ],
)
def test_settings_that_no_board_has_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(CallerMistake):
        WinnsenSettings(**{"unprotected": True} | wrong)


def test_a_board_that_nothing_protects_must_be_accepted_by_name() -> None:
    with pytest.raises(CallerMistake, match=r"without a checksum.* set unprotected = true to accept that"):
        WinnsenSettings(address=2, channels=12)


async def test_a_search_finds_a_board_that_says_the_same_twice_and_accepts_nothing_for_anybody(
    wire: Wire,
) -> None:
    wired = wire()
    assert await search(wired.bus, 2) == {"address": 2, "channels": 16}
    assert await search(wired.bus, 3) is None
    assert await search(wired.bus, 0) is None
    wired.line.device = answers(device.encode_polled(2, 1, 0), device.encode_polled(2, 2, 0))
    assert await search(wired.bus, 2) is None
    assert wired.locks.pulsed == []


@pytest.mark.parametrize(
    ("data", "sent", "words"),
    [
        (UNLOCK_4, True, ["unlock: station 2, lock 4"]),
        (POLL, True, ["poll: station 2, mask FF 0F"]),
        (bytes.fromhex("90 06 12 02 04 03"), True, ["read: station 2, lock 4"]),
        (UNLOCK_4[:-1], True, ["no whole frame"]),
        (device.encode_opened(2, 4, 1), False, ["station 2, lock 4: unlock done"]),
        (device.encode_opened(2, 4, 2), False, ["station 2, lock 4: unlock cooling down"]),
        (device.encode_state(2, 4, 1), False, ["station 2, lock 4: state 01"]),
        (
            b"\xf0" + device.encode_polled(2, 1, 8, function=0xA2) + UNLOCK_4,
            False,
            [
                "no frame of this family: F0",
                "station 2: open doors 01 08, under its other function code",
                "echo of a request: unlock: station 2, lock 4",
            ],
        ),
        (b"\x01\x02", False, ["no frame of this family: 01 02"]),
        (b"", False, ["no frame of this family"]),
    ],
)
def test_frames_are_put_into_words(data: bytes, sent: bool, words: list[str]) -> None:  # noqa: FBT001 - a table
    assert list(explain(data, sent)) == words
