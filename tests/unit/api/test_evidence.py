"""Evidence of one parcel: what the daemon gives, and that no byte of it can be changed unseen."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.api.client import ApiClient, RequestRefused
from locker.api.evidence import FILE_BYTES_MOST, EvidenceReport, base64url, check, read_key, seal
from locker.api.exports import Signer
from locker.api.journal import ABOUT_MOST
from locker.api.maintenance_schema import Evidence
from locker.api.server import ApiServer
from locker.domain.journal import Entry, EntryKind, SealedEntry
from locker.domain.journal import seal as seal_entry
from tests.unit.api.house import TAGS, TRACKING_ID, House
from tests.unit.api.raw import ask
from tests.unit.domain.stand import IDENTITY

SECOND = "JJFI65432110000070774"


@pytest.fixture
async def evidence(client: ApiClient) -> Evidence:
    """Of a parcel that came and went."""
    return await client.evidence(TRACKING_ID)


def content_of(evidence: Evidence) -> bytes:
    """The file."""
    return evidence.model_dump_json().encode()


def key_of(house: House) -> bytes:
    """The device's raw public key."""
    return house.key.public_key().public_bytes_raw()


def changed(evidence: Evidence, **members: Any) -> EvidenceReport:
    """Check a file with members changed."""
    return check(content_of(evidence.model_copy(update=members)))


def about(house: House) -> list[SealedEntry]:
    """The entries about the first parcel."""
    return [entry for entry in house.journal if entry.subject == TRACKING_ID]


async def test_the_file_holds_every_entry_about_the_parcel_byte_for_byte(
    house: House, evidence: Evidence
) -> None:
    assert [entry.encode() for entry in evidence.entries] == [entry.payload for entry in about(house)]
    assert (evidence.automat_id, evidence.tracking_id) == (IDENTITY.automat_id, TRACKING_ID)
    assert read_key(evidence.public_key) == key_of(house)
    assert evidence.journal.hash == house.head.hash
    assert not any(tag in content_of(evidence).decode() for tag in TAGS)


async def test_a_check_tells_the_story_and_the_grade_of_the_handover(
    house: House, evidence: Evidence
) -> None:
    report = check(content_of(evidence), key_of(house))

    assert report.problem is None
    assert (report.grade, report.key_from, report.tracking_id) == ("A", "given", TRACKING_ID)
    assert [step.kind for step in report.story] == [entry.kind for entry in about(house)]
    assert report.story[-1].kind == "parcel.handed-over"


async def test_without_a_given_key_the_report_says_whose_it_believed(evidence: Evidence) -> None:
    assert check(content_of(evidence)).key_from == "file"


async def test_a_parcel_that_was_not_handed_over_has_no_grade(client: ApiClient) -> None:
    report = check(content_of(await client.evidence(SECOND)))

    assert (report.problem, report.grade) == (None, None)


async def test_entries_of_every_epoch_are_given(house: House, client: ApiClient) -> None:
    house.begin_epoch()
    house.write(Entry(EntryKind.PARCEL_REMINDER, TRACKING_ID, {"days": 1}))

    evidence = await client.evidence(TRACKING_ID)

    assert json.loads(evidence.entries[-1])["epoch"] == 2
    assert check(content_of(evidence)).problem is None


async def test_an_unknown_parcel_is_refused(client: ApiClient) -> None:
    with pytest.raises(RequestRefused) as refused:
        await client.evidence("JJFI00000000000000000")

    assert (refused.value.status, refused.value.error.reason) == (404, "unknown-parcel")


@pytest.mark.parametrize("query", ["", "?parcel=", "?parcel=a%20b", "?parcel=" + "x" * 36, "?other=1"])
async def test_what_is_no_tracking_id_is_refused(server: ApiServer, query: str) -> None:
    assert (await ask(server.path, f"/v1/evidence{query}")).status == 400


async def test_more_entries_than_any_parcel_has_are_refused(house: House, client: ApiClient) -> None:
    house.write(*(Entry(EntryKind.DOOR_CLOSED, "X1", {"n": n}) for n in range(ABOUT_MOST)))
    assert len((await client.evidence("X1")).entries) == ABOUT_MOST
    house.write(Entry(EntryKind.DOOR_CLOSED, "X1"))

    with pytest.raises(RequestRefused) as refused:
        await client.evidence("X1")

    assert refused.value.error.reason == "too-many-entries"


async def test_every_single_byte_of_every_entry_counts(evidence: Evidence) -> None:
    assert len(evidence.entries) == 10
    for place, entry in enumerate(evidence.entries):
        for at in range(len(entry)):
            letter = "0" if entry[at] != "0" else "1"
            other = entry[:at] + letter + entry[at + 1 :]
            entries = (*evidence.entries[:place], other, *evidence.entries[place + 1 :])
            assert changed(evidence, entries=entries).problem is not None, (place, at)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry + " ",
        lambda entry: " " + entry,
        lambda entry: entry.replace(":", ": ", 1),
        lambda entry: entry[:-1],
        lambda entry: entry[:-1] + ',"epoch":1}',
        lambda entry: json.dumps(dict(reversed(json.loads(entry).items()))),
        lambda _: "null",
        lambda _: "[]",
        lambda _: '{"signature":1}',
        lambda _: "[" * 100_000,
        lambda _: '{"sequence":Infinity,"signature":"' + "A" * 86 + '"}',
        lambda _: '{"epoch":' + "9" * 5000 + "}",
        lambda _: "",
    ],
)
async def test_an_entry_written_otherwise_is_refused(
    evidence: Evidence, change: Callable[[str], str]
) -> None:
    report = changed(evidence, entries=(*evidence.entries[:3], change(evidence.entries[3])))

    assert report.problem is not None
    assert report.entry is not None


async def test_spare_bits_of_a_signature_are_refused(house: House, evidence: Evidence) -> None:
    signature = json.loads(evidence.entries[0])["signature"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]
    assert base64.urlsafe_b64decode(other + "==") == base64.urlsafe_b64decode(signature + "==")
    entry = evidence.entries[0].replace(signature, other)

    report = check(content_of(sealed(house, evidence, entries=(entry, *evidence.entries[1:]))))

    assert report.problem == "its signature is not this device's"


@pytest.mark.parametrize("place", [0, 4, 9])
async def test_an_entry_left_out_is_noticed(evidence: Evidence, place: int) -> None:
    entries = (*evidence.entries[:place], *evidence.entries[place + 1 :])

    report = changed(evidence, entries=entries)

    assert report.problem is not None
    assert "left out" in report.problem


async def test_an_entry_put_in_twice_or_elsewhere_is_out_of_order(evidence: Evidence) -> None:
    first, second, *rest = evidence.entries

    for entries in ((second, first, *rest), (first, first, second, *rest)):
        report = changed(evidence, entries=tuple(entries))
        assert report.problem is not None
        assert "not in order" in report.problem


def sealed(house: House, evidence: Evidence, **members: Any) -> Evidence:
    """Sign anew what was changed: a device whose key was stolen, or whose daemon errs."""
    return seal(evidence.model_copy(update=members), house.key.sign)


async def test_neighbours_must_carry_the_hash_of_the_one_before(house: House, evidence: Evidence) -> None:
    third = about(house)[2]
    forged = seal_entry(
        Entry(EntryKind.PARCEL_HANDED_OVER, TRACKING_ID, {"grade": "A"}),
        replace(about(house)[1].head, hash="0" * 64),
        house.now,
        automat_id=IDENTITY.automat_id,
        sign=house.key.sign,
    )
    assert forged.sequence == third.sequence
    entries = [entry.payload.decode() for entry in (*about(house)[:2], forged, *about(house)[3:])]

    report = check(content_of(sealed(house, evidence, entries=tuple(entries))))

    assert report.problem is not None
    assert "hash" in report.problem


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"automat_id": "fi-0002"}, "it is not of automat fi-0002"),
        ({"tracking_id": SECOND}, f"it is not about parcel {SECOND}"),
        ({"entries": ()}, "it has no entries"),
        ({"public_key": "AAAA"}, "the public key that it names is none"),
        ({"public_key": "!" * 43}, "the public key that it names is none"),
    ],
)
async def test_what_stands_before_the_entries_must_fit_them(
    house: House, evidence: Evidence, members: dict[str, Any], problem: str
) -> None:
    assert check(content_of(sealed(house, evidence, **members))).problem == problem


@pytest.mark.parametrize("member", ["name", "exported_at", "journal", "signature"])
async def test_every_member_is_under_the_signature(evidence: Evidence, member: str) -> None:
    others = {
        "name": "Kallio 4",
        "exported_at": evidence.exported_at.replace(year=2020),
        "journal": evidence.journal.model_copy(update={"sequence": 99}),
        "signature": base64url(bytes(64)),
    }

    report = changed(evidence, **{member: others[member]})

    assert report.problem is not None
    assert "as a whole" in report.problem


async def test_the_end_of_the_journal_is_not_before_the_entries(house: House, evidence: Evidence) -> None:
    early = evidence.journal.model_copy(update={"sequence": 3})

    report = check(content_of(sealed(house, evidence, journal=early)))

    assert report.problem is not None
    assert "later" in report.problem


async def test_a_file_of_another_device_is_refused_where_the_key_is_given(evidence: Evidence) -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()

    report = check(content_of(evidence), other)

    assert report.problem is not None
    assert "another" in report.problem
    assert report.story == ()


async def test_a_forger_with_a_key_of_his_own_is_believed_only_by_who_gives_no_key(
    house: House, evidence: Evidence
) -> None:
    forger = House()
    forger.use()
    entries = tuple(entry.payload.decode() for entry in about(forger))
    file = seal(
        evidence.model_copy(update={"entries": entries, "public_key": base64url(key_of(forger))}),
        forger.key.sign,
    )

    assert check(content_of(file)).problem is None
    assert check(content_of(file)).key_from == "file"
    assert check(content_of(file), key_of(house)).problem is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b'\n "name"', b'\n\t"name"'),
        lambda content: content.replace(b'"name": "Kallio', b'"name": "\\u004ballio'),
        lambda content: content.replace(b'"name"', b'"name": "Kauppatori 1",\n "name"'),
        lambda content: content.replace(b'"entries"', b'"entries": [],\n "entries"'),
        lambda content: content.replace(b'Z",\n "clock"', b'+00:00",\n "clock"'),
        lambda content: content + b"\n",
        lambda content: content + b" " * 1000,
        lambda content: content.replace(b"\n", b"\r\n"),
    ],
)
async def test_a_file_that_only_reads_the_same_is_refused(
    evidence: Evidence, change: Callable[[bytes], bytes]
) -> None:
    content = evidence.model_dump_json(indent=1).encode() + b"\n"
    assert check(content).problem is None
    assert change(content) != content

    report = check(change(content))

    assert report.problem is not None
    assert report.story == ()


async def test_an_entry_that_rots_in_the_database_is_given_and_named(house: House, client: ApiClient) -> None:
    at = next(n for n, entry in enumerate(house.journal) if entry.subject == TRACKING_ID)
    rotten = house.journal[at]
    house.journal[at] = replace(rotten, payload=rotten.payload[:40] + b"\xff" + rotten.payload[41:])

    report = check(content_of(await client.evidence(TRACKING_ID)))

    assert report.problem is not None
    assert report.entry is not None


async def test_what_a_forger_names_an_entry_is_not_told_at_length(evidence: Evidence) -> None:
    forged = json.dumps({"epoch": "x" * 100_000, "sequence": "1" * 100_000, "signature": "A"})
    forged = forged.replace(" ", "")

    report = changed(evidence, entries=(forged,))

    assert report.entry == "number 1 of the file"


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
async def test_a_file_cut_off_is_refused(evidence: Evidence, part: float) -> None:
    content = content_of(evidence)

    assert "cut off" in str(check(content[: int(len(content) * part)]).problem)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"{}",
        b"\xff\xfe",
        b"PK\x03\x04",
        b"[" * 1_000_000,
        b'{"kind":"something"}',
        b" " * (FILE_BYTES_MOST + 1),
    ],
)
def test_what_is_no_evidence_file_is_refused(content: bytes) -> None:
    report = check(content)

    assert report.problem is not None
    assert report.automat_id is None


def test_a_key_is_read_from_itself_and_from_an_enrolment_file() -> None:
    raw = bytes(range(32))

    assert read_key(base64url(raw) + "\n") == raw
    assert read_key(json.dumps({"automat": "x", "publickey": base64url(raw)})) == raw
    for wrong in ("", "{}", "{", "AAAA", '{"publickey": 3}', "ä" * 43, '{"a":' + "[" * 4000):
        with pytest.raises(ValueError):
            read_key(wrong)


def test_the_signer_hides_what_it_signs_with() -> None:
    assert "sign=" not in repr(Signer(lambda message: message, b""))
