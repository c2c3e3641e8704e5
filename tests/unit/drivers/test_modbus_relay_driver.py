"""The driver against the real device half, and against bytes that no board should ever send."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import pytest

from drivers.base import SILENT, Contact, UnlockAnswer, UnlockOutcome
from drivers.bus import Bus, BusSettings
from drivers.errors import CallerMistake, LineDown, NoAnswer
from drivers.modbus_relay import finding
from drivers.modbus_relay.driver import ModbusRelayBoard, ModbusRelaySettings
from simulator.boards.modbus_relay import ModbusRelayBoard as DeviceHalf
from simulator.boards.modbus_relay import encode_exception
from simulator.faults import FaultValue
from tests.unit.drivers.support import MemoryLine

# Frames by hand from PROTOCOL.md, board 1; the checksums are those of pymodbus.
PULSE_3 = bytes.fromhex("01 05 02 02 00 02 EC 73")
READ_8 = bytes.fromhex("01 02 00 00 00 08 79 CC")
ALL_OFF = bytes.fromhex("01 05 00 FF 00 00 FD FA")
VERSION = bytes.fromhex("01 03 80 00 00 01 AD CA")

ANSWERED = UnlockAnswer(UnlockOutcome.ANSWERED)
QUICK = ModbusRelaySettings(read_timeout_s=0.02, unlock_timeout_s=0.02)


class Locks:
    """What hangs on the board: contacts are closed until their lock is pulsed."""

    def __init__(self) -> None:
        self.pulses: list[tuple[int, float]] = []
        self.held: list[tuple[int, bool]] = []

    def pulse(self, channel: int, seconds: float) -> None:
        self.pulses.append((channel, round(seconds, 6)))

    def hold(self, channel: int, *, energised: bool) -> None:
        self.held.append((channel, energised))

    def contact(self, channel: int) -> bool:
        return channel not in {pulsed for pulsed, _ in self.pulses}


class Wired:
    """The driver and the device half of one board; `spoil` is what becomes of what the device says."""

    def __init__(
        self, settings: ModbusRelaySettings, spoil: Callable[[bytes, bytes], list[bytes]], *, channels: int
    ) -> None:
        self.locks = Locks()
        self.half = DeviceHalf(1, channels, self.locks, dice=random.Random(5))
        self.line = MemoryLine(self._carry)
        self.bus = Bus(self.line, BusSettings(gap_s=0.0, frame_silence_s=0.005))
        self.board = ModbusRelayBoard(self.bus, settings)
        self.answers: list[bytes] = []
        self.deaf = False
        self._spoil = spoil
        self.bus.start()

    @property
    def opened(self) -> list[int]:
        return [channel for channel, _ in self.locks.pulses]

    def fault(self, name: str, value: FaultValue = True) -> None:
        self.half.faults.set(name, value)

    def _carry(self, line: MemoryLine, request: bytes) -> None:
        self.half.feed(request)
        said = b"".join(self.half.advance(1.0) + self.half.advance(1.0))
        for chunk in [] if self.deaf else self._spoil(request, said):
            line.arrive(chunk)


Wire = Callable[..., Wired]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made: list[Wired] = []

    def make(
        settings: ModbusRelaySettings = QUICK,
        spoil: Callable[[bytes, bytes], list[bytes]] = lambda _, said: [said],
        *,
        channels: int = 8,
    ) -> Wired:
        made.append(Wired(settings, spoil, channels=channels))
        return made[-1]

    async with asyncio.timeout(10):
        yield make
        for one in made:
            await one.bus.stop()


def shut(contacts: dict[int, Contact]) -> list[int]:
    return [channel for channel, contact in contacts.items() if contact is Contact.CLOSED]


async def test_an_unlock_is_one_pulse_that_the_board_times_and_tells_no_contact(wire: Wire) -> None:
    wired = wire()
    assert await wired.board.unlock(3) == ANSWERED
    assert wired.line.written == [PULSE_3]
    assert wired.locks.pulses == [(3, 0.2)]
    assert wired.locks.held == []


@pytest.mark.parametrize(
    ("pulse_ms", "seconds"), [(1, 0.1), (100, 0.1), (101, 0.2), (700, 0.7), (30_000, 30.0)]
)
async def test_a_pulse_is_rounded_up_to_what_the_board_can_time(
    wire: Wire, pulse_ms: int, seconds: float
) -> None:
    wired = wire(ModbusRelaySettings(pulse_ms=pulse_ms))
    assert await wired.board.unlock(8) == ANSWERED
    assert wired.locks.pulses == [(8, seconds)]


async def test_all_contacts_in_one_read(wire: Wire) -> None:
    wired = wire()
    await wired.board.unlock(3)
    contacts = await wired.board.read_contacts()
    assert wired.line.written[1:] == [READ_8]
    assert shut(dict(contacts)) == [1, 2, 4, 5, 6, 7, 8]
    assert contacts[3] is Contact.OPEN


async def test_sixteen_inputs_are_read_for_twelve_doors_from_where_the_first_one_is(wire: Wire) -> None:
    settings = ModbusRelaySettings(channels=12, first_input=2, inputs=14, read_timeout_s=0.02)
    wired = wire(settings, channels=16)
    wired.locks.pulses = [(3, 0.2), (14, 0.2)]
    contacts = await wired.board.read_contacts()
    assert [channel for channel, contact in contacts.items() if contact is Contact.OPEN] == [1, 12]


async def test_a_silent_board_is_pulsed_once_and_told_as_silent(wire: Wire) -> None:
    wired = wire()
    wired.fault("no-unlock-answer")
    assert await wired.board.unlock(3) == SILENT
    assert wired.line.written == [PULSE_3]
    assert wired.opened == [3]


async def test_a_refusal_names_its_reason_and_moves_nothing(wire: Wire) -> None:
    wired = wire()
    wired.fault("duty-cycle", 15)
    assert await wired.board.unlock(3) == ANSWERED
    again = await wired.board.unlock(3)
    assert again == UnlockAnswer(UnlockOutcome.REFUSED, reason="device busy (exception 6)")
    assert wired.opened == [3]


async def test_a_channel_that_the_board_does_not_have_is_refused_by_it(wire: Wire) -> None:
    wired = wire(ModbusRelaySettings(channels=16))
    answer = await wired.board.unlock(9)
    assert answer == UnlockAnswer(UnlockOutcome.REFUSED, reason="illegal data address (exception 2)")
    assert wired.opened == []


async def test_a_busy_board_stays_silent_until_it_is_read(wire: Wire) -> None:
    wired = wire()
    wired.fault("busy")
    assert await wired.board.unlock(3) == ANSWERED
    assert await wired.board.unlock(4) == SILENT
    await wired.board.read_contacts()
    assert await wired.board.unlock(4) == ANSWERED
    assert wired.opened == [3, 4]


@pytest.mark.parametrize("name", ["wrong-checksum", "wrong-address", "wrong-channel"])
async def test_a_spoilt_answer_to_an_unlock_is_silence_and_no_second_pulse(wire: Wire, name: str) -> None:
    wired = wire()
    wired.fault(name, 1)
    assert await wired.board.unlock(3) == SILENT
    assert wired.line.written == [PULSE_3]
    assert wired.opened == [3]


@pytest.mark.parametrize("name", ["no-answer", "wrong-checksum", "wrong-address"])
async def test_a_spoilt_reading_is_asked_for_once_more(wire: Wire, name: str) -> None:
    wired = wire()
    wired.fault(name, 1)
    assert shut(dict(await wired.board.read_contacts())) == list(range(1, 9))
    wired.fault(name)
    with pytest.raises(NoAnswer):
        await wired.board.read_contacts()
    assert wired.line.written == [READ_8] * 4


@pytest.mark.parametrize(
    ("name", "value"),
    [("garbage-in-front", 4), ("fragmented-replies", 0.5), ("stale-answer-in-front", True)],
)
async def test_garbage_pieces_and_stale_answers_in_front_cost_nothing(
    wire: Wire, name: str, value: FaultValue
) -> None:
    wired = wire()
    await wired.board.read_contacts()
    wired.fault(name, value)
    assert await wired.board.unlock(3) == ANSWERED
    assert shut(dict(await wired.board.read_contacts())) == [1, 2, 4, 5, 6, 7, 8]
    assert wired.opened == [3]


async def test_bytes_one_by_one_are_the_same_answer(wire: Wire) -> None:
    wired = wire(ModbusRelaySettings(), lambda _, said: [bytes((byte,)) for byte in said])
    assert await wired.board.unlock(3) == ANSWERED
    assert len(await wired.board.read_contacts()) == 8


async def test_an_echo_is_no_answer_where_the_line_is_known_to_echo(wire: Wire) -> None:
    settings = ModbusRelaySettings(echo=True, read_timeout_s=0.02, unlock_timeout_s=0.02)
    wired = wire(settings, lambda request, said: [request + said])
    assert await wired.board.unlock(3) == ANSWERED
    assert shut(dict(await wired.board.read_contacts())) == [1, 2, 4, 5, 6, 7, 8]
    wired.fault("no-unlock-answer")
    assert await wired.board.unlock(4) == SILENT
    assert wired.opened == [3, 4]


async def test_an_unknown_echo_of_an_unlock_is_believed_but_never_of_a_reading(wire: Wire) -> None:
    wired = wire(QUICK, lambda request, _: [request])
    assert await wired.board.unlock(3) == ANSWERED
    with pytest.raises(NoAnswer):
        await wired.board.read_contacts()


async def test_a_board_may_repeat_the_request_before_its_answer(wire: Wire) -> None:
    wired = wire()
    wired.fault("echo-request")
    assert await wired.board.unlock(3) == ANSWERED
    assert shut(dict(await wired.board.read_contacts())) == [1, 2, 4, 5, 6, 7, 8]


async def test_an_answer_that_comes_too_late_answers_nothing_else(wire: Wire) -> None:
    wired = wire()
    wired.deaf = True
    assert await wired.board.unlock(3) == SILENT
    wired.deaf = False
    wired.line.hold(PULSE_3)
    assert await wired.board.unlock(4) == ANSWERED
    wired.deaf = True
    task = asyncio.get_running_loop().create_task(wired.board.unlock(5))
    await wired.line.until_written(3)
    wired.line.arrive(PULSE_3)
    assert await task == SILENT
    assert wired.opened == [3, 4, 5]


async def test_an_unlock_on_a_closed_port_was_surely_not_sent(wire: Wire) -> None:
    wired = wire()
    wired.line.cut()
    with pytest.raises(LineDown):
        await wired.board.unlock(3)
    assert wired.line.written == []


async def test_a_line_lost_after_the_unlock_is_silence(wire: Wire) -> None:
    wired = wire(ModbusRelaySettings())
    wired.deaf = True
    task = asyncio.get_running_loop().create_task(wired.board.unlock(3))
    await wired.line.until_written(1)
    wired.line.cut()
    assert await task == SILENT


@pytest.mark.parametrize("channel", [0, -1, 9, 256])
async def test_a_channel_that_is_not_there_is_refused_before_anything_is_sent(
    wire: Wire, channel: int
) -> None:
    wired = wire()
    with pytest.raises(CallerMistake, match=r"outside 1\.\.8"):
        await wired.board.unlock(channel)
    assert wired.line.written == []


async def test_all_relays_are_switched_off_when_a_line_begins(wire: Wire) -> None:
    wired = wire()
    await wired.board.rest_outputs()
    assert wired.line.written == [ALL_OFF]
    assert wired.locks.held == [(channel, False) for channel in range(1, 9)]


async def test_a_board_that_does_not_rest_its_outputs_says_so(wire: Wire) -> None:
    wired = wire(QUICK, lambda *_: [bytes.fromhex("01 85 04 43 53")])
    with pytest.raises(NoAnswer, match="device failure"):
        await wired.board.rest_outputs()
    wired.deaf = True
    with pytest.raises(NoAnswer):
        await wired.board.rest_outputs()


@pytest.mark.parametrize(("channels", "inputs"), [(32, "32"), (16, "16"), (8, "8"), (4, "4")])
async def test_a_board_tells_its_inputs_and_its_version(wire: Wire, channels: int, inputs: str) -> None:
    wired = wire(ModbusRelaySettings(channels=4), channels=channels)
    assert (await wired.board.identify()).facts == {"inputs": inputs, "version": "1.71"}
    assert wired.line.written[-1] == VERSION
    assert wired.opened == []


async def test_a_refused_version_is_none_but_a_lost_answer_is_no_identity(wire: Wire) -> None:
    def refusing(request: bytes, said: bytes) -> list[bytes]:
        return [bytes.fromhex("01 83 02 C0 F1")] if request == VERSION else [said]

    assert (await wire(QUICK, refusing).board.identify()).facts == {"inputs": "8"}
    silent = wire(QUICK, lambda request, said: [] if request == VERSION else [said])
    with pytest.raises(NoAnswer):
        await silent.board.identify()
    untold = ModbusRelaySettings(tells_version=False, read_timeout_s=0.02)
    assert (await wire(untold).board.identify()).facts == {"inputs": "8"}


@pytest.mark.parametrize("function", [0x02, 0x03])
@pytest.mark.parametrize("code", [4, 5, 6])
async def test_a_board_that_is_busy_for_a_moment_is_no_other_board(
    wire: Wire, function: int, code: int
) -> None:
    def busy_once(request: bytes, said: bytes) -> list[bytes]:
        return [encode_exception(1, function, code)] if request[1] == function else [said]

    with pytest.raises(NoAnswer, match=f"exception {code}"):
        await wire(QUICK, busy_once).board.identify()


@pytest.mark.parametrize("channels", [32, 16, 8, 4, 2, 1])
async def test_a_search_finds_the_inputs_of_a_board_and_moves_nothing(wire: Wire, channels: int) -> None:
    wired = wire(channels=channels)
    assert await finding.search(wired.bus, 1) == {"address": 1, "channels": channels}
    assert wired.opened == []
    assert wired.locks.held == []


async def test_a_search_finds_nothing_where_nothing_answers_soon(wire: Wire) -> None:
    wired = wire()
    started_s = asyncio.get_running_loop().time()
    assert await finding.search(wired.bus, 2) is None
    assert asyncio.get_running_loop().time() - started_s < 0.3 + 0.05
    slow = wire(QUICK, lambda request, said: [said] if request == READ_8 else [])
    started_s = asyncio.get_running_loop().time()
    assert await finding.search(slow.bus, 1) == {"address": 1, "channels": 8}
    assert asyncio.get_running_loop().time() - started_s < 0.3 + 0.05
    inputless = wire(QUICK, lambda *_: [bytes.fromhex("01 82 01 81 60")])
    assert await finding.search(inputless.bus, 1) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": 0},
        {"address": 256},
        {"channels": 0},
        {"channels": 33},
        {"channels": 8, "inputs": 7},
        {"first_input": 256},
        {"read_timeout_s": 0.0},
        {"unlock_timeout_s": 0.0},
    ],
)
def test_settings_that_no_board_has_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(CallerMistake):
        ModbusRelaySettings(**wrong)  # type: ignore[arg-type]  # a table of wrong values has one type


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ("01 05 02 02 00 02 EC 73", "board 1: pulse, channel 3, 200 ms"),
        ("01 05 00 FF 00 00 FD FA", "board 1: switch off, all channels"),
        ("01 05 00 00 FF 00 8C 3A", "board 1: switch on, channel 1"),
        ("01 02 00 00 00 08 79 CC", "board 1: read 8 inputs from 1"),
        ("01 03 80 00 00 01 AD CA", "board 1: read 1 registers from 8000"),
        ("01 06 10 00 00 01 4C CA", "board 1: write 1 to register 1000"),
        ("01 06 10 00 00 01 4C CB", "no frame of this family: 01 06 10 00 00 01 4C CB"),
        ("", "no frame of this family"),
    ],
)
def test_requests_are_explained(frame: str, said: str) -> None:
    assert finding.explain(bytes.fromhex(frame), True) == [said]


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ("01 02 01 00 A1 88", ["board 1: inputs 00"]),
        (
            "FF 01 85 03 02 91",
            ["no frame of this family: FF", "board 1: refuses function 05: illegal data value (exception 3)"],
        ),
        ("01 05 02 02 00 02 EC 73", ["board 1: done, pulse, channel 3, 200 ms"]),
        ("01 01 01 00 51 88 01 02 01 00 A1 88", ["board 1: relays 00", "board 1: inputs 00"]),
        ("01 03 02 00 64 B9 AF", ["board 1: registers 0064"]),
        ("01 06 10 00 00 01 4C CA", ["board 1: done, function 06 at 1000, 1"]),
        ("01 02 01 00 A1 88 13", ["board 1: inputs 00", "no frame of this family: 13"]),
        ("01 02 01 00 A1 89", ["no frame of this family: 01 02 01 00 A1 89"]),
        (
            "01 02 00 00 00 08 79 CC 01 02 01 00 A1 88",
            ["echo of a request: board 1: read 8 inputs from 1", "board 1: inputs 00"],
        ),
        ("", ["no frame of this family"]),
    ],
)
def test_answers_are_explained(frames: str, said: list[str]) -> None:
    assert finding.explain(bytes.fromhex(frames), False) == said
