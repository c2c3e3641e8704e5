"""The lamp test in time that passes by hand, on a presenter that writes to a display in memory."""

from collections.abc import AsyncIterator

import pytest

from drivers.keeper import PortKeeper
from drivers.port import PortSettings
from locker.hardware.lamps import STEP_S, LampTest
from locker.hardware.presenter import Presenter
from locker.hardware.sounder import Sounder
from tests.unit.hardware.test_sounder import TONES
from tests.unit.hardware.timers import HandTimers

LIT = ("█" * 20, "█" * 20)
DARK = (" " * 20, " " * 20)
TONES_S = 3.2


class Remembering:
    """A display that remembers what it was made to show, and its bell."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, str]] = []
        self.rung = 0

    def show(self, upper: str, lower: str) -> None:
        self.shown.append((upper, lower))

    def beep(self) -> None:
        self.rung += 1

    def stop(self) -> None:
        pass


class Bench:
    def __init__(self) -> None:
        self.timers = HandTimers()
        self.display = Remembering()
        self.presenter = Presenter(PortKeeper(PortSettings("never-opened")), self.display)
        self.sounder = Sounder({"bell": self.display.beep}, TONES, self.timers)
        self.test = LampTest(self.presenter, self.sounder, self.timers)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.presenter.stop()


async def test_all_cells_are_lit_then_dark_then_every_tone_then_as_before(bench: Bench) -> None:
    bench.presenter.present([("Service", "menu")])
    bench.test.begin()
    assert bench.display.shown[-1] == LIT
    bench.timers.pass_(STEP_S)
    assert bench.display.shown[-1] == DARK
    assert bench.display.rung == 0
    bench.timers.pass_(STEP_S)
    bench.timers.pass_(TONES_S - 0.1)
    assert bench.display.rung == 7
    assert bench.display.shown[-1] == DARK
    bench.timers.pass_(0.2)
    assert bench.display.shown == [("Service", "menu"), LIT, DARK, ("Service", "menu")]
    assert bench.timers.pending == []


async def test_the_lamps_alone_are_tried_in_silence(bench: Bench) -> None:
    bench.presenter.present([("Service", "menu")])
    bench.test.begin(sounder=False)
    bench.timers.pass_(2 * STEP_S + 0.1)
    assert bench.display.shown == [("Service", "menu"), LIT, DARK, ("Service", "menu")]
    assert (bench.display.rung, bench.timers.pending) == (0, [])


async def test_the_tones_alone_leave_the_display_as_it_is(bench: Bench) -> None:
    bench.presenter.present([("Service", "menu")])
    bench.test.begin(display=False)
    bench.timers.pass_(TONES_S + 0.1)
    assert set(bench.display.shown) == {("Service", "menu")}
    assert bench.display.rung == 7


async def test_a_message_that_comes_meanwhile_is_shown_at_the_end(bench: Bench) -> None:
    bench.presenter.present([("Service", "menu")])
    bench.test.begin()
    bench.presenter.present([("Door 3", "is open")])
    assert bench.display.shown[-1] == LIT
    bench.timers.pass_(2 * STEP_S + TONES_S + 0.1)
    assert bench.display.shown[-1] == ("Door 3", "is open")


async def test_a_display_that_showed_nothing_shows_nothing_afterwards(bench: Bench) -> None:
    bench.test.begin()
    bench.timers.pass_(2 * STEP_S + TONES_S + 0.1)
    assert bench.display.shown[-1] == ("", "")


async def test_begun_again_it_starts_anew(bench: Bench) -> None:
    bench.presenter.present([("Service", "menu")])
    bench.test.begin()
    bench.timers.pass_(2 * STEP_S + 0.5)
    bench.test.begin()
    rung = bench.display.rung
    bench.timers.pass_(STEP_S - 0.1)
    assert bench.display.shown[-1] == LIT
    assert bench.display.rung == rung
    bench.timers.pass_(STEP_S + TONES_S + 0.2)
    assert bench.display.shown[-1] == ("Service", "menu")
    assert bench.display.shown.count(("Service", "menu")) == 2


async def test_ended_early_the_display_goes_on_at_once(bench: Bench) -> None:
    bench.presenter.present([("Service", "menu")])
    bench.test.begin()
    bench.test.stop()
    assert bench.display.shown[-1] == ("Service", "menu")
    assert bench.timers.pending == []
    bench.test.stop()
    assert len(bench.display.shown) == 3


async def test_a_keypad_without_display_takes_the_test_without_lamps() -> None:
    timers = HandTimers()
    test = LampTest(None, Sounder({}, {}, timers), timers)
    test.begin()
    timers.pass_(10)
    assert timers.pending == []
