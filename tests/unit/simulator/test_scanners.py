"""The scanner's device half: labels, a module's commands, and its vices."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scanners.serial_text import (
    CommandParser,
    ModuleCommand,
    SerialTextScanner,
    UnreadableLabelError,
    crc,
)

ACK = bytes.fromhex("02 00 00 01 00 33 31")
TRIGGER = bytes.fromhex("7E 00 08 01 00 02 01 AB CD")


def scanner() -> SerialTextScanner:
    return SerialTextScanner(random.Random(5))


def read(s: SerialTextScanner, text: str) -> bytes:
    s.scan(text)
    return b"".join(s.advance(10))


def told(s: SerialTextScanner, data: bytes) -> bytes:
    s.feed(data)
    return b"".join(s.advance(0))


def test_a_label_is_its_text_and_a_carriage_return() -> None:
    s = scanner()
    assert s.due_in_s() is None
    s.scan("JJFI1")
    assert s.due_in_s() == 0
    assert s.advance(0) == [b"JJFI1\r"]
    assert s.due_in_s() is None


def test_another_suffix_may_be_set() -> None:
    assert read(SerialTextScanner(random.Random(0), suffix=b"\r\n"), "A") == b"A\r\n"


@pytest.mark.parametrize("text", ["", "x" * 1001])
def test_a_label_that_nobody_could_read_is_refused(text: str) -> None:
    with pytest.raises(UnreadableLabelError, match="1 to 1000 characters"):
        scanner().scan(text)


def test_a_trigger_is_acknowledged_in_front_of_the_label() -> None:
    s = scanner()
    s.feed(TRIGGER)
    assert read(s, "A") == ACK + b"A\r"


def test_what_was_written_can_be_read() -> None:
    s = scanner()
    assert told(s, bytes.fromhex("7E 00 08 02 00 2A 39 01 AB CD")) == ACK
    answer = told(s, bytes.fromhex("7E 00 07 01 00 2A 02 D8 0F"))
    assert answer[:6] == bytes.fromhex("02 00 00 02 39 01")
    assert answer[6:] == crc(answer[2:6])
    assert told(s, bytes.fromhex("7E 00 07 01 FF 00 02 AB CD")) == ACK


def test_damaged_commands_and_noise_are_not_answered() -> None:
    s = scanner()
    assert told(s, bytes.fromhex("7E 00 09 01 00 00 01 DE C8")) == b""
    assert told(s, b"\x7e\x7e\x01\x7e\x00\x08\x00" + TRIGGER) == ACK


@given(st.lists(st.sampled_from([TRIGGER, TRIGGER[:3], b"\x7e", b"\x00"]) | st.binary(max_size=6)), st.data())
def test_host_bytes_in_any_chunking_mean_the_same(pieces: list[bytes], data: st.DataObject) -> None:
    said = b"".join(pieces)
    cut = data.draw(st.integers(0, len(said)))
    parts = CommandParser()
    assert CommandParser().feed(said) == parts.feed(said[:cut]) + parts.feed(said[cut:])


def test_a_command_tells_whether_it_was_checked() -> None:
    assert CommandParser().feed(TRIGGER) == [ModuleCommand(8, 2, b"\x01", checked=False)]


def test_the_vices_of_scanners() -> None:
    s = scanner()
    s.faults.set("acknowledgement-in-front", 1)
    s.faults.set("double-read", 1)
    assert read(s, "A") == ACK + b"A\rA\r"
    s.faults.set("no-terminator", 1)
    assert read(s, "B") == b"B"
    assert read(s, "C") == b"C\r"
    s.faults.set("stray-bytes", 3)
    stray = read(s, "D")
    assert stray.endswith(b"D\r")
    assert len(stray) == 5
    assert min(stray[:3]) >= 0x80


def test_a_fragmented_label_comes_in_two_pieces_with_a_gap() -> None:
    s = scanner()
    s.faults.set("fragmented-label", 0.2)
    s.scan("ABCD")
    assert s.advance(0.05) == [b"AB"]
    assert s.due_in_s() == pytest.approx(0.15)
    assert s.advance(0.1) == []
    assert s.advance(0.05) == [b"CD\r"]


def test_a_dead_scanner_is_silent() -> None:
    s = scanner()
    s.faults.set("dead-scanner", True)
    assert read(s, "A") == told(s, TRIGGER) == b""
