"""What a technician is told of an XOR/BCC line, and how a board is found on it."""

import asyncio

import pytest

from drivers.bus import Bus
from drivers.xor_bcc.finding import explain, search
from simulator.boards.board import Timing
from simulator.boards.xor_bcc import (
    encode_contact,
    encode_contacts,
    encode_firmware,
    encode_held,
    encode_report,
    encode_unlocked,
    encode_unlocked_all,
    framed,
)
from simulator.virtual_loop import run
from tests.laws.stand import Stand
from tests.unit.drivers.support import MemoryLine


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ("8A 01 03 11 99", "unlock: board 1, channel 3"),
        ("8A 01 00 11 9A", "unlock: board 1, all channels"),
        ("8A 01 03 33 BB", "unlock (Kecheng): board 1, channel 3"),
        ("8A 01 03 11 05 9C", "unlock: board 1, channel 3, 5 s"),
        ("80 01 00 33 B2", "read: board 1, all channels"),
        ("90 01 02 02 02 93", "unlock several: board 1, channels 2, 10, 18"),
        ("90 01 01 00 00 00 00 00 02 92", "unlock several: board 1, channels 1, 50"),
        ("9A 01 02 11 88", "hold on: board 1, channel 2"),
        ("9D 01 01 33 AE", "unlock all: board 1"),
        ("9D 01 02 10 8E", "unlock all: board 1"),
        ("8D 01 01 00 8D", "door reports off: board 1"),
        ("82 01 00 22 A1", "ask for the firmware: board 1"),
        ("82 01 00 44 C7", "ask for the unique id: board 1"),
        ("7E 01 02 03 7E", "set the unlock time: board 1, channel 2, 3 s"),
        ("7C 01 02 33 4C", "three pulses (form not public): board 1"),
    ],
)
def test_each_request_is_put_into_words(frame: str, words: str) -> None:
    assert explain(bytes.fromhex(frame), True) == [words]


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (encode_unlocked(1, 3, 0x00), "board 1, channel 3: contact open"),
        (encode_contact(7, 3, 0x11), "board 7, channel 3: contact closed"),
        (
            encode_contacts(1, b"\x00\x01\x02"),
            "board 1: contacts 00 01 02: closed channels 2, 9 (last byte is 1-8)",
        ),
        (
            encode_contacts(1, b"\x80\x00\x00\x00"),
            "board 1: contacts 80 00 00 00: closed channels 32 (last byte is 1-8)",
        ),
        (
            encode_contacts(1, bytes(7)),
            "board 1: contacts 00 00 00 00 00 00 00: closed no channel (last byte is 1-8)",
        ),
        (
            encode_unlocked_all(1, bytes(3)),
            "board 1 after unlocking all: contacts 00 00 00: closed no channel (last byte is 1-8)",
        ),
        (encode_held(1, 2, 0x11, energised=True), "board 1, channel 2: contact closed, held on"),
        (encode_report(1, 4, 0x00, head=0x81), "board 1, channel 4: contact open, unasked"),
        (encode_report(1, 4, 0x11), "board 1, channel 4: contact closed, unasked"),
        (encode_firmware(1, 0xAB), "board 1: firmware AB"),
        (framed(0x82, 1, 0, 0x22), "board 1: firmware 22, or the echo of a question"),
        (framed(0x80, 1, 0, 0x33), "echo of a request: read: board 1, all channels"),
        (framed(0x8A, 1, 3, 0x33), "echo of a request: unlock (Kecheng): board 1, channel 3"),
        (framed(0x8A, 1, 3, 0x11, 5), "echo of a request: unlock: board 1, channel 3, 5 s"),
    ],
)
def test_each_answer_is_put_into_words(frame: bytes, words: str) -> None:
    assert explain(frame, False) == [words]


def test_several_frames_in_one_record_are_told_one_by_one_and_strays_between_them() -> None:
    record = b"\xfb\xff" + framed(0x80, 1, 0, 0x33) + encode_contacts(1, b"\x00\x00\x01") + b"\x13"
    assert explain(record + encode_report(1, 1, 0), False) == [
        "no frame of this family: FB FF",
        "echo of a request: read: board 1, all channels",
        "board 1: contacts 00 00 01: closed channels 1 (last byte is 1-8)",
        "no frame of this family: 13",
        "board 1, channel 1: contact open, unasked",
    ]
    asked = bytes.fromhex("8A 01 03 11 05 9C 80 01 00 33 B2 8A 01 03 11 99")
    assert [text.split(":")[0] for text in explain(asked, True)] == ["unlock", "read", "unlock"]


@pytest.mark.parametrize(
    "wrong", ["8A 01 03 11 9A", "8A 01 03 12 9A", "8A 64 03 11 FC", "8A 01 33 11 A9", ""]
)
def test_what_no_board_understands_is_no_frame(wrong: str) -> None:
    assert explain(bytes.fromhex(wrong), True)[0].startswith("no frame")


@pytest.mark.parametrize(("fitted", "found"), [(8, 24), (24, 24), (32, 32), (48, 50)])
@pytest.mark.parametrize("echo", [True, False])
def test_a_board_is_found_with_the_channels_that_it_may_have_and_nothing_moves(
    fitted: int,
    found: int,
    echo: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    async def main() -> None:
        stand = Stand("xor-bcc", {"address": 5, "channels": fitted})
        stand.set_fault("echo", echo)
        settings = await search(stand.bus, 5)
        assert settings == {"address": 5, "channels": found} | ({"echo": True} if echo else {})
        assert stand.locks.pulsed == []
        began_s = asyncio.get_running_loop().time()
        assert await search(stand.bus, 6) is None
        assert asyncio.get_running_loop().time() - began_s < 0.3
        await stand.stop()

    run(main())


def test_a_board_as_slow_as_the_vendors_example_is_found_within_the_time_of_a_search() -> None:
    async def main() -> None:
        stand = Stand("xor-bcc", {"address": 5})
        stand.board.timing = Timing(read_delay_s=0.2)
        began_s = asyncio.get_running_loop().time()
        assert await search(stand.bus, 5) == {"address": 5, "channels": 24}
        assert asyncio.get_running_loop().time() - began_s < 0.3
        await stand.stop()

    run(main())


async def test_an_answer_of_another_board_finds_nothing() -> None:
    line = MemoryLine(lambda one, _: one.arrive(encode_contacts(6, bytes(3))))
    bus = Bus(line)
    bus.start()
    assert await search(bus, 5) is None
    await bus.stop()
