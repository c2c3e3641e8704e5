"""Boards of different families on one line: what one says or is told means nothing to another."""

import asyncio
import contextlib
import random
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import SILENT, ContactReport
from drivers.bus import Bus
from drivers.errors import NoAnswer
from drivers.registry import LOCK_BOARDS
from drivers.winnsen import codec as winnsen
from simulator.boards.board import LockBoard
from simulator.boards.families import BOARDS
from simulator.virtual_loop import run
from tests.laws.stand import Locks, accepted, made_board
from tests.unit.drivers.support import MemoryLine

FAMILIES = sorted(set(LOCK_BOARDS) & set(BOARDS))
PAIRS = list(permutations(FAMILIES, 2))
LIKELY_ADDRESSES = {family: range(LOCK_BOARDS[family].addresses.start, 10) for family in FAMILIES}
BOARD_SIZES = {"xor-bcc": (24, 32, 50)}
"""The bit map of an XOR/BCC board is as long as its states: each size hears another frame."""


@pytest.mark.parametrize(("told", "other"), PAIRS)
def test_no_request_to_one_family_moves_a_lock_of_another(told: str, other: str) -> None:
    assert _pulsed(other, LIKELY_ADDRESSES[other], _requests_to(told)) == []


@pytest.mark.parametrize("looked_for", FAMILIES)
def test_no_search_moves_a_lock_of_any_family(looked_for: str) -> None:
    frames = run(_searched(looked_for))
    for fitted in FAMILIES:
        assert _pulsed(fitted, LOCK_BOARDS[fitted].addresses, frames) == []


def test_a_winnsen_poll_may_be_a_bit_map_for_an_xor_bcc_board() -> None:
    """Why PROTOCOL.md of both forbids the two on one line; no other likely frame does such a thing."""
    poll = winnsen.encode_poll_of(21, 15)
    assert poll == bytes.fromhex("90 07 02 15 FF 7F 03")
    assert _pulsed("xor-bcc", range(7, 8), [poll]) == [2, 9, 11, 13, *range(17, 25)]


@pytest.mark.parametrize(("asked", "heard"), PAIRS)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_no_answer_of_one_family_tells_a_driver_of_another_anything(
    asked: str, heard: str, data: st.DataObject
) -> None:
    address = data.draw(st.sampled_from(LIKELY_ADDRESSES[asked]))
    said = list(_answers_of(heard, data))
    run(_hear(asked, address, said))


def _pulsed(family: str, addresses: Iterable[int], frames: Iterable[bytes]) -> list[int]:
    """Give the locks that boards of a family pulse at these frames, each heard whole and alone."""
    locks = Locks()
    for size in BOARD_SIZES.get(family, (16,)):
        boards = [made_board(family, address, size, locks) for address in addresses]
        for frame in frames:
            for board in boards:
                board.feed(frame)
                board.advance(10.0)
    return locks.pulsed


async def _searched(family: str) -> list[bytes]:
    line = MemoryLine()
    bus = Bus(line)
    bus.start()
    for address in LOCK_BOARDS[family].addresses:
        assert await LOCK_BOARDS[family].search(bus, address) is None
    await bus.stop()
    return line.written


@cache
def _requests_to(family: str) -> list[bytes]:
    """Give every frame that drivers of a family write: readings, and an unlock of each channel."""
    return run(_written(family))


async def _written(family: str) -> list[bytes]:
    line = MemoryLine()
    bus = Bus(line)
    bus.start()
    for address in LIKELY_ADDRESSES[family]:
        known = LOCK_BOARDS[family].settings(address=address, **accepted(family))
        driver = LOCK_BOARDS[family].make(bus, known)
        for channel in range(1, driver.channels + 1):
            await driver.unlock(channel)
        for ask in (driver.read_contacts, driver.identify, driver.rest_outputs):
            with contextlib.suppress(NoAnswer):
                await ask()
    await bus.stop()
    return line.written


def _answers_of(family: str, data: st.DataObject) -> Iterator[bytes]:
    """Give what a board says to all that its driver can ask, whatever its doors are like."""
    address = data.draw(st.sampled_from(LIKELY_ADDRESSES[family]))
    locks = Locks()
    open_doors = data.draw(st.sets(st.integers(1, 50)))
    board = made_board(family, address, 16, locks)
    for door in open_doors:
        locks.move(door, closed=False)
    board.faults.set("unsolicited-reports", data.draw(st.sampled_from([0x81, 0x82])))
    yield from _said(board, address, family)


def _said(board: LockBoard[Any], address: int, family: str) -> Iterator[bytes]:
    requests = _requests_to(family)
    mine = random.Random(address).sample(requests, min(40, len(requests)))
    for request in mine:
        board.feed(request)
        yield from board.advance(60.0)
    board.contact_changed(1)
    yield from board.advance(1.0)


async def _hear(family: str, address: int, said: list[bytes]) -> None:
    reports: list[ContactReport] = []

    def speaks(line: MemoryLine, _: bytes) -> None:
        for piece in said:
            line.arrive(piece)

    line = MemoryLine(speaks)
    bus = Bus(line)
    bus.start()
    known = LOCK_BOARDS[family].settings(address=address, **accepted(family))
    driver = LOCK_BOARDS[family].make(bus, known)
    driver.on_report = reports.append
    assert await driver.unlock(1) == SILENT
    for ask in (driver.read_contacts, driver.identify):
        with pytest.raises(NoAnswer):
            await ask()
    assert await LOCK_BOARDS[family].search(bus, address) is None
    for piece in said:
        line.arrive(piece)
    await asyncio.sleep(1)
    assert reports == []
    await bus.stop()
