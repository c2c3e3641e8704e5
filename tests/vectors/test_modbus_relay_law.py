"""Whatever one half of the Modbus relay boards says, the other understands, in any chunking.

CRC-16 sees every damage of up to three bits of these frames and every damage that lies within two bytes.
It does not see time, and it does not see four bits that are a shifted copy of its own polynomial.
"""

import random
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import CallerMistake
from drivers.modbus_relay import codec
from drivers.modbus_relay.codec import Bits, Refused, Registers, Reply, ReplyDecoder, ReplyMatcher, Written
from simulator.boards import modbus_relay as board
from tests.vectors.device.families import DEVICE_FAMILIES, Description
from tests.vectors.host.families import HOST_FAMILIES

HOST, DEVICE = HOST_FAMILIES["modbus-relay"], DEVICE_FAMILIES["modbus-relay"]

addresses = st.integers(0, 255)
channels = st.integers(1, 32)
words = st.integers(0, 0xFFFF)
pulses = st.integers(1, 0x7FFF).map(lambda units: 100 * units)
counts = st.integers(1, 32)
states = counts.flatmap(lambda n: st.tuples(st.just(n), st.binary(min_size=-(-n // 8), max_size=-(-n // 8))))

requests: st.SearchStrategy[Description] = st.one_of(
    st.tuples(st.just("pulse"), addresses, channels, pulses),
    st.tuples(st.just("all-off"), addresses),
    st.tuples(st.just("read"), addresses, st.integers(1, 4), st.integers(0, 0xFF00), counts),
    st.tuples(
        st.just("write"), addresses, st.just(5), st.integers(0, 31), st.sampled_from([0xFF00, 0, 0x5500])
    ),
    st.tuples(st.just("write"), addresses, st.just(6), words, words),
    st.tuples(st.just("write-coils"), addresses, st.integers(0, 255), states).map(
        lambda drawn: (drawn[0], drawn[1], drawn[2], *drawn[3])
    ),
    st.tuples(
        st.just("write-registers"),
        addresses,
        words.filter(lambda n: n < 0xFF00),
        st.lists(words, min_size=1).map(tuple),
    ),
)
replies: st.SearchStrategy[Description] = st.one_of(
    st.tuples(st.just("bits"), addresses, st.sampled_from([1, 2]), st.binary(min_size=1, max_size=8)),
    st.tuples(
        st.just("registers"),
        addresses,
        st.sampled_from([3, 4]),
        st.lists(words, min_size=1, max_size=8).map(tuple),
    ),
    st.tuples(st.just("written"), addresses, st.sampled_from([5, 6, 15, 16]), words, words),
    st.tuples(st.just("refused"), addresses, st.sampled_from(sorted(codec.FUNCTIONS)), st.integers(1, 255)),
)

# A read and its answer, or a pulse and its answer: what the driver does all day.
reads = st.tuples(st.integers(1, 255), st.integers(0, 255), counts, st.binary(min_size=4, max_size=4))
pieces = st.lists(st.integers(1, 9), max_size=40)


def read(address: int, first: int, count: int, data: bytes) -> tuple[bytes, bytes, Bits]:
    shown = data[: -(-count // 8)]
    request = codec.encode_read(address, codec.READ_INPUTS, first, count)
    return request, board.encode_bits(address, 2, shown), Bits(address, 2, shown)


def heard(request: bytes, chunks: list[bytes]) -> list[Reply]:
    decoder = ReplyDecoder(request)
    return [reply for chunk in chunks for reply in decoder.feed(chunk)] + decoder.silence()


@given(requests)
def test_the_device_understands_every_request_of_the_host(request_: Description) -> None:
    asked = HOST.encode_request(request_)
    assert asked is not None
    assert DEVICE.understand_request(asked) == request_


@given(replies)
def test_the_host_understands_every_reply_of_the_device(reply: Description) -> None:
    said = DEVICE.encode_reply(reply)
    assert said is not None
    assert HOST.understand_reply(said) == reply


@given(st.lists(requests, min_size=1, max_size=5), pieces)
def test_requests_glued_together_survive_any_chunking(several: list[Description], sizes: list[int]) -> None:
    asked = [HOST.encode_request(one) or b"" for one in several]
    parser = board.RequestFinder()
    found = [one for chunk in _cut(b"".join(asked), sizes) for one in parser.feed(chunk)]
    assert found == [one for frame in asked for one in board.RequestFinder().feed(frame)]
    assert len(found) == len(several)


@given(reads, st.integers(1, 4), pieces)
def test_answers_glued_together_survive_any_chunking(
    drawn: tuple[int, int, int, bytes], copies: int, sizes: list[int]
) -> None:
    request, said, meant = read(*drawn)
    assert heard(request, _cut(said * copies, sizes)) == [meant] * copies


@given(reads, st.binary(max_size=40), st.binary(max_size=20), pieces)
def test_every_chunking_gives_the_same_replies(
    drawn: tuple[int, int, int, bytes], noise: bytes, tail: bytes, sizes: list[int]
) -> None:
    request, said, _ = read(*drawn)
    stream = noise + request + said + tail
    assert heard(request, _cut(stream, sizes)) == heard(request, [stream])


@given(reads, st.binary(max_size=20))
def test_garbage_and_an_echo_in_front_cost_no_answer(
    drawn: tuple[int, int, int, bytes], garbage: bytes
) -> None:
    request, said, meant = read(*drawn)
    assert heard(request, [garbage + request + said])[-1] == meant


@given(st.binary(max_size=20), st.integers(1, 255), channels)
def test_garbage_in_front_costs_no_request(garbage: bytes, address: int, channel: int) -> None:
    found = board.RequestFinder().feed(garbage + codec.encode_pulse(address, channel, 200))
    # What looks like the head of a block in the garbage may wait for its end: the next pause forgets it.
    if not {0x0F, 0x10} & set(garbage):
        assert board.Write(address, 5, 0x0200 + channel - 1, 2) in found


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


@given(reads, st.data())
def test_a_damaged_answer_shows_no_state_and_the_next_good_one_does(
    drawn: tuple[int, int, int, bytes], data: st.DataObject
) -> None:
    request, said, meant = read(*drawn)
    wrong = bytearray(said)
    wrong[data.draw(st.integers(0, len(wrong) - 1))] ^= data.draw(st.integers(1, 255))
    found = [reply for reply in heard(request, [bytes(wrong) + said]) if isinstance(reply, Bits)]
    assert found == [meant]


def test_no_damage_of_a_pulse_s_answer_makes_it_a_refusal() -> None:
    # A refusal is five bytes: `AA 85 02` and the two that follow in the answer would have to be its checksum.
    for address in range(1, 256):
        low, high = codec.checksum(bytes((address, 0x85, 0x02)))
        assert not (low < codec.MOST_CHANNELS and high == 0)


@pytest.mark.parametrize("frame", [codec.encode_pulse(1, 3, 200), board.encode_bits(1, 2, b"\xfb")])
def test_three_flipped_bits_are_always_seen(frame: bytes) -> None:
    bits = range(8 * len(frame))
    value = int.from_bytes(frame)
    for wrong in (*combinations(bits, 1), *combinations(bits, 2), *combinations(bits, 3)):
        flipped = value
        for bit in wrong:
            flipped ^= 1 << bit
        assert codec.parse_reply(flipped.to_bytes(len(frame))) is None


@given(replies, st.data())
def test_a_burst_within_two_bytes_is_always_seen(reply: Description, data: st.DataObject) -> None:
    said = bytearray(DEVICE.encode_reply(reply) or b"")
    place = data.draw(st.integers(0, len(said) - 2))
    burst = data.draw(st.integers(1, 0xFFFF)).to_bytes(2)
    said[place] ^= burst[0]
    said[place + 1] ^= burst[1]
    assert HOST.understand_reply(bytes(said)) is None


def test_four_bits_in_the_shape_of_the_polynomial_are_not_seen() -> None:
    # x^16 + x^15 + x^2 + 1, lowest bit first in each byte, laid over the number of the coil and its value.
    unseen = bytes(a ^ b for a, b in zip(codec.encode_pulse(1, 3, 200), _polynomial_at(3, 8), strict=True))
    assert unseen != codec.encode_pulse(1, 3, 200)
    assert codec.parse_reply(unseen) is not None
    # It answers another question than the one that was asked, so even then it is not believed.
    assert heard(codec.encode_pulse(1, 3, 200), [unseen]) == []


def test_an_answer_of_another_board_size_coil_or_function_is_passed_over() -> None:
    pulse = codec.encode_pulse(7, 3, 200)
    for other in (
        board.encode_written(8, 5, 0x0202, 2),
        board.encode_written(7, 5, 0x0203, 2),
        board.encode_written(7, 5, 0x0202, 3),
        board.encode_written(7, 6, 0x0202, 2),
        board.encode_exception(7, 6, 2),
        board.encode_exception(8, 5, 2),
    ):
        assert heard(pulse, [other + pulse]) == [Written(7, 5, 0x0202, 2)]
    eight = codec.encode_read(7, codec.READ_INPUTS, 0, 8)
    for other in (
        board.encode_bits(7, 2, b"\x01\x02"),
        board.encode_bits(7, 1, b"\x01"),
        board.encode_bits(8, 2, b"\x01"),
        board.encode_registers(7, 3, [1]),
    ):
        assert heard(eight, [other]) == []


def test_an_exception_is_heard_even_where_more_bytes_were_expected() -> None:
    request = codec.encode_read(1, codec.READ_INPUTS, 0, 32)
    assert heard(request, [b"\x01\x02\x04" + board.encode_exception(1, 2, 2)]) == [Refused(1, 2, 2)]
    version = codec.encode_read(1, codec.READ_HOLDING, codec.VERSION_REGISTER, 1)
    assert heard(version, [board.encode_registers(1, 3, [200])]) == [Registers(1, 3, (200,))]


def test_the_first_copy_of_an_echoed_write_is_no_answer() -> None:
    request = codec.encode_pulse(1, 3, 200)
    copy = Written(1, 5, 0x0202, 2)
    believing, knowing = ReplyMatcher(request, echo=False), ReplyMatcher(request, echo=True)
    assert believing(copy)
    assert [knowing(copy), knowing(copy)] == [False, True]
    assert ReplyMatcher(request, echo=True)(Refused(1, 5, 2))


def test_random_bytes_crash_nothing_and_hold_no_memory() -> None:
    dice = random.Random(11)
    request = codec.encode_read(1, codec.READ_INPUTS, 0, 32)
    parser, decoder = board.RequestFinder(), ReplyDecoder(request)
    for _ in range(100):
        parser.feed(dice.randbytes(1000))
        decoder.feed(dice.randbytes(1000))
        assert parser.pending < 256 + 9
    assert len(decoder.rest()) < 9


def test_a_pulse_is_never_the_command_for_all_relays() -> None:
    for channel in (0, -1, 33, 256):
        with pytest.raises(CallerMistake):
            codec.encode_pulse(1, channel, 200)
    coils = {codec.encode_pulse(1, channel, 200)[2:4] for channel in range(1, 33)}
    assert coils == {bytes((2, n)) for n in range(32)}


@pytest.mark.parametrize(
    ("pulse_ms", "units"), [(-5, 1), (0, 1), (1, 1), (100, 1), (101, 2), (10**9, 0x7FFF)]
)
def test_a_pulse_is_clamped_to_what_the_board_can_time(pulse_ms: int, units: int) -> None:
    assert int.from_bytes(codec.encode_pulse(1, 1, pulse_ms)[4:6]) == units


def test_what_the_protocol_cannot_carry_is_refused() -> None:
    mistakes: list[Callable[[], bytes]] = [
        lambda: codec.encode_pulse(256, 1, 200),
        lambda: codec.encode_read(1, 5, 0, 1),
        lambda: codec.encode_read(1, 2, 0, 0),
        lambda: codec.encode_read(1, 2, 0xFFFF, 2),
        lambda: codec.encode_read(1, 3, 0, 126),
        lambda: codec.encode_write(1, 2, 0, 0),
        lambda: codec.encode_write(1, 5, 0x10000, 0),
        lambda: codec.encode_write_coils(1, 0, 9, b"\x00"),
        lambda: codec.encode_write_registers(1, 0, [0x10000]),
        lambda: codec.encode_write_registers(1, 0, []),
    ]
    for wrong in mistakes:
        with pytest.raises(CallerMistake):
            wrong()


def _polynomial_at(place: int, size: int) -> bytes:
    """The generator as a damage of a frame of `size` bytes, its highest term in bit 0 of byte `place`."""
    damage = bytearray(size)
    for term in (0, 1, 14, 16):
        damage[place + term // 8] ^= 1 << term % 8
    return bytes(damage)


def _cut(data: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(data[:size])
        data = data[size:]
    return [*chunks, data]
