"""What the Winnsen codec refuses, matches and tells; its laws are in tests/vectors."""

from collections.abc import Callable

import pytest

from drivers.base import Contact
from drivers.errors import CallerMistake
from drivers.winnsen import codec
from drivers.winnsen.codec import LockReply, PollReply, Reply, ReplyMatcher


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: codec.encode_unlock(1, 0),
        lambda: codec.encode_unlock(1, 17),
        lambda: codec.encode_unlock(256, 1),
        lambda: codec.encode_unlock(-1, 1),
        lambda: codec.encode_read(1, 0),
        lambda: codec.encode_poll(1, 256, 0),
        lambda: codec.encode_poll_of(1, 17),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused(wrong: Callable[[], bytes]) -> None:
    with pytest.raises(CallerMistake):
        wrong()


@pytest.mark.parametrize(
    ("channels", "mask"), [(1, "01 00"), (8, "FF 00"), (9, "FF 01"), (12, "FF 0F"), (16, "FF FF")]
)
def test_a_poll_asks_for_the_locks_that_there_are(channels: int, mask: str) -> None:
    assert codec.encode_poll_of(2, channels) == bytes.fromhex(f"90 07 02 02 {mask} 03")
    reverse = bytes.fromhex(mask)[::-1].hex()
    assert codec.encode_poll_of(2, channels, low_first=False) == bytes.fromhex(f"90070202{reverse}03")


@pytest.mark.parametrize(
    "wrong",
    [
        LockReply(codec.UNLOCKED, 2, 4, 1),
        LockReply(codec.UNLOCKED, 1, 5, 1),
        LockReply(codec.WAS_READ, 1, 4, 1),
        PollReply(1, 0, 0),
    ],
)
def test_another_station_lock_or_function_is_no_answer(wrong: Reply) -> None:
    assert not ReplyMatcher(codec.encode_unlock(1, 4))(wrong)


def test_the_other_function_codes_answer_too() -> None:
    assert ReplyMatcher(codec.encode_unlock(1, 4))(LockReply(codec.UNLOCKED, 1, 4, 1, alternate=True))
    polled = codec.parse_reply(bytes.fromhex("90 07 A2 01 01 00 03"))
    assert polled == PollReply(1, 1, 0, alternate=True)
    assert ReplyMatcher(codec.encode_poll_of(1, 16))(polled)


def test_the_state_of_one_lock_is_told_in_front_of_the_lock() -> None:
    assert codec.parse_reply(bytes.fromhex("90 07 92 01 00 05 03")) == LockReply(codec.WAS_READ, 1, 5, 0)
    assert ReplyMatcher(codec.encode_read(1, 5))(LockReply(codec.WAS_READ, 1, 5, 0))


@pytest.mark.parametrize(
    "frame", ["90 07 85 01 05 03 03", "90 07 85 01 00 01 03", "90 07 85 01 11 01 03", "90 07 93 01 05 01 03"]
)
def test_a_result_a_lock_or_a_function_that_does_not_exist_is_no_reply(frame: str) -> None:
    assert codec.parse_reply(bytes.fromhex(frame)) is None


def test_a_set_bit_is_an_open_door_and_the_byte_order_is_a_setting() -> None:
    reply = PollReply(1, 0x02, 0x01)
    for low_first, expected in ((True, [2, 9]), (False, [1, 10])):
        contacts = reply.contacts(12, low_first=low_first)
        assert [channel for channel, contact in contacts.items() if contact is Contact.OPEN] == expected
        assert set(contacts) == set(range(1, 13))
