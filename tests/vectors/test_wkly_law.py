"""Whatever one half of the WKLY boards says, the other understands; what the XOR can see is refused."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.wkly import codec
from simulator.boards import wkly as board
from tests.vectors.device.families import DEVICE_FAMILIES
from tests.vectors.host.families import HOST_FAMILIES

HOST, DEVICE = HOST_FAMILIES["wkly"], DEVICE_FAMILIES["wkly"]

addresses = st.integers(0, 255)
channels = st.integers(1, 64)
results = st.sampled_from([0x00, 0xFF])
states = st.sampled_from([0x00, 0x01, 0xFF])
pieces = st.lists(st.integers(1, 9), max_size=40)
several = st.lists(channels, min_size=1, max_size=8).map(bytes)

requests = st.one_of(
    st.tuples(st.sampled_from(["unlock", "read", "flash"]), addresses, channels),
    st.tuples(st.just("hold"), addresses, channels, st.booleans()),
    st.tuples(st.just("unlock-several"), addresses, several, st.booleans()),
    st.tuples(st.sampled_from(["unlock-all", "read-all"]), addresses),
)
answers = st.one_of(
    st.tuples(st.sampled_from(["unlocked", "contact"]), addresses, results, channels, states),
    st.tuples(st.sampled_from(["flashed", "held-on", "held-off"]), addresses, results, channels),
    st.tuples(st.sampled_from(["unlocked-all", "unlocked-together", "unlocked-in-turn"]), addresses, results),
    st.tuples(st.just("contacts"), addresses, results, st.lists(states, max_size=64).map(bytes)),
    st.tuples(st.just("report"), addresses, channels, states),
)
replies = answers | answers.map(lambda said: ("alternate", *said))


def asked(request: tuple[object, ...]) -> bytes:
    data = HOST.encode_request(request)
    assert data is not None
    return data


def said(reply: tuple[object, ...]) -> bytes:
    data = DEVICE.encode_reply(reply)
    assert data is not None
    return data


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]


def heard(data: bytes, sizes: list[int] | None = None) -> list[codec.Reply]:
    decoder = codec.ReplyDecoder(alternate_header=True)
    return [one for chunk in cut(data, sizes or []) for one in decoder.feed(chunk)] + decoder.silence()


@given(requests)
def test_the_device_understands_every_request_of_the_host(request_: tuple[object, ...]) -> None:
    assert DEVICE.understand_request(asked(request_)) == request_


@given(replies)
def test_the_host_understands_every_reply_of_the_device(reply: tuple[object, ...]) -> None:
    assert HOST.understand_reply(said(reply)) == reply


@given(requests, st.data())
def test_a_damaged_request_moves_nothing(request_: tuple[object, ...], data: st.DataObject) -> None:
    frame = bytearray(asked(request_))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    assert board.RequestFinder().feed(bytes(frame)) == []


@given(replies, st.data())
def test_a_damaged_reply_says_nothing(reply: tuple[object, ...], data: st.DataObject) -> None:
    frame = bytearray(said(reply))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    assert heard(bytes(frame)) == []


@given(st.lists(requests, min_size=1, max_size=5), pieces)
def test_requests_survive_any_chunking(all_: list[tuple[object, ...]], sizes: list[int]) -> None:
    parser = board.RequestFinder()
    stream = b"".join(asked(one) for one in all_)
    found = [one for chunk in cut(stream, sizes) for one in parser.feed(chunk)]
    assert found == [one for each in all_ for one in board.RequestFinder().feed(asked(each))]
    assert (len(found), parser.pending, parser.skipped) == (len(all_), 0, 0)


@given(st.lists(replies, min_size=1, max_size=5), pieces, st.binary(max_size=12))
def test_replies_survive_any_chunking_glued_and_behind_garbage(
    all_: list[tuple[object, ...]], sizes: list[int], garbage: bytes
) -> None:
    clean = bytes(byte for byte in garbage if byte not in b"WS")
    stream = clean + b"".join(said(one) for one in all_)
    found = heard(stream, sizes)
    assert found == [codec.parse_reply(said(one), alternate_header=True) for one in all_]


@given(requests, answers, pieces)
def test_an_echo_in_front_of_the_answer_is_no_answer(
    request_: tuple[object, ...], reply: tuple[object, ...], sizes: list[int]
) -> None:
    assert heard(asked(request_)) == []
    assert heard(asked(request_) + said(reply), sizes) == heard(said(reply))


@given(answers, answers, st.data())
def test_a_damaged_reply_costs_no_other_but_one_at_most(
    first: tuple[object, ...], second: tuple[object, ...], data: st.DataObject
) -> None:
    frame = bytearray(said(first))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    decoder = codec.ReplyDecoder()
    wanted = codec.parse_reply(said(second))
    assert decoder.feed(bytes(frame)) == []
    later = decoder.silence() + decoder.feed(said(second)) + decoder.silence()
    assert later == [wanted]


@given(answers, st.data())
def test_a_damaged_length_of_a_known_command_is_noticed_without_waiting(
    reply: tuple[object, ...], data: st.DataObject
) -> None:
    frame = bytearray(said(reply))
    frame[4] ^= data.draw(st.integers(1, 255).filter(lambda flip: (frame[4] ^ flip) != 9))
    assert codec.ReplyDecoder().feed(bytes(frame) + said(reply)) == [codec.parse_reply(said(reply))]


@given(answers, st.integers(1, 30))
def test_the_next_good_frame_is_heard_after_a_cut_one(reply: tuple[object, ...], size: int) -> None:
    whole = said(reply)
    decoder = codec.ReplyDecoder()
    assert decoder.feed(whole[: min(size, len(whole) - 1)]) == []
    assert decoder.silence() == []
    assert decoder.feed(whole) == [codec.parse_reply(whole)]


@given(st.binary(max_size=80), st.lists(replies.map(said), max_size=4), pieces)
def test_every_chunking_of_anything_gives_the_same_replies(
    noise: bytes, frames: list[bytes], sizes: list[int]
) -> None:
    stream = noise + b"".join(frames) + noise
    assert heard(stream, sizes) == heard(stream)


def test_random_bytes_crash_nothing_and_hold_no_memory() -> None:
    dice = random.Random(7)
    decoder, parser = codec.ReplyDecoder(alternate_header=True), board.RequestFinder()
    for _ in range(200):
        noise = b"".join(dice.choice([b"WKLY", b"SKLY", dice.randbytes(5)]) for _ in range(200))
        decoder.feed(noise)
        parser.feed(noise)
        assert parser.pending < codec.OVERHEAD + codec.LONGEST_DATA
    assert len(decoder.rest()) < codec.OVERHEAD + codec.LONGEST_DATA


# -- the checksum: all bytes, and what that cannot see


def sealed_by(rule: str, frame: bytes) -> bytes:
    """The frame under one of the shorter rules that public clients use."""
    start = {"from the length": 4, "from the address": 5}[rule]
    seal = 0
    for byte in frame[start:-1]:
        seal ^= byte
    return frame[:-1] + bytes((seal,))


@pytest.mark.parametrize("rule", ["from the length", "from the address"])
@given(request_=requests, reply=answers)
def test_a_frame_under_a_shorter_rule_is_refused_by_both_halves(
    rule: str, request_: tuple[object, ...], reply: tuple[object, ...]
) -> None:
    for frame, understand in (
        (asked(request_), DEVICE.understand_request),
        (said(reply), HOST.understand_reply),
    ):
        short = sealed_by(rule, frame)
        is_the_same = rule == "from the address" and len(frame) == 9
        assert (short == frame) is is_the_same
        assert (understand(short) is None) is not is_the_same


@given(addresses, st.lists(states, min_size=2, max_size=24).map(bytes), st.data())
def test_bytes_that_changed_places_pass(address: int, told: bytes, data: st.DataObject) -> None:
    one, other = (data.draw(st.integers(0, len(told) - 1)) for _ in range(2))
    frame = bytearray(said(("contacts", address, 0, told)))
    frame[9 + one], frame[9 + other] = frame[9 + other], frame[9 + one]
    understood = HOST.understand_reply(bytes(frame))
    assert understood is not None
    assert sorted(understood[3]) == sorted(told)


@given(addresses, channels, st.integers(0, 7))
def test_the_same_bit_in_two_bytes_passes(address: int, channel: int, bit: int) -> None:
    frame = bytearray(said(("contact", address, 0, channel, 0)))
    for place in (8, 9):
        frame[place] ^= 1 << bit
    assert HOST.understand_reply(bytes(frame)) is not None
