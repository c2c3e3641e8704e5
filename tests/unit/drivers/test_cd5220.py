import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.cd5220 import codec
from drivers.cd5220.driver import Cd5220Display, Cd5220Settings
from drivers.errors import LineBusy
from tests.unit.drivers.support import MemoryLine

RESET = b"\x1b@\x1b\x11\x0c"


def upper(text: bytes) -> bytes:
    return b"\x1bQA" + text.ljust(20) + b"\r"


def lower(text: bytes) -> bytes:
    return b"\x1bQB" + text.ljust(20) + b"\r"


@given(st.text(max_size=60))
def test_any_text_is_exactly_twenty_printable_cells(text: str) -> None:
    cells = codec.fit(text)
    assert len(cells) == 20
    assert all(byte >= 0x20 and byte != 0x7F for byte in cells)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("Noutokoodi väärä", "Noutokoodi väärä".encode("cp850")),
        ("Öppna luckan å", "Öppna luckan å".encode("cp850")),
        ("a\u0308", "ä".encode("cp850")),
        ("šŽ", b"sZ"),
        ("5 \u20ac \u2013 \u2026", b"5 EUR - ..."),
        ("čőı", b"coi"),
        ("漢\U0001f4e6", b"??"),
        ("a\x1b\x07\r\nb", b"a??  b"),
    ],
)
def test_characters_outside_the_code_page(text: str, cells: bytes) -> None:
    assert codec.encode_text(text) == cells


async def test_the_first_text_resets_the_display_and_later_only_changes_are_sent() -> None:
    line = MemoryLine()
    display = Cd5220Display(line, Cd5220Settings())
    display.show("Press C", "then the code")
    display.show("Press C", "then OK")
    display.show("Press C", "then OK")
    assert line.written == [
        RESET + upper(b"") + lower(b""),
        upper(b"Press C") + lower(b"then the code"),
        lower(b"then OK"),
    ]


async def test_while_the_wire_is_busy_the_latest_text_wins() -> None:
    line = MemoryLine()
    display = Cd5220Display(line, Cd5220Settings())
    loop = asyncio.get_running_loop()
    line.written.clear()
    line.quiet_at_s = loop.time() + 0.02
    for number in range(1000):
        display.show(f"{number}", "")
    assert line.written == []
    async with asyncio.timeout(5):
        await line.until_written(1)
    assert line.written == [upper(b"999")]


async def test_a_display_that_came_back_is_reset_and_shows_the_text_again() -> None:
    line = MemoryLine()
    display = Cd5220Display(line, Cd5220Settings())
    display.show("one", "")
    line.cut()
    display.show("two", "lines")
    display.beep()
    line.written.clear()
    line.mend()
    assert line.written == [RESET + upper(b"two") + lower(b"lines")]


async def test_a_display_whose_port_is_not_open_yet_is_no_problem() -> None:
    line = MemoryLine()
    line.is_up = False
    display = Cd5220Display(line, Cd5220Settings())
    display.show("early", "")
    line.mend()
    assert line.written == [RESET + upper(b"early") + lower(b"")]


async def test_a_full_port_is_tried_again_later() -> None:
    line = MemoryLine()
    display = Cd5220Display(line, Cd5220Settings())
    line.written.clear()

    def full(line: MemoryLine, data: bytes) -> None:
        line.written.clear()
        raise LineBusy("full")

    line.device = full
    display.show("text", "")
    line.device = lambda line, data: None  # noqa: ARG005 - the signature of a device
    async with asyncio.timeout(5):
        await line.until_written(1)
    assert line.written == [upper(b"text")]
    display.stop()


async def test_the_bell_rings_once_where_there_is_one() -> None:
    line = MemoryLine()
    display = Cd5220Display(line, Cd5220Settings())
    line.written.clear()
    display.beep()
    display.show("a", "")
    assert line.written == [b"\x07", upper(b"a")]
    silent = Cd5220Display(line, Cd5220Settings(has_bell=False))
    line.written.clear()
    silent.beep()
    assert line.written == []


async def test_a_stopped_display_writes_nothing() -> None:
    line = MemoryLine()
    display = Cd5220Display(line, Cd5220Settings())
    line.written.clear()
    display.stop()
    display.show("x", "y")
    assert line.written == []
