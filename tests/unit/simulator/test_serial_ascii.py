"""The keypad's device half: key by key, collected on command, and its vices."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.keypads.serial_ascii import CommandParser, SerialAsciiKeypad, UnknownKeyError


def keypad() -> SerialAsciiKeypad:
    return SerialAsciiKeypad(random.Random(5))


def typed(k: SerialAsciiKeypad, *keys: str) -> bytes:
    for key in keys:
        k.press(key)
    return b"".join(k.advance(0))


def told(k: SerialAsciiKeypad, data: bytes) -> bytes:
    k.feed(data)
    return b"".join(k.advance(0))


def test_each_key_sends_its_byte_at_once() -> None:
    assert typed(keypad(), "C", "0", "2", "4", "OK") == b"\x08024\r"


def test_keys_may_send_other_bytes() -> None:
    k = SerialAsciiKeypad(random.Random(0), keys={"C": ord("*"), "OK": ord("#"), "1": ord("1")})
    assert typed(k, "C", "1", "OK") == b"*1#"


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownKeyError, match="no key 'A'"):
        keypad().press("A")


def test_presence_is_answered() -> None:
    assert told(keypad(), b"\x89") == b"OK\r"


@pytest.mark.parametrize("command", [b"\x1bI", b"\x1bE"])
def test_collected_digits_go_out_on_ok_between_stx_and_etx(command: bytes) -> None:
    k = keypad()
    assert told(k, command) == b""
    assert typed(k, "9", "C", "1", "2") == b""
    assert typed(k, "OK") == b"\x0212\x03"


def test_kept_digits_wait_until_they_are_read() -> None:
    k = keypad()
    told(k, b"\x1bF\x1bI")
    assert typed(k, "1", "2", "OK") == b""
    assert told(k, b"\x1bG") == b"\x0212\x03"


def test_reading_before_ok_hands_over_at_ok() -> None:
    k = keypad()
    told(k, b"\x1bF\x1bE")
    typed(k, "1")
    assert told(k, b"\x1bG") == b""
    assert typed(k, "2", "OK") == b"\x0212\x03"


def test_a_set_length_sends_without_ok() -> None:
    k = keypad()
    told(k, b"\x1bN\x03\x1bI")
    assert typed(k, "1", "2", "3") == b"\x02123\x03"


def test_key_by_key_mode_returns() -> None:
    k = keypad()
    told(k, b"\x1bI")
    told(k, b"\x1bM")
    assert typed(k, "1") == b"1"


def test_a_disabled_keypad_sends_nothing_until_enabled() -> None:
    k = keypad()
    told(k, b"\x8b")
    assert typed(k, "1") == b""
    told(k, b"\x8a")
    assert typed(k, "1") == b"1"


def test_collected_digits_are_bounded() -> None:
    k = keypad()
    told(k, b"\x1bI")
    assert len(typed(k, *("1" * 500), "OK")) == 50


def test_a_stuck_key_repeats_by_itself_until_healed() -> None:
    k = keypad()
    k.faults.set("stuck-key", "5")
    assert b"".join(k.advance(0.95)) == b"5" * 10
    k.faults.set("stuck-key", None)
    assert k.advance(10) == []
    assert k.due_in_s() is None


def test_a_bouncing_key_sends_its_byte_several_times() -> None:
    k = keypad()
    k.faults.set("bouncing-key", 3)
    assert typed(k, "7") == b"777"


def test_ghost_bytes_come_at_their_rate_from_the_dice() -> None:
    one, other = keypad(), keypad()
    for k in (one, other):
        k.faults.set("ghost-bytes", 4)
    ghosts = b"".join(one.advance(10))
    assert 39 <= len(ghosts) <= 41
    assert ghosts == b"".join(other.advance(10))


def test_a_dead_keypad_is_silent() -> None:
    k = keypad()
    k.faults.set("dead-keypad", True)
    assert typed(k, "1") == told(k, b"\x89") == b""


@given(st.binary(max_size=40), st.integers(0, 40))
def test_host_bytes_in_any_chunking_mean_the_same(data: bytes, cut: int) -> None:
    parts = CommandParser()
    assert CommandParser().feed(data) == parts.feed(data[:cut]) + parts.feed(data[cut:])
