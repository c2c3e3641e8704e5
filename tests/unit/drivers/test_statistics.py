"""What a bus and a port count, and that it never grows."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from drivers.base import ignore
from drivers.bus import Bus
from drivers.errors import Garbled, LineDown, LineLost, NoAnswer
from drivers.keeper import PORT_LOST, KeeperSettings, PortDown, PortKeeper, PortUp
from drivers.port import PortSettings
from drivers.statistics import RATE_OVER_S, ROUND_TRIPS, Rate
from tests.unit.drivers.support import PtyDevice
from tests.unit.drivers.test_bus import READ_1, UNLOCK_3, Served, question, reply_to


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()
    async with asyncio.timeout(10):
        yield made
        await made.bus.stop()


def test_a_rate_is_that_of_the_last_ten_whole_seconds() -> None:
    rate = Rate()
    for second in range(30):
        rate.note(100.5 + second, count=second)
    assert rate.per_s(129.9) == sum(range(19, 29)) / RATE_OVER_S
    assert rate.per_s(139.0) == 29 / RATE_OVER_S
    assert rate.per_s(140.0) == 0


def test_a_rate_that_has_just_begun_is_not_thinned_by_seconds_that_were_not() -> None:
    rate = Rate()
    assert rate.per_s(5.0) == 0
    rate = Rate()
    rate.note(7.1, count=4)
    rate.note(8.9, count=6)
    assert rate.per_s(9.0) == 5


def test_a_rate_equals_a_count_by_hand_wherever_time_leaps() -> None:
    dice, rate, now_s = random.Random(3), Rate(), 50.0
    noted: list[float] = []
    for _ in range(2000):
        now_s += dice.choice((0.0, 0.1, 0.9, 3.0, 11.0, 40.0))
        if dice.random() < 0.7:
            rate.note(now_s)
            noted.append(now_s)
        recent = [at_s for at_s in noted if int(now_s) - RATE_OVER_S <= int(at_s) < int(now_s)]
        seconds = min(RATE_OVER_S, max(1, int(now_s) - int(noted[0]))) if noted else 1
        assert rate.per_s(now_s) == pytest.approx(len(recent) / seconds) or not noted


async def test_an_exchange_is_counted_and_timed(served: Served) -> None:
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    for _ in range(3):
        await served.bus.ask(question(READ_1))
    await served.bus.tell(UNLOCK_3)
    statistics = served.bus.statistics
    assert (statistics.sent, statistics.answered, statistics.errors) == (4, 3, {})
    assert len(statistics.round_trips_s) == 3
    assert all(0 <= took_s < 1 for took_s in statistics.round_trips_s)


async def test_no_answer_an_echo_and_garbage_are_told_apart(served: Served) -> None:
    with pytest.raises(NoAnswer):
        await served.bus.ask(question(READ_1, timeout_s=0.01))
    served.line.device = lambda line, request: line.arrive(request)
    with pytest.raises(NoAnswer):  # an echo that is no frame of any kind
        await served.bus.ask(question(READ_1[:3], timeout_s=0.01))
    assert served.bus.statistics.errors == {"no-answer": 2}
    served.line.device = lambda line, _request: line.arrive(b"\x55\x00\xff")
    with pytest.raises(Garbled, match="only bytes of no frame"):
        await served.bus.ask(question(READ_1, timeout_s=0.01))
    assert served.bus.statistics.errors == {"no-answer": 2, "garbled": 1}


async def test_an_answer_of_another_board_is_no_garbage(served: Served) -> None:
    served.line.device = lambda line, _request: line.arrive(reply_to(UNLOCK_3))
    with pytest.raises(NoAnswer):
        await served.bus.ask(question(READ_1, timeout_s=0.01))
    assert served.bus.statistics.errors == {"no-answer": 1}


async def test_a_line_that_goes_while_an_answer_is_awaited_is_counted_as_that(served: Served) -> None:
    (task,) = served.ask(question(READ_1))
    await served.line.until_written(1)
    served.line.on_down("pulled out")
    with pytest.raises(LineLost):
        await task
    assert served.bus.statistics.errors == {"line-lost": 1}


async def test_every_attempt_counts_and_round_trips_never_grow(served: Served) -> None:
    with pytest.raises(NoAnswer):
        await served.bus.ask(question(READ_1, attempts=3, timeout_s=0.005))
    assert served.bus.statistics.errors == {"no-answer": 3}
    served.line.device = lambda line, request: line.arrive(reply_to(request))
    for _ in range(ROUND_TRIPS + 5):
        await served.bus.ask(question(READ_1))
    assert len(served.bus.statistics.round_trips_s) == ROUND_TRIPS


async def test_a_bus_that_is_stopped_leaves_what_was_told_as_told(served: Served) -> None:
    served.line.quiet_at_s = asyncio.get_running_loop().time() + 60
    telling = asyncio.create_task(served.bus.tell(UNLOCK_3, urgent=True))
    await served.line.until_written(1)
    await served.bus.stop()
    await telling
    assert served.line.written == [UNLOCK_3]


async def test_a_request_to_a_closed_port_is_counted(device: PtyDevice) -> None:
    keeper = PortKeeper(PortSettings(str(device.link)))
    bus = Bus(keeper)
    bus.start()
    with pytest.raises(LineDown):
        await bus.ask(question(READ_1))
    await bus.stop()
    assert bus.statistics.errors == {"line-down": 1}


async def test_a_port_counts_why_it_could_not_be_opened_and_that_it_was_lost(device: PtyDevice) -> None:
    changed = asyncio.Event()
    missing = PortKeeper(
        PortSettings("/dev/there-is-none"),
        settings=KeeperSettings(first_wait_s=0.001),
        on_change=lambda _change: changed.set(),
    )
    missing.start()
    keeper = PortKeeper(PortSettings(str(device.link)), on_change=ignore)
    up = asyncio.Event()
    keeper.on_up = up.set
    keeper.start()
    async with asyncio.timeout(5):
        await changed.wait()
        await up.wait()
    await missing.stop()
    assert missing.failures["port-missing"] >= 1
    assert isinstance(missing.told, PortDown)
    assert keeper.told == PortUp(str(device.link))
    down = asyncio.Event()
    keeper.on_down = lambda _reason: down.set()
    device.unplug()
    async with asyncio.timeout(5):
        await down.wait()
    await keeper.stop()
    assert keeper.failures[PORT_LOST] == 1
