"""What of the wire is kept, shown, filtered and paused; and the bars of round trips."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from locker.api.wire_schema import PassageView
from tui.widgets.sparkline import sparkline
from tui.wire import Way, WireHistory, as_text, note

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def passage(number: int, words: str = "board 1: read", way: Way = "sent", data: str = "80 01") -> PassageView:
    return PassageView(
        first=number,
        number=number,
        at=AT + timedelta(seconds=number),
        way=way,
        size_bytes=2,
        hex=data,
        meaning=(words,),
    )


def numbers(history: WireHistory) -> list[int]:
    return [each.number for each in history.shown]


def many(first: int, last: int) -> Iterable[PassageView]:
    return (passage(number) for number in range(first, last + 1))


def test_only_the_last_passages_are_kept_and_it_is_known_how_many_went() -> None:
    history = WireHistory(kept=3)
    history.take(many(1, 8))
    assert numbers(history) == [6, 7, 8]
    assert history.gone == 5


def test_a_pause_loses_nothing_up_to_its_bound() -> None:
    history = WireHistory(kept=10)
    history.take(many(1, 2))
    history.pause()
    history.take(many(3, 6))
    assert (numbers(history), history.waiting, history.not_kept) == ([1, 2], 4, 0)
    history.go_on(note("lost", AT))
    assert numbers(history) == [1, 2, 3, 4, 5, 6]


def test_beyond_the_bound_of_a_pause_it_is_said_how_many_are_missing() -> None:
    history = WireHistory(kept=4)
    history.take(many(1, 1))
    history.pause()
    history.take(many(2, 9))
    assert (history.waiting, history.not_kept) == (4, 4)
    history.go_on(note("4 not kept", AT))
    assert numbers(history) == [6, 7, 8, 9]
    assert (history.waiting, history.not_kept) == (0, 0)


def test_the_filter_is_by_text_way_and_board_of_what_is_kept_and_what_comes() -> None:
    history = WireHistory()
    history.take([passage(1, "read: board 1, all channels"), passage(2, "board 12: closed", "received")])
    history.filter("", None, 1)
    assert numbers(history) == [1]
    history.filter("CLOSED", None, None)
    assert numbers(history) == [2]
    history.filter("", "received", None)
    history.take([passage(3), passage(4, "station 1, lock 2", "received", "90 06")])
    assert numbers(history) == [2, 4]
    history.filter("90 06", "received", 1)
    assert numbers(history) == [4]
    history.filter("", None, None)
    assert numbers(history) == [1, 2, 3, 4]


def test_another_line_begins_without_the_pause_and_the_board_of_the_one_before() -> None:
    history = WireHistory()
    history.filter("read", "sent", 3)
    history.take(many(1, 3))
    history.pause()
    history.clear()
    assert (numbers(history), history.paused, history.board) == ([], False, None)
    assert (history.text, history.way) == ("read", "sent")


def test_a_passage_is_saved_with_time_bytes_and_meaning_and_none_of_a_keypads_bytes() -> None:
    key = PassageView(first=9, number=9, at=AT, way="received", size_bytes=1, hex=None, meaning=("not kept",))
    assert as_text(passage(1)) == ["2026-03-01 12:00:01.250Z > 80 01", "    board 1: read"]
    assert as_text(key) == ["2026-03-01 12:00:00.250Z < 1 bytes", "    not kept"]
    assert as_text(note("unplugged", AT)) == ["2026-03-01 12:00:00.250Z #", "    unplugged"]


def test_bars_are_as_high_as_their_values_compared_with_the_greatest() -> None:
    assert sparkline([0, 25, 50, 75, 100], 10) == "▁▃▅▇█"
    assert sparkline([1, 2, 100, 100], 2) == "██"
    assert sparkline([0.0, 0.0], 5) == "▁▁"
    assert sparkline([], 5) == ""
    assert sparkline([1.0], 0) == ""
