"""A parcel's evidence: what the device signs of it, and whether all of it is right. Pure; needs no daemon.

Every entry carries the signature that it was journalled with. One more, over all of them together, shows
that none was left out, put in or moved since the device wrote the file. It does not show that the device's
database still held them all: that is what the check of the whole journal, and the back office, are for.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from locker.api.maintenance_schema import Evidence
from locker.api.schema import Strict

Sign = Callable[[bytes], bytes]

FILE_BYTES_MOST = 16 * 1024 * 1024
"""An entry has about 1 KiB, and the daemon gives 1,000 of them at most."""

KEY_BYTES = 32
SEQUENCE = re.compile(r"[0-9]{12}")
HANDED_OVER = "parcel.handed-over"


class Step(Strict):
    """One entry of the parcel's story."""

    entry: str
    time: str
    clock: str
    kind: str
    data: dict[str, Any]


class EvidenceReport(Strict):
    """What a check of an evidence file found; `problem` is null where all of it is right."""

    problem: str | None
    entry: str | None
    automat_id: str | None = None
    name: str | None = None
    tracking_id: str | None = None
    exported_at: str | None = None
    clock: str | None = None
    public_key: str | None = None
    key_from: Literal["given", "file"] | None = None
    grade: str | None = None
    story: tuple[Step, ...] = ()


class EvidenceWrong(Exception):  # noqa: N818 - the name says what is the case
    """Something in an evidence file is not what the device wrote; `entry` names the place if it is one."""

    def __init__(self, problem: str, entry: str | None = None) -> None:
        """Say what, and where."""
        super().__init__(problem)
        self.problem = problem
        self.entry = entry


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry whose own writing is right."""

    name: str
    epoch: int
    sequence: int
    hash: str
    prevhash: str
    body: Mapping[str, Any]


def seal(evidence: Evidence, sign: Sign) -> Evidence:
    """Sign an evidence as a whole."""
    return evidence.model_copy(update={"signature": base64url(sign(_whole(evidence)))})


def check(content: bytes, given: bytes | None = None) -> EvidenceReport:
    """Check an evidence file, byte for byte; believe a `given` raw public key, without one the file's own."""
    try:
        evidence = _evidence(content)
    except EvidenceWrong as wrong:
        return EvidenceReport(problem=wrong.problem, entry=None)
    told: dict[str, Any] = {
        "automat_id": evidence.automat_id,
        "name": evidence.name,
        "tracking_id": evidence.tracking_id,
        "exported_at": evidence.exported_at.isoformat(),
        "clock": evidence.clock,
        "public_key": evidence.public_key if given is None else base64url(given),
        "key_from": "file" if given is None else "given",
    }
    try:
        entries = _check(evidence, given)
    except EvidenceWrong as wrong:
        return EvidenceReport(problem=wrong.problem, entry=wrong.entry, **told)
    story = tuple(_step(entry) for entry in entries)
    grades = [step.data.get("grade") for step in story if step.kind == HANDED_OVER]
    grade = str(grades[-1]) if grades else None
    return EvidenceReport(problem=None, entry=None, grade=grade, story=story, **told)


def read_key(text: str) -> bytes:
    """Read a raw Ed25519 public key, base64url or an enrolment file's content; ValueError if it is none."""
    text = text.strip()
    if text.startswith("{"):
        try:
            body = json.loads(text)
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error
        text = str(body.get("publickey", "")) if isinstance(body, dict) else ""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError(f"an Ed25519 key has {KEY_BYTES} bytes, not {len(raw)}")
    return raw


def base64url(raw: bytes) -> str:
    """Write bytes as unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _evidence(content: bytes) -> Evidence:
    if len(content) > FILE_BYTES_MOST:
        raise EvidenceWrong(f"it has more than {FILE_BYTES_MOST} bytes: no evidence file is that long")
    try:
        evidence = Evidence.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:64]
        what = f"{where}: {first['msg']}" if where else first["msg"]
        raise EvidenceWrong(f"it is no evidence file, or it was cut off ({what[:200]})") from error
    # A member given twice would show a reader one thing and the check another.
    if content not in (evidence.as_file(), evidence.model_dump_json().encode()):
        raise EvidenceWrong("it means the same and is written otherwise: not as it was exported")
    return evidence


def _check(evidence: Evidence, given: bytes | None) -> Sequence[_Entry]:
    try:
        named = read_key(evidence.public_key)
    except ValueError as error:
        raise EvidenceWrong("the public key that it names is none") from error
    if given is not None and named != given:
        raise EvidenceWrong("it names another public key than the one to be believed: it is another device's")
    key = Ed25519PublicKey.from_public_bytes(named)
    if not evidence.entries:
        raise EvidenceWrong("it has no entries")
    entries: list[_Entry] = []
    for place, text in enumerate(evidence.entries, start=1):
        entry = _read(text, f"number {place} of the file", key)
        _check_about(entry, evidence)
        if entries:
            _check_order(entries[-1], entry)
        entries.append(entry)
    last, head = entries[-1], evidence.journal
    if (last.epoch, last.sequence) > (head.epoch, head.sequence):
        raise EvidenceWrong("it is later than the end of the journal that the file names", last.name)
    _check_signature(
        key,
        evidence.signature,
        _whole(evidence),
        "the device's signature does not fit the file as a whole: an entry was left out or put in, or what"
        " stands before the entries was changed",
    )
    return entries


def _read(text: str, place: str, key: Ed25519PublicKey) -> _Entry:
    """Read one entry; any other byte in it is found here."""
    try:
        payload = text.encode()
        body = json.loads(payload)
        canonical = isinstance(body, dict) and rfc8785.dumps(body) == payload
    except (ValueError, RecursionError) as error:
        raise EvidenceWrong(f"it is no journal entry ({type(error).__name__})", place) from error
    if not canonical:
        raise EvidenceWrong("it is not written in canonical form, as the device writes it", place)
    epoch, number, prevhash = body.get("epoch"), body.get("sequence"), body.get("prevhash")
    numbered = type(epoch) is int and isinstance(number, str) and SEQUENCE.fullmatch(number)
    name = f"{epoch}-{int(number)}" if numbered else place
    signature = body.pop("signature", None)
    if not isinstance(signature, str):
        raise EvidenceWrong("it is not signed", name)
    signed = rfc8785.dumps(body)
    _check_signature(key, signature, signed, "its signature is not this device's", name)
    if (
        not numbered
        or not isinstance(prevhash, str)
        or not isinstance(body.get("data"), dict)
        or not all(isinstance(body.get(each), str) for each in ("type", "time", "clocktrust", "source"))
    ):
        raise EvidenceWrong("the device signed it, but it is no journal entry", name)
    return _Entry(name, epoch, int(number), hashlib.sha256(signed).hexdigest(), prevhash, body)


def _check_about(entry: _Entry, evidence: Evidence) -> None:
    if entry.body["source"] != f"/automats/{evidence.automat_id}":
        raise EvidenceWrong(f"it is not of automat {evidence.automat_id}", entry.name)
    if entry.body.get("subject") != evidence.tracking_id:
        raise EvidenceWrong(f"it is not about parcel {evidence.tracking_id}", entry.name)


def _check_order(before: _Entry, entry: _Entry) -> None:
    if (entry.epoch, entry.sequence) <= (before.epoch, before.sequence):
        raise EvidenceWrong(f"it stands after {before.name}: not in order", entry.name)
    if (entry.epoch, entry.sequence) == (before.epoch, before.sequence + 1) and entry.prevhash != before.hash:
        raise EvidenceWrong(f"it does not carry the hash of {before.name}, the entry before it", entry.name)


def _check_signature(
    key: Ed25519PublicKey, signature: str, signed: bytes, problem: str, entry: str | None = None
) -> None:
    """Check a signature, and that it is written as the device writes one: spare bits of base64 are none."""
    try:
        raw = base64.b64decode(signature + "=" * (-len(signature) % 4), altchars=b"-_", validate=True)
        key.verify(raw, signed)
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise EvidenceWrong(problem, entry) from error
    if base64url(raw) != signature:
        raise EvidenceWrong(problem, entry)


def _whole(evidence: Evidence) -> bytes:
    told = evidence.model_dump(mode="json", exclude={"signature", "entries"})
    hashes = [hashlib.sha256(entry.encode()).hexdigest() for entry in evidence.entries]
    return rfc8785.dumps({**told, "entries": hashes})


def _step(entry: _Entry) -> Step:
    body = entry.body
    return Step(
        entry=entry.name,
        time=body["time"],
        clock=body["clocktrust"],
        kind=body["type"].removeprefix("automat."),
        data=body["data"],
    )
