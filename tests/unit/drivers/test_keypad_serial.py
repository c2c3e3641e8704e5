import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import keypads
from drivers.base import Key
from drivers.errors import CallerMistake
from drivers.keypad_serial import codec
from drivers.keypad_serial.codec import (
    Cleared,
    KeyDecoder,
    KeyEvent,
    Pressed,
    Stuck,
    StuckKeyFilter,
    StuckKeySettings,
)
from drivers.keypad_serial.driver import SerialKeypad, SerialKeypadSettings
from simulator.keypads.serial_ascii import collected
from tests.unit.drivers.support import MemoryLine

ENTRY = [Key.CLEAR, Key.D0, Key.D2, Key.D4, Key.OK]


@pytest.mark.parametrize("data", [b"C024\r", b"*024#", b"\x08024\r", b"\xffC\x000 2x4\n\r"])
def test_default_map_and_everything_else_ignored(data: bytes) -> None:
    assert KeyDecoder().feed(data) == ENTRY


@given(st.binary(max_size=40), st.integers(0, 40))
def test_chunking_does_not_matter(data: bytes, middle: int) -> None:
    for buffered in (False, True):
        whole = KeyDecoder(buffered=buffered).feed(data)
        pieces = KeyDecoder(buffered=buffered)
        assert pieces.feed(data[:middle]) + pieces.feed(data[middle:]) == whole


def test_a_buffered_entry_reads_as_clear_digits_ok() -> None:
    decoder = KeyDecoder(buffered=True)
    assert decoder.feed(b"9\x020") == []
    assert decoder.feed(b"24\x039") == ENTRY
    assert decoder.feed(b"\x029\x02C024\r\x03") == ENTRY
    assert decoder.feed(b"\x02\x03") == [Key.CLEAR, Key.OK]


def test_a_buffered_entry_without_end_is_bounded_and_forgotten() -> None:
    decoder = KeyDecoder(buffered=True, longest_entry=8)
    assert decoder.feed(b"\x02" + b"1" * 100_000 + b"\x03") == []
    assert decoder.feed(b"\x021\x03") == [Key.CLEAR, Key.D1, Key.OK]


def test_host_commands() -> None:
    assert codec.encode_command("I") == b"\x1bI"
    assert codec.encode_collect_limit(6) == b"\x1bN\x06"
    assert codec.encode_presence() == b"\x89"
    assert codec.encode_enable(on=True) + codec.encode_enable(on=False) == b"\x8a\x8b"
    assert codec.is_presence_reply(b"OK\r")
    assert not codec.is_presence_reply(b"OK")
    for wrong in ("", "X", "IF"):
        with pytest.raises(CallerMistake):
            codec.encode_command(wrong)
    with pytest.raises(CallerMistake):
        codec.encode_collect_limit(49)


def press(keys: StuckKeyFilter, key: Key, *times_s: float) -> list[KeyEvent]:
    return [event for at_s in times_s for event in keys.press(key, at_s)]


def test_a_bounce_is_dropped_and_another_key_is_not() -> None:
    keys = StuckKeyFilter()
    assert press(keys, Key.D1, 1.0, 1.01, 1.035, 1.2) == [Pressed(Key.D1), Pressed(Key.D1)]
    assert press(keys, Key.D2, 1.201) == [Pressed(Key.D2)]


def test_twenty_quick_keys_are_a_person_and_twenty_one_are_stuck() -> None:
    keys = StuckKeyFilter()
    times_s = [number * 0.09 for number in range(22)]
    events = press(keys, Key.D5, *times_s)
    assert events == [Pressed(Key.D5)] * 20 + [Stuck(Key.D5)]


def test_bounces_count_as_stuck_too() -> None:
    keys = StuckKeyFilter()
    events = press(keys, Key.OK, *(number * 0.01 for number in range(500)))
    assert events == [Pressed(Key.OK), Stuck(Key.OK)]


def test_a_stuck_key_is_masked_until_five_seconds_without_it() -> None:
    keys = StuckKeyFilter()
    press(keys, Key.D5, *(number * 0.05 for number in range(21)))
    assert press(keys, Key.D5, 4.0, 8.9) == []
    assert press(keys, Key.D6, 9.0) == [Pressed(Key.D6)]
    assert keys.next_tick_s() == pytest.approx(13.9)
    assert keys.tick(13.8) == []
    assert keys.tick(13.9) == [Cleared(Key.D5)]
    assert keys.next_tick_s() is None
    assert press(keys, Key.D5, 14.0) == [Pressed(Key.D5)]


def test_a_stuck_key_that_returns_late_is_cleared_first() -> None:
    keys = StuckKeyFilter()
    press(keys, Key.D5, *(number * 0.05 for number in range(21)))
    assert keys.press(Key.D5, 60.0) == [Cleared(Key.D5), Pressed(Key.D5)]


@given(st.lists(st.tuples(st.sampled_from(Key), st.floats(0, 0.5)), max_size=300))
def test_masking_and_clearing_alternate_and_a_masked_key_is_never_pressed(
    presses: list[tuple[Key, float]],
) -> None:
    keys, now_s, masked = StuckKeyFilter(), 0.0, set[Key]()
    for key, wait_s in presses:
        now_s += wait_s
        for event in keys.press(key, now_s):
            match event:
                case Stuck(which):
                    assert which not in masked
                    masked.add(which)
                case Cleared(which):
                    masked.remove(which)
                case Pressed(which):
                    assert which not in masked


class Typed:
    """What a keypad said."""

    def __init__(self, settings: SerialKeypadSettings) -> None:
        self.line = MemoryLine()
        self.keypad = SerialKeypad(self.line, settings)
        self.keys: list[Key] = []
        self.faults: list[Key] = []
        self.cleared: asyncio.Queue[Key] = asyncio.Queue()
        self.keypad.on_key = self.keys.append
        self.keypad.on_fault = self.faults.append
        self.keypad.on_fault_cleared = self.cleared.put_nowait


async def test_keys_reach_the_listener() -> None:
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"C02\xff")
    typed.line.on_bytes(b"4\r")
    assert typed.keys == ENTRY
    typed.keypad.stop()
    typed.line.on_bytes(b"1")
    assert typed.keys == ENTRY


async def test_a_stuck_key_is_told_once_and_told_well_without_another_key() -> None:
    stuck = StuckKeySettings(bounce_s=0.0, cleared_after_s=0.01)
    typed = Typed(SerialKeypadSettings(stuck=stuck))
    for _ in range(40):
        typed.line.on_bytes(b"7")
    assert typed.faults == [Key.D7]
    async with asyncio.timeout(5):
        assert await typed.cleared.get() is Key.D7
    typed.keypad.stop()


async def test_a_whole_buffered_entry_does_not_bounce() -> None:
    typed = Typed(SerialKeypadSettings(buffered=True))
    typed.line.on_bytes(b"\x021111\x03")
    assert typed.keys == [Key.CLEAR, *[Key.D1] * 4, Key.OK]


async def test_an_entry_cut_by_unplugging_is_forgotten() -> None:
    typed = Typed(SerialKeypadSettings(buffered=True))
    typed.line.on_bytes(b"\x0211")
    typed.line.cut()
    typed.line.mend()
    typed.line.on_bytes(b"22\x03")
    assert typed.keys == []


def test_no_representation_shows_a_digit() -> None:
    shown = f"{Key.D7!r} {Key.D7} {[Key.D7]} {Pressed(Key.D7)} {Stuck(Key.D7)}"
    assert "7" not in shown


def stand_still(seconds: float) -> None:
    """Keep the loop from doing anything for so long."""
    loop = asyncio.get_running_loop()
    resumes_s = loop.time() + seconds
    while loop.time() < resumes_s:
        pass


async def run_for(seconds: float) -> None:
    """Let the loop do all that is due for so long."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    await over.wait()


async def test_two_presses_that_waited_in_a_stalled_process_are_no_bounce() -> None:
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"5")
    await asyncio.sleep(0)
    stand_still(0.06)
    typed.line.on_bytes(b"55")
    typed.keypad.stop()
    assert typed.keys == [Key.D5] * 3


async def test_a_press_after_one_that_was_heard_late_is_no_bounce() -> None:
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"C")
    await asyncio.sleep(0)
    stand_still(0.06)
    typed.line.on_bytes(b"5")
    await asyncio.sleep(0)
    typed.line.on_bytes(b"5")
    typed.keypad.stop()
    assert typed.keys == [Key.CLEAR, Key.D5, Key.D5]


async def test_presses_that_waited_are_no_bounce_though_the_beat_was_made_up_for_before_them() -> None:
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"C")
    stand_still(0.06)
    for _ in range(2):  # then the beat that is due comes before the port is looked at
        await asyncio.sleep(0)
    typed.line.on_bytes(b"000")
    typed.keypad.stop()
    assert typed.keys == [Key.CLEAR, Key.D0, Key.D0, Key.D0]


@pytest.mark.parametrize("again_s", [0.0, 0.04])
async def test_presses_that_waited_are_no_bounce_though_beating_was_to_end_meanwhile(
    monkeypatch: pytest.MonkeyPatch, again_s: float
) -> None:
    monkeypatch.setattr(keypads, "BEATS_FOR_S", 0.03)
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"4")
    stand_still(0.06)  # for longer than it would have beaten after that key
    for _ in range(2):
        await asyncio.sleep(0)
    stand_still(again_s)  # others are served before the port is looked at
    typed.line.on_bytes(b"00")
    typed.keypad.stop()
    assert typed.keys == [Key.D4, Key.D0, Key.D0]


@pytest.mark.parametrize("beats_for_s", [keypads.BEATS_FOR_S, 0.03])
async def test_presses_that_come_a_moment_after_everything_stood_still_are_no_bounce(
    monkeypatch: pytest.MonkeyPatch, beats_for_s: float
) -> None:
    monkeypatch.setattr(keypads, "BEATS_FOR_S", beats_for_s)
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"4")
    stand_still(0.06)
    await run_for(0.05)  # the kernel takes its time to hand over what waited, too
    for _ in range(2):
        typed.line.on_bytes(b"0")
    typed.keypad.stop()
    assert typed.keys == [Key.D4, Key.D0, Key.D0]


async def test_several_keys_in_the_first_read_after_a_rest_were_not_pressed_at_once() -> None:
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"C000")
    typed.keypad.stop()
    assert typed.keys == [Key.CLEAR, Key.D0, Key.D0, Key.D0]


async def test_one_key_twice_in_one_read_of_a_process_that_runs_is_a_bounce() -> None:
    typed = Typed(SerialKeypadSettings())
    typed.line.on_bytes(b"C")
    await asyncio.sleep(0)
    typed.line.on_bytes(b"55")
    typed.keypad.stop()
    assert typed.keys == [Key.CLEAR, Key.D5]


def test_changed_bytes_override_and_extend_the_usual_map() -> None:
    keys = codec.keys_of({"2a": "ok", "45": "ok", "43": "none", "7F": "clear"})
    assert codec.KeyDecoder(keys).feed(b"\x7fC02E*\r\x08") == [
        *(Key.CLEAR, Key.D0, Key.D2),
        *(Key.OK, Key.OK, Key.OK, Key.CLEAR),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"0G": "ok"}, '"0G" is no byte'),
        ({"D": "ok"}, '"D" is no byte'),
        ({"0D": "enter"}, '"enter" is no key; use one of 0, 1'),
        ({"0d": "ok", "0D": "clear"}, '"0D" is there twice'),
        ({"0D": "clear", "23": "clear"}, "no byte is left for ok"),
        ({"35": "none"}, "no byte is left for 5"),
    ],
)
def test_a_wrong_map_is_refused_with_the_reason(changes: dict[str, str], message: str) -> None:
    with pytest.raises(CallerMistake, match=message):
        SerialKeypadSettings(keys=changes)


def test_a_checksum_needs_whole_entries() -> None:
    with pytest.raises(CallerMistake, match="buffered"):
        SerialKeypadSettings(checksum=True)


@given(st.text("0123456789", min_size=1, max_size=12), st.data())
def test_one_flipped_bit_of_an_entry_with_a_checksum_is_no_other_entry(
    text: str, draw: st.DataObject
) -> None:
    said = bytearray(collected(text.encode(), checksum=True))
    whole = [Key.CLEAR, *(codec.DIGITS[int(digit)] for digit in text), Key.OK]
    decoder = codec.KeyDecoder(buffered=True, checksum=True)
    assert decoder.feed(bytes(said)) == whole
    said[draw.draw(st.integers(0, len(said) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    assert decoder.feed(bytes(said)) in ([], whole)


def test_after_a_wrong_checksum_the_next_entry_counts() -> None:
    decoder = codec.KeyDecoder(buffered=True, checksum=True)
    assert decoder.feed(b"\x0212\x03\xff") == []
    assert decoder.feed(b"\x0299\x03" + collected(b"12", checksum=True)) == [
        Key.CLEAR,
        Key.D1,
        Key.D2,
        Key.OK,
    ]
