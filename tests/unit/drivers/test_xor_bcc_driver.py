import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from drivers.base import SILENT, Contact, ContactReport, UnlockAnswer, UnlockOutcome
from drivers.bus import Bus, BusSettings
from drivers.errors import CallerMistake, LineDown, NoAnswer
from drivers.xor_bcc.driver import XorBccBoard, XorBccSettings
from tests.unit.drivers.support import MemoryLine

# Frames by hand from PROTOCOL.md, board 1.
UNLOCK_4 = bytes.fromhex("8A 01 04 11 9E")
UNLOCKED_4_OPEN = bytes.fromhex("8A 01 04 00 8F")
READ_4 = bytes.fromhex("80 01 04 33 B6")
CONTACT_4_OPEN = bytes.fromhex("80 01 04 00 85")
CONTACT_4_CLOSED = bytes.fromhex("80 01 04 11 94")
READ_ALL = bytes.fromhex("80 01 00 33 B2")
ONLY_2_CLOSED = bytes.fromhex("80 01 00 00 02 33 B0")
REPORT_4_OPEN = bytes.fromhex("81 01 04 00 84")

OPEN = UnlockAnswer(UnlockOutcome.ANSWERED, Contact.OPEN)
CLOSED = UnlockAnswer(UnlockOutcome.ANSWERED, Contact.CLOSED)
QUICK = XorBccSettings(read_timeout_s=0.02, unlock_timeout_s=0.02)

Answers = dict[bytes, list[bytes]]


class Wired:
    """A board driver on a memory line that answers by a table."""

    def __init__(self, answers: Answers, settings: XorBccSettings) -> None:
        def device(line: MemoryLine, request: bytes) -> None:
            for chunk in answers.get(request, []):
                line.arrive(chunk)

        self.line = MemoryLine(device)
        self.bus = Bus(self.line, BusSettings(gap_s=0.0, frame_silence_s=0.005))
        self.board = XorBccBoard(self.bus, settings)
        self.bus.start()


Wire = Callable[[Answers, XorBccSettings], Wired]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made: list[Wired] = []

    def make(answers: Answers, settings: XorBccSettings) -> Wired:
        made.append(Wired(answers, settings))
        return made[-1]

    async with asyncio.timeout(10):
        yield make
        for one in made:
            await one.bus.stop()


async def test_an_unlock_tells_the_contact_of_its_answer(wire: Wire) -> None:
    wired = wire({UNLOCK_4: [UNLOCKED_4_OPEN]}, XorBccSettings())
    assert await wired.board.unlock(4) == OPEN
    assert wired.line.written == [UNLOCK_4]


async def test_an_answer_equal_to_the_request_is_a_closed_contact(wire: Wire) -> None:
    assert await wire({UNLOCK_4: [UNLOCK_4]}, XorBccSettings()).board.unlock(4) == CLOSED


async def test_on_an_echoing_line_the_second_copy_is_the_answer(wire: Wire) -> None:
    settings = XorBccSettings(echo=True)
    jammed = wire({UNLOCK_4: [UNLOCK_4, UNLOCK_4]}, settings)
    assert await jammed.board.unlock(4) == CLOSED
    opened = wire({UNLOCK_4: [UNLOCK_4 + UNLOCKED_4_OPEN]}, settings)
    assert await opened.board.unlock(4) == OPEN


async def test_a_board_silent_to_an_unlock_is_asked_for_the_contact(wire: Wire) -> None:
    wired = wire({READ_4: [CONTACT_4_CLOSED]}, QUICK)
    assert await wired.board.unlock(4) == CLOSED
    assert wired.line.written == [UNLOCK_4, READ_4]


async def test_a_board_known_to_be_silent_is_not_waited_for(wire: Wire) -> None:
    wired = wire({READ_4: [CONTACT_4_OPEN]}, XorBccSettings(acknowledges=False))
    assert await wired.board.unlock(4) == OPEN
    assert wired.line.written == [UNLOCK_4, READ_4]


async def test_a_dead_board_is_silent_and_pulsed_once(wire: Wire) -> None:
    wired = wire({}, QUICK)
    assert await wired.board.unlock(4) == SILENT
    assert wired.line.written == [UNLOCK_4, READ_4]


async def test_an_unlock_on_a_closed_port_was_surely_not_sent(wire: Wire) -> None:
    wired = wire({}, XorBccSettings())
    wired.line.cut()
    with pytest.raises(LineDown):
        await wired.board.unlock(4)
    assert wired.line.written == []


async def test_a_line_lost_after_the_unlock_is_silence(wire: Wire) -> None:
    wired = wire({}, XorBccSettings())
    task = asyncio.get_running_loop().create_task(wired.board.unlock(4))
    await wired.line.until_written(1)
    wired.line.cut()
    assert await task == SILENT


async def test_all_contacts_in_one_read(wire: Wire) -> None:
    wired = wire({READ_ALL: [READ_ALL, ONLY_2_CLOSED[:3], ONLY_2_CLOSED[3:]]}, XorBccSettings())
    contacts = await wired.board.read_contacts()
    assert set(contacts) == set(range(1, 25))
    assert [c for c, s in contacts.items() if s is Contact.CLOSED] == [2]


async def test_channels_that_the_board_does_not_tell_are_unknown(wire: Wire) -> None:
    wired = wire({READ_ALL: [ONLY_2_CLOSED]}, XorBccSettings(channels=50, read_timeout_s=1.0))
    assert set(await wired.board.read_contacts()) == set(range(1, 25))


async def test_a_read_is_repeated_once(wire: Wire) -> None:
    wired = wire({}, QUICK)
    with pytest.raises(NoAnswer):
        await wired.board.read_contacts()
    assert wired.line.written == [READ_ALL, READ_ALL]


async def test_a_damaged_answer_is_asked_for_again(wire: Wire) -> None:
    answers = {READ_ALL: [ONLY_2_CLOSED[:-1] + b"\xb1"]}
    wired = wire(answers, QUICK)
    task = asyncio.get_running_loop().create_task(wired.board.read_contacts())
    await wired.line.until_written(1)
    answers[READ_ALL] = [ONLY_2_CLOSED]
    assert (await task)[2] is Contact.CLOSED


async def test_reports_reach_only_their_board(wire: Wire) -> None:
    wired = wire({}, XorBccSettings(channels=8))
    reports: list[ContactReport] = []
    wired.board.on_report = reports.append
    other_board, no_such_channel = bytes.fromhex("81 02 04 00 87"), bytes.fromhex("81 01 09 00 89")
    wired.line.arrive(b"\xfb" + REPORT_4_OPEN + other_board + no_such_channel + CONTACT_4_OPEN)
    wired.line.collect_input()
    assert reports == [ContactReport(4, Contact.OPEN)]


async def test_a_report_in_front_of_an_answer_costs_neither(wire: Wire) -> None:
    wired = wire({READ_ALL: [REPORT_4_OPEN + ONLY_2_CLOSED]}, XorBccSettings())
    reports: list[ContactReport] = []
    wired.board.on_report = reports.append
    assert await wired.board.read_contacts()
    assert reports == [ContactReport(4, Contact.OPEN)]


async def test_a_kecheng_board_is_known_by_its_firmware_behind_the_echo_of_the_question(wire: Wire) -> None:
    question, version = bytes.fromhex("82 01 00 22 A1"), bytes.fromhex("82 01 00 07 84")
    answers = {READ_ALL: [READ_ALL + ONLY_2_CLOSED], question: [question, version]}
    board = wire(answers, XorBccSettings(edition="kecheng")).board
    assert (await board.identify()).facts == {"channels": "24", "firmware": "07"}


async def test_other_boards_are_known_by_the_size_of_their_answers_only(wire: Wire) -> None:
    wired = wire({READ_ALL: [ONLY_2_CLOSED]}, XorBccSettings(channels=12))
    assert (await wired.board.identify()).facts == {"channels": "24"}
    assert wired.line.written == [READ_ALL]


async def test_a_board_with_another_size_of_answer_is_known_as_another(wire: Wire) -> None:
    of_50 = bytes.fromhex("80 01 00 00 00 00 00 00 02 33 B0")
    wired = wire({READ_ALL: [of_50]}, XorBccSettings(channels=12))
    assert (await wired.board.identify()).facts == {"channels": "50"}


async def test_an_echo_and_the_beginning_of_a_block_are_not_a_block(wire: Wire) -> None:
    # The copy, `80 01`, two state bytes, 33 and B2 are together a whole block of seven with a right checksum.
    block = bytes.fromhex("80 01 00 00 33 B2 11 22 44 33 44")
    wired = wire({READ_ALL: [READ_ALL, block]}, XorBccSettings(channels=50, echo=True))
    told = await wired.board.read_contacts()
    closed = [channel for channel, contact in told.items() if contact is Contact.CLOSED]
    assert closed == [3, 7, 10, 14, 17, 21, 26, 29, 30, 32, 33, 34, 37, 38]


async def test_a_kecheng_board_that_only_repeats_the_unlock_has_not_answered_it(wire: Wire) -> None:
    unlock = bytes.fromhex("8A 01 04 33 BC")
    settings = XorBccSettings(edition="kecheng", read_timeout_s=0.02, unlock_timeout_s=0.02)
    wired = wire({unlock: [unlock], READ_4: [READ_4, CONTACT_4_OPEN]}, settings)
    assert await wired.board.unlock(4) == OPEN
    assert wired.line.written == [unlock, READ_4]


@pytest.mark.parametrize("channel", [0, -1, 25])
async def test_a_channel_that_is_not_there_is_refused_before_anything_is_sent(
    wire: Wire, channel: int
) -> None:
    wired = wire({}, XorBccSettings())
    with pytest.raises(CallerMistake, match=r"outside 1\.\.24"):
        await wired.board.unlock(channel)
    assert wired.line.written == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": 100},
        {"channels": 0},
        {"channels": 51},
        {"pulse_s": 10},
        {"read_timeout_s": 0.0},
        {"pulse_s": 2, "edition": "kecheng"},
    ],
)
def test_settings_that_no_board_has_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CallerMistake):
        XorBccSettings(**wrong)  # type: ignore[arg-type]  # a table of wrong values has one type
