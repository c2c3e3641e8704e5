"""The display's device half shows what a CD5220 would show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.displays.cd5220 import Cd5220Display, DisplayCommand, DisplayParser

BLANK = " " * 20


def shown(*pieces: bytes) -> tuple[str, ...]:
    display = Cd5220Display()
    for piece in pieces:
        display.feed(piece)
    return tuple(line.rstrip() for line in display.lines())


def test_it_starts_blank() -> None:
    assert Cd5220Display().lines() == (BLANK, BLANK)


def test_text_is_written_at_the_cursor_and_runs_on_to_the_other_line() -> None:
    assert shown(b"A" * 20 + b"BC") == ("A" * 20, "BC")


def test_overwrite_mode_begins_again_at_the_top() -> None:
    assert shown(b"A" * 20, b"B" * 20, b"C") == ("C" + "A" * 19, "B" * 20)


def test_vertical_scroll_moves_the_lower_line_up() -> None:
    assert shown(b"\x1b\x12", b"A" * 20, b"B" * 20, b"C") == ("B" * 20, "C")


def test_horizontal_scroll_moves_its_line_left() -> None:
    assert shown(b"\x1b\x13", b"ABCDEFGHIJKLMNOPQRSTUV") == ("CDEFGHIJKLMNOPQRSTUV", "")


def test_whole_lines_are_filled_and_what_stood_there_is_gone() -> None:
    assert shown(b"\x1bQAold text here\r", b"\x1bQBlower\r", b"\x1bQAnew\r") == ("new", "lower")


def test_after_whole_lines_only_clear_and_reset_bring_back_free_writing() -> None:
    assert shown(b"\x1bQAupper\r", b"ignored") == ("upper", "")
    assert shown(b"\x1bQAupper\r", b"\x0cfree") == ("free", "")
    assert shown(b"\x1bQAupper\r", b"\x1b@free") == ("free", "")


def test_a_running_message_of_forty_characters_is_whole_with_its_end() -> None:
    parser = DisplayParser()
    (command,) = parser.feed(b"\x1bQD" + b"AB" * 20 + b"\r")
    assert command == DisplayCommand("marquee", "AB" * 20)
    assert [one.text for one in parser.feed(b"\x1bQD" + b"C" * 41)] == ["C" * 40]
    assert not parser.incomplete


def test_nordic_letters_are_code_page_858() -> None:
    assert shown("ÅÄÖ åäö é".encode("cp858")) == ("ÅÄÖ åäö é", "")


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        (b"\x1bl\x05\x02", (5, 2)),
        (b"\x1bl\x15\x02", (1, 1)),
        (b"\x1bl\x05\x02\x0b", (1, 1)),
        (b"\x1bl\x05\x02\r", (1, 2)),
        (b"\x1bl\x05\x02\x08", (4, 2)),
        (b"\x1bl\x05\x01\t", (6, 1)),
        (b"\x1bl\x05\x01\n", (5, 2)),
        (b"\x1bl\x05\x02\x1b[A", (5, 1)),
        (b"\x1bl\x05\x01\x1b[B", (5, 2)),
        (b"\x1bl\x05\x01\x1b[C", (6, 1)),
        (b"\x1bl\x05\x01\x1b[D", (4, 1)),
        (b"\x1b[D\x1b[A", (1, 1)),
    ],
)
def test_the_cursor_moves(moves: bytes, expected: tuple[int, int]) -> None:
    display = Cd5220Display()
    display.feed(moves)
    assert display.cursor == expected


def test_clear_and_initialise() -> None:
    assert shown(b"abc\x0c") == ("", "")
    display = Cd5220Display()
    display.feed(b"\x1b\x12abc\x1b@")
    assert display.lines() == (BLANK, BLANK)
    assert display.mode == "overwrite"


def test_a_bell_beeps_even_between_whole_lines() -> None:
    display = Cd5220Display()
    display.feed(b"\x07\x1bQAupper\r\x07\x07")
    assert display.beeps == 3


def test_a_running_message_moves_with_time_and_ends_with_the_next_command() -> None:
    display = Cd5220Display()
    display.feed(b"\x1bQDABCDEFGHIJKLMNOPQRSTUVWXYZ\r")
    assert display.lines()[0] == "ABCDEFGHIJKLMNOPQRST"
    assert display.due_in_s() == pytest.approx(0.4)
    display.advance(0.85)
    assert display.lines()[0] == "CDEFGHIJKLMNOPQRSTUV"
    display.feed(b"x")
    assert display.lines()[0].rstrip() == "x"
    assert display.due_in_s() is None


def test_a_line_cut_off_by_a_reset_does_not_swallow_it() -> None:
    assert shown(b"\x1bQAhalf a li", b"\x1b@", b"\x1bQAwhole\r") == ("whole", "")


def test_unknown_commands_are_counted_and_change_nothing() -> None:
    display = Cd5220Display()
    display.feed(b"\x1bzA\x01\x1b*\x04B")
    assert display.lines()[0].rstrip() == "AB"
    assert display.unknown == 2


def test_a_dead_display_stays_as_it_is() -> None:
    display = Cd5220Display()
    display.feed(b"Hei")
    display.faults.set("dead-display", True)
    display.feed(b"\x0c")
    assert display.lines()[0].rstrip() == "Hei"


@given(st.binary(max_size=120), st.integers(0, 120))
def test_any_bytes_in_any_chunking_show_the_same_and_keep_the_shape(data: bytes, cut: int) -> None:
    whole, parts = Cd5220Display(), Cd5220Display()
    whole.feed(data)
    parts.feed(data[:cut])
    parts.feed(data[cut:])
    assert whole.lines() == parts.lines()
    assert whole.cursor == parts.cursor
    assert [len(line) for line in whole.lines()] == [20, 20]
