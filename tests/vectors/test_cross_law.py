"""Whatever one half of the XOR/BCC boards says, the other understands, in any chunking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.xor_bcc import codec
from simulator.boards import xor_bcc as board
from tests.vectors.device.families import DEVICE_FAMILIES, Description
from tests.vectors.host.families import HOST_FAMILIES

HOST, DEVICE = HOST_FAMILIES["xor-bcc-8a"], DEVICE_FAMILIES["xor-bcc-8a"]

addresses = st.integers(0, 99)
channels = st.integers(0, 50)
statuses = st.sampled_from([0x00, 0x11])
sizes = st.sampled_from([3, 4, 7])
states = sizes.flatmap(lambda size: st.binary(min_size=size, max_size=size))

requests: st.SearchStrategy[Description] = st.one_of(
    st.tuples(st.just("unlock"), addresses, channels, st.sampled_from([0x11, 0x33]), st.just(None)),
    st.tuples(st.just("unlock"), addresses, channels, st.just(0x11), st.integers(1, 9)),
    st.tuples(st.just("read"), addresses, channels),
    st.tuples(st.just("hold"), addresses, channels, st.booleans()),
    st.tuples(st.just("firmware"), addresses),
)
replies: st.SearchStrategy[Description] = st.one_of(
    st.tuples(st.just("unlocked"), addresses, channels, statuses),
    st.tuples(st.just("contact"), addresses, channels, statuses),
    st.tuples(st.just("contacts"), addresses, states),
    st.tuples(st.just("firmware"), addresses, st.integers(0, 255)),
)


@given(requests | st.tuples(st.just("unlock-many"), addresses, states))
def test_the_device_understands_every_request_of_the_host(request_: Description) -> None:
    asked = HOST.encode_request(request_)
    assert asked is not None
    assert DEVICE.understand_request(asked) == request_


@given(replies)
def test_the_host_understands_every_reply_of_the_device(reply: Description) -> None:
    said = DEVICE.encode_reply(reply)
    assert said is not None
    assert HOST.understand_reply(said) == reply


@given(st.lists(requests, min_size=1, max_size=5), st.lists(st.integers(1, 9), max_size=40))
def test_requests_survive_any_chunking(several: list[Description], pieces: list[int]) -> None:
    asked = [HOST.encode_request(one) or b"" for one in several]
    parser = board.RequestFinder(3)
    found = [one for chunk in _cut(b"".join(asked), pieces) for one in parser.feed(chunk)]
    whole = [one for frame in asked for one in board.RequestFinder(3).feed(frame)]
    assert found == whole
    assert len(found) == len(several)


@given(states, addresses, st.lists(st.integers(1, 5), max_size=12))
def test_a_block_survives_any_chunking(data: bytes, address: int, pieces: list[int]) -> None:
    said = board.encode_contacts(address, data)
    decoder = codec.ReplyDecoder(len(data))
    heard = [one for chunk in _cut(said, pieces) for one in decoder.feed(chunk)]
    assert heard == [codec.BlockReply(address, data)]


@given(
    st.lists(st.tuples(addresses, channels, statuses), min_size=1, max_size=6),
    st.lists(st.integers(1, 9), max_size=30),
)
def test_answers_survive_any_chunking(several: list[tuple[int, int, int]], pieces: list[int]) -> None:
    said = b"".join(board.encode_unlocked(*one) for one in several)
    decoder = codec.ReplyDecoder()
    heard = [one for chunk in _cut(said, pieces) for one in decoder.feed(chunk)]
    assert heard == [codec.ShortReply(codec.UNLOCK, *one) for one in several]


@given(requests, st.data())
def test_a_damaged_request_moves_nothing(request_: Description, data: st.DataObject) -> None:
    asked = bytearray(HOST.encode_request(request_) or b"")
    asked[data.draw(st.integers(0, len(asked) - 1))] ^= data.draw(st.integers(1, 255))
    assert DEVICE.understand_request(bytes(asked)) is None


@given(replies, st.data())
def test_a_damaged_reply_says_nothing(reply: Description, data: st.DataObject) -> None:
    said = bytearray(DEVICE.encode_reply(reply) or b"")
    said[data.draw(st.integers(0, len(said) - 1))] ^= data.draw(st.integers(1, 255))
    assert HOST.understand_reply(bytes(said)) is None


@pytest.mark.parametrize("count", [1, 8, 12, 16, 18, 24, 25, 32, 33, 48, 50])
def test_both_count_the_same_state_bytes(count: int) -> None:
    assert codec.state_size(count) == board.state_byte_count(count)


def _cut(data: bytes, pieces: list[int]) -> list[bytes]:
    chunks = []
    for size in pieces:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]
