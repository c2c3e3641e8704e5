import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import Key
from drivers.errors import CallerMistake, DriverError, PortUnusable
from drivers.keeper import KeeperSettings, PortChange, PortDown, PortUp
from drivers.keypad_evdev import codec
from drivers.keypad_evdev.codec import CODES, DOWN, EV_KEY, EV_SYN, REPEAT, SYN_DROPPED, SYN_REPORT, UP
from drivers.keypad_evdev.device import DeviceKeeper, InputDevice, open_device
from drivers.keypad_evdev.driver import EvdevKeypad, EvdevKeypadSettings
from drivers.keypad_serial.codec import Cleared, Pressed, Stuck
from tests.unit.drivers.input_devices import WHY_NOT_REAL, FakePad, Pad, RealPad

QUICK = KeeperSettings(first_wait_s=0.01, longest_wait_s=0.02, technician_wait_s=0.01)
REPORT = (EV_SYN, SYN_REPORT, 0)


def down(name: str) -> codec.RawEvent:
    return (EV_KEY, CODES[name], DOWN)


def up(name: str) -> codec.RawEvent:
    return (EV_KEY, CODES[name], UP)


def repeat(name: str) -> codec.RawEvent:
    return (EV_KEY, CODES[name], REPEAT)


# -- which key it is


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("pad", ["", "KP"])
def test_digits_of_both_rows(pad: str, digit: int) -> None:
    assert codec.EventDecoder().feed([down(f"KEY_{pad}{digit}")], 0) == [Pressed(Key(str(digit)))]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("KEY_ENTER", Key.OK),
        ("KEY_KPENTER", Key.OK),
        ("KEY_BACKSPACE", Key.CLEAR),
        ("KEY_DELETE", Key.CLEAR),
        ("KEY_ESC", Key.CLEAR),
        ("KEY_C", Key.CLEAR),
        ("KEY_KPDOT", Key.CLEAR),
        ("KEY_KPASTERISK", Key.CLEAR),
    ],
)
def test_ok_and_clear(name: str, key: Key) -> None:
    assert codec.EventDecoder().feed([down(name), up(name)], 0) == [Pressed(key)]


def test_num_lock_and_everything_else_is_ignored() -> None:
    events = [down("KEY_NUMLOCK"), down("KEY_KPPLUS"), (EV_KEY, 0x110, DOWN), (4, 4, 0x70059), REPORT]
    assert codec.EventDecoder().feed(events, 0) == []


def test_keys_may_mean_something_else() -> None:
    decoder = codec.EventDecoder(codec.keys_of({"KEY_KPSLASH": "ok", "KEY_KPDOT": "none"}))
    assert decoder.feed([down("KEY_KPSLASH"), down("KEY_KPDOT")], 0) == [Pressed(Key.OK)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"KEY_Q": "ok"}, '"KEY_Q" is no key of a pad'),
        ({"KEY_KP0": "zero"}, '"zero" is no key'),
        ({"KEY_ENTER": "none", "KEY_KPENTER": "none"}, "nothing is left for ok"),
    ],
)
def test_a_wrong_map_is_refused_with_the_reason(changes: dict[str, str], message: str) -> None:
    with pytest.raises(CallerMistake, match=message):
        EvdevKeypadSettings(keys=changes)


# -- what counts as a press


def test_repeats_are_no_presses_and_a_key_held_too_long_is_stuck_once_until_it_goes_up() -> None:
    decoder = codec.EventDecoder(held_s=10)
    assert decoder.feed([down("KEY_KP5")], 0.0) == [Pressed(Key.D5)]
    assert decoder.feed([repeat("KEY_KP5")], 9.9) == []
    assert decoder.feed([repeat("KEY_KP5"), repeat("KEY_KP5")], 10.1) == [Stuck(Key.D5)]
    assert decoder.feed([up("KEY_KP5")], 60.0) == [Cleared(Key.D5)]
    assert decoder.feed([down("KEY_KP5"), up("KEY_KP5")], 61.0) == [Pressed(Key.D5)]


def test_a_key_that_was_held_before_we_listened_gets_its_time_too() -> None:
    decoder = codec.EventDecoder(held_s=10)
    assert decoder.feed([repeat("KEY_KP5")], 100.0) == []
    assert decoder.feed([repeat("KEY_KP5")], 110.1) == [Stuck(Key.D5)]


def test_a_device_that_goes_away_takes_its_stuck_keys_along() -> None:
    decoder = codec.EventDecoder(held_s=1)
    decoder.feed([down("KEY_1"), down("KEY_2")], 0)
    decoder.feed([repeat("KEY_1")], 2)
    assert decoder.unplugged() == [Cleared(Key.D1)]
    assert decoder.unplugged() == []


def test_after_lost_events_everything_up_to_the_next_report_is_void() -> None:
    lost = [(EV_SYN, SYN_DROPPED, 0), down("KEY_1"), REPORT, down("KEY_2")]
    assert codec.EventDecoder().feed(lost, 0) == [Pressed(Key.D2)]


events = st.tuples(
    st.sampled_from([EV_SYN, EV_KEY, 4]), st.sampled_from([0, 3, *CODES.values()]), st.integers(0, 3)
)


@given(st.lists(events, max_size=60), st.integers(0, 60))
def test_any_events_in_any_portions_mean_the_same_and_stuck_keys_alternate(
    several: list[codec.RawEvent], middle: int
) -> None:
    whole = codec.EventDecoder(held_s=0.5).feed(several, 1.0)
    portions = codec.EventDecoder(held_s=0.5)
    assert portions.feed(several[:middle], 1.0) + portions.feed(several[middle:], 1.0) == whole
    stuck: list[Key] = []
    decoder = codec.EventDecoder(held_s=0.5)
    for now_s, event in enumerate(several):
        for told in decoder.feed([event], now_s):
            if isinstance(told, Stuck):
                stuck.append(told.key)
            elif isinstance(told, Cleared):
                stuck.remove(told.key)
    cleared = [told.key.name for told in decoder.unplugged() if isinstance(told, Cleared)]
    assert sorted(cleared) == sorted(key.name for key in stuck)


# -- a device, real where the machine has one


@pytest.fixture(params=["fake", "real"])
def pad(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pad]:
    path = tmp_path / "usb-pad-event-kbd"
    if request.param == "real" and not RealPad.possible():
        pytest.skip(WHY_NOT_REAL)
    made: Pad = FakePad(path) if request.param == "fake" else RealPad(path)
    yield made
    made.unplug()


class Typed:
    """A keypad on a kept device, and what both said."""

    def __init__(self, pad: Pad) -> None:
        self.keys: asyncio.Queue[Key] = asyncio.Queue()
        self.changes: asyncio.Queue[PortChange] = asyncio.Queue()
        self.keeper = DeviceKeeper(
            pad.path, on_change=self.changes.put_nowait, opener=pad.opener, settings=QUICK
        )
        self.keypad = EvdevKeypad(self.keeper, EvdevKeypadSettings())
        self.keypad.on_key = self.keys.put_nowait


@pytest.fixture
async def typed(pad: Pad) -> AsyncIterator[Typed]:
    typed = Typed(pad)
    typed.keeper.start()
    async with asyncio.timeout(5):
        assert await typed.changes.get() == PortUp(pad.path)
    yield typed
    typed.keypad.stop()
    await typed.keeper.stop()


async def test_what_is_typed_arrives_in_order(pad: Pad, typed: Typed) -> None:
    names = ("KEY_KPDOT", "KEY_KP0", "KEY_KP2", "KEY_KPENTER")
    for name in names:
        pad.type(CODES[name], DOWN)
        pad.type(CODES[name], UP)
    async with asyncio.timeout(5):
        keys = [await typed.keys.get() for _ in names]
    assert keys == [Key.CLEAR, Key.D0, Key.D2, Key.OK]


async def test_a_pad_that_was_unplugged_is_told_and_comes_back_by_its_path(pad: Pad, typed: Typed) -> None:
    for key in (Key.D7, Key.D8, Key.D9):
        pad.unplug()
        async with asyncio.timeout(5):
            assert isinstance(await typed.changes.get(), PortDown)
            pad.plug()
            while not isinstance(await typed.changes.get(), PortUp):
                pass
        pad.type(CODES[f"KEY_{key.value}"], DOWN)
        async with asyncio.timeout(5):
            assert await typed.keys.get() is key


async def test_a_stopped_keeper_lets_the_device_go(tmp_path: Path) -> None:
    pad = FakePad(tmp_path / "pad")
    typed = Typed(pad)
    typed.keeper.start()
    async with asyncio.timeout(5):
        await typed.changes.get()
    assert (typed.keeper.is_up, pad.grabbed) == (True, 1)
    await typed.keeper.stop()
    assert (typed.keeper.is_up, pad.grabbed) == (False, 0)


async def test_a_key_that_bounces_counts_once(tmp_path: Path) -> None:
    pad = FakePad(tmp_path / "pad")
    typed = Typed(pad)
    bounce = [down("KEY_5"), up("KEY_5"), REPORT] * 3
    typed.keeper.on_events(bounce)
    typed.keypad.stop()
    typed.keeper.on_events(bounce)
    assert typed.keys.qsize() == 1


async def test_a_device_that_cannot_be_opened_is_told_and_tried_again(tmp_path: Path) -> None:
    reasons = [PortUnusable("it has no digits"), PortUnusable("it has no digits")]
    pad = FakePad(tmp_path / "pad")

    def opener(path: str) -> InputDevice:
        if reasons:
            raise reasons.pop()
        return pad.opener(path)

    changes: asyncio.Queue[PortChange] = asyncio.Queue()
    keeper = DeviceKeeper(pad.path, on_change=changes.put_nowait, opener=opener, settings=QUICK)
    keeper.start()
    async with asyncio.timeout(5):
        told = [await changes.get(), await changes.get()]
    assert told == [PortDown(pad.path, "it has no digits", needs_technician=True), PortUp(pad.path)]
    await keeper.stop()


def test_without_its_package_a_device_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evdev", None)
    with pytest.raises(DriverError, match=r"pip install parcel-locker\[evdev\]"):
        open_device("/dev/input/event0")


def test_a_path_without_a_device_is_told() -> None:
    if importlib.util.find_spec("evdev") is None:
        pytest.skip("NOT RUN: needs the package evdev")
    with pytest.raises(DriverError, match="no device there"):
        open_device("/dev/input/by-id/nothing-event-kbd")
