"""What the WKLY codec refuses, matches and tells; its laws are in tests/vectors."""

from collections.abc import Callable

import pytest

from drivers.base import Contact
from drivers.errors import CallerMistake
from drivers.wkly import codec
from drivers.wkly.codec import Reply, ReplyMatcher


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: codec.encode_unlock(0, 0),
        lambda: codec.encode_unlock(0, 65),
        lambda: codec.encode_unlock(-1, 1),
        lambda: codec.encode_read(256, 1),
        lambda: codec.encode_hold(0, 0, on=True),
        lambda: codec.encode_unlock_several(0, b"", together=True),
        lambda: codec.encode_unlock_several(0, b"\x01\x00", together=False),
        lambda: codec.encode(0, 256),
        lambda: codec.encode(0, 0x96, bytes(67)),
    ],
)
def test_what_the_protocol_cannot_carry_is_refused(wrong: Callable[[], bytes]) -> None:
    with pytest.raises(CallerMistake):
        wrong()


@pytest.mark.parametrize(
    "wrong",
    [
        Reply(2, codec.UNLOCK, b"\x00\x04\x00"),
        Reply(1, codec.UNLOCK, b"\x00\x05\x00"),
        Reply(1, codec.READ, b"\x00\x04\x00"),
        Reply(1, codec.REPORT, b"\x04\x00"),
        Reply(1, codec.READ_ALL, b"\x00\x00"),
        Reply(1, 0x96, b"\x00\x04\x00"),
    ],
)
def test_another_address_channel_or_command_is_no_answer(wrong: Reply) -> None:
    assert not ReplyMatcher(codec.encode_unlock(1, 4))(wrong)


def test_a_bare_refusal_is_an_answer_and_a_bare_success_is_none() -> None:
    matches = ReplyMatcher(codec.encode_unlock(1, 4))
    assert matches(Reply(1, codec.UNLOCK, b"\xff"))
    assert not matches(Reply(2, codec.UNLOCK, b"\xff"))
    assert codec.parse_reply(codec.encode(1, codec.UNLOCK, b"\xff")) is not None
    assert codec.parse_reply(codec.encode(1, codec.UNLOCK, b"\x00")) is None


@pytest.mark.parametrize(
    ("state", "contact"), [(0x00, Contact.OPEN), (0x01, Contact.CLOSED), (0xFF, None), (0x02, None)]
)
def test_a_state_byte_is_the_contact_or_unknown(state: int, contact: Contact | None) -> None:
    assert Reply(1, codec.READ, bytes((0, 4, state))).contact is contact
    assert Reply(1, codec.REPORT, bytes((4, state))).contact is contact
    told = Reply(1, codec.READ_ALL, bytes((0, 2, 1, state))).contacts(24)
    assert told == {1: Contact.CLOSED} | ({2: contact} if contact else {})


def test_a_reading_tells_no_channel_beyond_the_board_or_the_configuration() -> None:
    reply = Reply(1, codec.READ_ALL, b"\x00\x03\x01\x01\x01")
    assert set(reply.contacts(24)) == {1, 2, 3}
    assert set(reply.contacts(2)) == {1, 2}


def test_a_failed_reading_tells_nothing() -> None:
    reply = codec.parse_reply(codec.encode(1, codec.READ_ALL, b"\xff"))
    assert reply is not None
    assert (reply.result, reply.contacts(24), reply.channel) == (codec.FAILED, {}, None)


def test_good_frames_inside_of_one_that_promised_more_are_found() -> None:
    # Seventy bytes of an unknown command are promised: the good frames that fill them are not lost.
    lie, good = bytes.fromhex("57 4B 4C 59 46 03 95"), codec.encode(3, codec.READ, b"\x00\x04\x01")
    reply = Reply(3, codec.READ, b"\x00\x04\x01")
    decoder = codec.ReplyDecoder()
    assert decoder.feed(lie + good * 8) == [reply] * 8
    assert decoder.feed(lie + good) == []
    assert decoder.silence() == [reply]


def test_the_other_header_is_refused_unless_it_is_expected() -> None:
    frame = b"SKLY" + bytes.fromhex("0A 00 85 01 01")
    frame += bytes((codec.encode(0, codec.REPORT, b"\x01\x01")[-1] ^ 0x57 ^ 0x53,))
    assert codec.parse_reply(frame) is None
    assert codec.ReplyDecoder().feed(frame) == []
    expected = Reply(0, codec.REPORT, b"\x01\x01", alternate=True)
    assert codec.ReplyDecoder(alternate_header=True).feed(frame) == [expected]
