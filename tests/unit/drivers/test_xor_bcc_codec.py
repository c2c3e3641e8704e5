"""Laws of the codec. Golden frames of others are run by tests/vectors."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.base import Contact
from drivers.errors import CallerMistake
from drivers.xor_bcc import codec
from drivers.xor_bcc.codec import BlockReply, Reply, ReplyDecoder, ReplyMatcher, ShortReply

addresses = st.integers(0, codec.HIGHEST_ADDRESS)
channels = st.integers(1, codec.HIGHEST_CHANNEL)
statuses = st.sampled_from([codec.CONTACT_OPEN, codec.CONTACT_CLOSED])
shorts = st.builds(
    ShortReply,
    st.sampled_from([codec.UNLOCK, codec.READ, 0x81, 0x82, codec.HOLD_ON]),
    addresses,
    channels,
    statuses,
)
blocks = st.builds(
    BlockReply,
    addresses,
    st.sampled_from(codec.STATE_SIZES).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
)


def spelled(reply: Reply) -> bytes:
    """Written by hand from PROTOCOL.md, not by the code under test."""
    if isinstance(reply, ShortReply):
        body = bytes((reply.head, reply.address, reply.channel, reply.status))
    else:
        body = bytes((0x80, reply.address, *reply.states, 0x33))
    bcc = 0
    for byte in body:
        bcc ^= byte
    return body + bytes((bcc,))


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


def heard(decoder: ReplyDecoder, chunks: list[bytes]) -> list[Reply]:
    return [reply for chunk in chunks for reply in decoder.feed(chunk)] + decoder.silence()


@given(st.binary(max_size=60), st.lists(shorts.map(spelled)), st.lists(st.integers(0, 9)))
def test_every_chunking_gives_the_same_replies(noise: bytes, frames: list[bytes], sizes: list[int]) -> None:
    stream = noise + b"".join(frames)
    for states in (0, *codec.STATE_SIZES):
        whole = heard(ReplyDecoder(states), [stream])
        assert heard(ReplyDecoder(states), cut(stream, sizes)) == whole
        assert heard(ReplyDecoder(states), [bytes((b,)) for b in stream]) == whole


@given(st.binary(max_size=20), shorts)
@example(b"\x9a", ShortReply(codec.UNLOCK, 1, 0x11, codec.CONTACT_OPEN))
def test_garbage_costs_at_most_one_short_frame(garbage: bytes, reply: ShortReply) -> None:
    assert reply in ReplyDecoder().feed(garbage + spelled(reply) + spelled(reply))


@given(st.lists(st.integers(0, 0x7F), max_size=20).map(bytes), blocks)
def test_garbage_without_a_head_costs_no_block(garbage: bytes, reply: BlockReply) -> None:
    assert ReplyDecoder(len(reply.states)).feed(garbage + spelled(reply)) == [reply]


def test_random_garbage_hardly_ever_costs_a_block() -> None:
    dice = random.Random(1)
    reply = BlockReply(1, bytes((0x00, 0x02, 0x33)))
    lost = sum(reply not in ReplyDecoder(3).feed(dice.randbytes(8) + spelled(reply)) for _ in range(2000))
    assert lost <= 2


@given(st.one_of(shorts, blocks), st.data())
def test_one_damaged_byte_is_refused(reply: Reply, data: st.DataObject) -> None:
    frame = bytearray(spelled(reply))
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] ^= data.draw(st.integers(1, 255))
    assert codec.parse_reply(bytes(frame)) is None


@given(blocks, channels, st.data())
def test_a_damaged_answer_is_no_answer(reply: BlockReply, channel: int, data: st.DataObject) -> None:
    frame = bytearray(spelled(reply))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    matches = ReplyMatcher(codec.encode_read(reply.address), echo=False)
    decoder = ReplyDecoder(len(reply.states))
    assert not any(matches(one) for one in [*decoder.feed(bytes(frame)), *decoder.silence()])


def test_random_bytes_crash_nothing_and_hold_no_memory() -> None:
    dice = random.Random(7)
    for states in (0, 3, 7):
        decoder = ReplyDecoder(states)
        for _ in range(100):
            decoder.feed(dice.randbytes(1000))
        assert len(decoder.rest()) < codec.BLOCK_OVERHEAD + max(codec.STATE_SIZES)


@given(blocks)
def test_a_block_is_one_block_when_it_was_asked_for(reply: BlockReply) -> None:
    assert ReplyDecoder(len(reply.states)).feed(spelled(reply)) == [reply]


def test_what_was_asked_decides_where_five_bytes_could_be_either() -> None:
    # Locks 8 and 17 closed: the first five bytes are also channel 1 of the board, open.
    block = BlockReply(1, bytes((0x01, 0x00, 0x80)))
    short = ShortReply(codec.READ, 1, 1, codec.CONTACT_OPEN)
    assert spelled(block)[:5] == spelled(short)
    assert ReplyDecoder(3).feed(spelled(block)) == [block]
    assert ReplyDecoder(0).feed(spelled(block)) == [short]


def test_a_smaller_block_than_expected_counts_after_quiet() -> None:
    reply = BlockReply(1, b"\x01\x00\xff")
    decoder = ReplyDecoder(codec.state_size(50))
    assert decoder.feed(spelled(reply)) == []
    assert decoder.silence() == [reply]
    assert len(reply.contacts(50, last_byte_is_first=True)) == 24


def test_the_byte_order_is_a_setting() -> None:
    reply = BlockReply(1, bytes((0x00, 0x00, 0x02)))
    closed_last = [c for c, s in reply.contacts(24, last_byte_is_first=True).items() if s is Contact.CLOSED]
    closed_first = [c for c, s in reply.contacts(24, last_byte_is_first=False).items() if s is Contact.CLOSED]
    assert (closed_last, closed_first) == ([2], [18])


def test_an_echo_is_dropped_once() -> None:
    request = codec.encode_unlock(1, 4)
    copy = codec.parse_reply(request)
    assert copy is not None
    believing, knowing = ReplyMatcher(request, echo=False), ReplyMatcher(request, echo=True)
    assert believing(copy)
    assert [knowing(copy), knowing(copy)] == [False, True]


def test_the_echo_of_a_read_is_never_an_answer() -> None:
    for request in (codec.encode_read(1, 4), codec.encode_read(1)):
        copy = codec.parse_reply(request)
        assert copy is not None
        assert not ReplyMatcher(request, echo=False)(copy)


@pytest.mark.parametrize(
    "wrong",
    [
        ShortReply(0x8A, 2, 4, 0),
        ShortReply(0x8A, 1, 5, 0),
        ShortReply(0x80, 1, 4, 0),
        BlockReply(1, bytes(3)),
    ],
)
def test_another_address_channel_or_command_is_no_answer(wrong: Reply) -> None:
    assert not ReplyMatcher(codec.encode_unlock(1, 4), echo=False)(wrong)


def test_the_echo_of_a_firmware_question_is_no_firmware() -> None:
    request = codec.encode_firmware(1)
    matches = ReplyMatcher(request, echo=True)
    told = [matches(one) for one in (ShortReply(0x82, 1, 0, 0x22), ShortReply(0x82, 1, 0, 0xAB))]
    assert told == [False, True]
    assert not ReplyMatcher(request, echo=True)(ShortReply(0x82, 1, 4, 0x11))
    assert not ReplyMatcher(request, echo=True)(ShortReply(0x82, 2, 0, 0xAB))


def test_head_82_is_a_report_only_with_a_channel() -> None:
    assert ShortReply(0x82, 1, 3, 0x11).is_report
    assert not ShortReply(0x82, 1, 0, 0x11).is_report


@pytest.mark.parametrize(("count", "size"), [(8, 3), (24, 3), (25, 4), (32, 4), (33, 7), (50, 7)])
def test_state_bytes_by_channels(count: int, size: int) -> None:
    assert codec.state_size(count) == size


def test_what_the_protocol_cannot_carry_is_refused() -> None:
    for wrong in (
        lambda: codec.encode_unlock(100, 1),
        lambda: codec.encode_unlock(1, 51),
        lambda: codec.encode_unlock(1, -1),
        lambda: codec.encode_unlock(1, 1, seconds=10),
        lambda: codec.encode_unlock(1, 1, parameter=0x12),
        lambda: codec.encode_unlock(1, 1, parameter=0x33, seconds=2),
        lambda: codec.encode_unlock_all(1, (0x01, 0x10)),
        lambda: codec.encode_unlock_many(1, b"\x00"),
        lambda: codec.state_size(51),
    ):
        with pytest.raises(CallerMistake):
            wrong()
