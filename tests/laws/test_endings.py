"""A line that never falls quiet, and a bus that stops with an unlock under way, for every family."""

import asyncio
import random
from typing import Any

import pytest

from drivers.base import SILENT
from drivers.bus import Bus
from drivers.errors import NoAnswer
from drivers.registry import LOCK_BOARDS
from simulator.virtual_loop import run
from tests.laws.stand import accepted, has_setting
from tests.unit.drivers.support import MemoryLine

FAMILIES = sorted(LOCK_BOARDS)
UNACKNOWLEDGED: list[tuple[str, dict[str, Any]]] = [
    (family, {"acknowledges": answers})
    for family in FAMILIES
    if has_setting(family, "acknowledges")
    for answers in (True, False)
]
MOST_ATTEMPTS = 8
"""Two for each of the four readings of the most careful family."""
PIECE_S = 0.004


@pytest.mark.parametrize(("family", "known"), [("modbus-relay", {}), *UNACKNOWLEDGED], ids=str)
def test_an_unlock_that_left_before_the_bus_stopped_is_silent_and_no_error(
    family: str, known: dict[str, Any]
) -> None:
    async def main() -> None:
        line = MemoryLine()
        bus = Bus(line)
        bus.start()
        driver = LOCK_BOARDS[family].make(bus, LOCK_BOARDS[family].settings(**accepted(family), **known))
        line.quiet_at_s = asyncio.get_running_loop().time() + 1.0
        unlocking = asyncio.create_task(driver.unlock(1))
        await line.until_written(1)
        await bus.stop()
        assert await unlocking == SILENT
        assert len(line.written) == 1

    run(main())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(3))
def test_a_line_that_babbles_for_ever_is_given_up_in_time_and_its_unlock_waits_for_one_question(
    family: str, seed: int
) -> None:
    async def main() -> None:
        loop, line = asyncio.get_running_loop(), MemoryLine()
        bus = Bus(line)
        bus.start()
        known = LOCK_BOARDS[family].settings(**accepted(family))
        driver = LOCK_BOARDS[family].make(bus, known)
        babbling = asyncio.create_task(_babble(line, random.Random(seed)))
        began_s = loop.time()
        with pytest.raises(NoAnswer):
            await driver.read_contacts()
        assert loop.time() - began_s < MOST_ATTEMPTS * (known.read_timeout_s + 0.1)
        reading = asyncio.create_task(driver.read_contacts())
        await line.until_written(len(line.written) + 1)
        asked, began_s = len(line.written), loop.time()
        unlocking = asyncio.create_task(driver.unlock(1))
        await line.until_written(asked + 1)
        assert loop.time() - began_s < known.read_timeout_s + 0.1
        assert await unlocking == SILENT
        with pytest.raises(NoAnswer):
            await reading
        babbling.cancel()
        await asyncio.gather(babbling, return_exceptions=True)
        await bus.stop()

    run(main())


async def _babble(line: MemoryLine, dice: random.Random) -> None:
    while True:
        line.on_bytes(dice.randbytes(4))
        await asyncio.sleep(PIECE_S)
