"""What one half of the scanners says, the other understands, in any chunking; damage is noticed if it can be.

A label has no checksum: one printable byte for another is another label, which only the form of a tracking id
can betray. All other damage must be seen.
"""

import random

from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner_serial import codec
from drivers.scanner_serial.codec import Heard, Label, LabelDecoder
from simulator.scanners.serial_text import SerialTextScanner, acknowledgement, label
from tests.vectors.device.families import DEVICE_FAMILIES
from tests.vectors.host.families import HOST_FAMILIES

HOST, DEVICE = HOST_FAMILIES["scanner-gm65"], DEVICE_FAMILIES["scanner-gm65"]

texts = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=codec.LONGEST_LABEL
)
suffixes = st.sampled_from([b"\r", b"\n", b"\r\n"])
acknowledgements = st.binary(min_size=1, max_size=codec.LONGEST_ACKNOWLEDGEMENT).map(acknowledgement)
# Behind a line end in a damaged one the rest may look like the head of a label; that of a write holds none.
plain_acknowledgements = acknowledgements.filter(lambda ack: not set(ack) & set(b"\r\n"))
pieces = st.lists(st.integers(1, 9), max_size=30)


@given(
    st.sampled_from([codec.READ, codec.WRITE, codec.SAVE]),
    st.integers(0, 0xFFFF),
    st.binary(min_size=1, max_size=0xFF),
    st.booleans(),
)
def test_the_device_understands_every_command_of_the_host(
    kind: int,
    address: int,
    data: bytes,
    checked: bool,  # noqa: FBT001 - drawn by Hypothesis, no caller writes it
) -> None:
    asked = codec.encode_command(kind, address, data, checked=checked)
    understood = DEVICE.understand_request(asked)
    assert understood is not None
    # A checksum may by chance be the very bytes that mean "unchecked".
    assert understood[:4] == ("command", kind, address, data)


@given(st.integers(0, 0xFFFF), st.binary(min_size=1, max_size=20), st.data())
def test_a_damaged_checked_command_is_not_obeyed(address: int, data: bytes, draw: st.DataObject) -> None:
    asked = bytearray(codec.encode_command(codec.WRITE, address, data))
    asked[draw.draw(st.integers(0, len(asked) - 1))] ^= draw.draw(st.integers(1, 255))
    understood = DEVICE.understand_request(bytes(asked))
    assert understood is None or understood[4] is False


@given(st.lists(st.tuples(st.lists(acknowledgements, max_size=2), texts), max_size=5), suffixes, pieces)
def test_the_host_understands_every_label_with_acknowledgements_in_front_in_any_chunking(
    several: list[tuple[list[bytes], str]], suffix: bytes, sizes: list[int]
) -> None:
    said = b"".join(b"".join(acks) + label(text, suffix=suffix) for acks, text in several)
    assert _heard(LabelDecoder(), said, sizes) == [Label(text) for _, text in several]


@given(texts, pieces)
def test_a_label_without_suffix_is_whole_after_silence(text: str, sizes: list[int]) -> None:
    decoder = LabelDecoder("silence")
    assert _heard(decoder, label(text, suffix=b""), sizes) == []
    assert decoder.silence() == [Label(text)]


@given(plain_acknowledgements, texts, st.data())
def test_one_damaged_byte_gives_no_label_but_by_one_printable_byte_for_another(
    ack: bytes, text: str, draw: st.DataObject
) -> None:
    said = bytearray(ack + label(text))
    place = draw.draw(st.integers(0, len(said) - 1))
    said[place] ^= draw.draw(st.integers(1, 255))
    decoder = LabelDecoder()
    heard = decoder.feed(bytes(said)) + decoder.silence()
    labels = [one.text for one in heard if isinstance(one, Label)]
    if place < len(ack):
        assert labels in ([], [text])
    elif place < len(said) - 1 and said[place] not in b"\r\n":
        unseen = bytes(said[len(ack) : -1]).decode("latin-1")
        assert labels == ([unseen] if 0x20 <= said[place] <= 0x7E else [])


@given(plain_acknowledgements, texts, st.data())
def test_one_lost_byte_of_an_acknowledgement_gives_no_other_label(
    ack: bytes, text: str, draw: st.DataObject
) -> None:
    place = draw.draw(st.integers(0, len(ack) - 2))
    decoder = LabelDecoder()
    heard = decoder.feed(ack[:place] + ack[place + 1 :] + label(text)) + decoder.silence()
    assert [one.text for one in heard if isinstance(one, Label)] in ([], [text])


@given(
    texts,
    st.sampled_from(
        ["acknowledgement-in-front", "no-terminator", "double-read", "stray-bytes", "fragmented-label"]
    ),
    st.integers(0, 2**32),
)
def test_whatever_a_scanner_does_wrong_only_its_label_is_read(text: str, fault: str, seed: int) -> None:
    scanner = SerialTextScanner(random.Random(seed))
    scanner.faults.set(fault, 2)
    scanner.scan(text)
    decoder = LabelDecoder()
    heard = [one for piece in scanner.advance(10) for one in decoder.feed(piece)] + decoder.silence()
    assert {one.text for one in heard if isinstance(one, Label)} <= {text}


def _heard(decoder: LabelDecoder, data: bytes, sizes: list[int]) -> list[Heard]:
    heard: list[Heard] = []
    for size in sizes:
        heard += decoder.feed(data[:size])
        data = data[size:]
    return heard + decoder.feed(data)
