import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import CallerMistake
from drivers.keeper import PortKeeper
from drivers.port import PortSettings
from drivers.scanner_serial import codec
from drivers.scanner_serial.codec import LONGEST_LABEL, Heard, Label, LabelDecoder, Refused, Terminator
from drivers.scanner_serial.driver import SerialScanner, SerialScannerSettings
from tests.unit.drivers.support import MemoryLine, PtyDevice

ACK = bytes.fromhex("02 00 00 01 00 33 31")
JJFI = "JJFI65432110000070773"
NO_TEXT = "it holds bytes that are no text"


def heard(data: bytes, **settings: object) -> list[Heard]:
    decoder = LabelDecoder(**settings)  # type: ignore[arg-type]  # the settings vary by case
    return decoder.feed(data) + decoder.silence()


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\n\r\n"])
def test_each_line_end_ends_a_label_once(end: bytes) -> None:
    assert heard(JJFI.encode() + end + b"B" + end) == [Label(JJFI), Label("B")]


def test_line_ends_without_text_are_nothing() -> None:
    assert heard(b"\r\n\n\r") == []


@pytest.mark.parametrize(
    "data", [ACK + b"A\r", ACK + ACK + b"A\r", b"\r" + ACK + b"A\r\n" + ACK, b"A\r" + ACK]
)
def test_acknowledgements_in_front_of_and_between_labels_are_taken_away(data: bytes) -> None:
    assert heard(data) == [Label("A")]


def test_an_acknowledgement_may_hold_line_ends_and_printable_bytes() -> None:
    ack = b"\x02\x00\x00\x03\rA\n"
    assert heard(ack + codec._crc(ack[2:]) + b"B\r") == [Label("B")]


def test_an_acknowledgement_behind_an_unfinished_label_ends_it_unread() -> None:
    assert heard(b"JJFI65" + ACK + b"A\r") == [Refused("an acknowledgement came before its end"), Label("A")]


@pytest.mark.parametrize("place", range(len(ACK)))
def test_a_damaged_acknowledgement_never_becomes_the_head_of_a_label(place: int) -> None:
    for flip in range(1, 256):
        damaged = ACK[:place] + bytes((ACK[place] ^ flip,)) + ACK[place + 1 :]
        assert set(heard(damaged + b"A\r")) <= {Label("A"), Refused(NO_TEXT)}
    assert Label("A") not in heard(ACK[:place] + ACK[place + 1 :] + b"A\r")


@pytest.mark.parametrize(
    "data", [b"A\x00B\r", b"\xffA\r", b"A\x1dB\r", "Å\r".encode(), b"A\x7f\r", b"A\x02B\r"]
)
def test_a_label_with_a_byte_that_is_no_text_is_refused_and_the_next_is_read(data: bytes) -> None:
    assert heard(data + b"C\r") == [Refused(NO_TEXT), Label("C")]


def test_the_longest_label_is_read_and_a_longer_one_refused() -> None:
    assert heard(b"1" * LONGEST_LABEL + b"\r") == [Label("1" * LONGEST_LABEL)]
    assert heard(b"1" * (LONGEST_LABEL + 1) + b"\rA\r") == [
        Refused("it is longer than 64 characters"),
        Label("A"),
    ]


def test_an_endless_label_holds_no_memory() -> None:
    decoder = LabelDecoder()
    assert decoder.feed(b"1" * 100_000) == []
    assert len(decoder.rest()) <= LONGEST_LABEL
    assert not decoder.waiting


def test_silence_ends_a_label_only_where_no_line_end_is_due() -> None:
    assert heard(b"A", terminator="silence") == [Label("A")]
    assert heard(b"A\rB", terminator="silence") == [Label("A"), Label("B")]
    assert heard(b"A") == [Refused("its end did not come")]
    assert heard(b"A\xff", terminator="silence") == [Refused(NO_TEXT)]
    assert heard(ACK[:5], terminator="silence") == heard(ACK[:5]) == [Refused(NO_TEXT)]


def test_after_silence_nothing_of_before_is_left() -> None:
    decoder = LabelDecoder()
    decoder.feed(b"JJFI\x02\x00")
    decoder.silence()
    assert decoder.feed(b"A\r") == [Label("A")]


def test_prefix_and_aim_id_are_taken_away_and_missed() -> None:
    both = {"prefix": "S:", "aim_id": True}
    assert heard(b"S:]C0JJFI\r", **both) == [Label("JJFI")]
    assert heard(b"]C0JJFI\r", **both) == [Refused("the prefix is missing")]
    for wrong in (b"S:JJFI\r", b"S:]C\r", b"S:]00J\r"):
        assert heard(wrong, **both) == [Refused("the AIM id is missing")]
    assert heard(b"S:]C0\r", **both) == [Refused("it is empty")]
    assert heard(b"]C0JJFI\r") == [Label("]C0JJFI")]


PIECES = st.lists(
    st.sampled_from([ACK, ACK[:4], b"JJFI", b"\r", b"\n", b"\x02", b"\x00", b"]C0"]) | st.binary(max_size=8),
    max_size=12,
).map(b"".join)


@given(PIECES, st.lists(st.integers(1, 5), max_size=20), st.sampled_from(codec.TERMINATORS))
def test_chunking_does_not_matter(data: bytes, sizes: list[int], terminator: Terminator) -> None:
    whole, pieces = LabelDecoder(terminator), LabelDecoder(terminator)
    found, rest = list[Heard](), data
    for size in sizes:
        found += pieces.feed(rest[:size])
        rest = rest[size:]
    found += pieces.feed(rest)
    assert found == whole.feed(data)
    assert pieces.silence() == whole.silence()


@given(PIECES)
def test_whatever_comes_a_label_is_short_printable_text_that_was_sent(data: bytes) -> None:
    for one in heard(data):
        if isinstance(one, Label):
            assert 1 <= len(one.text) <= LONGEST_LABEL
            assert one.text.isprintable()
            assert one.text.encode("ascii") in data


def test_commands_are_spelled_as_published() -> None:
    assert codec.encode_command(codec.SAVE, 0, b"\x00").hex(" ") == "7e 00 09 01 00 00 00 de c8"
    trigger = codec.encode_command(codec.WRITE, 2, b"\x01", checked=False)
    assert trigger.hex(" ") == "7e 00 08 01 00 02 01 ab cd"
    for kind, address, data in ((6, 0, b"\x00"), (8, 0x10000, b"\x00"), (8, 0, b""), (8, 0, bytes(256))):
        with pytest.raises(CallerMistake):
            codec.encode_command(kind, address, data)


@pytest.mark.parametrize(
    "change",
    [
        {"terminator": "cr"},
        {"prefix": "\r"},
        {"prefix": "Å"},
        {"prefix": "x" * 64},
        {"end_silence_s": 0.0},
        {"drop_silence_s": -1.0},
    ],
)
def test_impossible_settings_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(CallerMistake):
        replace(SerialScannerSettings(), **change)  # type: ignore[arg-type]  # the fields vary by case


class Read:
    """What a scanner said."""

    def __init__(self, settings: SerialScannerSettings) -> None:
        self.line = MemoryLine()
        self.scanner = SerialScanner(self.line, settings)
        self.labels: asyncio.Queue[str] = asyncio.Queue()
        self.refused: asyncio.Queue[str] = asyncio.Queue()
        self.scanner.on_label = self.labels.put_nowait
        self.scanner.on_refused = self.refused.put_nowait


async def test_labels_reach_the_listener_until_it_stops() -> None:
    read = Read(SerialScannerSettings())
    read.line.on_bytes(ACK[:3])
    read.line.on_bytes(ACK[3:] + b"JJ")
    read.line.on_bytes(b"FI\r\nRest")
    assert read.labels.get_nowait() == "JJFI"
    read.scanner.stop()
    read.line.on_bytes(b"\r")
    assert read.labels.empty()


async def test_a_scanner_without_suffix_is_heard_after_a_silence() -> None:
    read = Read(SerialScannerSettings(terminator="silence", end_silence_s=0.005))
    read.line.on_bytes(b"JJFI")
    assert read.labels.empty()
    async with asyncio.timeout(5):
        assert await read.labels.get() == "JJFI"


async def test_half_a_label_is_forgotten_after_a_silence_and_told() -> None:
    read = Read(SerialScannerSettings(drop_silence_s=0.005))
    read.line.on_bytes(b"JJFI")
    async with asyncio.timeout(5):
        assert await read.refused.get() == "its end did not come"
    read.line.on_bytes(b"123\r")
    assert read.labels.get_nowait() == "123"


async def test_half_a_label_is_forgotten_when_the_line_goes_down() -> None:
    read = Read(SerialScannerSettings())
    read.line.on_bytes(b"JJFI")
    read.line.cut()
    read.line.mend()
    read.line.on_bytes(b"123\r")
    assert read.labels.get_nowait() == "123"
    assert read.refused.empty()


@pytest.mark.parametrize("cut", [lambda data: [data], lambda data: [bytes((byte,)) for byte in data]])
async def test_labels_come_over_a_real_port(device: PtyDevice, cut: Callable[[bytes], list[bytes]]) -> None:
    keeper = PortKeeper(PortSettings(str(device.link)))
    scanner = SerialScanner(keeper, SerialScannerSettings())
    labels: asyncio.Queue[str] = asyncio.Queue()
    scanner.on_label = labels.put_nowait
    up = asyncio.Event()
    keeper.on_up = up.set
    keeper.start()
    async with asyncio.timeout(5):
        await up.wait()
        for chunk in cut(ACK + JJFI.encode() + b"\r\n"):
            device.write(chunk)
            await asyncio.sleep(0)
        assert await labels.get() == JJFI
    scanner.stop()
    await keeper.stop()
