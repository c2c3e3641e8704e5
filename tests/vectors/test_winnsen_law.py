"""What one half of the Winnsen boards says, the other understands; what without a checksum nobody sees."""

import random

from hypothesis import given
from hypothesis import strategies as st

from drivers.winnsen import codec
from simulator.boards import winnsen as board
from tests.vectors.device.families import DEVICE_FAMILIES
from tests.vectors.host.families import HOST_FAMILIES

HOST, DEVICE = HOST_FAMILIES["winnsen-90"], DEVICE_FAMILIES["winnsen-90"]
Description = tuple[object, ...]

stations = st.integers(0, 255)
locks = st.integers(1, 16)
octets = st.integers(0, 255)
results = st.sampled_from([0, 1, 2])
pieces = st.lists(st.integers(1, 9), max_size=40)

requests = st.one_of(
    st.tuples(st.sampled_from(["unlock", "read"]), stations, locks),
    st.tuples(st.just("poll"), stations, octets, octets),
)
replies = st.one_of(
    st.tuples(st.just("unlocked"), stations, locks, results, st.booleans()),
    st.tuples(st.just("polled"), stations, octets, octets, st.booleans()),
    st.tuples(st.just("state"), stations, locks, results),
)


def asked(request: Description) -> bytes:
    data = HOST.encode_request(request)
    assert data is not None
    return data


def said(reply: Description) -> bytes:
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
    decoder = codec.ReplyDecoder()
    assert not [one for chunk in cut(data, sizes or []) for one in decoder.feed(chunk)]
    return decoder.silence()


@given(requests)
def test_the_device_understands_every_request_of_the_host(request_: Description) -> None:
    assert DEVICE.understand_request(asked(request_)) == request_


@given(replies)
def test_the_host_understands_every_reply_of_the_device(reply: Description) -> None:
    assert HOST.understand_reply(said(reply)) == reply


@given(st.lists(requests, min_size=1, max_size=5), pieces)
def test_requests_survive_any_chunking(several: list[Description], sizes: list[int]) -> None:
    parser = board.RequestFinder()
    found = [one for chunk in cut(b"".join(map(asked, several)), sizes) for one in parser.feed(chunk)]
    assert found == [one for each in several for one in board.RequestFinder().feed(asked(each))]
    assert (len(found), parser.pending, parser.skipped) == (len(several), 0, 0)


@given(replies, pieces, st.binary(max_size=100))
def test_the_reply_before_the_silence_is_understood_whatever_came_before_it(
    reply: Description, sizes: list[int], before: bytes
) -> None:
    assert heard(before + said(reply), sizes) == [codec.parse_reply(said(reply))]


@given(replies, st.binary(min_size=1, max_size=6))
def test_a_reply_that_is_not_followed_by_silence_is_not_believed(reply: Description, behind: bytes) -> None:
    assert codec.parse_reply(said(reply)) not in heard(said(reply) + behind)


@given(replies, st.data())
def test_a_reply_that_lost_or_gained_a_byte_is_refused(reply: Description, data: st.DataObject) -> None:
    whole = said(reply)
    place = data.draw(st.integers(0, len(whole) - 1))
    assert heard(whole[:place] + whole[place + 1 :]) == []
    stray = bytes((data.draw(octets),))
    # A byte in front is garbage; anywhere else it shifts the frame, unless it is a copy of its neighbour.
    grown = whole[: place + 1] + stray + whole[place + 1 :]
    assert heard(grown) in ([], [codec.parse_reply(whole)])


@given(requests, replies, pieces)
def test_an_echo_is_no_answer(request_: Description, reply: Description, sizes: list[int]) -> None:
    assert heard(asked(request_), sizes) == []
    assert heard(asked(request_) + said(reply), sizes) == [codec.parse_reply(said(reply))]


@given(replies, replies)
def test_of_two_glued_replies_the_later_counts(first: Description, second: Description) -> None:
    assert heard(said(first) + said(second)) == [codec.parse_reply(said(second))]


@given(replies, st.integers(1, 6))
def test_the_next_good_frame_is_heard_after_a_cut_one(reply: Description, size: int) -> None:
    decoder = codec.ReplyDecoder()
    decoder.feed(said(reply)[:size])
    assert decoder.silence() == []
    decoder.feed(said(reply))
    assert decoder.silence() == [codec.parse_reply(said(reply))]


@given(requests, replies, st.sampled_from([0, 1, 6]), st.integers(1, 255))
def test_damage_of_the_frame_around_the_values_is_always_seen(
    request_: Description, reply: Description, place: int, flip: int
) -> None:
    answer, request = bytearray(said(reply)), bytearray(asked(request_))
    answer[place] ^= flip
    assert heard(bytes(answer)) == []
    request[-1 if place == 6 else place] ^= flip
    assert board.RequestFinder().feed(bytes(request)) == []


@given(stations, locks, results, st.data())
def test_a_damaged_answer_to_an_unlock_is_refused_but_for_its_result(
    station: int, lock: int, result: int, data: st.DataObject
) -> None:
    frame = bytearray(said(("unlocked", station, lock, result, False)))
    place = data.draw(st.integers(0, 6))
    frame[place] ^= data.draw(st.integers(1, 255))
    matches = codec.ReplyMatcher(codec.encode_unlock(station, lock))
    accepted = [one for one in heard(bytes(frame)) if matches(one)]
    passes = (place == 5 and frame[5] <= 2) or frame[2] == 0xA5
    assert bool(accepted) is passes
    assert all(isinstance(one, codec.LockReply) and one.lock == lock for one in accepted)


@given(stations, octets, octets, st.data())
def test_a_damaged_poll_is_refused_but_for_its_state_bytes(
    station: int, low: int, high: int, data: st.DataObject
) -> None:
    frame = bytearray(said(("polled", station, low, high, False)))
    place = data.draw(st.integers(0, 6))
    frame[place] ^= data.draw(st.integers(1, 255))
    matches = codec.ReplyMatcher(codec.encode_poll_of(station, 16))
    accepted = [one for one in heard(bytes(frame)) if matches(one)]
    assert bool(accepted) is (place in (4, 5) or frame[2] == 0xA2)


@given(st.integers(1, 255), locks, locks)
def test_a_damaged_lock_in_a_request_is_another_lock_and_nobody_can_see_it(
    station: int, lock: int, other: int
) -> None:
    frame = bytearray(codec.encode_unlock(station, lock))
    frame[4] = other
    assert DEVICE.understand_request(bytes(frame)) == ("unlock", station, other)


@given(st.binary(max_size=80), st.lists(replies.map(said), max_size=4), pieces)
def test_every_chunking_of_anything_gives_the_same_replies(
    noise: bytes, frames: list[bytes], sizes: list[int]
) -> None:
    stream = noise + b"".join(frames)
    assert heard(stream, sizes) == heard(stream)


def test_random_bytes_crash_nothing_and_hold_no_memory() -> None:
    dice = random.Random(7)
    decoder, parser = codec.ReplyDecoder(), board.RequestFinder()
    for _ in range(200):
        noise = b"".join(dice.choice([b"\x90\x07", b"\x90\x06\x05", dice.randbytes(5)]) for _ in range(200))
        decoder.feed(noise)
        parser.feed(noise)
        assert parser.pending < 7
    assert len(decoder.rest()) <= 64
