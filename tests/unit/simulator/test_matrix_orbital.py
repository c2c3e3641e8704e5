"""The display's device half shows what a Matrix Orbital would show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.displays.matrix_orbital import MatrixOrbitalDisplay, MatrixParser

BLANK = " " * 20


def shown(*pieces: bytes) -> tuple[str, ...]:
    display = MatrixOrbitalDisplay()
    for piece in pieces:
        display.feed(piece)
    return tuple(line.rstrip() for line in display.lines())


def test_it_starts_blank_and_dark() -> None:
    display = MatrixOrbitalDisplay()
    assert (display.lines(), display.lit, display.beeps) == ((BLANK, BLANK), False, 0)


def test_text_runs_on_to_the_other_row() -> None:
    assert shown(b"A" * 20 + b"BC") == ("A" * 20, "BC")


def test_auto_scroll_moves_everything_up_and_without_it_writing_begins_again_at_the_top() -> None:
    assert shown(b"A" * 20, b"B" * 20, b"C") == ("B" * 20, "C")
    assert shown(b"\xfeR", b"A" * 20, b"B" * 20, b"C") == ("C" + "A" * 19, "B" * 20)


def test_the_cursor_goes_where_it_is_put_and_nowhere_beyond() -> None:
    assert shown(b"\xfeG\x05\x02hei") == ("", "    hei")
    assert shown(b"\xfeG\x15\x01x\xfeG\x01\x03y") == ("xy", "")


def test_clear_and_home() -> None:
    assert shown(b"old", b"\xfeX", b"new") == ("new", "")
    assert shown(b"old", b"\xfeH", b"n") == ("nld", "")


def test_the_backlight_obeys() -> None:
    display = MatrixOrbitalDisplay()
    display.feed(b"\xfeB\x00")
    assert display.lit
    display.feed(b"\xfeF")
    assert not display.lit


def test_its_roms_have_other_letters() -> None:
    assert shown(b"\xe1\xef\\~\xa0") == ("äö¥→\N{REPLACEMENT CHARACTER}", "")
    european = MatrixOrbitalDisplay(rom="a02")
    european.feed("ÄÖÅ äöå \\".encode("latin-1"))
    assert european.lines()[0].rstrip() == "ÄÖÅ äöå \\"


def test_a_dead_one_stays_as_it_is() -> None:
    display = MatrixOrbitalDisplay()
    display.feed(b"before")
    display.faults.set("dead-display", value=True)
    display.feed(b"\xfeX")
    assert display.lines()[0].rstrip() == "before"


@pytest.mark.parametrize("wrong", [b"\xfe\x00", b"\x07", b"\xfe\xfe"])
def test_what_it_does_not_know_is_counted(wrong: bytes) -> None:
    display = MatrixOrbitalDisplay()
    display.feed(wrong)
    assert display.unknown == 1


@given(st.binary(max_size=80), st.lists(st.integers(1, 5), max_size=30))
def test_any_bytes_in_any_pieces_mean_the_same(data: bytes, sizes: list[int]) -> None:
    parser, found, left = MatrixParser(), [], data
    for size in sizes:
        found += parser.feed(left[:size])
        left = left[size:]
    assert found + parser.feed(left) == MatrixParser().feed(data)
