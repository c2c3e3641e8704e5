"""The wires in words: whole answers, wall clock, followers, the lines that an incident concerns."""

import asyncio
from contextlib import aclosing
from datetime import timedelta

import pytest

from drivers.wirelog import CAPACITY
from locker.wire import Missed
from tests.unit.hardware.wires import ASK, SHUT, WALL_AT, Records


@pytest.fixture
async def records() -> Records:
    return Records()


async def test_an_answer_in_two_portions_is_explained_whole_with_the_time_of_its_first_byte(
    records: Records,
) -> None:
    records.sent("left", ASK, ago_s=2.0)
    records.received("left", SHUT[:2], ago_s=1.0)
    records.received("left", SHUT[2:], ago_s=0.99)

    asked, answered = records.wires.seen("left", after=None, limit=10)

    assert (asked.way, asked.number, asked.hex) == ("sent", 1, "80 01 00 33 B2")
    assert asked.meaning == ("read: board 1, all channels",)
    assert (answered.first, answered.number, answered.size_bytes) == (2, 3, 5)
    assert answered.meaning == ("board 1, channel 5: contact closed",)
    assert abs(answered.at - (WALL_AT - timedelta(seconds=1))) < timedelta(milliseconds=200)


async def test_on_a_line_of_several_families_the_one_that_knows_the_frame_explains_it(
    records: Records,
) -> None:
    records.received("right", SHUT)
    records.sent("right", bytes.fromhex("0200300335"), ago_s=0.0)
    records.received("right", b"\xf7\xf7\xf7")

    board, kerong, garbage = records.wires.seen("right", after=None, limit=10)

    assert board.meaning == ("board 1, channel 5: contact closed",)
    assert not kerong.meaning[0].startswith(("no ", "wrong ", "xor-bcc"))
    assert {text.partition(":")[0] for text in garbage.meaning} == {"xor-bcc", "kerong-cu16"}


async def test_of_keypads_and_scanners_only_counts_are_told(records: Records) -> None:
    records.received("keypad front", b"7")
    records.noted("scanner side", "label of 21 characters")

    (key,) = records.wires.seen("keypad front", after=None, limit=10)
    (remark,) = records.wires.seen("scanner side", after=None, limit=10)

    assert (key.hex, key.size_bytes, key.meaning) == (None, 1, ("not kept",))
    assert (remark.way, remark.meaning) == ("noted", ("label of 21 characters",))
    assert not records.wires.lines()["keypad front"].keeps_bytes


async def test_a_page_begins_after_a_record_and_without_one_ends_at_the_newest(records: Records) -> None:
    for _ in range(10):
        records.sent("left", ASK)

    assert [each.number for each in records.wires.seen("left", after=3, limit=2)] == [4, 5]
    assert [each.number for each in records.wires.seen("left", after=None, limit=2)] == [9, 10]
    assert records.wires.seen("left", after=10, limit=2) == []


async def test_a_follower_gets_what_comes_and_an_answer_only_when_it_is_whole(records: Records) -> None:
    async with asyncio.timeout(5), aclosing(records.wires.follow("left", 0)) as passing:
        records.sent("left", ASK)
        assert (await anext(passing)).way == "sent"
        waiting = asyncio.ensure_future(anext(passing))
        records.received("left", SHUT[:3])
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        records.received("left", SHUT[3:])
        assert (await waiting).meaning == ("board 1, channel 5: contact closed",)
        records.noted("left", "unplugged")
        assert (await anext(passing)).meaning == ("unplugged",)


async def test_a_follower_that_is_too_slow_is_told_how_much_it_missed(records: Records) -> None:
    async with asyncio.timeout(5), aclosing(records.wires.follow("left", 0)) as passing:
        records.sent("left", ASK)
        await anext(passing)
        for _ in range(CAPACITY + 8):
            records.sent("left", ASK)
        with pytest.raises(Missed, match="8 records passed unread"):
            await anext(passing)


async def test_whoever_follows_no_more_is_not_told_any_more(records: Records) -> None:
    async with asyncio.timeout(5), aclosing(records.wires.follow("left", 0)) as passing:
        records.sent("left", ASK)
        await anext(passing)
    assert records.logs["left"]._watchers == []


@pytest.mark.parametrize(
    ("about", "lines"),
    [
        ("1", ["left"]),
        ("2", ["right"]),
        ("board C", ["right"]),
        ("line left", ["left"]),
        ("scanner side", ["scanner side"]),
        ("front", ["left", "keypad front"]),  # a compartment and a keypad of one name: both
        ("disk", ["left", "right", "keypad front", "scanner side"]),
    ],
)
async def test_an_incident_concerns_the_lines_of_what_it_is_about(
    records: Records, about: str, lines: list[str]
) -> None:
    assert list(records.wires.concerned(about)) == lines


async def test_an_excerpt_holds_the_last_64_records_and_nothing_from_behind_a_gap(records: Records) -> None:
    for _ in range(100):
        records.sent("left", ASK)
    excerpt = records.wires.excerpt("left")
    for _ in range(CAPACITY):
        records.received("left", SHUT)
        records.noted("left", "between")
    excerpt.close()

    seen = excerpt.seen()

    assert (seen[0].number, seen[63].number, len(seen)) == (37, 100, 64)


async def test_an_excerpt_goes_on_after_its_moment(records: Records) -> None:
    records.sent("left", ASK)
    excerpt = records.wires.excerpt("left")
    records.received("left", SHUT)
    excerpt.close()
    records.noted("left", "too late")
    assert [each.way for each in excerpt.seen()] == ["sent", "received"]


async def test_typed_bytes_are_read_by_every_family_and_both_ways_if_nobody_says_more(
    records: Records,
) -> None:
    (reading, *others) = records.wires.decode("80 01 00 33 b2", None, ["sent", "received"])
    assert (reading.family, reading.way, reading.is_frame) == ("xor-bcc", "sent", True)
    assert all(each.is_frame for each in others)
    (damaged,) = records.wires.decode("8A 01 05 11 00", "xor-bcc", ["received"])
    assert (damaged.is_frame, damaged.corrected) == (False, "8A 01 05 11 9F")
