"""Commands and acknowledgements: what is read, and everything that is refused."""

import base64
import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from locker.domain.codes import CodeTag
from locker.domain.commands import (
    AnnounceParcel,
    AuthorisePerson,
    BlockCompartment,
    Body,
    Cause,
    ExpectDropOff,
    LengthenDeadline,
    Mode,
    OpenCompartment,
    RefusedCommand,
    RegisterParcel,
    ReleaseGuard,
    ReleaseParcel,
    ReplaceCode,
    RevokePerson,
    SetMode,
    UnblockCompartment,
    WithdrawParcel,
)
from locker.domain.events import CommandReceived, CommandUnreadable
from locker.domain.parcels import Role
from locker.sync.commands import COMMAND_BYTES_MOST, COMMANDS, read_command
from locker.sync.messages import Ack, Topics, UnreadableAck, build_status, read_ack
from simulator.backoffice.keys import SigningKey

TAG = "ab" * 32
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))

Message = dict[str, Any]


def message(**changes: Any) -> Message:
    return {
        "id": "c-1",
        "type": "parcel.announce",
        "automat": "automat-1",
        "issued": "2026-05-04T09:00:00Z",
        "notafter": "2026-05-11T09:00:00.000Z",
        "data": {"trackingid": "JJFI64600000000000001", "size": "M", "codetag": TAG, "recipient": "r-1"},
        **changes,
    }


def raw(content: object) -> bytes:
    return json.dumps(content).encode()


def refusal(payload: bytes, *, signed: bool = False) -> RefusedCommand:
    read = read_command(payload, key=KEY.public_key if signed else None)
    assert isinstance(read, CommandUnreadable), "it was read as a command"
    return read.refusal


VALIDITY = {"validfrom": "2026-05-04T00:00:00+03:00", "validuntil": "2026-05-05T00:00:00+03:00"}
FROM, UNTIL = datetime(2026, 5, 3, 21, tzinfo=UTC), datetime(2026, 5, 4, 21, tzinfo=UTC)
DESCRIBED = {
    "size": "M",
    "dimensionsmm": [300, 200, 100],
    "weightg": 1200,
    "product": "postipaketti",
    "services": ["fragile", "cash-on-delivery"],
    "accessible": True,
}
SERVICES = frozenset({"fragile", "cash-on-delivery"})

READ: list[tuple[str, Message, Body]] = [
    (
        "parcel.announce",
        {"trackingid": "RR1", "size": "S", "codetag": TAG, "recipient": "r"},
        AnnounceParcel("RR1", "S", CodeTag(TAG), "r"),
    ),
    ("parcel.announce", {"trackingid": "RR1", "size": "S"}, AnnounceParcel("RR1", "S")),
    ("parcel.announce", {"trackingid": "RR1"}, AnnounceParcel("RR1")),
    (
        "parcel.announce",
        {"trackingid": "RR1", "redirected": True, **DESCRIBED},
        AnnounceParcel(
            "RR1",
            "M",
            dimensions_mm=(300, 200, 100),
            weight_g=1200,
            product="postipaketti",
            services=SERVICES,
            accessible=True,
            redirected=True,
        ),
    ),
    (
        "parcel.withdraw",
        {"trackingid": "RR1", "cause": "redirect", "reason": "väärä osoite"},
        WithdrawParcel("RR1", Cause.REDIRECT, "väärä osoite"),
    ),
    ("parcel.withdraw", {"trackingid": "RR1", "reason": "x"}, WithdrawParcel("RR1", Cause.CANCEL, "x")),
    ("parcel.replace-code", {"trackingid": "RR1", "codetag": TAG}, ReplaceCode("RR1", CodeTag(TAG))),
    ("parcel.release", {"trackingid": "RR1"}, ReleaseParcel("RR1")),
    (
        "parcel.lengthen",
        {"trackingid": "RR1", "until": "2026-05-05T00:00:00+03:00"},
        LengthenDeadline("RR1", UNTIL),
    ),
    (
        "dropoff.expect",
        {"trackingid": "RR1", "codetag": TAG, **VALIDITY, **DESCRIBED},
        ExpectDropOff(
            "RR1", CodeTag(TAG), FROM, UNTIL, "M", (300, 200, 100), 1200, "postipaketti", SERVICES, True
        ),
    ),
    ("parcel.register", {"trackingid": "RR1"}, RegisterParcel("RR1")),
    (
        "courier.authorise",
        {"courierid": "k7", "codetag": TAG, **VALIDITY},
        AuthorisePerson("k7", Role.COURIER, CodeTag(TAG), FROM, UNTIL),
    ),
    ("courier.revoke", {"courierid": "k7"}, RevokePerson("k7", Role.COURIER)),
    (
        "technician.authorise",
        {"technicianid": "t1", "codetag": TAG, **VALIDITY},
        AuthorisePerson("t1", Role.TECHNICIAN, CodeTag(TAG), FROM, UNTIL),
    ),
    ("technician.revoke", {"technicianid": "t1"}, RevokePerson("t1", Role.TECHNICIAN)),
    ("guard.release", {"keypad": "front", "operator": "desk 4"}, ReleaseGuard("front", "desk 4")),
    (
        "compartment.open",
        {"compartment": "3R1", "operator": "Väinö", "reason": "a child's toy"},
        OpenCompartment("3R1", "Väinö", "a child's toy"),
    ),
    (
        "compartment.block",
        {"compartment": "7", "operator": "desk 4", "reason": "wet paint"},
        BlockCompartment("7", "desk 4", "wet paint"),
    ),
    (
        "compartment.unblock",
        {"compartment": "7", "operator": "desk 4"},
        UnblockCompartment("7", "desk 4"),
    ),
    (
        "mode.set",
        {"mode": "drain", "operator": "desk 4", "reason": "moving"},
        SetMode(Mode.DRAIN, "desk 4", "moving"),
    ),
]


def test_these_are_all_the_kinds_there_are() -> None:
    assert {kind for kind, _, _ in READ} == set(COMMANDS)
    assert {type(body) for _, _, body in READ} == set(get_args(Body))


@pytest.mark.parametrize(("kind", "data", "body"), READ)
def test_every_kind_of_command_is_read(kind: str, data: Message, body: Body) -> None:
    read = read_command(raw(message(type=kind, data=data)), retained=True)
    assert isinstance(read, CommandReceived)
    assert read.command.body == body
    assert (read.command.command_id, read.command.kind, read.command.automat_id) == ("c-1", kind, "automat-1")
    assert read.command.not_after == datetime(2026, 5, 11, 9, tzinfo=UTC)
    assert read.command.retained


def without(name: str) -> Callable[[Message], Message]:
    return lambda good: {key: value for key, value in good.items() if key != name}


def having(**changes: Any) -> Callable[[Message], Message]:
    return lambda good: {**good, **changes}


def having_data(**changes: Any) -> Callable[[Message], Message]:
    return lambda good: {**good, "data": {**good["data"], **changes}}


MUTATIONS: dict[str, Callable[[Message], object]] = {
    **{f"without {name}": without(name) for name in message()},
    "an unknown field": having(priority="high"),
    "an id that is a number": having(id=7),
    "an empty id": having(id=""),
    "a long id": having(id="x" * 65),
    "a control character in the id": having(id="a\nb"),
    "a surrogate in the id": having(id="\ud800"),
    "no id": having(id=None),
    "an unknown type": having(type="door.open-all"),
    "a type that is a list": having(type=["parcel.announce"]),
    "a type in capitals": having(type="Parcel.Announce"),
    "the data of another type": having(type="courier.revoke"),
    "no automat": having(automat=""),
    "an automat that is an object": having(automat={}),
    "issued without an offset": having(issued="2026-05-04T09:00:00"),
    "issued as a number": having(issued=1_777_000_000),
    "issued as a number in a text": having(issued="1777000000"),
    "issued as a date": having(issued="2026-05-04"),
    "a day that does not exist": having(issued="2026-02-30T09:00:00Z"),
    "an hour that does not exist": having(notafter="2026-05-04T25:00:00Z"),
    "an instant outside the calendar": having(notafter="0001-01-01T00:00:00+14:00"),
    "digits of another script": having(notafter="٢٠٢٦-05-04T09:00:00Z"),
    "data that is a list": having(data=[]),
    "data that is null": having(data=None),
    "no data": having(data={}),
    "a code in clear": having_data(code="024204"),
    "a tracking id in small letters": having_data(trackingid="jjfi1"),
    "a long tracking id": having_data(trackingid="J" * 36),
    "an empty tracking id": having_data(trackingid=""),
    "a tracking id with a line end": having_data(trackingid="JJFI1\n"),
    "a tracking id that is a number": having_data(trackingid=12),
    "a size that is a number": having_data(size=3),
    "a long size": having_data(size="M" * 65),
    "a short tag": having_data(codetag=TAG[:-1]),
    "a tag in capitals": having_data(codetag=TAG.upper()),
    "a tag that is a code": having_data(codetag="024204"),
    "a recipient that is true": having_data(recipient=True),
    "an empty recipient": having_data(recipient=""),
    "a list": lambda good: [good],
    "a text": lambda _good: "parcel.announce",
    "null": lambda _good: None,
    "nested too deep": having(data={"a": [[[[[[[[1]]]]]]]]}),
    "a fraction": having_data(size=1.5),
    "too large": having_data(recipient="x" * COMMAND_BYTES_MOST),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_of_a_valid_command_is_refused_with_a_reason(name: str) -> None:
    refused = refusal(raw(MUTATIONS[name](message())))
    assert refused.reason in {"invalid", "malformed", "unknown-type", "too-large", "too-deep"}
    assert 0 < len(refused.detail) <= 200
    assert len(refused.digest) == 64
    assert "024204" not in refused.detail


BAD_DATA: list[tuple[str, Message]] = [
    ("parcel.announce", {"trackingid": "RR1", "dimensionsmm": [1, 2]}),
    ("parcel.announce", {"trackingid": "RR1", "dimensionsmm": [0, 2, 3]}),
    ("parcel.announce", {"trackingid": "RR1", "dimensionsmm": ["1", 2, 3]}),
    ("parcel.announce", {"trackingid": "RR1", "weightg": -1}),
    ("parcel.announce", {"trackingid": "RR1", "services": "fragile"}),
    ("parcel.announce", {"trackingid": "RR1", "services": ["Fragile!"]}),
    ("parcel.announce", {"trackingid": "RR1", "accessible": "yes"}),
    ("parcel.withdraw", {"trackingid": "RR1", "cause": "theft", "reason": "x"}),
    ("parcel.withdraw", {"trackingid": "RR1", "cause": "cancel"}),
    ("parcel.replace-code", {"trackingid": "RR1", "code": "024204"}),
    ("parcel.replace-code", {"trackingid": "RR1"}),
    ("parcel.lengthen", {"trackingid": "RR1", "until": 7}),
    ("dropoff.expect", {"trackingid": "RR1", "size": "S", **VALIDITY}),
    (
        "dropoff.expect",
        {"trackingid": "RR1", "codetag": TAG, **VALIDITY, "validuntil": VALIDITY["validfrom"]},
    ),
    ("technician.authorise", {"courierid": "k7", "codetag": TAG, **VALIDITY}),
    ("courier.authorise", {"courierid": "k7", "codetag": TAG, **VALIDITY, "role": "technician"}),
    ("compartment.open", {"compartment": "7", "operator": "desk 4"}),
    ("compartment.open", {"compartment": "7", "reason": "x"}),
    ("compartment.open", {"compartment": ["7", "8"], "operator": "desk 4", "reason": "x"}),
    ("compartment.open", {"compartment": "*", "operator": "desk 4", "reason": "x"}),
    ("compartment.open", {"compartment": "7,8", "operator": "desk 4", "reason": "x"}),
    ("compartment.open", {"compartment": "7", "operator": "", "reason": "x"}),
    ("compartment.block", {"compartment": "7", "operator": "a\nb", "reason": "x"}),
    ("mode.set", {"mode": "open", "operator": "desk 4", "reason": "x"}),
    ("mode.set", {"mode": "drain", "operator": "desk 4"}),
]


@pytest.mark.parametrize(("kind", "data"), BAD_DATA)
def test_data_that_does_not_fit_its_kind_is_refused(kind: str, data: Message) -> None:
    refused = refusal(raw(message(type=kind, data=data)))
    assert (refused.reason, refused.command_id, refused.kind) == ("invalid", "c-1", kind)


BYTES = {
    "nothing": (b"", "malformed"),
    "no UTF-8": (b'{"id":"\xff"}', "bad-encoding"),
    "UTF-16": ('{"id":"1"}'.encode("utf-16"), "bad-encoding"),
    "a byte order mark": (b"\xef\xbb\xbf" + raw(message()), "malformed"),
    "cut off": (raw(message())[:-1], "malformed"),
    "two objects": (raw(message()) * 2, "malformed"),
    "NaN": (raw(message()).replace(b'"M"', b"NaN"), "malformed"),
    "an infinity": (raw(message()).replace(b'"M"', b"1e999"), "malformed"),
    "a number without end": (raw(message()).replace(b'"M"', b"9" * 5000), "malformed"),
    "the same key twice": (raw(message()).replace(b'"size":', b'"size": "S", "size":'), "malformed"),
    "ten thousand brackets": (b"[" * 10_000, "too-deep"),
    "a signed command where no key is known": (KEY.sign(raw(message())), "malformed"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_command_are_refused_with_a_reason(name: str) -> None:
    payload, reason = BYTES[name]
    assert refusal(payload).reason == reason


@pytest.mark.parametrize("signed", [False, True])
def test_what_is_too_long_is_not_looked_into(*, signed: bool) -> None:
    too_long = b"x" * (COMMAND_BYTES_MOST + 1)
    assert refusal(too_long, signed=signed).reason == "too-large"
    assert refusal(too_long[1:], signed=signed).reason != "too-large"


def test_a_refusal_names_the_command_as_far_as_it_can_be_read() -> None:
    refused = refusal(raw(message(issued="yesterday")))
    assert (refused.command_id, refused.kind) == ("c-1", "parcel.announce")
    refused = refusal(raw(message(id=7, type="x")))
    assert (refused.command_id, refused.kind) == (None, "x")


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
def test_no_bytes_make_the_reader_fail(payload: bytes) -> None:
    refusal(payload)
    refusal(payload, signed=True)
    assert isinstance(read_ack(payload), UnreadableAck)


# -- signatures


@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA"])
def test_a_signed_command_is_read_under_either_name_of_the_algorithm(algorithm: str) -> None:
    read = read_command(sign(raw(message()), {"alg": algorithm}), key=KEY.public_key)
    assert isinstance(read, CommandReceived)
    assert read.command.command_id == "c-1"


def test_the_simulated_back_office_signs_what_the_automat_reads() -> None:
    assert isinstance(read_command(KEY.sign(raw(message())), key=KEY.public_key), CommandReceived)


FORGERIES: dict[str, Callable[[], bytes]] = {
    "unsigned": lambda: raw(message()),
    "signed by somebody else": lambda: SigningKey.generate().sign(raw(message())),
    "alg none": lambda: part({"alg": "none"}) + b"." + part(message()) + b".",
    "alg none with a signature": lambda: part({"alg": "none"}) + b"." + part(message()) + b".AAAA",
    "HMAC under the public key": lambda: hmac_signed("HS256"),
    "an algorithm that is a list": lambda: with_header({"alg": ["Ed25519"]}),
    "no algorithm": lambda: with_header({}),
    "an unencoded payload": lambda: with_header({"alg": "Ed25519", "b64": False, "crit": ["b64"]}),
    "a key of its own": lambda: with_header({"alg": "Ed25519", "jwk": {"kty": "OKP"}}),
    "another payload": lambda: swap(1, part(message(id="c-2"))),
    "another header": lambda: swap(0, part({"alg": "EdDSA"})),
    "a signature cut short": lambda: KEY.sign(raw(message()))[:-2],
    "a signature of nothing": lambda: swap(2, b"AA"),
    "a header that is no JSON": lambda: swap(0, b"AAAA"),
    "four parts": lambda: KEY.sign(raw(message())) + b".AAAA",
    "a line end": lambda: KEY.sign(raw(message())) + b"\n",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_and_its_claimed_name_is_not_believed(name: str) -> None:
    refused = refusal(FORGERIES[name](), signed=True)
    assert refused.reason in {"unsigned", "bad-signature"}
    assert (refused.command_id, refused.kind) == (None, None)


def test_a_signature_does_not_make_a_bad_command_good() -> None:
    assert refusal(KEY.sign(raw(message(type="x"))), signed=True).reason == "unknown-type"


# -- acknowledgements


def ack(**changes: Any) -> bytes:
    return raw(
        {"epoch": 1, "through": 7, "missing": [], "refused": [], "time": "2026-05-04T09:00:00Z", **changes}
    )


def test_an_acknowledgement_is_read() -> None:
    read = read_ack(ack(missing=[[9, 9], [12, 14]], refused=[{"sequence": 3, "reason": "no"}], forks=[5]))
    assert isinstance(read, Ack)
    assert (read.epoch, read.through, read.missing, read.forks) == (1, 7, ((9, 9), (12, 14)), (5,))
    assert [(entry.sequence, entry.reason) for entry in read.refused] == [(3, "no")]


@pytest.mark.parametrize(
    "bad",
    [
        {"epoch": -1},
        {"epoch": "1"},
        {"epoch": True},
        {"through": 2**53},
        {"through": None},
        {"missing": [[3, 2]]},
        {"missing": [[0, 2]]},
        {"missing": [[1]]},
        {"missing": [[1, 1]] * 101},
        {"missing": {}},
        {"refused": [[3, "no"]]},
        {"forks": ["3"]},
        {"time": "now"},
        {"more": 1},
    ],
)
def test_a_bad_acknowledgement_is_refused(bad: Message) -> None:
    assert isinstance(read_ack(ack(**bad)), UnreadableAck)


# -- topics and status


def test_topics_are_those_of_one_automat() -> None:
    assert Topics.of("automat-1").journal_ack == "automats/automat-1/journal/ack"


@pytest.mark.parametrize("automat_id", ["", "+", "#", "a/b", "a b", "x" * 65, "-a", "a\n"])
def test_an_automat_id_that_could_reach_other_topics_is_refused(automat_id: str) -> None:
    with pytest.raises(ValueError, match="cannot name a topic"):
        Topics.of(automat_id)


def test_the_last_will_has_no_time() -> None:
    assert json.loads(build_status("offline", reason="connection-lost")) == {
        "status": "offline",
        "reason": "connection-lost",
    }


def part(content: object) -> bytes:
    return base64.urlsafe_b64encode(raw(content)).rstrip(b"=")


def swap(index: int, new: bytes) -> bytes:
    parts = KEY.sign(raw(message())).split(b".")
    parts[index] = new
    return b".".join(parts)


def with_header(header: Message) -> bytes:
    signing_input = part(header) + b"." + part(message())
    signature = base64.urlsafe_b64encode(KEY.private_key.sign(signing_input)).rstrip(b"=")
    return signing_input + b"." + signature


def sign(content: bytes, header: Message) -> bytes:
    private = base64.urlsafe_b64encode(KEY.private_key.private_bytes_raw()).rstrip(b"=").decode()
    public = base64.urlsafe_b64encode(KEY.public_key.public_bytes_raw()).rstrip(b"=").decode()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": public, "d": private})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jws.serialize_compact(header, content, key, algorithms=[header["alg"]]).encode()


def hmac_signed(algorithm: str) -> bytes:
    key = OctKey.import_key(KEY.public_key.public_bytes_raw())
    return jws.serialize_compact({"alg": algorithm}, raw(message()), key, algorithms=[algorithm]).encode()
