"""The journal's entries: canonical, numbered, chained, signed; any change shows (T20)."""

import json
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from locker.domain.journal import (
    EMSEVT,
    NO_HASH,
    ChainFault,
    ChainHead,
    Entry,
    EntryKind,
    SealedEntry,
    check,
    seal,
)
from locker.domain.times import Now, Trust
from tests.unit.domain.stand import MONDAY

KEY = Ed25519PrivateKey.generate()
NOW = Now(MONDAY, Trust.TRUSTED, 12.5)
START = ChainHead(1, 0, NO_HASH)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def verify(message: bytes, signature: bytes) -> bool:
    try:
        KEY.public_key().verify(signature, message)
    except InvalidSignature:
        return False
    return True


def chain(length: int) -> list[SealedEntry]:
    head, sealed = START, []
    for number in range(length):
        entry = Entry(EntryKind.PARCEL_STORED, f"JJFI{number}", {"compartment": str(number)})
        sealed.append(seal(entry, head, NOW, automat_id="fi-1", sign=KEY.sign))
        head = sealed[-1].head
    return sealed


def first_fault(payloads: list[bytes]) -> ChainFault | None:
    head = START
    for payload in payloads:
        found = check(payload, head, verify)
        if isinstance(found, ChainFault):
            return found
        head = found
    return None


@given(data=st.dictionaries(st.text(min_size=1), JSON, max_size=4), subject=st.none() | st.text())
def test_what_goes_over_the_wire_is_canonical_whatever_is_in_it(
    data: dict[str, Any], subject: str | None
) -> None:
    hostile = {**data, 'a","source":"x': {"source": ',"source":"'}}
    try:
        sealed = seal(
            Entry(EntryKind.STARTED, subject, hostile), START, NOW, automat_id="fi-1", sign=KEY.sign
        )
    except rfc8785.CanonicalizationError:
        return  # a text that is no Unicode has no canonical form
    body = json.loads(sealed.payload)
    assert rfc8785.dumps(body) == sealed.payload
    assert body["data"] == hostile
    assert check(sealed.payload, START, verify) == sealed.head


def test_an_entry_is_a_cloud_event_with_the_number_the_chain_and_both_clocks() -> None:
    body = json.loads(chain(2)[1].payload)
    assert body["specversion"] == "1.0"
    assert (body["id"], body["sequence"], body["epoch"]) == ("1-2", "000000000002", 1)
    assert body["type"] == "automat.parcel.stored"
    assert body["source"] == "/automats/fi-1"
    assert body["time"] == "2026-03-02T09:00:00.000Z"
    assert (body["clocktrust"], body["poweredtime"]) == ("trusted", "12.500")
    assert body["prevhash"] == chain(1)[0].hash
    assert body["data"]["emsevt"] == EMSEVT[EntryKind.PARCEL_STORED] == "EDH"


def test_a_whole_chain_is_good() -> None:
    assert first_fault([entry.payload for entry in chain(20)]) is None


@pytest.mark.parametrize("number", range(5))
def test_a_changed_entry_is_named(number: int) -> None:
    payloads = [entry.payload for entry in chain(5)]
    payloads[number] = payloads[number].replace(b'"compartment":"', b'"compartment":"9')
    fault = first_fault(payloads)
    assert fault is not None
    assert fault.sequence == number + 1
    assert "signature" in fault.reason


def test_a_missing_or_swapped_entry_is_named() -> None:
    payloads = [entry.payload for entry in chain(5)]
    cut = first_fault([*payloads[:2], *payloads[3:]])
    assert cut is not None
    assert "number 3 was expected" in cut.reason
    swapped = first_fault([payloads[1], payloads[0]])
    assert swapped is not None


def test_another_chain_with_the_same_numbers_does_not_fit() -> None:
    payloads = [entry.payload for entry in chain(3)]
    stranger = seal(Entry(EntryKind.STARTED), START, NOW, automat_id="fi-1", sign=KEY.sign)
    fault = first_fault([stranger.payload, *payloads[1:]])
    assert fault is not None
    assert "hash" in fault.reason


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"[]", b"nonsense", b'{"signature":7}', b"\xff", b"[" * 5000]
)
def test_what_is_no_entry_is_a_fault_and_no_exception(payload: bytes) -> None:
    assert isinstance(check(payload, START, verify), ChainFault)
