import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import ignore
from drivers.errors import CallerMistake, LineBusy
from drivers.matrix_orbital import codec
from drivers.matrix_orbital.codec import CharacterSet
from drivers.matrix_orbital.driver import MatrixOrbitalDisplay, MatrixOrbitalSettings
from simulator.displays.matrix_orbital import MatrixOrbitalDisplay as Device
from tests.unit.drivers.support import MemoryLine

SETS: tuple[CharacterSet, ...] = ("a00", "a02", "ascii")
RESET = [b"\xfeR", b"\xfeR", b"\xfeO", b"\xfeB\x00", b"\xfeX"]
QUICK = MatrixOrbitalSettings(command_pause_s=0.0001)


def rows(upper: bytes, lower: bytes) -> list[bytes]:
    return [b"\xfeG\x01\x01", upper.ljust(20), b"\xfeG\x01\x02", lower.ljust(20)]


async def written(line: MemoryLine, count: int) -> list[bytes]:
    async with asyncio.timeout(5):
        await line.until_written(count)
    return line.written[:count]


@given(st.text(max_size=60), st.sampled_from(SETS))
def test_any_text_is_exactly_twenty_cells_and_no_command(text: str, character_set: CharacterSet) -> None:
    cells = codec.fit(text, character_set)
    assert len(cells) == 20
    assert all(byte >= 0x20 and byte not in (0x7F, codec.PREFIX) for byte in cells)


@pytest.mark.parametrize(
    ("character_set", "text", "cells"),
    [
        ("a00", "Noutokoodi väärä ö", b"Noutokoodi v\xe1\xe1r\xe1 \xef"),
        ("a00", "Ångan Ä Ö å", b"Angan A O a"),
        ("a00", "\\ ~ █", b"/ - \xff"),
        ("a02", "Öppna luckan å Ä", "Öppna luckan å Ä".encode("latin-1")),
        ("a02", "þ ÿ █", b"? y #"),
        ("ascii", "väärä Öljy ~", b"vaara Oljy ~"),
        ("a00", "a\u0308", b"\xe1"),
        ("ascii", "5 \u20ac \u2013 \u2026 æ", b"5 EUR - ... ae"),
        ("a00", "a\x1b\r\nb漢", b"a?  b?"),
    ],
)
def test_letters_of_each_character_set(character_set: CharacterSet, text: str, cells: bytes) -> None:
    assert codec.encode_text(text, character_set) == cells


def test_what_no_display_has_is_refused() -> None:
    with pytest.raises(CallerMistake, match="column 21"):
        codec.encode_place(21, 1)
    with pytest.raises(CallerMistake, match="one byte"):
        codec.encode_backlight(256)


async def test_the_first_text_resets_the_display_and_later_only_changed_rows_are_sent() -> None:
    line = MemoryLine()
    display = MatrixOrbitalDisplay(line, QUICK)
    display.show("Paina C", "")
    assert await written(line, 9) == [*RESET, *rows(b"Paina C", b"")]
    display.show("Paina C", "ja OK")
    assert (await written(line, 11))[9:] == rows(b"", b"ja OK")[2:]
    display.stop()


async def test_every_command_leaves_the_display_its_time() -> None:
    line = MemoryLine()
    loop = asyncio.get_running_loop()
    at_s: list[float] = []
    line.device = lambda _line, _data: at_s.append(loop.time())
    display = MatrixOrbitalDisplay(line, MatrixOrbitalSettings())
    display.show("Hei", "hei")
    await written(line, 9)
    display.stop()
    # The loop's timers may be early by its resolution, never by more.
    assert all(later - earlier >= 0.0099 for earlier, later in itertools.pairwise(at_s))


async def test_a_wire_that_is_still_busy_is_waited_for() -> None:
    line = MemoryLine()
    loop = asyncio.get_running_loop()
    line.quiet_at_s = busy_until_s = loop.time() + 0.05
    display = MatrixOrbitalDisplay(line, QUICK)
    await written(line, 2)
    assert loop.time() >= busy_until_s
    display.stop()


async def test_while_the_display_is_busy_the_latest_text_wins() -> None:
    line = MemoryLine()
    display = MatrixOrbitalDisplay(line, QUICK)
    for number in range(1000):
        display.show(f"{number}", "")
    assert (await written(line, 9))[5:] == rows(b"999", b"")
    display.stop()


async def test_a_display_that_came_back_is_reset_and_shows_the_text_again() -> None:
    line = MemoryLine()
    display = MatrixOrbitalDisplay(line, QUICK)
    display.show("one", "")
    await written(line, 6)
    line.cut()
    display.show("two", "rows")
    line.written.clear()
    line.mend()
    assert await written(line, 9) == [*RESET, *rows(b"two", b"rows")]
    display.stop()


async def test_a_port_that_is_not_open_yet_or_full_is_no_problem() -> None:
    line = MemoryLine()
    line.is_up = False
    display = MatrixOrbitalDisplay(line, QUICK)
    display.show("early", "")
    assert line.written == []

    def full(line: MemoryLine, data: bytes) -> None:
        line.written.clear()
        raise LineBusy("full")

    line.device = full
    line.mend()
    line.device = ignore
    assert await written(line, 9) == [*RESET, *rows(b"early", b"")]
    display.stop()


async def test_it_has_no_bell_and_a_stopped_one_writes_nothing() -> None:
    line = MemoryLine()
    display = MatrixOrbitalDisplay(line, QUICK)
    await written(line, 9)
    display.beep()
    display.stop()
    display.show("x", "y")
    await asyncio.sleep(0)
    assert len(line.written) == 9


@pytest.mark.parametrize(
    "cut_off", [b"", b"\xfe", b"\xfeG", b"\xfeG\x01", b"\xfeB", b"\xfe\xd0", b"\xfe\xd0\x01"]
)
async def test_whatever_was_left_half_sent_the_text_stands_there_afterwards(cut_off: bytes) -> None:
    line, device = MemoryLine(), Device()
    device.feed(b"rest of before" + cut_off)
    line.device = lambda _line, data: device.feed(data)
    display = MatrixOrbitalDisplay(line, QUICK)
    display.show("Väärä koodi", "Paina C")
    await written(line, 9)
    display.stop()
    assert [row.rstrip() for row in device.lines()] == ["Väärä koodi", "Paina C"]
    assert device.lit
