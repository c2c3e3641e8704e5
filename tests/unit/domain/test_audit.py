"""The audit walk: what people found, what is left, and the report that the journal keeps."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from locker.domain.compartments import Fixture
from locker.domain.draft import Draft
from locker.domain.events import MaintenanceAsked
from locker.domain.flows import audit
from locker.domain.journal import NO_HASH, ChainHead, Entry, EntryKind, seal
from locker.domain.maintenance import (
    Action,
    Audit,
    BeginAudit,
    EndAudit,
    Finding,
    Maintainer,
    SkipInAudit,
    Verdict,
)
from tests.unit.domain.rounds import PARCEL, technician_opens
from tests.unit.domain.stand import IDENTITY, MONDAY, Stand

MAIJA = Maintainer("maija (1000)", "t-7")
OLLI = Maintainer("olli (1001)", "t-8")
NATS_MOST_BYTES = 1_048_576
"""Default of `max_payload` (NATS server documentation); mosquitto has no limit of its own."""


def ask(stand: Stand, action: Action, by: Maintainer = MAIJA) -> str | None:
    """Let a technician ask for something; return why it was refused."""
    before, entries = stand.automat, len(stand.entries)
    refused = stand.do(MaintenanceAsked(by, action)).refused
    if refused is not None:
        assert stand.automat.findings is before.findings
        assert stand.automat.audit is before.audit
        assert len(stand.entries) == entries
    return refused


def say_at_keypad(stand: Stand, label: str, key: str) -> None:
    """Open a compartment at the side keypad, look, and press a key for what lies inside."""
    technician_opens(stand, label, "side")
    stand.opens_and_shuts()
    stand.press(f"{key} C", "side")


def stand_in_round(stand: Stand | None = None) -> Stand:
    """Begin a round."""
    stand = stand or Stand()
    assert ask(stand, BeginAudit()) is None
    return stand


def skip_all(stand: Stand, *, but: str = "") -> None:
    """Skip every compartment that nobody looked into."""
    for label in stand.automat.layout.labels:
        if label not in stand.automat.findings and label not in but:
            assert ask(stand, SkipInAudit(label, "blocked by a van")) is None


def report(stand: Stand) -> Entry:
    """The last report."""
    return stand.last(EntryKind.AUDIT_ENDED)


def test_a_round_begins_with_a_number_and_who_began_it() -> None:
    stand = stand_in_round()

    assert stand.last(EntryKind.AUDIT_BEGUN).data == {"audit": 1, "user": MAIJA.user, "technician": "t-7"}
    assert stand.automat.audit is not None
    assert stand.automat.audit.begun_at == MONDAY


def test_beginning_again_goes_on_with_the_round_under_way_whoever_asks() -> None:
    stand = stand_in_round()
    say_at_keypad(stand, "1", "1")

    assert ask(stand, BeginAudit(), OLLI) is None

    assert stand.count(EntryKind.AUDIT_BEGUN) == 1
    assert list(stand.automat.findings) == ["1"]


def test_beginning_afresh_reports_the_old_round_as_given_up() -> None:
    stand = stand_in_round()
    say_at_keypad(stand, "1", "3")

    assert ask(stand, BeginAudit(afresh=True), OLLI) is None

    assert report(stand).data["outcome"] == "given up"
    assert report(stand).data["audit"] == 1
    assert report(stand).data["technician"] == "t-8"
    assert report(stand).data["begunby"] == {"user": MAIJA.user, "technician": "t-7"}
    assert [d["compartment"] for d in report(stand).data["differences"]] == ["1"]
    assert stand.last(EntryKind.AUDIT_BEGUN).data["audit"] == 2
    assert not stand.automat.findings
    assert not stand.reloaded().findings


def test_words_at_a_keypad_count_and_say_whose_they_are() -> None:
    stand = stand_in_round()

    say_at_keypad(stand, "2", "1")

    found = stand.automat.findings["2"]
    assert (found.verdict, found.said_by) == ("empty", Maintainer("keypad side", "t-1"))
    assert not found.differs
    assert stand.last(EntryKind.COMPARTMENT_INSPECTED).data["audit"] == 1


def test_without_a_round_words_leave_nothing_behind() -> None:
    stand = Stand()

    say_at_keypad(stand, "2", "1")

    assert not stand.automat.findings
    assert "audit" not in stand.last(EntryKind.COMPARTMENT_INSPECTED).data


def test_a_look_without_a_word_finds_nothing() -> None:
    stand = stand_in_round()
    technician_opens(stand, "1", "side")
    stand.opens_and_shuts()
    stand.press("C", "side")

    assert not stand.automat.findings


def test_the_expected_parcel_agrees_and_its_absence_differs() -> None:
    stand = Stand()
    label = stand.deliver()
    stand_in_round(stand)

    say_at_keypad(stand, label, "2")
    agreed = stand.automat.findings[label]
    say_at_keypad(stand, label, "1")
    missing = stand.automat.findings[label]

    assert (agreed.verdict, agreed.tracking_id, agreed.expected, agreed.differs) == (
        "parcel",
        PARCEL,
        PARCEL,
        False,
    )
    assert (missing.verdict, missing.tracking_id, missing.expected, missing.differs) == (
        "empty",
        None,
        PARCEL,
        True,
    )


def test_a_parcel_where_none_should_be_differs_named_or_not() -> None:
    stand = stand_in_round()
    stand.announce(PARCEL)
    say_at_keypad(stand, "1", f"2 {PARCEL[-8:]} OK")
    say_at_keypad(stand, "2", "2 C")

    named, unnamed = stand.automat.findings["1"], stand.automat.findings["2"]

    assert (named.verdict, named.tracking_id, named.expected, named.differs) == ("parcel", PARCEL, None, True)
    assert (unnamed.verdict, unnamed.tracking_id, unnamed.differs) == ("parcel", None, True)


def test_a_dirty_box_differs() -> None:
    stand = stand_in_round()

    say_at_keypad(stand, "1", "3")

    assert stand.automat.findings["1"].differs


def test_damage_is_a_difference_even_where_the_parcel_is_the_expected_one() -> None:
    stand = stand_in_round()
    draft = Draft(stand.automat, stand.now)

    audit.note_verdict(draft, MAIJA, "1", Verdict.DAMAGED, PARCEL, PARCEL)

    found = draft.automat.findings["1"]
    assert (found.differs, found.tracking_id, found.expected) == (True, None, PARCEL)


def test_skipping_needs_a_round_a_known_compartment_and_no_word_on_it() -> None:
    stand = Stand()
    assert ask(stand, SkipInAudit("1", "no time")) == "no-audit"
    stand_in_round(stand)
    assert ask(stand, SkipInAudit("99", "no time")) == "unknown-compartment"
    say_at_keypad(stand, "1", "1")
    assert ask(stand, SkipInAudit("1", "no time")) == "already-looked"
    assert stand.automat.findings["1"].verdict == "empty"


def test_a_word_takes_the_place_of_a_skip() -> None:
    stand = stand_in_round()
    assert ask(stand, SkipInAudit("1", "a van stands before it")) is None
    assert stand.automat.findings["1"].reason == "a van stands before it"
    assert stand.last(EntryKind.AUDIT_SKIPPED).data["user"] == MAIJA.user

    say_at_keypad(stand, "1", "1")

    assert stand.automat.findings["1"].verdict == "empty"
    assert stand.automat.findings["1"].reason is None


def test_a_round_with_compartments_missing_ends_only_as_partial() -> None:
    stand = Stand()
    assert ask(stand, EndAudit()) == "no-audit"
    stand_in_round(stand)
    say_at_keypad(stand, "1", "1")
    assert ask(stand, EndAudit()) == "compartments-missing"

    assert ask(stand, EndAudit(partial=True)) is None

    assert report(stand).data["outcome"] == "partial"
    assert report(stand).data["missing"] == ["2", "3", "4", "5", "6"]
    assert stand.automat.audit is None
    assert stand.reloaded().audit is None


def test_the_report_has_counts_differences_and_skipped_in_walking_order() -> None:
    stand = Stand()
    stand.deliver()
    stand_in_round(stand)
    say_at_keypad(stand, "2", "3")
    say_at_keypad(stand, "1", "1")
    skip_all(stand, but="6")
    say_at_keypad(stand, "6", "1")
    stand.wait(3600)

    assert ask(stand, EndAudit(), OLLI) is None

    data = report(stand).data
    assert data["outcome"] == "complete"
    assert data["begun"].startswith("2026-03-02T09:")
    assert (data["user"], data["technician"], data["compartments"]) == (OLLI.user, "t-8", 6)
    assert data["verdicts"] == {"dirty": 1, "empty": 2, "skipped": 3}
    assert data["differences"] == [
        {"compartment": "1", "verdict": "empty", "expected": PARCEL},
        {"compartment": "2", "verdict": "dirty"},
    ]
    assert [each["compartment"] for each in data["skipped"]] == ["3", "4", "5"]
    assert data["missing"] == []


def test_the_digest_can_be_had_from_the_single_entries_alone() -> None:
    stand = Stand()
    stand.deliver()
    stand_in_round(stand)
    say_at_keypad(stand, "1", "1")
    say_at_keypad(stand, "2", "3")
    say_at_keypad(stand, "2", "1")
    skip_all(stand)
    assert ask(stand, EndAudit()) is None

    rows = {}
    for entry in stand.entries:
        if entry.data.get("audit") != 1:
            continue
        if entry.kind is EntryKind.COMPARTMENT_INSPECTED:
            verdict = {"as expected": "parcel", "occupied": "parcel"}.get(
                entry.data["verdict"], entry.data["verdict"]
            )
            inside = entry.subject if verdict == "parcel" else None
            rows[entry.data["compartment"]] = [entry.data["compartment"], verdict, inside]
        elif entry.kind is EntryKind.AUDIT_SKIPPED:
            rows[entry.data["compartment"]] = [entry.data["compartment"], "skipped", None]
    told = hashlib.sha256(rfc8785.dumps([rows[label] for label in sorted(rows)])).hexdigest()

    assert report(stand).data["digest"] == told


def test_the_digest_changes_with_every_word() -> None:
    finding = Finding("1", "empty", MONDAY, MAIJA)

    digests = {
        audit.digest(each)
        for each in (
            [],
            [finding],
            [replace(finding, compartment="2")],
            [replace(finding, verdict="dirty")],
            [replace(finding, tracking_id=PARCEL)],
        )
    }

    assert len(digests) == 5


def test_a_round_outlives_power_cuts_and_goes_on() -> None:
    stand = stand_in_round()
    say_at_keypad(stand, "1", "3")
    ask(stand, SkipInAudit("2", "no time"))
    before = dict(stand.automat.findings)

    stand.power_cut(off_s=86_400)

    assert dict(stand.automat.findings) == before
    assert stand.automat.audit is not None
    say_at_keypad(stand, "3", "1")
    skip_all(stand)
    assert ask(stand, EndAudit()) is None
    assert report(stand).data["verdicts"] == {"dirty": 1, "empty": 1, "skipped": 4}


def test_a_power_cut_between_look_and_word_finds_nothing() -> None:
    stand = stand_in_round()
    technician_opens(stand, "1", "side")
    stand.opens_and_shuts()

    stand.power_cut(off_s=5)
    stand.press("1", "side")

    assert not stand.automat.findings


def test_a_compartment_that_is_no_longer_configured_does_not_hang_the_round() -> None:
    stand = stand_in_round()
    say_at_keypad(stand, "4", "3")
    stand.reconfigured(without_box="4")
    skip_all(stand)
    assert ask(stand, SkipInAudit("4", "gone")) == "unknown-compartment"

    assert ask(stand, EndAudit()) is None

    assert report(stand).data["compartments"] == 5
    assert report(stand).data["differences"] == [{"compartment": "4", "verdict": "dirty"}]


def test_a_compartment_that_appears_meanwhile_is_missing() -> None:
    stand = Stand()
    stand.reconfigured(without_box="6")
    stand_in_round(stand)
    skip_all(stand)
    stand.reconfigured()

    assert ask(stand, EndAudit()) == "compartments-missing"


def test_a_forgotten_parcel_leaves_no_trace_in_a_round_that_was_left_lying() -> None:
    stand = Stand()
    label = stand.deliver()
    stand_in_round(stand)
    say_at_keypad(stand, label, "1")
    assert stand.automat.findings[label].expected == PARCEL

    stand.wait(timedelta(days=91).total_seconds())

    assert PARCEL not in stand.automat.parcels
    assert stand.automat.findings[label].expected is None
    assert stand.automat.findings[label].differs
    assert stand.reloaded().findings[label].expected is None


def test_keys_of_people_go_on_while_a_round_is_under_way() -> None:
    stand = stand_in_round()

    stand.deliver()
    stand.press("C 024204 OK")
    stand.opens_and_shuts()

    assert stand.parcel().state.value == "collected"
    assert not stand.automat.findings


def test_the_longest_report_of_a_thousand_compartments_fits_into_a_message() -> None:
    boxes = [Fixture(f"{n:016d}", "S", 350, 110, 600, row=n) for n in range(1000)]
    stand = stand_in_round(Stand(boxes=boxes))
    draft = Draft(stand.automat, stand.now)
    for box in boxes:
        draft.put_finding(Finding(box.label, "skipped", stand.now.wall_at, MAIJA, reason="\U0001f6aa" * 200))
    audit.end(draft, MAIJA, EndAudit())
    skipped = draft.decision().entries[-1]
    for box in boxes:
        parcel = f"JJFI{box.label:0>17}"[:35]
        draft.put_finding(
            Finding(box.label, "parcel", stand.now.wall_at, MAIJA, parcel, parcel[::-1], differs=True)
        )
    draft.put_audit(stand.automat.audit or Audit(1, MONDAY, MAIJA))
    audit.end(draft, MAIJA, EndAudit())
    differing = draft.decision().entries[-1]

    sizes = [
        len(
            seal(
                entry,
                ChainHead(1, 0, NO_HASH),
                stand.now,
                automat_id=IDENTITY.automat_id,
                sign=Ed25519PrivateKey.generate().sign,
            ).payload
        )
        for entry in (skipped, differing)
    ]

    assert len(skipped.data["skipped"]) == len(differing.data["differences"]) == 1000
    assert 500_000 < max(sizes) < NATS_MOST_BYTES


def test_a_step_writes_only_what_it_found() -> None:
    stand = stand_in_round()
    decision = stand.do(MaintenanceAsked(MAIJA, SkipInAudit("1", "no time")))

    assert {type(change).__name__ for change in decision.changes} == {"Finding", "LastSeen"}
