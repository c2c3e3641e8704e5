"""The Kerong drivers against the simulated boards, over the simulator's own line and in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from drivers.base import SILENT, Contact, UnlockAnswer, UnlockOutcome
from drivers.bus import Bus, BusSettings
from drivers.errors import CallerMistake, LineDown, NoAnswer
from drivers.kerong.driver import Cu16Board, Cu16Settings, Cu48Board, Cu48Settings
from drivers.registry import LOCK_BOARDS
from simulator.virtual_loop import run
from tests.laws.stand import Stand
from tests.unit.drivers.support import MemoryLine

# Frames by hand from PROTOCOL.md: board 2, channel 4.
UNLOCK = {"kerong-cu16": bytes.fromhex("02 23 31 03 59"), "kerong-cu48": bytes.fromhex("02 02 03 61 03 6B")}
STATE = {"kerong-cu16": bytes.fromhex("02 20 30 03 55"), "kerong-cu48": bytes.fromhex("02 02 00 60 03 67")}
QUERY_37 = bytes.fromhex("02 20 37 03 5C")
QUERY_38 = bytes.fromhex("02 20 38 03 5D")
ALL_CLOSED = {
    "kerong-cu16": bytes.fromhex("02 20 35 FF FF 00 00 03 58"),
    "kerong-cu48": bytes.fromhex("02 02 00 75 FF FF FF FF FF FF 00 00 00 00 00 00 03 76"),
}

OPEN = UnlockAnswer(UnlockOutcome.ANSWERED, Contact.OPEN)
CLOSED = UnlockAnswer(UnlockOutcome.ANSWERED, Contact.CLOSED)

each_family = pytest.mark.parametrize("family", ["kerong-cu16", "kerong-cu48"])


def on_a_stand(family: str, course: Callable[[Stand], Coroutine[Any, Any, None]], **settings: object) -> None:
    """Run a course with board 2 and its driver."""

    async def main() -> None:
        stand = Stand(family, {"address": 2, **settings})
        try:
            async with asyncio.timeout(600):
                await course(stand)
        finally:
            await stand.stop()

    run(main())


@each_family
def test_an_unlock_leaves_once_and_the_state_behind_it_tells_the_contact(family: str) -> None:
    async def course(stand: Stand) -> None:
        assert await stand.driver.unlock(4) == OPEN
        assert stand.modem.written == [UNLOCK[family], STATE[family]]
        assert stand.locks.pulsed == [4]

    on_a_stand(family, course)


@each_family
@pytest.mark.parametrize(
    ("fault", "value", "answer"),
    [
        ("dead-board", True, SILENT),
        ("cut", True, SILENT),
        ("no-answer", 1, SILENT),
        ("wrong-checksum", 1, SILENT),
        ("wrong-address", 1, SILENT),
        ("late-answer", 5.0, SILENT),
        ("wrong-channel", 1, OPEN),
        ("echo-request", True, OPEN),
        ("echo", True, OPEN),
        ("garbage-in-front", 4, OPEN),
        ("fragmented-replies", 0.02, OPEN),
        ("no-unlock-answer", True, OPEN),
        ("answer-after-pulse", True, OPEN),
        ("stale-answer-in-front", 1, OPEN),
    ],
)
@pytest.mark.parametrize("acknowledges", [False, True])
def test_whatever_the_board_does_the_unlock_frame_leaves_once_and_no_other_door_opens(
    family: str,
    fault: str,
    value: float,
    answer: UnlockAnswer,
    acknowledges: bool,  # noqa: FBT001 - drawn by parametrize, no caller writes it
) -> None:
    async def course(stand: Stand) -> None:
        stand.set_fault(fault, value)
        assert await stand.driver.unlock(4) == answer
        assert stand.modem.written.count(UNLOCK[family]) == 1
        assert set(stand.modem.written) <= {UNLOCK[family], STATE[family]}
        assert stand.locks.pulsed == ([] if fault in ("dead-board", "cut") else [4])

    on_a_stand(family, course, acknowledges=acknowledges)


@each_family
def test_a_jammed_door_is_told_as_it_is(family: str) -> None:
    async def course(stand: Stand) -> None:
        stand.set_fault("duty-cycle", 15.0)
        assert await stand.driver.unlock(4) == OPEN
        stand.locks.move(4, closed=True)
        assert await stand.driver.unlock(4) == CLOSED
        assert stand.locks.pulsed == [4]

    on_a_stand(family, course)


@each_family
def test_a_board_that_stays_busy_listens_again_to_every_unlock(family: str) -> None:
    async def course(stand: Stand) -> None:
        stand.set_fault("busy", True)
        for channel in (4, 5, 6):
            await stand.driver.unlock(channel)
        assert stand.locks.pulsed == [4, 5, 6]

    on_a_stand(family, course)


@pytest.mark.parametrize(("command", "frame"), [("query-37", QUERY_37), ("query-38", QUERY_38)])
@pytest.mark.parametrize("unanswered", [0, 1])
def test_a_busy_board_may_need_another_command_than_the_state(
    command: str, frame: bytes, unanswered: int
) -> None:
    async def course(stand: Stand) -> None:
        stand.set_fault("no-answer", unanswered)
        assert await stand.driver.unlock(4) == OPEN
        assert stand.modem.written == [UNLOCK["kerong-cu16"], frame, STATE["kerong-cu16"]]

    on_a_stand("kerong-cu16", course, busy_release=command)


@each_family
def test_an_unlock_of_a_board_that_answers_with_its_state_is_not_followed_by_a_reading(family: str) -> None:
    async def main() -> None:
        def device(line: MemoryLine, request: bytes) -> None:
            line.arrive({UNLOCK[family]: ALL_CLOSED[family]}.get(request, b""))

        line, bus, board = wired(family, device, acknowledges=True)
        assert await board.unlock(4) == CLOSED
        assert line.written == [UNLOCK[family]]
        await bus.stop()

    run(main())


@each_family
def test_a_late_state_is_no_answer_to_the_next_request_once_it_has_arrived(family: str) -> None:
    async def main() -> None:
        line, bus, board = wired(family, lambda *_: None, read_timeout_s=0.1)
        line.hold(ALL_CLOSED[family])
        with pytest.raises(NoAnswer):
            await board.read_contacts()
        assert line.written == [STATE[family]] * 2
        await bus.stop()

    run(main())


@each_family
def test_the_state_of_another_board_or_of_the_whole_bus_is_no_answer(family: str) -> None:
    others = {
        "kerong-cu16": ["02 30 35 FF FF 00 00 03 68", "02 20 36 FF FF 00 00 03 59", "02 20 38 00 32 03 8F"],
        "kerong-cu48": ["02 03 00 75 FF FF FF FF FF FF 00 00 00 00 00 00 03 77", "02 02 0A 77 03 88"],
    }

    async def main() -> None:
        def device(line: MemoryLine, _: bytes) -> None:
            for other in others[family]:
                line.arrive(bytes.fromhex(other))

        _, bus, board = wired(family, device, read_timeout_s=0.1)
        with pytest.raises(NoAnswer):
            await board.read_contacts()
        await bus.stop()

    run(main())


def test_an_answer_under_77_is_ignored_and_the_question_repeated() -> None:
    async def course(stand: Stand) -> None:
        stand.set_fault("alternate-function", 1)
        assert (await stand.driver.read_contacts())[1] is Contact.CLOSED
        assert stand.modem.written == [STATE["kerong-cu48"]] * 2

    on_a_stand("kerong-cu48", course)


@each_family
def test_a_line_lost_after_the_unlock_is_silence_and_before_it_an_error(family: str) -> None:
    async def main() -> None:
        line, bus, board = wired(family, lambda *_: None)
        task = asyncio.get_running_loop().create_task(board.unlock(4))
        await line.until_written(2)
        line.cut()
        assert await task == SILENT
        with pytest.raises(LineDown):
            await board.unlock(4)
        assert line.written == [UNLOCK[family], STATE[family]]
        await bus.stop()

    run(main())


@each_family
def test_a_line_lost_between_the_unlock_and_the_reading_is_silence(family: str) -> None:
    async def main() -> None:
        line, bus, board = wired(family, lambda line, _: line.cut())
        assert await board.unlock(4) == SILENT
        assert line.written == [UNLOCK[family]]
        await bus.stop()

    run(main())


@each_family
@pytest.mark.parametrize("channel", [0, -1, 13, 48, 49, 256])
def test_a_channel_that_is_not_there_is_refused_before_anything_is_sent(family: str, channel: int) -> None:
    async def course(stand: Stand) -> None:
        with pytest.raises(CallerMistake, match=r"outside 1\.\.12"):
            await stand.driver.unlock(channel)
        assert stand.modem.written == []

    on_a_stand(family, course, channels=12)


@each_family
def test_a_reading_is_repeated_once(family: str) -> None:
    async def course(stand: Stand) -> None:
        stand.set_fault("dead-board", True)
        with pytest.raises(NoAnswer):
            await stand.driver.read_contacts()
        assert stand.modem.written == [STATE[family]] * 2

    on_a_stand(family, course)


@pytest.mark.parametrize(("family", "first", "last"), [("kerong-cu16", 17, 32), ("kerong-cu48", 49, 96)])
def test_item_sensors_are_contacts_behind_the_last_lock(family: str, first: int, last: int) -> None:
    async def course(stand: Stand) -> None:
        for sensor in range(first, last + 1):
            stand.locks.move(sensor, closed=False)
        stand.locks.move(last, closed=True)
        contacts = await stand.driver.read_contacts()
        assert set(contacts) == {*range(1, 13), *range(first, last + 1)}
        seen = [channel for channel in range(first, last + 1) if contacts[channel] is Contact.CLOSED]
        assert seen == [last]

    on_a_stand(family, course, items=True, channels=12)


@each_family
def test_without_item_sensors_only_locks_are_told(family: str) -> None:
    async def course(stand: Stand) -> None:
        assert set(await stand.driver.read_contacts()) == set(range(1, 13))

    on_a_stand(family, course, channels=12)


@each_family
def test_an_unlock_waits_for_one_reading_at_most(family: str) -> None:
    async def course(stand: Stand) -> None:
        loop = asyncio.get_running_loop()
        polls = [loop.create_task(stand.driver.read_contacts()) for _ in range(3)]
        await asyncio.sleep(0.001)
        assert stand.modem.written == [STATE[family]]
        await stand.driver.unlock(4)
        assert stand.modem.written[:3] == [STATE[family], UNLOCK[family], STATE[family]]
        await asyncio.gather(*polls)

    on_a_stand(family, course)


@pytest.mark.parametrize(("family", "facts"), [("kerong-cu16", "16"), ("kerong-cu48", "48")])
def test_a_board_is_known_by_its_number_of_bits_only(family: str, facts: str) -> None:
    async def course(stand: Stand) -> None:
        assert (await stand.driver.identify()).facts == {"channels": facts}
        assert stand.locks.pulsed == []

    on_a_stand(family, course, channels=12)


@pytest.mark.parametrize(("family", "channels"), [("kerong-cu16", 16), ("kerong-cu48", 48)])
def test_a_search_finds_the_board_where_it_is_and_moves_nothing(family: str, channels: int) -> None:
    async def course(stand: Stand) -> None:
        search, loop = LOCK_BOARDS[family].search, asyncio.get_running_loop()
        found = {address: await search(stand.bus, address) for address in LOCK_BOARDS[family].addresses}
        assert found.pop(2) == {"address": 2, "channels": channels}
        assert set(found.values()) == {None}
        assert loop.time() < 3.1
        assert stand.locks.pulsed == []

    on_a_stand(family, course)


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": 10},
        {"address": -1},
        {"channels": 0},
        {"channels": 49},
        {"read_timeout_s": 0.0},
        {"unlock_timeout_s": 0.0},
    ],
)
@pytest.mark.parametrize("settings", [Cu16Settings, Cu48Settings])
def test_settings_that_no_board_has_are_refused(settings: type[Any], wrong: dict[str, float]) -> None:
    with pytest.raises(CallerMistake):
        settings(**wrong)


def wired(
    family: str, device: Callable[[MemoryLine, bytes], None], **settings: Any
) -> tuple[MemoryLine, Bus, Cu16Board | Cu48Board]:
    """Board 2 on a line in memory."""
    line = MemoryLine(device)
    bus = Bus(line, BusSettings(gap_s=0.0, frame_silence_s=0.005))
    bus.start()
    known = LOCK_BOARDS[family].settings(address=2, **settings)
    board: Any = LOCK_BOARDS[family].make(bus, known)
    return line, bus, board
